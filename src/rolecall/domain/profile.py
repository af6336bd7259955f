"""A profile is SCIM-shaped data; a change to a place in it gives a new profile (RFC 7644 3.5.2).

Profiles hold what SQL has no property for, and e-mail addresses. Nothing is changed in place:
what a change touches is copied, the rest is shared.
"""

from typing import assert_never

import msgspec

from rolecall.domain.commands import Add, At, Set, Unset
from rolecall.domain.errors import InvalidValue, NoTarget
from rolecall.domain.model import Json
from rolecall.domain.names import key_of
from rolecall.domain.predicate import (
    EVERYTHING,
    And,
    Compare,
    Not,
    Operator,
    Or,
    Predicate,
    Value,
    admits,
)

Profile = dict[str, Json]
ENTRIES_MAX = 1_000
BYTES_MAX = 1 << 20
"""As much as one request can send: changes can't pile up more."""
WORK_MAX = 300_000
"""What all steps of a change may look at, by `work_of`: some half a second, which others wait."""
CHARACTERS_AT_ONCE = 64
"""Text of this length costs as much as an entry."""
MULTI_VALUED = frozenset(
    {
        "emails",
        "phoneNumbers",
        "ims",
        "photos",
        "addresses",
        "entitlements",
        "roles",
        "x509Certificates",
    }
)
"""What is a list from its first entry on (RFC 7643 section 4.1.2)."""
EMPTY = (list, dict)
"""What is unassigned when there is nothing in it (RFC 7643 section 2.5)."""


def founded(profile: Profile) -> Profile:
    """The profile that a resource is born with: nothing empty, at most one entry primary."""
    return {
        name: _settled(name, value) if isinstance(value, list) else value
        for name, value in profile.items()
        if value or not (value is None or isinstance(value, EMPTY))
    }


def changed(profile: Profile, change: Set | Unset | Add) -> Profile:
    """The profile after one change; the same values when nothing changes."""
    at = change.at
    if at.extension is None:
        return _changed_in(profile, change)
    inner = profile.get(at.extension)
    extension = _changed_in(inner if isinstance(inner, dict) else {}, change)
    rest = {name: value for name, value in profile.items() if name != at.extension}
    return {**rest, at.extension: extension} if extension else rest


def work_of(profile: Profile, change: Set | Unset | Add) -> int:
    """What one change looks at: entries by the terms of its condition, and their text."""
    at = change.at
    container = profile if at.extension is None else profile.get(at.extension)
    present = container.get(at.attribute) if isinstance(container, dict) else None
    work = 1 + (len(change.values) if isinstance(change, Add) else 0)
    if not isinstance(present, list):
        return work
    if at.where is None:
        return work + len(present)
    return work + len(present) * _leaves(at.where) + _characters(present) // CHARACTERS_AT_ONCE


def _leaves(where: Predicate) -> int:
    match where:
        case And() | Or():
            return sum(_leaves(term) for term in where.terms)
        case Not():
            return _leaves(where.term)
        case _:
            return 1


def _characters(entries: list[Json]) -> int:
    return sum(
        len(part)
        for entry in entries
        for part in (entry.values() if isinstance(entry, dict) else (entry,))
        if isinstance(part, str)
    )


def require_kept(profile: Profile, name: str) -> None:
    """Refuse, in the name of the attribute that changed last, what has become too large."""
    if len(_encode(profile)) > BYTES_MAX:
        raise InvalidValue(name, f"the user would have more than {BYTES_MAX >> 20} MiB")


_encode = msgspec.json.Encoder().encode


def _changed_in(container: Profile, change: Set | Unset | Add) -> Profile:
    present = container.get(change.at.attribute)
    match change:
        case Set():
            value = _set(present, change.at, change.value)
        case Unset():
            value = _unset(present, change.at)
        case Add():
            value = _add(present, change.at, change.values)
        case _:
            assert_never(change)
    value = _settled(change.at.attribute, value)
    rest = {name: kept for name, kept in container.items() if name != change.at.attribute}
    return rest if value is None or value in ([], {}) else {**rest, change.at.attribute: value}


