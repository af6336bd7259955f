"""Spans: who held what, from when until when, told by the events of the history alone.

A grant, a membership and ownership are one thing here: a privilege on an object, held by a role
or a user. What is held still stands in the account's own rows; the history knows what has ended.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from rolecall.domain.events import (
    AccountFounded,
    DatabaseCreated,
    DatabaseDropped,
    GovernedCreated,
    GovernedDropped,
    GrantOptionRevoked,
    IntegrationCreated,
    IntegrationDropped,
    MembersAdded,
    MembersRemoved,
    OwnershipTransferred,
    PrivilegeGranted,
    PrivilegeRevoked,
    Recorded,
    RoleCreated,
    RoleDropped,
    RoleGranted,
    RoleRevoked,
    UserCreated,
    UserDropped,
)
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Id

Held = tuple[str, Id, Id]
"""A privilege, the object that it is on, and who holds it."""


class Span(msgspec.Struct, gc=False, kw_only=True):
    """What was held, and when. `began_at` is None where the history no longer reaches so far."""

    privilege: str
    kind: Kind
    object: Id
    holder_kind: Kind
    holder: Id
    began_at: int | None
    granted_by: Id | None = None
    grant_option: bool = False
    ended_at: int | None = None


class Spans:
    """What ended, in order, and what is held after the events that were told."""

    def __init__(self) -> None:
        """Nothing has been told."""
        self.ended: list[Span] = []
        self.names: dict[Id, str] = {}
        self._open: dict[Held, Span] = {}
        self._touching: dict[Id, set[Held]] = {}
        self._founded_at: int | None = None

    def began_at(self, privilege: str, on: Id, holder: Id) -> int | None:
        """Since when this is held, as far as was told."""
        span = self._open.get((privilege, on, holder))
        return None if span is None else span.began_at

    def tell(self, recorded: Iterable[Recorded]) -> None:
        """What happened next."""
        for one in recorded:
            _TOLD[type(one.event)](self, one.event, one.at)

    # ---- beginning and ending ----

    def _begin(self, span: Span) -> None:
        held = (span.privilege, span.object, span.holder)
        present = self._open.get(held)
        if present is not None:  # it was granted again, now with the option
            present.grant_option = span.grant_option
            return
        self._open[held] = span
        for each in (span.object, span.holder):
            self._touching.setdefault(each, set()).add(held)

    def _end(self, span: Span, at: int) -> None:
        """End what is held like this; what was never told to begin began with the account."""
        held = (span.privilege, span.object, span.holder)
        ending = self._open.pop(held, None)
        if ending is None:
            ending = span
        for each in (ending.object, ending.holder):
            self._touching.get(each, set()).discard(held)
        ending.ended_at = at
        self.ended.append(ending)

    def _end_all(self, id: Id, at: int) -> None:
        """Nobody holds anything on it, and it holds nothing."""
        for held in sorted(self._touching.get(id, ())):
            self._end(self._open[held], at)
        self._touching.pop(id, None)

    # ---- the events ----

    def founded(self, event: AccountFounded, at: int) -> None:
        """The account was born, and with it what no event tells of."""
        self._founded_at = at
        self.names[event.id] = event.name

    def created(
        self,
        event: UserCreated | RoleCreated | IntegrationCreated | DatabaseCreated | GovernedCreated,
        at: int,
    ) -> None:
        """Its owner owns it from now on."""
        if event.owner is not None:
            kind = event.kind.told if isinstance(event, GovernedCreated) else KINDS[type(event)]
            self._begin(_owned(kind, event.id, event.owner, at))

    def transferred(self, event: OwnershipTransferred, at: int) -> None:
        """It has another owner."""
        if event.before is not None:
            self._end(_owned(event.kind, event.id, event.before, self._founded_at), at)
        self._begin(_owned(event.kind, event.id, event.after, at))

    def dropped(
        self, event: UserDropped | IntegrationDropped | DatabaseDropped | GovernedDropped, at: int
    ) -> None:
        """Nobody holds anything on it, and it holds nothing."""
        self.names[event.id] = event.name
        self._end_all(event.id, at)

    def role_dropped(self, event: RoleDropped, at: int) -> None:
        """What it owned is its heir's."""
        self.names[event.id] = event.name
        inherited = [
            self._open[held]
            for held in sorted(self._touching.get(event.id, ()))
            if held[0] == Privilege.OWNERSHIP and held[2] == event.id
        ]
        self._end_all(event.id, at)
        for span in inherited:
            self._begin(_owned(span.kind, span.object, event.heir, at))

    def members_added(self, event: MembersAdded, at: int) -> None:
        """Users hold the role."""
        for user in event.users:
            self._begin(_member(event.id, user, at, event.granted_by))

    def members_removed(self, event: MembersRemoved, at: int) -> None:
        """Users hold the role no longer."""
        for user in event.users:
            self._end(_member(event.id, user, self._founded_at, None), at)

    def role_granted(self, event: RoleGranted, at: int) -> None:
        """A role inherits from it."""
        self._begin(
            _inherited(event.id, event.to, at, event.granted_by, grant_option=event.grant_option)
        )

    def role_revoked(self, event: RoleRevoked, at: int) -> None:
        """A role inherits from it no longer."""
        self._end(_inherited(event.id, event.to, self._founded_at, None), at)

    def granted(self, event: PrivilegeGranted, at: int) -> None:
        """A role holds a privilege."""
        span = _privilege(event, at)
        span.granted_by, span.grant_option = event.granted_by, event.grant_option
        self._begin(span)

    def revoked(self, event: PrivilegeRevoked, at: int) -> None:
        """A role holds a privilege no longer."""
        self._end(_privilege(event, self._founded_at), at)

    def option_revoked(self, event: GrantOptionRevoked, _at: int) -> None:
        """A role can't pass it on any more."""
        held = (event.privilege.value, event.id, event.to)
        if held in self._open:
            self._open[held].grant_option = False


