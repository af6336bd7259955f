"""Predicates: conditions on stored objects as values, which every store evaluates alike.

A store compiles them to its own query language; `admits` is the meaning that all must match.
Text is compared by the key or the exact spelling, as the field says, never by an engine's rules.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar, assert_never

import msgspec

from rolecall.domain.model import Json

Value = None | bool | int | str
Item = TypeVar("Item")


class Field(StrEnum):
    """What can be asked of a user or a role. `_KEY` fields hold `names.key_of` of the text.

    EMAIL_KEY is the primary e-mail address; ADDRESS_KEY is each of them, and a comparison holds
    when it holds for any. VERSION is a number in digits.
    """

    ID = "id"
    NAME = "name"
    NAME_KEY = "name_key"
    LOGIN_KEY = "login_key"
    DISPLAY_KEY = "display_key"
    EMAIL_KEY = "email_key"
    ADDRESS_KEY = "address_key"
    EXTERNAL_ID = "external_id"
    OWNER = "owner"
    ACTIVE = "active"
    CREATED_AT = "created_at"
    CHANGED_AT = "changed_at"
    VERSION = "version"


class Operator(StrEnum):
    """RFC 7644 section 3.4.2.2, table 3. `pr` is NE None."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


class Compare(msgspec.Struct, frozen=True, tag=True):
    """One field against one value. `field` is a Field, or a sub-attribute within an Entry.

    `before` and `after` surround the field's text: a URL is an id with a place before it.
    """

    field: str
    operator: Operator
    value: Value
    before: str = ""
    after: str = ""


class Kept(msgspec.Struct, frozen=True, tag=True):
    """The one value at a place in the object's document; what is complex is only there or not.

    A document has the shape of a SCIM resource, its names in lower case, and the text of what
    compares without case as its key.
    """

    place: tuple[str, ...]
    operator: Operator
    value: Value


class Entry(msgspec.Struct, frozen=True, tag=True):
    """Some entry of a list in the object's document meets the term, whose fields are its parts."""

    place: tuple[str, ...]
    term: "Predicate"


class And(msgspec.Struct, frozen=True, tag=True):
    """All of them; of none: everything."""

    terms: tuple["Predicate", ...]


class Granted(msgspec.Struct, frozen=True, tag=True):
    """Some direct grant is to (of a user: of) one that meets the term; or some nested one is.

    Nested, of a role: a role within it, by a grant that SCIM made. Of a user: a role that holds
    a role of the user's at any distance by such grants, and is not the user's own; the role that
    leads there meets `by`. None: nested grants don't count.
    """

    term: "Predicate"
    nested: "Predicate | None" = None
    by: "Predicate" = And(())


class Or(msgspec.Struct, frozen=True, tag=True):
    """Any of them; of none: nothing."""

    terms: tuple["Predicate", ...]


class Not(msgspec.Struct, frozen=True, tag=True):
    """Not this."""

    term: "Predicate"


Predicate = Compare | Kept | Entry | Granted | And | Or | Not
EVERYTHING = And(())
NOTHING = Or(())


