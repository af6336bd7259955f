"""Which attributes are sent and when two count as equal: servers fold, trim and drop some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rolecall.push.directory import DirectoryGroup, Person, name_key
from rolecall.push.resources import Group, Item, Json, User

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute to be replaced."""

    path: str
    value: Json


class _Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """`given` is what the file says (None: nothing), `same` whether the server has it already."""

    path: str
    given: Callable[[Person], Json]
    same: Callable[[Person, User], bool]


def user_changes(person: Person, user: User, known: frozenset[str] | None) -> tuple[Change, ...]:
    """What the file gives and the server has not; what the file leaves out is left alone."""
    changes = [
        Change(path=row.path, value=given)
        for row in _understood(known)
        if (given := row.given(person)) is not None and not row.same(person, user)
    ]
    return tuple(changes)


def link_changes(user: User, external_id: str) -> tuple[Change, ...]:
    """Turn a user of this source to the anchor that its entry has now, and wake it."""
    changes = []
    if user.external_id != external_id:
        changes.append(Change(path="externalId", value=external_id))
    if not user.is_active:
        changes.append(Change(path="active", value=True))
    return tuple(changes)


def group_changes(
    group: DirectoryGroup, there: Group, external_id: str, prefix: str
) -> tuple[Change, ...]:
    """Rename a group of this source; one that was there before keeps its name and its link."""
    changes: list[Change] = []
    if (there.external_id or "").startswith(prefix):
        if name_key(there.display_name) != name_key(group.name):
            changes.append(Change(path="displayName", value=group.name))
        if there.external_id != external_id:
            changes.append(Change(path="externalId", value=external_id))
    return tuple(changes)


def user_body(person: Person, external_id: str, known: frozenset[str] | None) -> Mapping[str, Json]:
    """The body of a POST: what the file gives, nested as RFC 7643 has it."""
    name: dict[str, Json] = {}
    body: dict[str, Json] = {"externalId": external_id, "active": True}
    for row in _understood(known):
        given = row.given(person)
        if given is not None:
            parent, _, child = row.path.partition(".")
            (name if child else body)[child or parent] = given
    return {**body, "name": name} if name else body


def not_sent(people: Sequence[Person], known: frozenset[str] | None) -> tuple[str, ...]:
    """Attributes that the file gives and the server's schema does not have."""
    understood = _understood(known)
    left_out = [row for row in USER_ATTRIBUTES if row not in understood]
    return tuple(
        row.path for row in left_out if any(row.given(person) is not None for person in people)
    )


def _understood(known: frozenset[str] | None) -> list[_Attribute]:
    """A server that drops an attribute would differ, and be sent it, in every run."""
    return [r for r in USER_ATTRIBUTES if known is None or _root(r.path) in known or _needed(r)]


def _needed(row: _Attribute) -> bool:
    return row.path == "userName"


def _root(path: str) -> str:
    return path.partition(".")[0].lower()


def _emails(person: Person) -> Json:
    return [
        {"value": mail, "type": "other" if rank else "work", "primary": rank == 0}
        for rank, mail in enumerate(person.emails)
    ] or None


def _phones(person: Person) -> Json:
    return [{"value": phone.number, "type": phone.kind} for phone in person.phones] or None


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number)) or number.strip().casefold()


def _same_list(given: Sequence[str], kept: Sequence[str]) -> bool:
    """Some servers keep one value of many: then it has to be the first, the primary one."""
    return bool(kept) and (kept[0] == given[0] if len(kept) == 1 else set(kept) == set(given))


def _values(items: tuple[Item, ...] | None) -> list[str]:
    return [item.value for item in items or () if item.value]


def _same_emails(person: Person, user: User) -> bool:
    given = [name_key(mail) for mail in person.emails]
    return _same_list(given, [name_key(mail) for mail in _values(user.emails)])


def _same_phones(person: Person, user: User) -> bool:
    given = [_digits(phone.number) for phone in person.phones]
    return _same_list(given, [_digits(number) for number in _values(user.phone_numbers)])


def _same(given: str | None, kept: str | None) -> bool:
    return (given or "").strip() == (kept or "").strip()


USER_ATTRIBUTES = (
    _Attribute(
        path="userName",
        given=lambda person: person.user_name,
        same=lambda person, user: name_key(person.user_name) == name_key(user.user_name),
    ),
    _Attribute(
        path="name.givenName",
        given=lambda person: person.given_name,
        same=lambda p, user: _same(p.given_name, user.name.given_name if user.name else None),
    ),
    _Attribute(
        path="name.familyName",
        given=lambda person: person.family_name,
        same=lambda p, user: _same(p.family_name, user.name.family_name if user.name else None),
    ),
    _Attribute(
        path="displayName",
        given=lambda person: person.display_name,
        same=lambda person, user: _same(person.display_name, user.display_name),
    ),
    _Attribute(
        path="title",
        given=lambda person: person.title,
        same=lambda person, user: _same(person.title, user.title),
    ),
    _Attribute(path="emails", given=_emails, same=_same_emails),
    _Attribute(path="phoneNumbers", given=_phones, same=_same_phones),
)
