"""Nesting: a group within a group is a role granted to a role, by SCIM (DESIGN section 3).

H is a member of G: G is granted to H, with the integration as the grant's origin. What SQL has
granted stays out of sight and out of reach: a full push never cuts an administrator's hierarchy.
"""

from collections.abc import Iterable

from rolecall.domain import access
from rolecall.domain.errors import CircularGrant
from rolecall.domain.events import Event, RoleGranted, RoleRevoked
from rolecall.domain.model import Kind, Membership, Role, RoleGrant
from rolecall.domain.names import Id, key_of
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.predicate import Field, Predicate, admits
from rolecall.domain.session import Session


def groups_within(reading: Reading, role: Id) -> frozenset[Id]:
    """The groups that are members of a group, by a grant that SCIM made."""
    return reading.memo("groups_within", lambda: _nested(reading)).get(role, frozenset())


def _nested(reading: Reading) -> dict[Id, frozenset[Id]]:
    found: dict[Id, set[Id]] = {}
    for grant in reading.hierarchy():
        if grant.origin is not None:
            found.setdefault(grant.role, set()).add(grant.grantee)
    return {role: frozenset(members) for role, members in found.items()}


def named_within(reading: Reading, role: Id) -> tuple[Membership, ...]:
    """The member groups with their names, by id."""
    within = groups_within(reading, role)
    names = access.names_of(reading, within) if within else {}
    return tuple(Membership(role=each, name=names[each]) for each in sorted(within))


def meeting(reading: Reading, role: Id, where: Predicate) -> frozenset[Id]:
    """The member groups whose id and name meet a condition."""
    return frozenset(
        each.role
        for each in named_within(reading, role)
        if admits(where, {Field.ID: each.role, Field.DISPLAY_KEY: key_of(each.name)})
    )


def joined(
    tx: Transaction, session: Session, role: Role, groups: Iterable[Id], at: int
) -> tuple[list[Event], list[Id]]:
    """The groups are members from now on; and the ids that are no group the session owns.

    Raises CircularGrant: the check and the grant are in one transaction.
    """
    events: list[Event] = []
    unknown: list[Id] = []
    for group in groups:
        found = tx.role(group)
        if found is None or found.system or not access.owns(tx, session, found.owner):
            unknown.append(group)
            continue
        if group in access.inherited(tx, role.id):
            raise CircularGrant(role.name, found.name, id=found.id)
        by = access.grantor(session, role.owner)
        grant = RoleGrant(
            role=role.id,
            grantee_kind=Kind.ROLE,
            grantee=group,
            granted_by=by,
            created_at=at,
            origin=session.integration,
        )
        if tx.save_role_grant(grant):
            tx.bump_generation()
            events.append(RoleGranted(id=role.id, to=group, granted_by=by))
    return events, unknown


def parted(tx: Transaction, role: Role, groups: Iterable[Id] | None) -> list[Event]:
    """The groups (None: all) are no members any more; what SQL granted stays."""
    within = groups_within(tx, role.id)
    gone = sorted(within if groups is None else within.intersection(groups))
    for group in gone:
        tx.delete_role_grant(role.id, group)
    if gone:
        tx.bump_generation()
    return [RoleRevoked(id=role.id, to=group) for group in gone]


# ---- the groups of a user --------------------------------------------------------------------


def groups_of(
    reading: Reading, session: Session, users: list[Id]
) -> dict[Id, tuple[Membership, ...]]:
    """For each user the groups that the session may hear of: direct, then those through them."""
    direct = access.groups_of(reading, session, users)
    if not direct or session.integration is None or not is_used(reading):
        return direct
    return {user: (*held, *_through(reading, session, held)) for user, held in direct.items()}


def is_used(reading: Reading) -> bool:
    """Whether the account has any group within a group."""
    return bool(reading.memo("containing", lambda: _containing(reading)))


def _containing(reading: Reading) -> dict[Id, frozenset[Id]]:
    """For each group those that it is a member of."""
    found: dict[Id, set[Id]] = {}
    for grant in reading.hierarchy():
        if grant.origin is not None:
            found.setdefault(grant.grantee, set()).add(grant.role)
    return {role: frozenset(groups) for role, groups in found.items()}


def _through(
    reading: Reading, session: Session, held: tuple[Membership, ...]
) -> tuple[Membership, ...]:
    """The groups that contain these at any distance, each once."""
    containing = reading.memo("containing", lambda: _containing(reading))
    seen = {each.role for each in held}
    frontier = list(seen)
    found: set[Id] = set()
    while frontier:
        fresh = containing.get(frontier.pop(), frozenset()) - seen
        seen |= fresh
        found |= fresh
        frontier.extend(fresh)
    roles = (reading.role(each) for each in sorted(found))
    return tuple(
        Membership(role=role.id, name=role.name, direct=False)
        for role in roles
        if role is not None and access.shows_role(reading, session, role)
    )
