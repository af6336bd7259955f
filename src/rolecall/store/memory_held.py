"""Held changes in memory, and what was removed lately: what the brake asks of a store."""

from collections.abc import Sequence

from rolecall.domain.held import HeldChange, HeldState, Spells
from rolecall.domain.names import Id, Name
from rolecall.domain.predicate import Predicate, admits
from rolecall.store.fields import member_fields
from rolecall.store.memory_search import members_in
from rolecall.store.memory_state import State, by_id, drop, only


class MemoryHeld:
    """Reads what is held."""

    _state: State

    def members_among(self, role: Id, users: Sequence[Id]) -> tuple[Id, ...]:
        return tuple(sorted({user for user in users if (role, user) in self._state.members}))

    def members_but(self, role: Id, users: Sequence[Id]) -> tuple[Id, ...]:
        held = {user for holds, user in self._state.members if holds == role}
        return tuple(sorted(held.difference(users)))

    def strangers_among(self, role: Id, users: Sequence[Id]) -> tuple[Id, ...]:
        return tuple(sorted({user for user in users if (role, user) not in self._state.members}))

    def members_meeting(self, role: Id, where: Predicate) -> tuple[Id, ...]:
        found = members_in(self._state, frozenset((role,)))
        return tuple([member.user for _, member in found if admits(where, member_fields(member))])

    def spells_of(self, integration: Name) -> Spells:
        return self._state.spells.get(integration, ())

    def held_change(self, change: Id) -> HeldChange | None:
        return self._state.held.get(change)

    def held_change_like(self, integration: Name, fingerprint: str) -> HeldChange | None:
        return only(
            each
            for each in self._state.held.values()
            if (each.integration, each.fingerprint) == (integration, fingerprint)
        )

    def held_changes_about(self, resource: Id) -> tuple[HeldChange, ...]:
        found = [each for each in self._state.held.values() if each.resource == resource]
        return tuple(sorted(found, key=by_id))

    def held_changes(self, integration: Name | None) -> tuple[HeldChange, ...]:
        found = [
            each
            for each in self._state.held.values()
            if integration is None or each.integration == integration
        ]
        return tuple(sorted(found, key=by_id))


class MemoryHeldChanges(MemoryHeld):
    """Changes what is held."""

    def save_spells(self, integration: Name, spells: Spells) -> None:
        self._state.spells[integration] = spells

    def save_held_change(self, change: HeldChange) -> None:
        self._state.held[change.id] = change

    def delete_held_change(self, change: Id) -> None:
        self._state.held.pop(change, None)

    def forget_decided_changes(self, integration: Name, before: int) -> int:
        return drop(
            self._state.held,
            lambda _, each: (
                each.integration == integration
                and each.state is not HeldState.HELD
                and (each.decided_at or 0) < before
            ),
        )
