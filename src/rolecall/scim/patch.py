"""A PATCH body becomes a list of plain operations, each on one place, whatever shape it came in.

RFC 7644 section 3.5.2. What is left for the reader of a `Patch`:

    ADD      single-valued place: set it.  Multi-valued attribute: `value` is a list, add each.
             With a value filter and no part: `value` is an object, its parts are set in each match.
    REPLACE  single-valued place: set it.  Multi-valued attribute: `value` is the whole new list.
             With a value filter and no part: `value` is an object, each match becomes it.
    REMOVE   `value` is None: unassign the place, or remove the values that the filter matches.
             `value` is a list: remove just these values of the attribute.

No operation has a path-less value, a null, an empty array, or a single-valued complex value: those
have become operations on attributes and parts. RFC 7644 section 3.5.2.3 says of the latter that
sub-attributes which are not specified are left unchanged, for `add` and `replace` alike.
"""

from bisect import bisect_right
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from rolecall.scim import errors, quirks
from rolecall.scim.path import Path, UnknownAttribute, parse_path, print_path
from rolecall.scim.resource import (
    Notes,
    bare_value,
    check_schemas,
    is_blank,
    is_read_only,
    place_of_key,
    read_array,
    read_object,
    read_value,
)
from rolecall.scim.schema import (
    Mutability,
    ResourceType,
    Schema,
    Type,
    find,
    find_schema,
)
from rolecall.scim.values import Json, Object, kind_of

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Op(StrEnum):
    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


class Operation(Struct, frozen=True, kw_only=True, gc=False):
    """One change to one place; `value` is None for a removal that names no values."""

    op: Op
    path: Path
    value: Json = None


class Patch(Struct, frozen=True, kw_only=True, gc=False):
    """Operations in the order to carry them out; names passed over, quirks tolerated.

    An operation of the body may have become several, or none: `ends` says after how many of
    these each one ends.
    """

    operations: tuple[Operation, ...]
    ends: tuple[int, ...] = ()
    ignored: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()

    def place_of(self, number: int) -> str:
        """What stands in the body for the operation of that number."""
        return f"Operations[{bisect_right(self.ends, number)}]"


def read_patch(resource_type: ResourceType, body: object) -> Patch:
    """Read the body of a PATCH, or say which operation is wrong and how to send it."""
    if not isinstance(body, dict):
        raise errors.invalid_syntax(
            f"The body must be a JSON object with 'Operations', not {kind_of(body)}."
        )
    notes = Notes()
    members = _members(body, ("schemas", "Operations"))
    check_schemas(PATCH_OP, members.get("schemas"), notes)
    given = members.get("Operations")
    if not isinstance(given, list):
        raise errors.invalid_syntax("'Operations' must be an array of one or more operations.")
    if not given:
        notes.tolerate(quirks.NO_OPERATIONS)
    operations: list[Operation] = []
    ends: list[int] = []
    for number, operation in enumerate(given):
        try:
            operations.extend(_read_operation(resource_type, operation, notes))
        except errors.ScimError as error:
            raise error.within(f"Operations[{number}]") from None
        ends.append(len(operations))
    return Patch(
        operations=tuple(operations),
        ends=tuple(ends),
        ignored=tuple(notes.ignored),
        quirks=tuple(notes.quirks),
    )


def place_of_oddity(resource_type: ResourceType, body: object, name: str) -> str | None:
    """The first operation of a readable PATCH that has a quirk, or a name that no schema has.

    None if it is the body's own. Found out when it is refused: what passes need not know.
    """
    assert isinstance(body, dict), "it has been read"
    given = _members(body, ("schemas", "Operations"))["Operations"]
    assert isinstance(given, list), "it has been read"
    for number, operation in enumerate(given):
        notes = Notes()
        for _ in _read_operation(resource_type, operation, notes):
            pass
        if name in notes.quirks or name in notes.ignored:
            return f"Operations[{number}]"
    return None


