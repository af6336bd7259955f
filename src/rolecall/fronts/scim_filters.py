"""A filter becomes one condition that a store can answer, and sortBy becomes an order.

RFC 7644 sections 3.4.2.2 and 3.4.2.3. What a table names (`FIELDS` of users and groups) has a field
of its own; what the server computes is reckoned back here; all else stands in the user's document.
An attribute of several values matches when any of them does. One without a value differs from
everything (`ne`), and is what `eq null` finds.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import assert_never

import msgspec
from msgspec.structs import replace

from rolecall.domain.model import ScimClient
from rolecall.domain.names import key_of
from rolecall.domain.predicate import (
    EVERYTHING,
    NOTHING,
    And,
    Compare,
    Entry,
    Field,
    Granted,
    Kept,
    Not,
    Operator,
    Or,
    Ordering,
    Predicate,
    Value,
    admits,
)
from rolecall.fronts import scim_groups, scim_users
from rolecall.fronts.scim_dialect import USER_NAME
from rolecall.fronts.scim_grants import (
    DIRECT_GROUP,
    GROUP_WITHIN,
    INDIRECT_GROUP,
    USER_WITHIN,
    End,
    constant,
    keyed,
    of_grant,
    under,
    within,
)
from rolecall.fronts.scim_values import Lookup, microseconds
from rolecall.scim import errors
from rolecall.scim import filter as filters
from rolecall.scim.filter import AttributePath, Filter, parse_filter, print_attribute
from rolecall.scim.path import (
    Path,
    UnknownAttribute,
    bind_filter,
    bind_plain,
    parse_path,
    print_path,
    resolve,
)
from rolecall.scim.schema import (
    ACCOUNT_USER,
    ENTERPRISE_USER,
    USER,
    Attribute,
    ResourceType,
    Returned,
    Type,
)


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a filter's client sees: of which resources, under which URL, in which dialect."""

    resource_type: ResourceType
    base_url: str
    client: ScimClient = ScimClient.GENERIC
    maps_names: bool = False

    def fields(self) -> Mapping[str, Lookup]:
        return scim_users.FIELDS if self.resource_type is USER else scim_groups.FIELDS


def where_of(
    text: str, view: View, tolerated: list[str], others: Sequence[ResourceType] = ()
) -> Predicate:
    """The stored condition that a filter asks for; names of quirks go to `tolerated`.

    What only the `others` have, other types that are searched with this one, has no value here
    (RFC 7644 section 3.4.2.1). Raises invalidFilter.
    """
    plain = bind_plain(text, view.resource_type)
    if plain is not None:
        return predicate_of(plain, view)
    parsed = parse_filter(text, tolerated)
    try:
        if others:
            return _among(parsed, view, others, tolerated)
        return predicate_of(bind_filter(parsed, view.resource_type, tolerated), view)
    except UnknownAttribute as unknown:
        raise errors.invalid_filter(unknown.detail) from None


def _among(
    parsed: Filter, view: View, others: Sequence[ResourceType], tolerated: list[str]
) -> Predicate:
    """The condition that a filter over several types asks for of one of them."""
    match parsed:
        case filters.And():
            return And(tuple(_among(term, view, others, tolerated) for term in parsed.terms))
        case filters.Or():
            return Or(tuple(_among(term, view, others, tolerated) for term in parsed.terms))
        case filters.Not():
            return Not(_among(parsed.term, view, others, tolerated))
        case filters.Comparison() | filters.Present() | filters.ValuePath():
            try:
                bound = bind_filter(parsed, view.resource_type, tolerated)
            except UnknownAttribute as unknown:
                return _without_value(parsed, others, unknown)
            return predicate_of(bound, view)
        case _:
            assert_never(parsed)


def _without_value(
    parsed: Filter, others: Sequence[ResourceType], unknown: UnknownAttribute
) -> Predicate:
    """What holds of an attribute that another type has. Raises UnknownAttribute."""
    for other in others:
        try:
            bound = bind_filter(parsed, other)
        except UnknownAttribute:
            continue
        if not isinstance(bound, filters.Comparison):
            return NOTHING
        assert not isinstance(bound.value, float), "no attribute is a decimal number"
        absent = Compare("", Operator(bound.operator.value), bound.value)
        return EVERYTHING if admits(absent, {}) else NOTHING
    raise unknown


