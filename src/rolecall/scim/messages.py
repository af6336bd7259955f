"""What surrounds resources in a SCIM conversation: errors, lists, pages, and chosen attributes."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from rolecall.scim import errors
from rolecall.scim.path import parse_path
from rolecall.scim.schema import Attribute, ResourceType, Returned, find_schema
from rolecall.scim.values import Json, Object, kind_of

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

PAGE_COUNT_DEFAULT = 100
PAGE_COUNT_MAX = 1000
START_INDEX_MAX = 2**53  # beyond it no JSON number is exact, and no directory is as large
SELECTION_CHARACTERS_MAX = 8192


def error_body(error: errors.ScimError) -> Object:
    """Word an error as RFC 7644 section 3.12 does; its status is a string there."""
    body: Object = {"schemas": [ERROR], "status": str(error.status), "detail": error.detail}
    if error.scim_type is not None:
        body["scimType"] = error.scim_type
    return body


def list_response(
    resources: Sequence[object], total: int, start_index: int, items_per_page: int
) -> dict[str, object]:
    """Wrap one page of resources (RFC 7644 section 3.4.2); they may be encoded already."""
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": items_per_page,
        "Resources": resources,
    }


def walk_response(
    resources: Sequence[object], items_per_page: int, total: int, next_cursor: str | None
) -> dict[str, object]:
    """Wrap one page of a walk by cursor (RFC 9865 section 2); the last has no `nextCursor`."""
    body: dict[str, object] = {
        "schemas": [LIST_RESPONSE],
        "totalResults": total,
        "itemsPerPage": items_per_page,
    }
    if next_cursor is not None:
        body["nextCursor"] = next_cursor
    return body | {"Resources": resources}


class Page(Struct, frozen=True, kw_only=True, gc=False):
    """Which part of a list is asked for: the first index, from 1, and how many at most."""

    start_index: int = 1
    count: int = PAGE_COUNT_DEFAULT


_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


def parse_paging(params: Mapping[str, str]) -> Page:
    """Read startIndex and count by the rules of RFC 7644 section 3.4.2.4."""
    start_index = _integer(params, "startIndex", 1)
    count = _integer(params, "count", PAGE_COUNT_DEFAULT)
    return Page(
        start_index=min(max(start_index, 1), START_INDEX_MAX),
        count=min(max(count, 0), PAGE_COUNT_MAX),
    )


def parse_walk_count(params: Mapping[str, str]) -> int:
    """Read `count` beside a cursor, where what is wrong with it has a name of its own."""
    try:
        return parse_paging({"count": params["count"]} if "count" in params else {}).count
    except errors.ScimError as wrong:
        raise errors.invalid_count(wrong.detail) from None


def _integer(params: Mapping[str, str], name: str, default: int) -> int:
    text = params.get(name)
    if text is None:
        return default
    if not _INTEGER.fullmatch(text.strip()):
        raise errors.invalid_value(f"'{name}' must be a whole number, such as {name}={default}.")
    return int(text)


SEARCH_PARAMETERS = {
    name.lower(): name
    for name in (
        "attributes",
        "excludedAttributes",
        "filter",
        "sortBy",
        "sortOrder",
        "startIndex",
        "count",
        "cursor",
    )
}


def read_search(body: object) -> dict[str, str]:
    """The parameters that a query by POST has in its body (RFC 7644 section 3.4.3), as text.

    Names have any case (RFC 7643 section 2.1); null is as good as absent; unknown ones say nothing.
    """
    if not isinstance(body, dict):
        raise errors.invalid_syntax(
            f"The body must be a JSON object, a SearchRequest, not {kind_of(body)}."
        )
    check_search_schemas(body)
    found: dict[str, str] = {}
    for key, value in body.items():
        name = SEARCH_PARAMETERS.get(key.lower())
        if name is None or value is None:
            continue
        if name in found:
            raise errors.invalid_syntax(f"'{name}' stands in the body twice.")
        found[name] = _parameter(name, value)
    return found


def check_search_schemas(body: Object) -> None:
    """Refuse a body that says it is something else."""
    schemas = next((value for key, value in body.items() if key.lower() == "schemas"), None)
    if schemas is None:
        return
    named = schemas if isinstance(schemas, list) else [schemas]
    if SEARCH_REQUEST.lower() not in (str(each).lower() for each in named):
        raise errors.invalid_syntax(f"'schemas' of a search must be [\"{SEARCH_REQUEST}\"].")


def _parameter(name: str, value: Json) -> str:
    """A parameter as a URL would have it."""
    if name in {"startIndex", "count"}:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise errors.invalid_value(f"'{name}' must be a whole number.")
        return str(value)
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in names) or (
        isinstance(value, list) and name not in {"attributes", "excludedAttributes"}
    ):
        raise errors.invalid_value(f"'{name}' must be {_SHAPES.get(name, 'a string')}.")
    return ",".join(map(str, names))


_SHAPES = dict.fromkeys(("attributes", "excludedAttributes"), "an array of strings")


# Names chosen at one level of a resource: None stands for the whole of what is below.
Selection: TypeAlias = dict[str, "Selection | None"]


class Projection(Struct, frozen=True, kw_only=True, gc=False):
    """Attributes that a client asked for, or asked to leave out (RFC 7644 section 3.9).

    `selection` has canonical names, one level per level of the resource, extensions by their URN.
    """

    included: bool
    selection: Selection


def parse_projection(
    attributes: str | None, excluded: str | None, resource_type: ResourceType
) -> Projection | None:
    """Read `attributes` or `excludedAttributes`; None when the client chose nothing.

    Names that no schema has are passed over: they choose nothing.
    """
    if attributes is not None and excluded is not None:
        raise errors.invalid_value("Send 'attributes' or 'excludedAttributes', not both.")
    text = attributes if attributes is not None else excluded
    if text is None or not text.strip():
        return None
    if len(text) > SELECTION_CHARACTERS_MAX:
        raise errors.invalid_value(
            f"The list of attributes has more than {SELECTION_CHARACTERS_MAX} characters."
        )
    selection: Selection = {}
    for name in text.split(","):
        for steps in _steps(name.strip(), resource_type):
            _select(selection, steps)
    return Projection(included=attributes is not None, selection=selection)


def _steps(name: str, resource_type: ResourceType) -> tuple[tuple[str, ...], ...]:
    """Return the keys that lead to each attribute named in a representation, which may be none."""
    schema = find_schema(resource_type, name)
    if schema is not None and schema is not resource_type.schema:
        return ((schema.urn,),)
    if schema is not None:  # the core URN alone: every attribute of that schema
        return tuple((attribute.name,) for attribute in schema.attributes)
    try:
        path = parse_path(name, resource_type)
    except errors.ScimError:
        return ()
    if path.value_filter is not None:
        return ()
    rows = (path.attribute, path.sub_attribute)
    names = tuple(row.name for row in rows if row is not None)
    return (names if path.schema is None else (path.schema, *names),)


def _select(selection: Selection, steps: tuple[str, ...]) -> None:
    *outer, last = steps
    for step in outer:
        inner = selection.setdefault(step, {})
        if inner is None:
            return  # the whole of it is chosen already
        selection = inner
    selection[last] = None


def wants(projection: Projection | None, name: str) -> bool:
    """Tell whether an answer has a use for a core attribute at all, so that it need not be read."""
    if projection is None:
        return True
    if projection.included:
        return name in projection.selection
    return projection.selection.get(name, {}) is not None


def asks(projection: Projection | None, name: str) -> bool:
    """Tell whether the client named a core attribute: what is returned on request is shown then."""
    return projection is not None and projection.included and name in projection.selection


def project(resource: Object, projection: Projection | None, resource_type: ResourceType) -> Object:
    """Return what the client asked for of a representation with canonical names."""
    if projection is None:
        return resource
    urns = {schema.urn: schema.by_name for schema in resource_type.extensions}
    kept: Object = {}
    for name, value in resource.items():
        index = urns.get(name)
        row = resource_type.by_name.get(name) if index is None else None
        if row is not None and row.returned is Returned.ALWAYS:
            kept[name] = value
        elif name in projection.selection:
            inner = projection.selection[name]
            parts = index if index is not None else (row.by_name if row is not None else {})
            chosen = _chosen(value, inner, parts, included=projection.included)
            if chosen is not None:
                kept[name] = chosen
        elif not projection.included:
            kept[name] = value
    return kept


def _chosen(
    value: Json, selection: Selection | None, index: Mapping[str, Attribute], *, included: bool
) -> Json:
    """Return the chosen parts of a value, None if nothing is left.

    As deep as a path is long: extension, attribute, sub-attribute.
    """
    if selection is None:
        return value if included else None
    if isinstance(value, list):
        elements = (_chosen(each, selection, index, included=included) for each in value)
        return [each for each in elements if each is not None] or None
    if not isinstance(value, dict):
        return value
    kept: Object = {}
    for name, member in value.items():
        row = index.get(name)
        if row is not None and row.returned is Returned.ALWAYS:
            kept[name] = member
        elif name in selection:
            parts = row.by_name if row is not None else {}
            chosen = _chosen(member, selection[name], parts, included=included)
            if chosen is not None:
                kept[name] = chosen
        elif not included:
            kept[name] = member
    return kept or None
