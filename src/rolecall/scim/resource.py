"""A body becomes a resource here: names canonical, types checked, what is unassigned left out.

RFC 7643 sections 2 and 3. The type of a value is judged, the wording of a text is not (decision
81): whatever a client may set is kept exactly as it was sent; what it may
not set (readOnly) is passed over, as RFC 7644 sections 3.3 and 3.5.1 ask; what nobody knows is
passed over too, and named in `ignored`, so that a strict caller can refuse it.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from rolecall.scim import errors, quirks
from rolecall.scim.path import Path, parse_path
from rolecall.scim.schema import Attribute, Mutability, ResourceType, Type, find, find_schema
from rolecall.scim.values import (
    Json,
    Object,
    has_forbidden_character,
    is_binary,
    is_date_time,
    is_reference,
    kind_of,
    shown,
)

IGNORED_NAME_CHARACTERS_MAX = 200


class Resource(Struct, frozen=True, kw_only=True, gc=False):
    """What a POST or PUT asks for.

    `values` has canonical attribute names; an extension's attributes stand in an object under its
    URN. `ignored` are the names that no schema has, `quirks` the oddities that were tolerated.
    """

    values: Object
    ignored: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()


class Notes:
    """What a reader came across on its way: names it passed over, quirks it tolerated."""

    __slots__ = ("ignored", "quirks")

    def __init__(self) -> None:
        self.ignored: dict[str, None] = {}
        self.quirks: dict[str, None] = {}

    def ignore(self, name: str, value: Json) -> None:
        """Note a name in a form that a log and a table can hold.

        Null and an empty array say that there is no value (RFC 7643 section 2.5): nothing is lost.
        """
        if value is None or value == []:
            return
        self.ignored[shown(name[:IGNORED_NAME_CHARACTERS_MAX])] = None

    def tolerate(self, quirk: quirks.Quirk) -> None:
        self.quirks[quirk.name] = None


def read_resource(resource_type: ResourceType, body: object) -> Resource:
    """Read the body of a POST or PUT, or say which attribute is wrong and how to send it."""
    if not isinstance(body, dict):
        raise errors.invalid_syntax(
            f"The body must be a JSON object with the attributes of a {resource_type.name}, "
            f"not {kind_of(body)}."
        )
    notes = Notes()
    values: Object = {}
    for key, given in _read_core(resource_type, body, values, notes):
        _read_elsewhere(resource_type, key, given, values, notes)
    _check_required(resource_type.required, values, "")
    return Resource(values=values, ignored=tuple(notes.ignored), quirks=tuple(notes.quirks))


def _read_core(
    resource_type: ResourceType, body: Object, values: Object, notes: Notes
) -> list[tuple[str, Json]]:
    """Read the members that are core attributes; return the others."""
    seen: set[str] = set()
    index = resource_type.by_name
    elsewhere: list[tuple[str, Json]] = []
    for key, given in body.items():
        attribute = index.get(key) or find(index, key)
        if attribute is None:
            elsewhere.append((key, given))
            continue
        name = attribute.name
        if name in seen:
            raise _twice(name)
        seen.add(name)
        if attribute.takes_text and is_plain(given):
            values[name] = given
        elif name == "schemas":
            check_schemas(resource_type.schema.urn, given, notes)
        elif attribute.mutability is not Mutability.READ_ONLY:
            value = read_value(attribute, given, "", notes)
            if value is not None:
                values[name] = value
    if "schemas" not in seen:
        notes.tolerate(quirks.SCHEMAS_MISSING)
    return elsewhere


def check_schemas(urn: str, given: Json, notes: Notes) -> None:
    """Accept any list of URNs, since Entra names one of its own beside ours."""
    urns = [] if given is None else given
    if not isinstance(urns, list) or not all(isinstance(entry, str) for entry in urns):
        raise errors.invalid_value(f"'schemas' must be an array of strings, such as [\"{urn}\"].")
    if urn not in urns:
        notes.tolerate(quirks.SCHEMAS_MISSING)


def _read_elsewhere(
    resource_type: ResourceType, key: str, given: Json, values: Object, notes: Notes
) -> None:
    """Read a member that is no core attribute: an extension, a dotted name, a stray name part."""
    schema = find_schema(resource_type, key)
    if schema is not None:
        read = read_object(schema.by_name, given, f"{schema.urn}:", notes)
        if read:
            _merge(values if schema is resource_type.schema else _inner(values, schema.urn), read)
        return
    path = place_of_key(resource_type, key, notes)
    part = None if path is None else path.sub_attribute
    if path is None or path.value_filter is not None or (part and path.attribute.multi_valued):
        notes.ignore(key, given)
        return
    if path.attribute.name == "schemas" or is_read_only(path):
        return
    value = read_value(part or path.attribute, given, "", notes)
    if value is not None:
        inner = values if path.schema is None else _inner(values, path.schema)
        name = path.attribute.name
        _merge(inner, {name: value} if part is None else {name: {part.name: value}})


def place_of_key(resource_type: ResourceType, key: str, notes: Notes) -> Path | None:
    """Return where a key leads that is a path (`name.givenName`) or a stray part of a name."""
    bare = quirks.BARE_NAME_PARTS.get(key.lower())
    if bare is not None and "name" in resource_type.by_name:
        notes.tolerate(quirks.BARE_NAME_PART)
        return parse_path(bare, resource_type)
    if not any(mark in key for mark in ".:["):
        return None
    try:
        path = parse_path(key, resource_type)
    except errors.ScimError:
        return None
    notes.tolerate(quirks.DOTTED_KEY)
    return path


def is_read_only(path: Path) -> bool:
    """Tell whether a client may not set what is at this place."""
    rows = (path.attribute, path.sub_attribute or path.attribute)
    return any(row.mutability is Mutability.READ_ONLY for row in rows)


def _inner(values: Object, name: str) -> Object:
    inner = values.setdefault(name, {})
    assert isinstance(inner, dict)
    return inner


def _merge(values: Object, read: Object) -> None:
    """Put in what stood under another key; the same place must not get two values."""
    for name, value in read.items():
        present = values.get(name)
        if present is None:
            values[name] = value
        elif isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value)
        elif present != value:
            raise _twice(name)


def _twice(name: str) -> errors.ScimError:
    return errors.invalid_syntax(f"'{name}' is given twice; send it once.")


def read_value(attribute: Attribute, given: Json, prefix: str, notes: Notes) -> Json:
    """Return a value in its attribute's type, or None when the attribute is unassigned.

    `prefix` is what stands before the attribute's name in an error: "" or "name.".
    """
    if given is None:
        return None
    if attribute.multi_valued:
        return read_array(attribute, given, prefix, notes)
    return _READERS[attribute.type](attribute, given, prefix, notes)


def read_array(attribute: Attribute, given: Json, prefix: str, notes: Notes) -> list[Json] | None:
    """Read the values of a multi-valued attribute (RFC 7643 section 2.4)."""
    if not isinstance(given, list):
        if not isinstance(given, dict):
            raise _wrong_type(attribute, given, prefix, "an array")
        notes.tolerate(quirks.OBJECT_FOR_ARRAY)
        given = [given]
    read = _READERS[attribute.type]
    values: list[Json] = [
        value
        for element in given
        if element is not None and (value := read(attribute, element, prefix, notes)) is not None
    ]
    if len(values) > 1 and "primary" in attribute.by_name:
        marked = sum(isinstance(v, dict) and v.get("primary") is True for v in values)
        if marked > 1:
            raise errors.invalid_value(
                f"'{prefix}{attribute.name}' has {marked} primary values; mark at most one."
            )
    return values or None


def _read_complex(attribute: Attribute, given: Json, prefix: str, notes: Notes) -> Object | None:
    if not isinstance(given, dict):
        if not isinstance(given, str) or attribute.multi_valued or "value" not in attribute.by_name:
            raise _wrong_type(attribute, given, prefix, "an object")
        notes.tolerate(quirks.BARE_VALUE)
        given = bare_value(given)
        if given is None:
            return None
    inner = f"{prefix}{attribute.name}."
    values = read_object(attribute.by_name, given, inner, notes)
    if attribute.required_parts:
        _check_required(attribute.required_parts, values, inner)
    return values or None


def bare_value(text: str) -> Object | None:
    """What a text stands for that came for an object: its `value`; nothing, when it is blank."""
    return {"value": text} if text.strip() else None


def read_object(index: Mapping[str, Attribute], given: Json, prefix: str, notes: Notes) -> Object:
    """Read the parts of a complex value, or the attributes of an extension."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise errors.invalid_value(f"'{prefix[:-1]}' must be an object, not {kind_of(given)}.")
    values: Object = {}
    for key, member in given.items():
        part = index.get(key) or find(index, key)
        if part is None:
            notes.ignore(prefix + key, member)
        elif part.takes_text and part.name not in values and is_plain(member):
            values[part.name] = member
        elif part.mutability is not Mutability.READ_ONLY:
            value = read_value(part, member, prefix, notes)
            if part.name in values:
                raise _twice(prefix + part.name)
            if value is not None:
                values[part.name] = value
    return values


