"""A path names a row of the schema tables, whatever spelling of it the client chose.

RFC 7644 section 3.10: names and URNs are compared without case, the core URN may stand in front or
not. The vendor's own pages put a dot between an extension's URN and the attribute; so may clients.
"""

from functools import lru_cache
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from rolecall.scim import errors, quirks
from rolecall.scim.filter import (
    And,
    AttributePath,
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    Present,
    Scalar,
    ValuePath,
    parse_filter,
    parse_selection,
    plain_comparison,
    plain_selection,
    print_attribute,
)
from rolecall.scim.schema import Attribute, ResourceType, Returned, Type, find, find_schema
from rolecall.scim.values import is_date_time

PATH_CHARACTERS_MAX = 1024
SHAPES_MAX = 256
"""Comparisons remembered without their text: clients send few, each with ever other texts."""
ANY_TEXT = "x"


class UnknownAttribute(errors.ScimError):
    """A path names nothing in the tables; a lenient caller skips it and counts it."""

    def __init__(self, text: str, resource_type: ResourceType) -> None:
        super().__init__(
            400,
            "invalidPath",
            f"'{text}' is no attribute of {resource_type.name}; /Schemas lists those there are.",
        )
        self.text = text


class Path(Struct, frozen=True, kw_only=True, gc=False):
    """A place in a resource: an attribute, of which values, and which part of them.

    `schema` is the URN of an extension, None for core and common attributes. A `value_filter` has
    canonical names of sub-attributes. It may also stand on a single-valued complex attribute
    (Entra: `manager[value eq "7"]`), where it is a condition on the one value.
    """

    schema: str | None = None
    attribute: Attribute
    value_filter: Filter | None = None
    sub_attribute: Attribute | None = None


def parse_path(text: str, resource_type: ResourceType, tolerated: list[str] | None = None) -> Path:
    """Read the path of a PATCH operation (RFC 7644 section 3.5.2, Figure 7).

    Names of quirks that were met are appended to `tolerated`.
    """
    plain = resource_type.by_name.get(text)
    if plain is not None:
        return Path(attribute=plain)
    if len(text) > PATH_CHARACTERS_MAX:
        raise errors.invalid_path(f"The path has more than {PATH_CHARACTERS_MAX} characters.")
    chosen = plain_selection(text)
    if chosen is not None:
        selecting = _selecting(chosen.attribute, chosen.part, chosen.operator, resource_type)
        if selecting is not None:
            path, condition = selecting
            return replace(path, value_filter=replace(condition, value=chosen.value))
    return _parsed_path(text, resource_type, tolerated)


@lru_cache(maxsize=SHAPES_MAX)
def _selecting(
    attribute: str, part: str, operator: str, resource_type: ResourceType
) -> tuple[Path, Comparison] | None:
    """What `attribute[part operator "…"]` means whatever the text; None where the text counts.

    A text decides nothing but for a boolean and a time, and those refuse ANY_TEXT.
    """
    tolerated: list[str] = []
    text = f'{attribute}[{part} {operator} "{ANY_TEXT}"]'
    try:
        path = _parsed_path(text, resource_type, tolerated)
    except errors.ScimError:
        return None
    condition = path.value_filter
    return (path, condition) if isinstance(condition, Comparison) and not tolerated else None


def _parsed_path(text: str, resource_type: ResourceType, tolerated: list[str] | None) -> Path:
    try:
        selection = parse_selection(text, tolerated)
    except errors.ScimError as error:
        raise errors.invalid_path(error.detail) from None
    place = resolve(selection.attribute, resource_type)
    if selection.filter is None:
        return place
    if place.sub_attribute is not None or place.attribute.type is not Type.COMPLEX:
        raise errors.invalid_path(
            f"'{print_path(place)}' has no parts for square brackets to choose by."
        )
    return Path(
        schema=place.schema,
        attribute=place.attribute,
        value_filter=_bound_within(selection.filter, place.attribute, resource_type, tolerated),
        sub_attribute=_part(place.attribute, selection.sub_attribute, text, resource_type),
    )


