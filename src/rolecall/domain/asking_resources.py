"""Users and roles as they are asked for one by one and in lists, with the session's sight inside.

What a session may not see is left out by the condition that a store is asked with, never from a
page later (DESIGN contract 10).
"""

import msgspec

from rolecall.domain import access, nesting
from rolecall.domain.errors import NotFound
from rolecall.domain.founding import SYSTEM_ROLES
from rolecall.domain.model import Kind, Privilege, RoleCard, UserCard
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Asked, Reading
from rolecall.domain.predicate import (
    EVERYTHING,
    And,
    Compare,
    Field,
    Granted,
    Operator,
    Or,
    Ordering,
    Predicate,
    Value,
    with_grants_told,
    with_names_told,
)
from rolecall.domain.queries import (
    MembersAfter,
    OneRole,
    OneUser,
    Page,
    Roles,
    RolesAfter,
    RolesBeyond,
    Users,
    UsersAfter,
    UsersBeyond,
)
from rolecall.domain.roles import find_role, members_named, with_members
from rolecall.domain.session import Session
from rolecall.domain.users import find_user

# ---- users -----------------------------------------------------------------------------------


def one_user(reading: Reading, session: Session, query: OneUser) -> UserCard:
    """Raises NotFound for an absent user and one that the session may not see."""
    card = find_user(reading, session, query.user)
    if card is None or not access.is_visible(
        reading, session, access.target_of(Kind.USER, card.user)
    ):
        raise NotFound(Kind.USER, access.label(query.user))
    if not query.with_groups:
        return card
    (shown,) = with_groups(reading, session, (card,))
    return shown


def users(reading: Reading, session: Session, query: Users) -> Page[UserCard]:
    """Users that the session sees."""
    page = reading.find_users(
        seen_users(reading, session, query.where, query.ordering), query.start, query.count
    )
    if not query.with_groups:
        return page
    return Page(total=page.total, items=with_groups(reading, session, page.items))


def users_after(reading: Reading, session: Session, query: UsersAfter) -> tuple[UserCard, ...]:
    """The next of the users that the session sees."""
    cards = reading.users_after(seen_users(reading, session, query.where), query.after, query.count)
    return with_groups(reading, session, cards) if query.with_groups else cards


def users_beyond(
    reading: Reading, session: Session, query: UsersBeyond
) -> tuple[tuple[UserCard, Value], ...]:
    """The next, in an order, of the users that the session sees."""
    found = reading.users_beyond(
        seen_users(reading, session, query.where, query.ordering), query.mark, query.count
    )
    if not query.with_groups:
        return found
    cards = with_groups(reading, session, tuple(card for card, _ in found))
    return tuple(zip(cards, (key for _, key in found), strict=True))


def with_groups(
    reading: Reading, session: Session, cards: tuple[UserCard, ...]
) -> tuple[UserCard, ...]:
    """The cards with the groups that the session may hear of."""
    if not cards:
        return cards
    groups = nesting.groups_of(reading, session, [card.user.id for card in cards])
    if not groups:
        return cards
    return tuple(
        msgspec.structs.replace(card, groups=groups.get(card.user.id, ())) for card in cards
    )


def seen_users(
    reading: Reading, session: Session, where: Predicate, ordering: Ordering | None = None
) -> Asked:
    """What is looked for among the users that the session sees."""
    told = with_grants_told(where, lambda asked: _groups_told(reading, session, asked))
    where, owners = _seen(reading, session, Kind.USER, told)
    return Asked(where, owners, session.integration, ordering)


def _groups_told(reading: Reading, session: Session, asked: Granted) -> Granted:
    """What is asked of the groups of a user, of those that `nesting.groups_of` tells."""
    shown = _roles_shown(reading, session)
    direct = Granted(And((asked.term, shown)))
    if asked.nested is None or session.integration is None or not nesting.is_used(reading):
        return direct
    return Granted(direct.term, nested=And((asked.nested, shown)), by=shown)


def _roles_shown(reading: Reading, session: Session) -> Predicate:
    """The roles whose members the session may hear of: what `access.shows_role` says of each."""
    if session.integration is None:
        return EVERYTHING
    if access.sees(reading, session, Kind.ROLE):
        return And(tuple(_not_system(reading)))
    owners = sorted(access.active_roles(reading, session))
    return Or(tuple(Compare(Field.OWNER, Operator.EQ, owner) for owner in owners))


def _seen(
    reading: Reading, session: Session, kind: Kind, where: Predicate
) -> tuple[Predicate, frozenset[Id] | None]:
    """The condition and the owners of what the session sees, for a store to look for.

    MONITOR on single objects is rare: without it the owners alone decide, by their index.
    """
    owners, monitored = _sight(reading, session, kind)
    if owners is None or not monitored:
        return where, owners
    owned = [Compare(Field.OWNER, Operator.EQ, owner) for owner in sorted(owners)]
    named = [Compare(Field.ID, Operator.EQ, each) for each in sorted(monitored)]
    return And((where, Or((*owned, *named)))), None


