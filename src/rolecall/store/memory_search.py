"""A search in memory reads as the predicates' own meaning: no index, every object looked at.

What is counted is counted anew.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from rolecall.domain.document import searched
from rolecall.domain.model import Json, Member, Role, User
from rolecall.domain.names import Id
from rolecall.domain.ports import RoleCounts
from rolecall.domain.predicate import (
    Field,
    Mark,
    Ordering,
    Predicate,
    Value,
    admits,
    parts_of,
    value_at,
)
from rolecall.domain.queries import Page
from rolecall.store.fields import granted_fields
from rolecall.store.memory_state import State

CardT = TypeVar("CardT")
Nested = tuple[dict[str, Value], dict[str, Value]]
"""What leads to a nested grant, and what is granted by it."""


class Sought(msgspec.Struct, frozen=True):
    """What a predicate can ask of one object."""

    values: dict[str, Value]
    document: Json
    granted: list[dict[str, Value]]
    nested: list[Nested]

    def meets(self, where: Predicate) -> bool:
        return admits(where, self.values, self.document, self.granted, self.nested)

    def sorted_by(self, ordering: Ordering) -> Value:
        """The value that decides its place, None if it has none."""
        if ordering.field is not None:
            return self.values.get(ordering.field)
        found = value_at(self.document, ordering.place)
        if ordering.part is None:
            return None if isinstance(found, list | dict | float) else found
        entries = [parts_of(entry) for entry in found] if isinstance(found, list) else []
        meant = [entry for entry in entries if ordering.part in entry]
        primary = [entry for entry in meant if entry.get("primary") is True]
        return (primary or meant)[0][ordering.part] if meant else None


def document_of(user: User) -> Json:
    text = searched(user)
    document: Json = None if text is None else msgspec.json.decode(text)
    return document


def page_of(
    found: Sequence[tuple[CardT, Sought]], ordering: Ordering | None, start: int, count: int
) -> Page[CardT]:
    """The page of what was found in the order of ids, by that order or another."""
    cards = [card for card, _ in found]
    if ordering is not None:
        keys = [sought.sorted_by(ordering) for _, sought in found]
        places = [place for place, key in enumerate(keys) if key is not None]
        without = [place for place, key in enumerate(keys) if key is None]
        # Sorting keeps the order of what is equal, backwards too: ids decide there.
        places.sort(key=lambda place: Sortable(keys[place]), reverse=ordering.descending)
        order = [*without, *places] if ordering.descending else [*places, *without]
        cards = [cards[place] for place in order]
    return Page(total=len(cards), items=tuple(cards[start : start + count]))


def page_beyond(
    found: Sequence[tuple[CardT, Sought]], ordering: Ordering | None, mark: Mark | None
) -> tuple[tuple[CardT, Value], ...]:
    """What stands after a mark in an order, each with what it is sorted by."""
    assert ordering is not None, "what is in the order of ids is after an id"
    keys = {sought.values[Field.ID]: sought.sorted_by(ordering) for _, sought in found}
    marked = [((card, sought), sought) for card, sought in found]
    inorder = page_of(marked, ordering, 0, len(marked)).items
    return tuple(
        (card, keys[sought.values[Field.ID]])
        for card, sought in inorder
        if mark is None or _follows(keys[sought.values[Field.ID]], sought, ordering, mark)
    )


def marks_of(found: Sequence[tuple[CardT, Sought]], ordering: Ordering | None) -> list[Mark]:
    """Where each of what was found stands in an order."""
    assert ordering is not None, "a mark is one in an order"
    return [
        Mark(key=sought.sorted_by(ordering), id=str(sought.values[Field.ID])) for _, sought in found
    ]


def _follows(key: Value, sought: Sought, ordering: Ordering, mark: Mark) -> bool:
    if (key is None) != (mark.key is None):
        return (key is None) != ordering.descending
    here, there = Sortable(key), Sortable(mark.key)
    if here < there or there < here:
        return (there < here) != ordering.descending
    return str(sought.values[Field.ID]) > mark.id


class Sortable:
    """A value among values of its own kind."""

    def __init__(self, value: Value) -> None:
        self._text = value if isinstance(value, str) else ""
        self._number = 0 if isinstance(value, str) or value is None else int(value)

    def __lt__(self, other: "Sortable") -> bool:
        return (self._number, self._text) < (other._number, other._text)


def members_in(state: State, roles: frozenset[Id]) -> tuple[tuple[Id, Member], ...]:
    """The members of the roles, by role, then user id."""
    found = sorted(pair for pair in state.members if pair[0] in roles)
    holders = [(role, state.users[user]) for role, user in found]
    return tuple(
        (
            role,
            Member(
                user=user.id,
                login_name=user.login_name,
                display_name=user.display_name,
                owner=user.owner,
            ),
        )
        for role, user in holders
    )


def nested_within(state: State, role: Id) -> list[Nested]:
    """The roles that are members of a role, by grants that SCIM made."""
    return [
        ({}, granted_fields(state.roles[grant.grantee]))
        for grant in state.hierarchy.values()
        if grant.origin is not None and grant.role == role and grant.grantee in state.roles
    ]


def nested_around(state: State, user: Id) -> list[Nested]:
    """For each role that the user holds, those around it by such grants, but for those held."""
    made = [grant for grant in state.hierarchy.values() if grant.origin is not None]
    held = {role for role, member in state.members if member == user}
    found: list[Nested] = []
    for role in held & state.roles.keys():
        around, frontier = set[Id](), [role]
        while frontier:
            inner = frontier.pop()
            fresh = {grant.role for grant in made if grant.grantee == inner} - around
            around |= fresh
            frontier.extend(fresh)
        leading = granted_fields(state.roles[role])
        found += [(leading, granted_fields(each)) for each in _there(state, around - held)]
    return found


def _there(state: State, roles: set[Id]) -> list[Role]:
    """Those that are roles: a store keeps a grant of one that it does not have."""
    return [state.roles[each] for each in roles if each in state.roles]


def counts_of(state: State) -> dict[Id, RoleCounts]:
    """For each role that has any, its holders and its grants."""
    counts: dict[Id, RoleCounts] = {}
    for role, _ in state.members:
        has = counts.get(role, RoleCounts())
        counts[role] = replace(has, assigned_to_users=has.assigned_to_users + 1)
    for role, grantee in state.hierarchy:
        has = counts.get(role, RoleCounts())
        counts[role] = replace(has, granted_to_roles=has.granted_to_roles + 1)
        has = counts.get(grantee, RoleCounts())
        counts[grantee] = replace(has, granted_roles=has.granted_roles + 1)
    return counts