def _owned(kind: Kind, on: Id, owner: Id, at: int | None) -> Span:
    return Span(
        privilege=Privilege.OWNERSHIP.value,
        kind=kind,
        object=on,
        holder_kind=Kind.ROLE,
        holder=owner,
        began_at=at,
        granted_by=owner,
        grant_option=True,
    )


def _member(role: Id, user: Id, at: int | None, granted_by: Id | None) -> Span:
    return Span(
        privilege=Privilege.USAGE.value,
        kind=Kind.ROLE,
        object=role,
        holder_kind=Kind.USER,
        holder=user,
        began_at=at,
        granted_by=granted_by,
    )


def _inherited(
    role: Id, heir: Id, at: int | None, granted_by: Id | None, *, grant_option: bool = False
) -> Span:
    return Span(
        privilege=Privilege.USAGE.value,
        kind=Kind.ROLE,
        object=role,
        holder_kind=Kind.ROLE,
        holder=heir,
        began_at=at,
        granted_by=granted_by,
        grant_option=grant_option,
    )


def _privilege(event: PrivilegeGranted | PrivilegeRevoked, at: int | None) -> Span:
    return Span(
        privilege=event.privilege.value,
        kind=event.kind,
        object=event.id,
        holder_kind=Kind.ROLE,
        holder=event.to,
        began_at=at,
    )


KINDS: dict[type, Kind] = {
    UserCreated: Kind.USER,
    RoleCreated: Kind.ROLE,
    IntegrationCreated: Kind.INTEGRATION,
    DatabaseCreated: Kind.DATABASE,
}
"""What came to be; a policy or a rule says so itself."""

_TOLD: dict[type, Callable[[Spans, Any, int], None]] = {
    AccountFounded: Spans.founded,
    UserCreated: Spans.created,
    RoleCreated: Spans.created,
    IntegrationCreated: Spans.created,
    DatabaseCreated: Spans.created,
    GovernedCreated: Spans.created,
    OwnershipTransferred: Spans.transferred,
    UserDropped: Spans.dropped,
    IntegrationDropped: Spans.dropped,
    DatabaseDropped: Spans.dropped,
    GovernedDropped: Spans.dropped,
    RoleDropped: Spans.role_dropped,
    MembersAdded: Spans.members_added,
    MembersRemoved: Spans.members_removed,
    RoleGranted: Spans.role_granted,
    RoleRevoked: Spans.role_revoked,
    PrivilegeGranted: Spans.granted,
    PrivilegeRevoked: Spans.revoked,
    GrantOptionRevoked: Spans.option_revoked,
}

MEMBERSHIP_EVENTS = tuple(
    kind.__name__
    for kind in (AccountFounded, MembersAdded, MembersRemoved, UserDropped, RoleDropped)
)
"""The events that memberships are told by."""

GRANT_EVENTS = tuple(kind.__name__ for kind in _TOLD if kind not in {MembersAdded, MembersRemoved})
"""The events that everything else is told by."""