Sight = tuple[frozenset[Id] | None, frozenset[Id]]
"""The owners whose objects are seen, None for everybody's, and the single objects beside them."""


def _sight(reading: Reading, session: Session, kind: Kind) -> Sight:
    """An integration's is that of its role, which is remembered; a user's may have many roles."""
    if session.integration is None or session.secondary:
        return _sight_of(reading, session, kind)
    return reading.memo(("sight", kind, session.role), lambda: _sight_of(reading, session, kind))


def _sight_of(reading: Reading, session: Session, kind: Kind) -> Sight:
    owners = access.visible_owners(reading, session, kind)
    if owners is None:
        return None, frozenset()
    return owners, access.objects_held(reading, session, kind, Privilege.MONITOR)


# ---- roles -----------------------------------------------------------------------------------


def one_role(reading: Reading, session: Session, query: OneRole) -> RoleCard:
    """Raises NotFound for an absent role and one that the session may not see."""
    card = find_role(reading, session, query.role)
    if card is None or not _visible_role(reading, session, card):
        raise NotFound(Kind.ROLE, access.label(query.role))
    (answered,) = with_members(reading, session, (card,), query.members_max)
    return answered


def members_after(reading: Reading, session: Session, query: MembersAfter) -> RoleCard:
    """Raises NotFound for an absent role and one that the session may not see."""
    card = one_role(reading, session, OneRole(role=query.role))
    return msgspec.structs.replace(
        card,
        members=members_named(
            reading, session, reading.members_of(card.role.id, query.count, query.after)
        ),
        groups=() if query.after else nesting.named_within(reading, card.role.id),
    )


def _visible_role(reading: Reading, session: Session, card: RoleCard) -> bool:
    if card.role.system and session.integration is not None:
        return False
    return access.is_visible(reading, session, access.target_of(Kind.ROLE, card.role))


def roles(reading: Reading, session: Session, query: Roles) -> Page[RoleCard]:
    """Roles that the session sees."""
    page = reading.find_roles(
        seen_roles(reading, session, query.where, query.ordering), query.start, query.count
    )
    return Page(
        total=page.total, items=with_members(reading, session, page.items, query.members_max)
    )


def roles_after(reading: Reading, session: Session, query: RolesAfter) -> tuple[RoleCard, ...]:
    """The next of the roles that the session sees."""
    cards = reading.roles_after(seen_roles(reading, session, query.where), query.after, query.count)
    return with_members(reading, session, cards, query.members_max)


def roles_beyond(
    reading: Reading, session: Session, query: RolesBeyond
) -> tuple[tuple[RoleCard, Value], ...]:
    """The next, in an order, of the roles that the session sees."""
    found = reading.roles_beyond(
        seen_roles(reading, session, query.where, query.ordering), query.mark, query.count
    )
    cards = with_members(reading, session, tuple(card for card, _ in found), query.members_max)
    return tuple(zip(cards, (key for _, key in found), strict=True))


def seen_roles(
    reading: Reading, session: Session, where: Predicate, ordering: Ordering | None = None
) -> Asked:
    """What is looked for among the roles that the session sees."""
    told = with_grants_told(where, lambda asked: _members_told(reading, session, asked))
    where, owners = _seen(reading, session, Kind.ROLE, told)
    if owners is None and session.integration is not None:
        where = And((where, *_not_system(reading)))
    return Asked(where, owners, session.integration, ordering)


def _members_told(reading: Reading, session: Session, asked: Granted) -> Granted:
    """Where no group is in a group, members are users, and a search looks for nothing else.

    An integration hears no names of users that others made (decision 12).
    """
    users = _named(reading, session, Kind.USER, asked.term)
    if not nesting.is_used(reading) or asked.nested is None:
        return Granted(users)
    return Granted(users, nested=_named(reading, session, Kind.ROLE, asked.nested), by=asked.by)


def _named(reading: Reading, session: Session, kind: Kind, term: Predicate) -> Predicate:
    owners, monitored = _sight(reading, session, kind)
    if session.integration is None or owners is None:
        return term
    seen = [Compare(Field.OWNER, Operator.EQ, owner) for owner in sorted(owners)]
    seen += [Compare(Field.ID, Operator.EQ, each) for each in sorted(monitored)]
    return with_names_told(term, Or(tuple(seen)))


def _not_system(reading: Reading) -> list[Predicate]:
    """SCIM never sees a system role, whatever its role monitors."""
    return [
        Compare(Field.ID, Operator.NE, access.system_role(reading, Name(name)).id)
        for name in SYSTEM_ROLES
    ]