class Ordering(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is sorted by: a field, or what the document has at a place.

    Of a list there it is the part `part` of the primary entry, else of the first. What has no
    value comes last, or first when descending (RFC 7644 section 3.4.2.3).
    """

    field: Field | None = None
    place: tuple[str, ...] = ()
    part: str | None = None
    descending: bool = False


def in_order(
    items: Iterable[Item], placed: Callable[[Item], tuple[Value, str]], *, descending: bool
) -> list[Item]:
    """Items in an order, each placed by what it is sorted by and its id, as a store orders them.

    Ids decide among equals, backwards too.
    """

    def by_value(item: Item) -> tuple[int, str]:
        key = placed(item)[0]
        return (0, key) if isinstance(key, str) else (int(key or 0), "")

    found = sorted(items, key=lambda item: placed(item)[1])
    without = [item for item in found if placed(item)[0] is None]
    valued = [item for item in found if placed(item)[0] is not None]
    valued.sort(key=by_value, reverse=descending)
    return [*without, *valued] if descending else [*valued, *without]


class Mark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A place in an ordered list: what an object there is sorted by, and its id."""

    key: Value
    id: str


def admits(
    predicate: Predicate,
    values: Mapping[str, Value],
    document: Json = None,
    granted: Sequence[Mapping[str, Value]] = (),
    nested: Sequence[tuple[Mapping[str, Value], Mapping[str, Value]]] = (),
) -> bool:
    """Whether an object with these field values is meant; the reference for every store.

    `nested` pairs the role that leads to a nested grant with what is granted by it.
    """
    match predicate:
        case Compare():
            return _compared(predicate, values, document)
        case Kept():
            return _kept(predicate, value_at(document, predicate.place))
        case Entry():
            entries = value_at(document, predicate.place)
            return any(
                admits(predicate.term, parts_of(entry))
                for entry in (entries if isinstance(entries, list) else ())
            )
        case Granted():
            return any(admits(predicate.term, other) for other in granted) or (
                predicate.nested is not None
                and any(
                    admits(predicate.by, leading) and admits(predicate.nested, other)
                    for leading, other in nested
                )
            )
        case And():
            return all(admits(term, values, document, granted, nested) for term in predicate.terms)
        case Or():
            return any(admits(term, values, document, granted, nested) for term in predicate.terms)
        case Not():
            return not admits(predicate.term, values, document, granted, nested)
        case _:
            assert_never(predicate)


def with_grants_told(where: Predicate, told: Callable[[Granted], Granted]) -> Predicate:
    """The condition with what it asks of grants narrowed to those that are shown.

    Whoever does not see a membership must not find it by a filter either.
    """
    match where:
        case Granted():
            return told(where)
        case And() | Or():
            terms = tuple(with_grants_told(term, told) for term in where.terms)
            return And(terms) if isinstance(where, And) else Or(terms)
        case Not():
            return Not(with_grants_told(where.term, told))
        case Compare() | Kept() | Entry():
            return where
        case _:
            assert_never(where)


def with_names_told(where: Predicate, told: Predicate) -> Predicate:
    """The condition on what is at the other end of a grant, its name of those alone that are told.

    Whoever may not hear a name must not find it out letter by letter.
    """
    match where:
        case Compare():
            named = where.field in {Field.NAME_KEY, Field.DISPLAY_KEY}
            return And((where, told)) if named else where
        case And() | Or():
            terms = tuple(with_names_told(term, told) for term in where.terms)
            return And(terms) if isinstance(where, And) else Or(terms)
        case Not():
            return Not(with_names_told(where.term, told))
        case Kept() | Entry() | Granted():
            return where
        case _:
            assert_never(where)


def value_at(document: Json, place: tuple[str, ...]) -> Json:
    """What a document has at a place; None when it has nothing there."""
    found = document
    for step in place:
        if not isinstance(found, dict):
            return None
        found = found.get(step)
    return found


def parts_of(entry: Json) -> dict[str, Value]:
    """The plain parts of an entry of a list."""
    found = entry.items() if isinstance(entry, dict) else ()
    return {name: value for name, value in found if isinstance(value, str | bool | int)}


def _compared(compare: Compare, values: Mapping[str, Value], document: Json) -> bool:
    if compare.field == Field.ADDRESS_KEY:
        return _any_holds(compare, addresses_in(document))
    present = values.get(compare.field)
    if isinstance(present, str):
        present = f"{compare.before}{present}{compare.after}"
    return _holds(compare.operator, compare.value, present)


def addresses_in(document: Json) -> tuple[str, ...]:
    """Every e-mail address in a document, each once."""
    entries = value_at(document, ("emails",))
    found = [parts_of(entry).get("value") for entry in entries] if isinstance(entries, list) else []
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str) and each))


def _any_holds(compare: Compare, present: Sequence[Value]) -> bool:
    """Having none is being absent: it equals None and differs from everything else."""
    if compare.value is None:
        return _holds(compare.operator, None, next(iter(present), None))
    return any(_holds(compare.operator, compare.value, each) for each in present or (None,))


def _kept(kept: Kept, present: Json) -> bool:
    if isinstance(present, dict | list | float):
        return kept.operator is Operator.NE
    return _holds(kept.operator, kept.value, present)


def _holds(operator: Operator, wanted: Value, present: Value) -> bool:
    """An absent value equals only None, and differs from everything else (RFC 7644: ne).

    What can't be compared, text with a number or a part of a number, does not hold.
    """
    if operator is Operator.EQ:
        return present == wanted
    if operator is Operator.NE:
        return present != wanted
    if present is None or wanted is None:
        return False
    if isinstance(present, str) and isinstance(wanted, str):
        return TEXT_TESTS[operator](present, wanted)
    if isinstance(present, str) or isinstance(wanted, str):
        return False
    test = NUMBER_TESTS.get(operator)
    return test is not None and test(present, wanted)


TEXT_TESTS: dict[Operator, Callable[[str, str], bool]] = {
    Operator.CO: lambda present, wanted: wanted in present,
    Operator.SW: lambda present, wanted: present.startswith(wanted),
    Operator.EW: lambda present, wanted: present.endswith(wanted),
    Operator.GT: lambda present, wanted: present > wanted,
    Operator.GE: lambda present, wanted: present >= wanted,
    Operator.LT: lambda present, wanted: present < wanted,
    Operator.LE: lambda present, wanted: present <= wanted,
}
NUMBER_TESTS: dict[Operator, Callable[[int, int], bool]] = {
    Operator.GT: lambda present, wanted: present > wanted,
    Operator.GE: lambda present, wanted: present >= wanted,
    Operator.LT: lambda present, wanted: present < wanted,
    Operator.LE: lambda present, wanted: present <= wanted,
}
