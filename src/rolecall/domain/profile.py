"""A profile is SCIM-shaped data; a change to a place in it gives a new profile (RFC 7644 3.5.2).

Profiles hold what SQL has no property for, and e-mail addresses. Nothing is changed in place:
what a change touches is copied, the rest is shared.
"""

from typing import assert_never

from rolecall.domain.commands import Add, At, Set, Unset
from rolecall.domain.errors import InvalidValue
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


def changed(profile: Profile, change: Set | Unset | Add) -> Profile:
    """The profile after one change; the same values when nothing changes."""
    at = change.at
    if at.extension is None:
        return _changed_in(profile, change)
    inner = profile.get(at.extension)
    extension = _changed_in(inner if isinstance(inner, dict) else {}, change)
    rest = {name: value for name, value in profile.items() if name != at.extension}
    return {**rest, at.extension: extension} if extension else rest


def _changed_in(container: Profile, change: Set | Unset | Add) -> Profile:
    present = container.get(change.at.attribute)
    match change:
        case Set():
            value = _set(present, change.at, change.value)
        case Unset():
            value = _unset(present, change.at)
        case Add():
            value = _add(present, change.values)
        case _:
            assert_never(change)
    if isinstance(value, list) and len(value) > ENTRIES_MAX:
        raise InvalidValue(change.at.attribute, f"at most {ENTRIES_MAX} entries")
    rest = {name: kept for name, kept in container.items() if name != change.at.attribute}
    return rest if value is None or value in ([], {}) else {**rest, change.at.attribute: value}


def _set(present: Json, at: At, value: Json) -> Json:
    """RFC 7644 section 3.5.2.3; an entry that no `where` picks is made (Entra expects it)."""
    if at.where is None:
        if at.sub is None:
            return value
        if isinstance(present, list):
            return [_with(entry, at.sub, value) for entry in present] or [{at.sub: value}]
        return _with(present, at.sub, value)
    entries = present if isinstance(present, list) else []
    meant = _keyed(at.where)
    picked = [_picked(meant, entry) for entry in entries]
    if not any(picked):
        return [*entries, _made(at.where, at.sub, value)]
    after: list[Json] = [
        (_with(entry, at.sub, value) if at.sub else _merged(entry, value)) if chosen else entry
        for entry, chosen in zip(entries, picked, strict=True)
    ]
    chosen_at = picked.index(True)
    return _one_primary(after, chosen_at) if _is_primary(after[chosen_at]) else after


def _unset(present: Json, at: At) -> Json:
    """RFC 7644 section 3.5.2.2; an entry left empty is gone."""
    if at.where is None and at.sub is None:
        return None
    if not isinstance(present, list):
        return _without(present, at.sub) if at.where is None else present
    meant = EVERYTHING if at.where is None else _keyed(at.where)
    if at.sub is None:
        return [entry for entry in present if not _picked(meant, entry)]
    trimmed = [_without(entry, at.sub) if _picked(meant, entry) else entry for entry in present]
    return [entry for entry in trimmed if entry]


def _add(present: Json, values: tuple[Json, ...]) -> Json:
    """RFC 7644 section 3.5.2.1: a value that is there already is not added again."""
    entries: list[Json] = list(present) if isinstance(present, list) else []
    for value in values:
        if value not in entries:
            entries.append(value)
            if _is_primary(value):
                entries = _one_primary(entries, len(entries) - 1)
    return entries


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
    entries = profile.get("emails")
    if not isinstance(entries, list):
        return None
    addresses = [entry for entry in entries if isinstance(entry, dict) and entry.get("value")]
    chosen = next((entry for entry in addresses if entry.get("primary") is True), None)
    entry = chosen or (addresses[0] if addresses else None)
    return str(entry["value"]) if entry is not None else None


def with_email(profile: Profile, address: str | None) -> Profile:
    """The profile with another primary address; None leaves no address at all."""
    rest = {name: value for name, value in profile.items() if name != "emails"}
    if address is None:
        return rest
    entries = profile.get("emails")
    present = primary_email(profile)
    if not isinstance(entries, list) or present is None:
        return {**rest, "emails": [{"value": address, "primary": True}]}
    moved = False
    after: list[Json] = []
    for entry in entries:
        mine = isinstance(entry, dict) and entry.get("value") == present and not moved
        after.append(_with(entry, "value", address) if mine else entry)
        moved = moved or mine
    return {**rest, "emails": after}