def predicate_of(parsed: Filter, view: View) -> Predicate:
    """The stored condition that a bound filter asks for. The parser bounds the depth."""
    match parsed:
        case filters.Comparison():
            operator = Operator(parsed.operator.value)
            assert not isinstance(parsed.value, float), "no attribute is a decimal number"
            return _compared(parsed.attribute, operator, parsed.value, view)
        case filters.Present():
            return _compared(parsed.attribute, Operator.NE, None, view)
        case filters.And():
            return And(tuple(predicate_of(term, view) for term in parsed.terms))
        case filters.Or():
            return Or(tuple(predicate_of(term, view) for term in parsed.terms))
        case filters.Not():
            return Not(predicate_of(parsed.term, view))
        case filters.ValuePath():
            return _selected(parsed, view)
        case _:
            assert_never(parsed)


# ---- one attribute ---------------------------------------------------------------------------


def _compared(attribute: AttributePath, operator: Operator, value: Value, view: View) -> Predicate:
    name = print_attribute(attribute)
    lookup = view.fields().get(name)
    if lookup is not None:
        return _looked_up(lookup, operator, value)
    reckoned = RECKONED.get(name)
    if reckoned is not None:
        return reckoned(operator, value, view)
    path = resolve(attribute, view.resource_type)
    if path.attribute.name in GRANTS and path.schema is None:
        return _any_granted(path.sub_attribute, operator, value, view)
    if view.maps_names and path.attribute.name == USER_NAME:
        return Compare(Field.NAME_KEY, operator, keyed(path.attribute, value))
    return _in_document(path, operator, value)


def _looked_up(lookup: Lookup, operator: Operator, value: Value) -> Predicate:
    if lookup.timed and isinstance(value, str):
        if operator in {Operator.CO, Operator.SW, Operator.EW}:
            raise errors.invalid_filter(f"A time can't be compared by '{operator.value}'.")
        return _at_time(lookup.field, operator, microseconds(value))
    if lookup.keyed and isinstance(value, str):
        value = key_of(value)
    return Compare(lookup.field, operator, value)


def _at_time(field: Field, operator: Operator, at: int) -> Predicate:
    """Times are shown to the millisecond, and compare as they are shown."""
    floor, ceiling = at // MILLISECOND * MILLISECOND, -(-at // MILLISECOND) * MILLISECOND
    following = floor + MILLISECOND
    match operator:
        case Operator.GT:
            return Compare(field, Operator.GE, following)
        case Operator.GE:
            return Compare(field, Operator.GE, ceiling)
        case Operator.LT:
            return Compare(field, Operator.LT, ceiling)
        case Operator.LE:
            return Compare(field, Operator.LT, following)
        case _:
            within = And(
                (Compare(field, Operator.GE, ceiling), Compare(field, Operator.LT, following))
            )
            return within if operator is Operator.EQ else Not(within)


MILLISECOND = 1_000


def _in_document(path: Path, operator: Operator, value: Value) -> Predicate:
    place, part = _place(path), path.sub_attribute
    value = keyed(part or path.attribute, value)
    if not path.attribute.multi_valued:
        inner = place if part is None else (*place, part.name.lower())
        return Kept(inner, operator, value)
    if part is None:
        assert value is None, "what has several values is compared by a part of them"
        return Kept(place, operator, None)
    name = part.name.lower()
    there = Compare(name, Operator.NE, None)
    # A value that is not there differs in no entry, but in a resource that has none.
    meant = And((Compare(name, operator, value), there))
    return _any_of(Entry(place, there), lambda: Entry(place, meant), operator, value)


def _place(path: Path) -> tuple[str, ...]:
    """Where a document has an attribute, whatever URN the vendor's are asked for under."""
    name = path.attribute.name
    if path.schema is None:
        return (name.lower(),)
    if name in scim_users.ACCOUNT_PARTS:
        return (ACCOUNT, name.lower())
    return (path.schema.lower(), name.lower())