def _check_required(required: Iterable[Attribute], values: Object, prefix: str) -> None:
    for attribute in required:
        value = values.get(attribute.name)
        if value is None or is_blank(value):
            raise errors.invalid_value(
                f"{prefix}{attribute.name} is required; send it with a value."
            )


def is_blank(value: Json) -> bool:
    """Tell whether a value is a text of nothing but space."""
    return isinstance(value, str) and not value.strip()


def is_plain(given: Json) -> bool:
    """Tell whether a value is a text that any text attribute takes, without a closer look."""
    return isinstance(given, str) and given.isascii() and "\0" not in given


def _wrong_type(attribute: Attribute, given: Json, prefix: str, wanted: str) -> errors.ScimError:
    return errors.invalid_value(
        f"'{prefix}{attribute.name}' must be {wanted}, not {kind_of(given)}."
    )


def _read_text(attribute: Attribute, given: Json, prefix: str, _notes: Notes) -> Json:
    if not isinstance(given, str):
        raise _wrong_type(attribute, given, prefix, "a string")
    if has_forbidden_character(given):
        raise errors.invalid_value(
            f"'{prefix}{attribute.name}' holds NUL or half a character; send whole Unicode text."
        )
    return given


def _read_reference(attribute: Attribute, given: Json, prefix: str, notes: Notes) -> Json:
    read = _read_text(attribute, given, prefix, notes)
    if not isinstance(read, str) or not is_reference(read):
        raise errors.invalid_value(
            f"'{prefix}{attribute.name}' must be a URI, absolute or relative; encode spaces and "
            "the like with percent signs, or leave it out."
        )
    return read