def resolve(written: AttributePath, resource_type: ResourceType) -> Path:
    """Find the row that an attribute path names, or raise UnknownAttribute."""
    index = resource_type.by_name
    urn, name, rest = None, written.name, written.sub_attribute
    if written.schema is not None:
        schema = find_schema(resource_type, written.schema)
        if schema is None and rest is not None:
            # urn:…:User.defaultRole: what looks like the attribute is the end of the URN.
            schema = find_schema(resource_type, f"{written.schema}:{name}")
            name, _, part = rest.partition(".")
            rest = part or None
        if schema is None:
            raise UnknownAttribute(print_attribute(written), resource_type)
        if schema is not resource_type.schema:
            urn, index = schema.urn, schema.by_name
    attribute = find(index, name)
    if attribute is None:
        raise UnknownAttribute(print_attribute(written), resource_type)
    part_row = _part(attribute, rest, print_attribute(written), resource_type)
    return Path(schema=urn, attribute=attribute, sub_attribute=part_row)


def _part(
    attribute: Attribute, name: str | None, text: str, resource_type: ResourceType
) -> Attribute | None:
    if name is None:
        return None
    part = find(attribute.by_name, name)
    if part is None:
        raise UnknownAttribute(text, resource_type)
    return part


def print_path(path: Path) -> str:
    """Name the place without its filter: `name.givenName`, `urn:…:User:manager.value`."""
    sub_attribute = None if path.sub_attribute is None else path.sub_attribute.name
    return print_attribute(
        AttributePath(schema=path.schema, name=path.attribute.name, sub_attribute=sub_attribute)
    )


def bind_filter(
    filter_: Filter, resource_type: ResourceType, tolerated: list[str] | None = None
) -> Filter:
    """Give every path of a filter its canonical name, and check each comparison's type.

    A comparison of a complex attribute is one of its `value` (RFC 7644 section 3.4.2.2 has
    `emails co "example.com"`). Raises UnknownAttribute for a name outside the tables, and
    invalidFilter where the operator doesn't fit the attribute. Recursion is bounded by the
    parser's limit of depth. Names of quirks that were met are appended to `tolerated`.
    """
    notes = tolerated if tolerated is not None else []
    match filter_:
        case Comparison() | Present():
            path = resolve(_with_schema(filter_.attribute, resource_type, notes), resource_type)
            return _bound_expression(filter_, path, notes)
        case And() | Or():
            terms = tuple(bind_filter(term, resource_type, notes) for term in filter_.terms)
            return replace(filter_, terms=terms)
        case Not():
            return Not(term=bind_filter(filter_.term, resource_type, notes))
        case ValuePath():
            path = resolve(filter_.attribute, resource_type)
            if path.sub_attribute is not None or path.attribute.type is not Type.COMPLEX:
                raise errors.invalid_filter(
                    f"'{print_path(path)}' has no parts for square brackets to choose by."
                )
            within = _bound_within(filter_.filter, path.attribute, resource_type, notes)
            return ValuePath(attribute=_canonical(path), filter=within)
        case _:
            assert_never(filter_)


def bind_plain(text: str, resource_type: ResourceType) -> Comparison | None:
    """A filter that compares one attribute with a text, parsed and bound.

    None for any other: one that is wrong, tolerates a quirk, or has the text of a boolean.
    """
    plain = plain_comparison(text)
    if plain is None:
        return None
    bound = _comparing(plain.attribute, plain.operator, resource_type)
    return None if bound is None else replace(bound, value=plain.value)


@lru_cache(maxsize=SHAPES_MAX)
def _comparing(attribute: str, operator: str, resource_type: ResourceType) -> Comparison | None:
    """What `attribute operator "…"` means whatever the text, as `_selecting`."""
    tolerated: list[str] = []
    try:
        parsed = parse_filter(f'{attribute} {operator} "{ANY_TEXT}"', tolerated)
        bound = bind_filter(parsed, resource_type, tolerated)
    except errors.ScimError:
        return None
    return bound if isinstance(bound, Comparison) and not tolerated else None


def _with_schema(
    written: AttributePath, resource_type: ResourceType, notes: list[str]
) -> AttributePath:
    """A name that the core lacks and one extension has is that extension's."""
    if written.schema is not None or find(resource_type.by_name, written.name) is not None:
        return written
    for schema in resource_type.extensions:
        if find(schema.by_name, written.name) is not None:
            notes.append(quirks.BARE_EXTENSION.name)
            return replace(written, schema=schema.urn)
    return written