ACCOUNT = "account"


def _any_of(
    present: Predicate, holds: Callable[[], Predicate], operator: Operator, value: Value
) -> Predicate:
    """Whether any of the values meets the comparison; having none is being absent."""
    if value is None:
        return present if operator is Operator.NE else Not(present)
    if operator is Operator.NE:
        return Or((Not(present), holds()))
    return holds()


# ---- grants: groups of a user, members of a group ------------------------------------------------

GRANTS = frozenset({"groups", "members"})


def _any_granted(part: Attribute | None, operator: Operator, value: Value, view: View) -> Predicate:
    present = _granted(lambda _: EVERYTHING, view)
    if part is None:
        return _any_of(present, lambda: EVERYTHING, operator, value)
    return _any_of(
        present,
        lambda: _granted(lambda end: of_grant(view.base_url, end, part, operator, value), view),
        operator,
        value,
    )


def _granted(asked: Callable[[End], Predicate], view: View) -> Predicate:
    """Some group of the user's, direct or through others; or some member, a user or a group."""
    if view.resource_type is USER:
        return Granted(asked(DIRECT_GROUP), nested=asked(INDIRECT_GROUP))
    return Granted(asked(USER_WITHIN), nested=asked(GROUP_WITHIN))


# ---- what the server computes --------------------------------------------------------------------


def _schemas(operator: Operator, value: Value, view: View) -> Predicate:
    """The URNs of the schemas that a resource uses; `schemas` is never empty."""
    urns: dict[str, Predicate] = {view.resource_type.schema.urn: EVERYTHING}
    if view.resource_type is USER:
        account = Kept((ACCOUNT,), Operator.NE, None)
        extension = Kept((ENTERPRISE_USER.lower(),), Operator.NE, None)
        if scim_users.account_urn(view.client) == ENTERPRISE_USER:
            urns[ENTERPRISE_USER] = Or((extension, account))
        else:
            urns |= {ENTERPRISE_USER: extension, ACCOUNT_USER: account}
        if view.maps_names:
            urns[ENTERPRISE_USER] = EVERYTHING
    return Or(
        tuple(used for urn, used in urns.items() if constant(urn, operator, value) is EVERYTHING)
    )


def _location(operator: Operator, value: Value, view: View) -> Predicate:
    return under(f"{view.base_url}{view.resource_type.endpoint}/", operator, value)


RECKONED: dict[str, Callable[[Operator, Value, View], Predicate]] = {
    "schemas": _schemas,
    "meta": lambda operator, value, _: constant("meta", operator, value),
    "meta.resourceType": lambda operator, value, view: constant(
        view.resource_type.name, operator, value
    ),
    "meta.location": _location,
    "meta.version": lambda operator, value, _: Compare(
        Field.VERSION, operator, value, before='W/"', after='"'
    ),
}


# ---- value paths ---------------------------------------------------------------------------------


def _selected(selection: filters.ValuePath, view: View) -> Predicate:
    """One value meets the whole filter (RFC 7644 section 3.4.2.2)."""
    path = resolve(selection.attribute, view.resource_type)
    if not path.attribute.multi_valued:
        parts = predicate_of(_dotted(selection.filter, selection.attribute), view)
        return And((_compared(selection.attribute, Operator.NE, None, view), parts))
    if path.attribute.name in GRANTS and path.schema is None:
        return _granted(
            lambda end: within(selection.filter, path, partial(of_grant, view.base_url, end)), view
        )
    found = Entry(_place(path), within(selection.filter, path, _of_entry))
    if path.attribute.name != "emails":
        return found
    # What the entry has to have for an address is found by an index.
    inner = selection.filter
    terms = inner.terms if isinstance(inner, filters.And) else (inner,)
    needed = [
        _compared(replace(selection.attribute, sub_attribute="value"), operator, term.value, view)
        for term in terms
        if isinstance(term, filters.Comparison)
        and term.attribute.name == "value"
        and isinstance(term.value, str)
        and (operator := Operator(term.operator.value)) in INDEXED
    ]
    return And((*needed, found))


INDEXED = frozenset({Operator.EQ, Operator.SW})