def _settled(name: str, value: Json) -> Json:
    """A list within its limit; of several primary entries the last (RFC 7643 section 2.4)."""
    if not isinstance(value, list):
        return value
    if len(value) > ENTRIES_MAX:
        raise InvalidValue(name, f"at most {ENTRIES_MAX} entries")
    primary = [position for position, entry in enumerate(value) if _is_primary(entry)]
    return _one_primary(value, primary[-1]) if len(primary) > 1 else value


def _set(present: Json, at: At, value: Json) -> Json:
    """RFC 7644 section 3.5.2.3: what a condition picks is replaced, or a part of it."""
    if at.where is None:
        if at.sub is None:
            return value
        if isinstance(present, list):
            return [_with(entry, at.sub, value) for entry in present]
        if present is None and at.attribute in MULTI_VALUED:
            return [{at.sub: value}]
        return _with(present, at.sub, value)
    return _put(present, at, at.where, value)


def _put(present: Json, at: At, where: Predicate, value: Json, *, merges: bool = False) -> Json:
    """The value in place of each entry that is meant, in a part of it, or merged into it.

    Several that are replaced by one value become one entry. An entry that equalities name is
    made (Entra expects it). Raises NoTarget when another condition picks nothing.
    """
    meant = _keyed(where)
    if isinstance(present, dict) or at.extension is not None:
        if present is None or not _picked(meant, present):
            raise NoTarget(at.attribute)
        return _with(present, at.sub, value) if at.sub else _merged(present, value)
    entries = present if isinstance(present, list) else []
    picked = [_picked(meant, entry) for entry in entries]
    if not any(picked):
        if not _names_one(where):
            raise NoTarget(at.attribute)
        return _add(entries, At(at.attribute), (_made(where, at.sub, value),))
    chosen_at = picked.index(True)
    if at.sub is None and not merges:
        rest = [entry for entry, chosen in zip(entries, picked, strict=True) if not chosen]
        after = [*rest[:chosen_at], value, *rest[chosen_at:]]
    else:
        after = [
            (_with(entry, at.sub, value) if at.sub else _merged(entry, value)) if chosen else entry
            for entry, chosen in zip(entries, picked, strict=True)
        ]
    return _one_primary(after, chosen_at) if _is_primary(after[chosen_at]) else after


def _unset(present: Json, at: At) -> Json:
    """RFC 7644 section 3.5.2.2; an entry left empty is gone."""
    if at.where is None and at.sub is None:
        return None
    meant = EVERYTHING if at.where is None else _keyed(at.where)
    if not isinstance(present, list):
        if not _picked(meant, present):
            return present
        return None if at.sub is None else _without(present, at.sub)
    if at.sub is None:
        return [entry for entry in present if not _picked(meant, entry)]
    trimmed = [_without(entry, at.sub) if _picked(meant, entry) else entry for entry in present]
    return [entry for entry in trimmed if entry]


def _add(present: Json, at: At, values: tuple[Json, ...]) -> Json:
    """RFC 7644 section 3.5.2.1: a value that is there already is not added again.

    Whether an entry is primary doesn't make it another one: adding it anew can make it primary.
    Through a condition, the parts of a value join each entry that is picked.
    """
    if at.where is not None:
        (parts,) = values
        return _put(present, at, at.where, parts, merges=True)
    entries: list[Json] = list(present) if isinstance(present, list) else []
    places: dict[bytes, int] = {}
    for place, entry in enumerate(entries):
        places.setdefault(_identity(entry), place)
    primary = None
    for value in values:
        place = places.setdefault(_identity(value), len(entries))
        if place == len(entries):
            entries.append(value)
        if _is_primary(value):
            entries[place], primary = value, place
    return entries if primary is None else _one_primary(entries, primary)


def _identity(entry: Json) -> bytes:
    """What tells an entry from others: everything but whether it is primary."""
    return _sorted(_without(entry, "primary"))


_sorted = msgspec.json.Encoder(order="deterministic").encode