def _bound_within(
    filter_: Filter,
    attribute: Attribute,
    resource_type: ResourceType,
    tolerated: list[str] | None = None,
) -> Filter:
    """Bind a filter in square brackets, whose paths are sub-attributes."""
    notes = tolerated if tolerated is not None else []
    match filter_:
        case Comparison() | Present():
            written = filter_.attribute
            text = f"{attribute.name}.{print_attribute(written)}"
            part = find(attribute.by_name, written.name)
            if part is None or written.schema is not None or written.sub_attribute is not None:
                raise UnknownAttribute(text, resource_type)
            return _bound_expression(filter_, Path(attribute=part), notes)
        case And() | Or():
            terms = (_bound_within(t, attribute, resource_type, notes) for t in filter_.terms)
            return replace(filter_, terms=tuple(terms))
        case Not():
            return Not(term=_bound_within(filter_.term, attribute, resource_type, notes))
        case ValuePath():
            raise errors.invalid_filter("A filter in square brackets can't hold another one.")
        case _:
            assert_never(filter_)


def _canonical(path: Path) -> AttributePath:
    sub_attribute = None if path.sub_attribute is None else path.sub_attribute.name
    return AttributePath(schema=path.schema, name=path.attribute.name, sub_attribute=sub_attribute)


def _bound_expression(
    filter_: Comparison | Present, path: Path, tolerated: list[str]
) -> Comparison | Present:
    row = path.sub_attribute or path.attribute
    if row.returned is Returned.NEVER:
        # What is never shown must not be guessed at letter by letter either.
        raise errors.invalid_filter(f"'{row.name}' can't be searched; leave it out of the filter.")
    if isinstance(filter_, Present):
        return Present(attribute=_canonical(path))
    if row.type is Type.COMPLEX:
        value = row.by_name.get("value")
        if value is None:
            raise errors.invalid_filter(
                f"'{row.name}' has parts; compare one of them, such as "
                f"'{row.name}.{row.sub_attributes[0].name}'."
            )
        path, row = replace(path, sub_attribute=value), value
    return Comparison(
        attribute=_canonical(path),
        operator=filter_.operator,
        value=_comparable(filter_.operator, filter_.value, row, tolerated),
    )


_TEXT_OPERATORS = frozenset({Operator.CO, Operator.SW, Operator.EW})
_EQUALITY_OPERATORS = frozenset({Operator.EQ, Operator.NE})
_EQUALITY_TYPES = frozenset({Type.BOOLEAN, Type.BINARY})
_NUMBER_TYPES = frozenset({Type.INTEGER, Type.DECIMAL})


def _comparable(operator: Operator, value: Scalar, row: Attribute, tolerated: list[str]) -> Scalar:
    """Return the value in the attribute's type (RFC 7644 section 3.4.2.2, Table 3)."""
    if row.type in _EQUALITY_TYPES and operator not in _EQUALITY_OPERATORS:
        raise errors.invalid_filter(f"'{row.name}' is {row.type}; compare it with eq or ne.")
    if value is None and operator in _EQUALITY_OPERATORS:
        return None
    if row.type is Type.BOOLEAN:
        return _boolean(value, row, tolerated)
    if row.type in _NUMBER_TYPES:
        if isinstance(value, bool | str | None) or operator in _TEXT_OPERATORS:
            raise errors.invalid_filter(f"'{row.name}' is a number; compare it with a number.")
        return value
    if isinstance(value, int) and not isinstance(value, bool) and operator is Operator.EQ:
        tolerated.append(quirks.UNQUOTED_VALUE.name)
        return str(value)
    if not isinstance(value, str):
        raise errors.invalid_filter(f"'{row.name}' is {row.type}; put its value in double quotes.")
    if row.type is Type.DATETIME and operator not in _TEXT_OPERATORS and not is_date_time(value):
        raise errors.invalid_filter(
            f"'{row.name}' is a time; compare it with one such as \"2026-01-31T08:00:00Z\"."
        )
    return value


def _boolean(value: Scalar, row: Attribute, tolerated: list[str]) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        # Entra: roles[primary eq "True"].value
        tolerated.append(quirks.BOOLEAN_AS_STRING.name)
        return value.lower() == "true"
    raise errors.invalid_filter(f"'{row.name}' is a boolean; compare it with true or false.")