def _members(given: Object, names: tuple[str, ...]) -> Object:
    """Pick members by name without case (RFC 7643 section 2.1); others mean nothing here."""
    canonical = {name.lower(): name for name in names}
    picked: Object = {}
    for key, value in given.items():
        name = canonical.get(key.lower())
        if name is not None:
            if name in picked:
                raise errors.invalid_syntax(f"'{name}' is given twice; send it once.")
            picked[name] = value
    return picked


def _read_operation(resource_type: ResourceType, given: Json, notes: Notes) -> Iterator[Operation]:
    if not isinstance(given, dict):
        raise errors.invalid_syntax(f"An operation must be an object, not {kind_of(given)}.")
    members = _members(given, ("op", "path", "value"))
    op = _read_op(members.get("op"), notes)
    text = members.get("path")
    if text is not None and not isinstance(text, str):
        raise errors.invalid_path(f"'path' must be a string, not {kind_of(text)}.")
    if op is not Op.REMOVE and "value" not in members:
        raise errors.invalid_value(f"'{op}' needs a 'value'.")
    value = members.get("value")
    if not text:
        return _pathless(resource_type, op, value, notes)
    schema = find_schema(resource_type, text)
    if schema is not None:
        notes.tolerate(quirks.SCHEMA_AS_PATH)
        return _whole_schema(resource_type, op, schema, value, notes)
    met: list[str] = []
    try:
        path = parse_path(text, resource_type, met)
    except UnknownAttribute as unknown:
        notes.ignore(unknown.text, text)
        return iter(())
    notes.quirks.update(dict.fromkeys(met))
    return _at_path(op, path, value, notes)


def _read_op(given: Json, notes: Notes) -> Op:
    lowered = given.lower() if isinstance(given, str) else ""
    if lowered not in _OPS:
        raise errors.invalid_syntax('\'op\' must be "add", "replace" or "remove".')
    if lowered != given:
        notes.tolerate(quirks.OPERATION_CASE)
    return _OPS[lowered]


_OPS = {op.value: op for op in Op}


def _pathless(
    resource_type: ResourceType, op: Op, value: Json, notes: Notes
) -> Iterator[Operation]:
    if op is Op.REMOVE:
        raise errors.no_target("'remove' needs a 'path' that says what to remove.")
    members = resource_type.by_name.get("members")
    if isinstance(value, list) and op is Op.ADD and members is not None:
        notes.tolerate(quirks.PATHLESS_MEMBERS)
        return _at_path(op, Path(attribute=members), value, notes)
    if not isinstance(value, dict):
        raise errors.invalid_value(
            f"Without a 'path', 'value' must be an object of attributes, not {kind_of(value)}."
        )
    return _at_keys(resource_type, op, value, notes)


def _at_keys(
    resource_type: ResourceType, op: Op, value: Object, notes: Notes
) -> Iterator[Operation]:
    """Spread an object over the attributes that its keys name."""
    for key, member in value.items():
        attribute = find(resource_type.by_name, key)
        schema = find_schema(resource_type, key) if attribute is None else None
        if schema is not None:
            yield from _whole_schema(resource_type, op, schema, member, notes)
            continue
        path = (
            Path(attribute=attribute)
            if attribute is not None
            else place_of_key(resource_type, key, notes)
        )
        if path is None:
            notes.ignore(key, member)
        elif is_read_only(path):
            notes.tolerate(quirks.READ_ONLY_IN_PATCH)
        else:
            yield from _at_path(op, path, member, notes)