def _read_boolean(attribute: Attribute, given: Json, prefix: str, notes: Notes) -> Json:
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.lower() in {"true", "false"}:
        notes.tolerate(quirks.BOOLEAN_AS_STRING)
        return given.lower() == "true"
    raise _wrong_type(attribute, given, prefix, "true or false")


def _read_integer(attribute: Attribute, given: Json, prefix: str, _notes: Notes) -> Json:
    if not isinstance(given, int) or isinstance(given, bool):
        raise _wrong_type(attribute, given, prefix, "a whole number")
    return given


def _read_decimal(attribute: Attribute, given: Json, prefix: str, _notes: Notes) -> Json:
    if not isinstance(given, int | float) or isinstance(given, bool):
        raise _wrong_type(attribute, given, prefix, "a number")
    return given


def _read_date_time(attribute: Attribute, given: Json, prefix: str, _notes: Notes) -> Json:
    if not isinstance(given, str) or not is_date_time(given):
        raise errors.invalid_value(
            f"'{prefix}{attribute.name}' must be a time such as \"2026-01-31T08:00:00Z\"."
        )
    return given


def _read_binary(attribute: Attribute, given: Json, prefix: str, _notes: Notes) -> Json:
    if not isinstance(given, str) or not is_binary(given):
        raise errors.invalid_value(f"'{prefix}{attribute.name}' must be a string in base64.")
    return given


_READERS: dict[Type, Callable[[Attribute, Json, str, Notes], Json]] = {
    Type.STRING: _read_text,
    Type.REFERENCE: _read_reference,
    Type.BOOLEAN: _read_boolean,
    Type.INTEGER: _read_integer,
    Type.DECIMAL: _read_decimal,
    Type.DATETIME: _read_date_time,
    Type.BINARY: _read_binary,
    Type.COMPLEX: _read_complex,
}
