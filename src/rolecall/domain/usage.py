"""Usage: what is and what was, users, roles and grants with the time at which they ended.

What is comes from the account's rows, what was from the events of its history. Asked by
administrators alone.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rolecall.domain import access, properties
from rolecall.domain.events import SELDOM, RoleDropped, UserDropped
from rolecall.domain.model import Kind, Privilege, Role, RoleGrant, User
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading
from rolecall.domain.predicate import EVERYTHING
from rolecall.domain.queries import (
    GrantRecord,
    GrantRecords,
    MembershipRecords,
    RoleRecord,
    RoleRecords,
    UserRecord,
    UserRecords,
)
from rolecall.domain.spans import GRANT_EVENTS, MEMBERSHIP_EVENTS, Span, Spans
from rolecall.domain.told import roles_called, spans_of_roles, spans_of_users, users_called

PAGE = 10_000
RECORDS_MAX = 10_000_000

Event = TypeVar("Event")


def user_records(reading: Reading, _query: UserRecords) -> tuple[UserRecord, ...]:
    """Users that are, by name, then users that were, by the time of their end."""
    names = _role_names(reading)
    present = [
        UserRecord(user=user, owner=names.get(user.owner), deleted_at=None)
        for user in _users(reading)
    ]
    gone = [
        UserRecord(
            user=properties.remembered(dropped.id, dropped.created_at or 0, dropped.was),
            owner=names.get(dropped.owner),
            deleted_at=at,
        )
        for dropped, at in _told(reading, UserDropped)
    ]
    return (*present, *gone)


def role_records(reading: Reading, _query: RoleRecords) -> tuple[RoleRecord, ...]:
    """Roles that are, by name, then roles that were, by the time of their end."""
    names = _role_names(reading)
    present = [
        RoleRecord(role=role, owner=names.get(role.owner), deleted_at=None)
        for role in reading.roles()
    ]
    gone = [
        RoleRecord(
            role=Role(
                id=dropped.id,
                name=Name(dropped.name),
                owner=dropped.owner,
                created_at=dropped.created_at or 0,
                comment=dropped.comment,
            ),
            owner=names.get(dropped.owner),
            deleted_at=at,
        )
        for dropped, at in _told(reading, RoleDropped)
    ]
    return (*present, *gone)


def membership_records(reading: Reading, query: MembershipRecords) -> tuple[GrantRecord, ...]:
    """Roles granted to users: those in force, then those that ended."""
    if query.roles is not None:
        roles = roles_called(reading, query.roles)
        spans, present = spans_of_roles(reading, roles), _members(reading, roles)
        ended = [span for span in spans.ended if span.object in roles]
    elif query.users is not None:
        users = users_called(reading, query.users)
        spans = spans_of_users(reading, users)
        present = (grant for user in sorted(users) for grant in reading.member_grants_to(user))
        ended = [span for span in spans.ended if span.holder in users]
    else:
        spans = _spans(reading, MEMBERSHIP_EVENTS)
        present, ended = _members(reading, (role.id for role in reading.roles())), spans.ended
    names = _Names(reading, spans)
    held = [_membership(grant) for grant in present]
    told = (span for span in (*held, *ended) if span.holder_kind is Kind.USER)
    return tuple(names.record(span) for span in told)


def grant_records(reading: Reading, query: GrantRecords) -> tuple[GrantRecord, ...]:
    """Privileges, ownership and roles granted to roles: in force, then ended."""
    seldom = tuple(kind for kind in GRANT_EVENTS if kind in SELDOM)
    spans = _spans(reading, GRANT_EVENTS if query.owners_of_users else seldom)
    names = _Names(reading, spans)
    present = [*_hierarchy(reading), *_privileges(reading)]
    present += _ownership(reading, spans, names, users=query.owners_of_users)
    ended = (span for span in spans.ended if span.holder_kind is Kind.ROLE)
    return tuple(names.record(span) for span in (*present, *ended))


# ---- what is ---------------------------------------------------------------------------------


def _users(reading: Reading) -> Iterator[User]:
    page = reading.users_by_name(EVERYTHING, Name(""), PAGE)
    while page:
        yield from page
        page = reading.users_by_name(EVERYTHING, page[-1].name, PAGE)


def _members(reading: Reading, roles: Iterable[Id]) -> Iterator[RoleGrant]:
    for role in roles:
        yield from reading.member_grants_of(role, RECORDS_MAX)


def _membership(grant: RoleGrant) -> Span:
    return Span(
        privilege=Privilege.USAGE.value,
        kind=Kind.ROLE,
        object=grant.role,
        holder_kind=Kind.USER,
        holder=grant.grantee,
        began_at=grant.created_at,
        granted_by=grant.granted_by,
    )


def _hierarchy(reading: Reading) -> Iterator[Span]:
    for grant in reading.hierarchy():
        yield Span(
            privilege=Privilege.USAGE.value,
            kind=Kind.ROLE,
            object=grant.role,
            holder_kind=Kind.ROLE,
            holder=grant.grantee,
            began_at=grant.created_at,
            granted_by=grant.granted_by,
            grant_option=grant.grant_option,
        )


def _privileges(reading: Reading) -> Iterator[Span]:
    for role in reading.roles():
        for grant in access.privileges_of(reading, role.id):
            yield Span(
                privilege=grant.privilege.value,
                kind=grant.kind,
                object=grant.object,
                holder_kind=Kind.ROLE,
                holder=role.id,
                began_at=grant.created_at,
                granted_by=grant.granted_by,
                grant_option=grant.grant_option,
            )


def _ownership(reading: Reading, spans: Spans, names: "_Names", *, users: bool) -> Iterator[Span]:
    """Ownership has no row of its own: its time is the last transfer's, or the object's."""
    privilege = Privilege.OWNERSHIP.value
    for role in reading.roles():
        for kind, on, name in reading.owned_by(role.id, RECORDS_MAX):
            if kind is Kind.USER and not users:
                continue
            names.learn(on, name)
            yield Span(
                privilege=privilege,
                kind=kind.told,
                object=on,
                holder_kind=Kind.ROLE,
                holder=role.id,
                began_at=spans.began_at(privilege, on, role.id) or names.founded_at,
                granted_by=role.id,
                grant_option=True,
            )


# ---- what was --------------------------------------------------------------------------------


def _told(reading: Reading, kind: type[Event]) -> Iterator[tuple[Event, int]]:
    """The events of one kind, each with its time."""
    page = reading.events_of((kind.__name__,), 0, PAGE)
    while page:
        for recorded in page:
            assert isinstance(recorded.event, kind), "the store was asked for this kind"
            yield recorded.event, recorded.at
        page = reading.events_of((kind.__name__,), page[-1].seq, PAGE)


def _spans(reading: Reading, kinds: tuple[str, ...]) -> Spans:
    spans = Spans()
    page = reading.events_of(kinds, 0, PAGE)
    while page:
        spans.tell(page)
        page = reading.events_of(kinds, page[-1].seq, PAGE)
    return spans


# ---- names -----------------------------------------------------------------------------------


def _role_names(reading: Reading) -> dict[Id | None, Name]:
    """The names of roles, those that are gone too."""
    gone: dict[Id | None, Name] = {
        dropped.id: Name(dropped.name) for dropped, _ in _told(reading, RoleDropped)
    }
    return {**gone, **{role.id: role.name for role in reading.roles()}}


class _Names:
    """What is called how, or was called so at its end."""

    def __init__(self, reading: Reading, spans: Spans) -> None:
        account = reading.account()
        self.founded_at = account.created_at
        self._reading = reading
        self._known: dict[Id | None, str] = {
            account.id: account.name,
            **{role.id: role.name for role in reading.roles()},
            **{found.id: found.name for found in reading.integrations()},
            **{found.id: found.name for found in reading.databases()},
            **{
                found.id: found.name
                for kind in (Kind.NETWORK_POLICY, Kind.NETWORK_RULE, Kind.EXTERNAL_OAUTH)
                for found in reading.governed_all(kind)
            },
        }
        for id, name in spans.names.items():
            self._known.setdefault(id, name)

    def learn(self, id: Id, name: str) -> None:
        self._known[id] = name

    def record(self, span: Span) -> GrantRecord:
        return GrantRecord(
            created_at=span.began_at,
            deleted_at=span.ended_at,
            privilege=span.privilege,
            granted_on=span.kind,
            name=self._name(span.object, span.kind),
            granted_to=span.holder_kind,
            grantee_name=self._name(span.holder, span.holder_kind),
            grant_option=span.grant_option,
            granted_by=self._known.get(span.granted_by),
        )

    def _name(self, id: Id, kind: Kind) -> str:
        """Users are many, so that they are looked up one by one."""
        if id not in self._known and kind is Kind.USER:
            user = self._reading.user(id)
            self._known[id] = id if user is None else user.name
        return self._known.get(id, id)