def _one_primary(entries: list[Json], primary_at: int) -> list[Json]:
    """Only one entry is primary, the last one said to be (RFC 7643 section 2.4)."""
    return [
        {**entry, "primary": False}
        if position != primary_at and isinstance(entry, dict) and entry.get("primary") is True
        else entry
        for position, entry in enumerate(entries)
    ]


def _is_primary(entry: Json) -> bool:
    return isinstance(entry, dict) and entry.get("primary") is True


def _with(entry: Json, sub: str, value: Json) -> Json:
    return {**(entry if isinstance(entry, dict) else {}), sub: value}


def _without(entry: Json, sub: str | None) -> Json:
    if not isinstance(entry, dict):
        return entry
    return {name: value for name, value in entry.items() if name != sub}


def _merged(entry: Json, value: Json) -> Json:
    if isinstance(entry, dict) and isinstance(value, dict):
        return {**entry, **value}
    return value


def _keyed(where: Predicate) -> Predicate:
    """The same condition with its text as keys; what `_made` makes keeps the text as sent."""
    assert isinstance(where, Compare | And | Or | Not), "an entry has parts and nothing below them"
    match where:
        case Compare():
            value = key_of(where.value) if isinstance(where.value, str) else where.value
            return Compare(where.field, where.operator, value)
        case And():
            return And(tuple(_keyed(term) for term in where.terms))
        case Or():
            return Or(tuple(_keyed(term) for term in where.terms))
        case Not():
            return Not(_keyed(where.term))
        case _:
            assert_never(where)


def _picked(where: Predicate, entry: Json) -> bool:
    """Whether the entry is meant; a bare value counts as its own `value`."""
    values: dict[str, Value] = {}
    for name, value in (entry if isinstance(entry, dict) else {"value": entry}).items():
        if isinstance(value, str):
            values[name] = key_of(value)
        elif isinstance(value, bool | int):
            values[name] = value
    return admits(where, values)


def _names_one(where: Predicate) -> bool:
    """Whether a condition says all of an entry that would meet it."""
    terms = where.terms if isinstance(where, And) else (where,)
    return all(
        isinstance(term, Compare) and term.operator is Operator.EQ and term.value is not None
        for term in terms
    )


def _made(where: Predicate, sub: str | None, value: Json) -> Json:
    """A new entry that the filter would pick: its equalities, and the value."""
    terms = where.terms if isinstance(where, And) else (where,)
    entry: dict[str, Json] = {
        term.field: term.value
        for term in terms
        if isinstance(term, Compare) and term.operator is Operator.EQ
    }
    if sub is not None:
        return {**entry, sub: value}
    return {**entry, **value} if isinstance(value, dict) else {**entry, "value": value}


# ---- e-mail: the one attribute that both languages speak of ---------------------------------


def primary_email(profile: Profile) -> str | None:
    """The value of the primary entry of `emails`, else of the first."""
    entries = _emails(profile)
    position = _primary_at(entries)
    return None if position is None else _address(entries[position])


def _emails(profile: Profile) -> list[Json]:
    entries = profile.get("emails")
    return entries if isinstance(entries, list) else []


def _primary_at(entries: list[Json]) -> int | None:
    first = None
    for position, entry in enumerate(entries):
        if _address(entry):
            if _is_primary(entry):
                return position
            first = position if first is None else first
    return first


def _address(entry: Json) -> str | None:
    value = entry.get("value") if isinstance(entry, dict) else None
    return str(value) if value else None


def with_email(profile: Profile, address: str | None) -> Profile:
    """The profile with another primary address; None leaves no address at all."""
    rest = {name: value for name, value in profile.items() if name != "emails"}
    if address is None:
        return rest
    entries = _emails(profile)
    position = _primary_at(entries)
    if position is None:
        return {**rest, "emails": [{"value": address, "primary": True}]}
    after = [
        _with(entry, "value", address) if each == position else entry
        for each, entry in enumerate(entries)
    ]
    return {**rest, "emails": after}