def _whole_schema(
    resource_type: ResourceType, op: Op, schema: Schema, value: Json, notes: Notes
) -> Iterator[Operation]:
    """Spread an operation on an extension over the extension's attributes."""
    urn = None if schema is resource_type.schema else schema.urn
    if op is Op.REMOVE or value is None:
        if urn is None:
            raise errors.mutability(f"The core schema of a {resource_type.name} can't be removed.")
        for attribute in schema.attributes:
            yield from _at_path(op, Path(schema=urn, attribute=attribute), None, notes)
        return
    if not isinstance(value, dict):
        raise errors.invalid_value(f"'{schema.urn}' must be an object, not {kind_of(value)}.")
    for key, member in value.items():
        known = find(schema.by_name, key)
        if known is None:
            notes.ignore(f"{schema.urn}:{key}", member)
        elif known.mutability is Mutability.READ_ONLY:
            notes.tolerate(quirks.READ_ONLY_IN_PATCH)
        else:
            yield from _at_path(op, Path(schema=urn, attribute=known), member, notes)


def _at_path(op: Op, path: Path, value: Json, notes: Notes) -> Iterator[Operation]:
    """Check one operation on one place, and spread a single-valued complex value over its parts."""
    if path.attribute.name == "schemas":
        # The server lists the schemas that have values; RFC 7644 section 3.5.2 lets a client
        # change the list by its attributes.
        return
    _check_mutability(path)
    if op is Op.REMOVE:
        yield from _removal(path, value, notes)
        return
    attribute, part = path.attribute, path.sub_attribute
    if part is not None:
        yield from _change(op, path, read_value(part, value, f"{attribute.name}.", notes), notes)
    elif path.value_filter is not None:
        read = read_object(attribute.by_name, value, f"{attribute.name}.", notes)
        yield from _change(op, path, read or None, notes)
    elif attribute.type is Type.COMPLEX and not attribute.multi_valued:
        yield from _parts(op, path, value, notes)
    else:
        yield from _change(op, path, read_value(attribute, value, "", notes), notes)


def _check_mutability(path: Path) -> None:
    row = path.sub_attribute or path.attribute
    if is_read_only(path) or row.mutability is Mutability.IMMUTABLE:
        raise errors.mutability(
            f"'{print_path(path)}' is {row.mutability}; leave it out of the PATCH."
        )


def _parts(op: Op, path: Path, value: Json, notes: Notes) -> Iterator[Operation]:
    """Make an operation of each part of a single-valued complex value (section 3.5.2.3)."""
    attribute = path.attribute
    if isinstance(value, str) and "value" in attribute.by_name:
        notes.tolerate(quirks.BARE_VALUE)
        value = bare_value(value)
    if value is None:
        yield from _change(op, path, None, notes)
        return
    if not isinstance(value, dict):
        raise errors.invalid_value(f"'{attribute.name}' must be an object, not {kind_of(value)}.")
    for key, member in value.items():
        part = find(attribute.by_name, key)
        if part is None:
            notes.ignore(f"{attribute.name}.{key}", member)
        elif part.mutability is not Mutability.READ_ONLY:
            place = replace(path, sub_attribute=part)
            yield from _change(
                op, place, read_value(part, member, f"{attribute.name}.", notes), notes
            )


def _change(op: Op, path: Path, value: Json, notes: Notes) -> Iterator[Operation]:
    """Replacing by nothing is removing, adding nothing is nothing (RFC 7643 section 2.5)."""
    row = path.sub_attribute or path.attribute
    if value is None:
        if op is Op.REPLACE:
            yield from _removal(path, None, notes)
        return
    if row.required and is_blank(value):
        raise errors.invalid_value(f"{row.name} is required; send it with a value.")
    yield Operation(op=op, path=path, value=value)


def _removal(path: Path, value: Json, notes: Notes) -> Iterator[Operation]:
    attribute = path.attribute
    whole = path.sub_attribute is None and path.value_filter is None
    if whole and attribute.required:
        # RFC 7644 section 3.5.2.2
        raise errors.mutability(f"{attribute.name} is required; replace it, don't remove it.")
    if not whole or not attribute.multi_valued or value is None:
        yield Operation(op=Op.REMOVE, path=path)
        return
    notes.tolerate(quirks.REMOVE_WITH_VALUE)
    values = read_array(attribute, value, "", notes)
    if values is not None:
        yield Operation(op=Op.REMOVE, path=path, value=values)