def _dotted(parsed: Filter, attribute: AttributePath) -> Filter:
    """The filter in square brackets with whole paths."""
    match parsed:
        case filters.Comparison() | filters.Present():
            whole = replace(attribute, sub_attribute=parsed.attribute.name)
            return replace(parsed, attribute=whole)
        case filters.And() | filters.Or():
            terms = tuple(_dotted(term, attribute) for term in parsed.terms)
            return replace(parsed, terms=terms)
        case filters.Not():
            return filters.Not(term=_dotted(parsed.term, attribute))
        case filters.ValuePath():
            raise AssertionError("brackets within brackets are not parsed")
        case _:
            assert_never(parsed)


def _of_entry(part: Attribute, operator: Operator, value: Value) -> Predicate:
    return Compare(part.name.lower(), operator, keyed(part, value))


# ---- sorting -------------------------------------------------------------------------------------

ORDERS = {"ascending": False, "descending": True}


def ordering_of(
    params: Mapping[str, str], view: View, others: Sequence[ResourceType] = ()
) -> Ordering | None:
    """What sortBy and sortOrder ask for; None: the order of ids. Raises invalidValue.

    RFC 7644 section 3.4.2.3: without sortBy, sortOrder means nothing. What only the `others`
    have, other types that are listed with this one, has no value here.
    """
    text = params.get("sortBy")
    order = params.get("sortOrder", "ascending").strip().lower()
    if order not in ORDERS:
        raise errors.invalid_value("'sortOrder' must be ascending or descending.")
    if text is None:
        return None
    try:
        path = parse_path(text.strip(), view.resource_type)
    except UnknownAttribute as unknown:
        for other in others:
            elsewhere = ordering_of(params, replace(view, resource_type=other))
            if elsewhere is not None:
                return Ordering(place=ABSENT, descending=elsewhere.descending)
        raise errors.invalid_value(f"sortBy: {unknown.detail}") from None
    except errors.ScimError as error:
        raise errors.invalid_value(f"sortBy: {error.detail}") from None
    row = path.sub_attribute or path.attribute
    if path.sub_attribute is None and row.type is Type.COMPLEX and "value" in row.by_name:
        path = replace(path, sub_attribute=row.by_name["value"])
        row = row.by_name["value"]
    unsorted = row.type is Type.COMPLEX or row.returned is Returned.NEVER
    if unsorted or path.value_filter is not None or path.attribute.name in UNSORTED:
        raise errors.invalid_value(
            f"A list can't be sorted by '{text.strip()}'; name an attribute with one value, or "
            "one of its parts, such as sortBy=name.familyName."
        )
    return replace(_sorted_by(path, view), descending=ORDERS[order])


def keeps_kinds_apart(params: Mapping[str, str]) -> bool:
    """Whether a list of several kinds is sorted by what is the same for all of one kind."""
    try:
        path = parse_path(params.get("sortBy", "").strip(), USER)
    except errors.ScimError:
        return False
    return print_path(path) in OF_THE_KIND


OF_THE_KIND = frozenset({"meta.resourceType", "meta.location"})
ABSENT = ("absent",)
"""A place that no document has."""
UNSORTED = frozenset({"schemas", *GRANTS})


def _sorted_by(path: Path, view: View) -> Ordering:
    name = print_path(path)
    field = _SORTED.get(name)
    lookup = view.fields().get(name)
    if field is None and lookup is not None:
        field = lookup.field
    if view.maps_names and path.attribute.name == USER_NAME:
        field = Field.NAME_KEY
    if field is not None:
        # Of several addresses the primary one decides, else the first.
        return Ordering(field=Field.EMAIL_KEY if field is Field.ADDRESS_KEY else field)
    part = None if path.sub_attribute is None else path.sub_attribute.name.lower()
    if path.attribute.multi_valued:
        return Ordering(place=_place(path), part=part)
    return Ordering(place=_place(path) if part is None else (*_place(path), part))


# The type is the same for all, and the place is as the id: neither is any other order.
_SORTED = {
    "meta.resourceType": Field.ID,
    "meta.location": Field.ID,
    "meta.version": Field.VERSION,
}
