"""What the brake asks of a store: who would go, what was removed lately, what changes are held.

Every store signs these with the rest of `ports`, where they are parts of a reading and of a
transaction. Integrations are meant by name.
"""

from collections.abc import Sequence
from typing import Protocol

from rolecall.domain.held import HeldChange, Spells
from rolecall.domain.names import Id, Name
from rolecall.domain.predicate import Predicate


class HeldReading(Protocol):
    """The part of a reading that is about held changes."""

    def members_among(self, role: Id, users: Sequence[Id]) -> tuple[Id, ...]:
        """Those of the users that hold the role by a direct grant, by id."""
        ...

    def members_but(self, role: Id, users: Sequence[Id]) -> tuple[Id, ...]:
        """The users that hold the role by a direct grant, but for these, by id."""
        ...

    def strangers_among(self, role: Id, users: Sequence[Id]) -> tuple[Id, ...]:
        """Those of the ids, each once and in order, that no user with a direct grant has."""
        ...

    def members_meeting(self, role: Id, where: Predicate) -> tuple[Id, ...]:
        """The users that hold the role by a direct grant and meet a condition, by id.

        It asks for ID, and DISPLAY_KEY of the name that is shown: DISPLAY_NAME, else LOGIN_NAME.
        """
        ...

    def spells_of(self, integration: Name) -> Spells:
        """What the integration has removed lately, oldest first."""
        ...

    def held_change(self, change: Id) -> HeldChange | None: ...
    def held_change_like(self, integration: Name, fingerprint: str) -> HeldChange | None:
        """The integration's one with this effect."""
        ...

    def held_changes_about(self, resource: Id) -> tuple[HeldChange, ...]:
        """Of all integrations, those that would take this user or role away, or from it, by id."""
        ...

    def held_changes(self, integration: Name | None) -> tuple[HeldChange, ...]:
        """Of one integration (None: of all), by id, which is by when they were first asked for."""
        ...


class HeldTransaction(HeldReading, Protocol):
    """The part of a transaction that is about held changes."""

    def save_spells(self, integration: Name, spells: Spells) -> None: ...
    def save_held_change(self, change: HeldChange) -> None:
        """Insert or replace by id. An integration has one for each fingerprint."""
        ...

    def delete_held_change(self, change: Id) -> None: ...
    def forget_decided_changes(self, integration: Name, before: int) -> int:
        """Remove those of the integration's that were decided before then: how many."""
        ...
