"""Aliases: a client's own names for attributes are put in their place before a body is read.

"Identity providers can specify their own key names" (SCIM user API, attributes): an alias
`lastName` for `name.familyName` is understood as a key of a body, of a PATCH's value, and as a
PATCH's path. `name.lastName` is a key within `name`. Names are compared without case.
"""

from collections.abc import Mapping
from functools import lru_cache

from rolecall.scim import errors
from rolecall.scim.path import Path, parse_path
from rolecall.scim.resource import is_read_only
from rolecall.scim.schema import ResourceType
from rolecall.scim.values import Json, Object

COMPILED_MAX = 256

Pairs = tuple[tuple[str, str], ...]


def place_of(attribute: str, resource_type: ResourceType) -> Path | None:
    """Where an alias may lead: an attribute or one part of a single one that a client may set."""
    try:
        path = parse_path(attribute, resource_type)
    except errors.ScimError:
        return None
    many = path.sub_attribute is not None and path.attribute.multi_valued
    if path.value_filter is not None or many or is_read_only(path):
        return None
    return path


def is_attribute(name: str, resource_type: ResourceType) -> bool:
    """Whether the name is an attribute already: an alias must not hide one."""
    try:
        parse_path(name, resource_type)
    except errors.ScimError:
        return False
    return True


@lru_cache(maxsize=COMPILED_MAX)
def aliases_for(pairs: Pairs, resource_type: ResourceType) -> Mapping[str, str]:
    """The aliases that lead somewhere in this resource, by their name in lower case."""
    return {
        alias.lower(): attribute
        for alias, attribute in pairs
        if place_of(attribute, resource_type) is not None
    }


def with_attributes(aliases: Mapping[str, str], body: object) -> object:
    """The body of a POST or PUT with the attributes' own names."""
    return _renamed(aliases, body, "") if isinstance(body, dict) else body


def with_attributes_in_patch(aliases: Mapping[str, str], body: object) -> object:
    """The body of a PATCH with the attributes' own names, in paths and in values."""
    if not isinstance(body, dict):
        return body
    return {
        key: [_operation(aliases, each) for each in given]
        if key.lower() == "operations" and isinstance(given, list)
        else given
        for key, given in body.items()
    }


def _operation(aliases: Mapping[str, str], operation: Json) -> Json:
    if not isinstance(operation, dict):
        return operation
    names = {key.lower(): key for key in operation}
    path, value = operation.get(names.get("path", "")), operation.get(names.get("value", ""))
    changed = dict(operation)
    if isinstance(path, str) and path.lower() in aliases:
        changed[names["path"]] = aliases[path.lower()]
    elif isinstance(value, dict):
        prefix = path if isinstance(path, str) else ""
        changed[names["value"]] = _renamed(aliases, value, prefix)
    return changed


def _renamed(aliases: Mapping[str, str], given: Object, prefix: str) -> Object:
    """An object's keys renamed; what stood one level down moves to where it belongs.

    Within the object at `prefix` only parts of the same attribute can be renamed.
    """
    renamed: Object = {}
    moved: Object = {}
    for key, value in given.items():
        name = f"{prefix}.{key}" if prefix else key
        attribute = _within(aliases.get(name.lower()), prefix)
        if attribute is not None:
            _move(moved, attribute, value)
        elif isinstance(value, dict) and not prefix:
            renamed[key] = _lifted(aliases, key, value, moved)
        else:
            renamed[key] = value
    for attribute, value in moved.items():
        _move(renamed, attribute, value)
    return renamed


def _move(values: Object, attribute: str, value: Json) -> None:
    """Put a value under the attribute's own name; the same place must not get two values."""
    if values.setdefault(attribute, value) != value:
        raise errors.invalid_syntax(f"'{attribute}' is given twice; send it once.")


def _within(attribute: str | None, prefix: str) -> str | None:
    """What is left of an attribute's name inside its parent; None when it lies elsewhere."""
    if attribute is None or not prefix:
        return attribute
    parent, _, part = attribute.partition(".")
    return part if part and parent.lower() == prefix.lower() else None


def _lifted(aliases: Mapping[str, str], parent: str, given: Object, moved: Object) -> Object:
    kept: Object = {}
    for key, value in given.items():
        attribute = aliases.get(f"{parent}.{key}".lower())
        if attribute is None:
            kept[key] = value
        else:
            _move(moved, attribute, value)
    return kept
