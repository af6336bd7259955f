"""Users and roles in one list: two streams that are ordered alike are merged, a page at a time.

Each kind is asked for one page that follows the same mark, and of both the first are kept; what
lies before a page is counted by the store, which tells the mark at a place, and is never read.
"""

import msgspec

from rolecall.domain.asking_resources import (
    roles_beyond,
    seen_roles,
    seen_users,
    users_beyond,
    with_groups,
)
from rolecall.domain.model import RoleCard, UserCard
from rolecall.domain.names import Id
from rolecall.domain.ports import Reading
from rolecall.domain.predicate import Value, in_order
from rolecall.domain.queries import Page, Together, TogetherBeyond
from rolecall.domain.roles import with_members
from rolecall.domain.session import Session

Card = UserCard | RoleCard


def together_beyond(
    reading: Reading, session: Session, query: TogetherBeyond
) -> tuple[tuple[Card, Value], ...]:
    """The next, in one order, of the users and the roles that the session sees."""
    users = msgspec.structs.replace(query.users, with_groups=False)
    roles = msgspec.structs.replace(query.roles, members_max=0)
    found: list[tuple[Card, Value]] = [
        *users_beyond(reading, session, users),
        *roles_beyond(reading, session, roles),
    ]
    inorder = in_order(
        found,
        lambda each: (each[1], _id_of(each[0])),
        descending=users.ordering.descending,
    )[: users.count]
    told = _told(reading, session, query, [card for card, _ in inorder])
    return tuple((told[_id_of(card)], key) for card, key in inorder)


def together(reading: Reading, session: Session, query: Together) -> Page[Card]:
    """The page at an index, of the users and the roles that the session sees."""
    asked_users, asked_roles = query.users, query.roles
    users = seen_users(reading, session, asked_users.where, asked_users.ordering)
    roles = seen_roles(reading, session, asked_roles.where, asked_roles.ordering)
    total = reading.find_users(users, 0, 0).total + reading.find_roles(roles, 0, 0).total
    if query.start >= total or asked_users.count == 0:
        return Page(total=total, items=())

    mark = None if query.start == 0 else reading.mark_at(users, roles, query.start - 1)
    following = TogetherBeyond(
        users=msgspec.structs.replace(asked_users, mark=mark),
        roles=msgspec.structs.replace(asked_roles, mark=mark),
    )
    found = together_beyond(reading, session, following)
    return Page(total=total, items=tuple(card for card, _ in found))


def _told(
    reading: Reading, session: Session, query: TogetherBeyond, cards: list[Card]
) -> dict[Id, Card]:
    """The cards with the groups and the members that are asked for, by id."""
    users = tuple(card for card in cards if isinstance(card, UserCard))
    if query.users.with_groups:
        users = with_groups(reading, session, users)
    roles = tuple(card for card in cards if isinstance(card, RoleCard))
    roles = with_members(reading, session, roles, query.roles.members_max)
    told: list[Card] = [*users, *roles]
    return {_id_of(card): card for card in told}


def _id_of(card: Card) -> Id:
    return card.user.id if isinstance(card, UserCard) else card.role.id
