"""The OpenAPI description of the endpoints, drawn from the schema tables as discovery is.

Bodies say what is understood by the standard; the quirks that are tolerated beyond it are not
advertised. Every operation names every status that it can answer with.
"""

from collections.abc import Iterable

from rolecall.scim.messages import (
    BULK_REQUEST,
    ERROR,
    LIST_RESPONSE,
    PAGE_COUNT_DEFAULT,
    PAGE_COUNT_MAX,
    SEARCH_REQUEST,
)
from rolecall.scim.patch import PATCH_OP
from rolecall.scim.schema import (
    COMMON,
    RESOURCE_TYPES,
    Attribute,
    Mutability,
    ResourceType,
    Returned,
    Type,
)
from rolecall.scim.values import Json, Object

VERSION = "3.1.0"
SCIM_JSON = "application/scim+json"
TYPES: dict[Type, Object] = {
    Type.STRING: {"type": "string"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DECIMAL: {"type": "number"},
    Type.INTEGER: {"type": "integer"},
    Type.DATETIME: {"type": "string", "format": "date-time"},
    Type.REFERENCE: {"type": "string", "format": "uri-reference"},
    Type.BINARY: {"type": "string"},
}
REFUSALS = ("400", "401", "403", "404", "405", "409", "412", "413", "415", "429", "501", "503")
"""What any operation can be refused with; the body is always a SCIM error."""
PATCH_OPERATION: Object = {
    "type": "object",
    "required": ["op"],
    "properties": {
        "op": {"type": "string", "enum": ["add", "remove", "replace"]},
        "path": {"type": "string"},
        "value": {},
    },
}
QUERY: dict[str, tuple[Object, str]] = {
    "filter": ({"type": "string"}, "RFC 7644 section 3.4.2.2"),
    "sortBy": ({"type": "string"}, "RFC 7644 section 3.4.2.3"),
    "sortOrder": ({"type": "string", "enum": ["ascending", "descending"]}, "its direction"),
    "startIndex": ({"type": "integer", "default": 1}, "the first, counted from 1"),
    "count": (
        {"type": "integer", "default": PAGE_COUNT_DEFAULT},
        f"how many at most; beyond {PAGE_COUNT_MAX} it is taken for that",
    ),
    "cursor": ({"type": "string"}, "RFC 9865; empty for the first page"),
}
SHOWN: dict[str, tuple[Object, str]] = {
    "attributes": ({"type": "string"}, "names, separated by commas, to be answered with"),
    "excludedAttributes": ({"type": "string"}, "names, separated by commas, to be left out"),
}
Parameters = dict[str, tuple[Object, str]]


def description(base_url: str, version: str) -> Object:
    """The whole description. `base_url` is the service's own, `version` the program's."""
    paths: Object = {}
    schemas: Object = {
        "Error": _error(),
        "PatchOp": _patch(),
        "SearchRequest": _search(),
        "BulkRequest": _bulk(),
    }
    for resource_type in RESOURCE_TYPES:
        schemas[resource_type.name] = _resource(resource_type, asked=False)
        schemas[f"{resource_type.name}Asked"] = _resource(resource_type, asked=True)
        schemas[f"{resource_type.name}List"] = _list(resource_type)
        paths |= _paths(resource_type)
    for name in ("ServiceProviderConfig", "ResourceTypes", "Schemas"):
        get = _operation(f"Read /{name}.", {"200": _anything()}, tag="Discovery")
        paths[f"/{name}"] = {"get": get}
    search, bulk = _ref("SearchRequest"), _ref("BulkRequest")
    paths["/.search"] = {
        "post": _operation("List users and groups.", {"200": _anything()}, tag="Both", body=search)
    }
    paths["/"] = {
        "get": _operation(
            "List users and groups.",
            {"200": _anything()},
            tag="Both",
            parameters={**QUERY, **SHOWN},
        )
    }
    paths["/Bulk"] = {
        "post": _operation("Many changes in turn.", {"200": _anything()}, tag="Both", body=bulk)
    }
    return {
        "openapi": VERSION,
        "info": {"title": "Rolecall SCIM", "version": version},
        "servers": [{"url": base_url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


# ---- operations ------------------------------------------------------------------------------


def _paths(resource_type: ResourceType) -> Object:
    name, endpoint = resource_type.name, resource_type.endpoint
    one: Object = {"200": _body(_ref(name))}
    listed: Object = {"200": _body(_ref(f"{name}List"))}
    changed: Object = {**one, "204": _nothing("The change is made.")}
    asked, patched = _ref(f"{name}Asked"), _ref("PatchOp")
    return {
        endpoint: {
            "get": _operation(f"List {name}s.", listed, tag=name, parameters={**QUERY, **SHOWN}),
            "post": _operation(
                f"Create a {name}.", {**one, "201": _body(_ref(name))}, tag=name, body=asked
            ),
        },
        f"{endpoint}/.search": {
            "post": _operation(f"List {name}s.", listed, tag=name, body=_ref("SearchRequest")),
        },
        f"{endpoint}/{{id}}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "get": _operation(
                f"Read a {name}.",
                {**one, "304": _nothing("It is at the version of If-None-Match.")},
                tag=name,
                parameters=SHOWN,
            ),
            "put": _operation(f"Replace a {name}.", changed, tag=name, body=asked),
            "patch": _operation(f"Change a {name}.", changed, tag=name, body=patched),
            "delete": _operation(
                f"Delete a {name}.", {"204": _nothing("It is deleted.")}, tag=name
            ),
        },
    }


def _operation(
    summary: str,
    answers: Object,
    *,
    tag: str,
    body: Object | None = None,
    parameters: Parameters | None = None,
) -> Object:
    refused: Object = {status: _body(_ref("Error"), "Refused.") for status in REFUSALS}
    found: Object = {"summary": summary, "tags": [tag], "responses": {**answers, **refused}}
    if body is not None:
        found["requestBody"] = {"required": True, "content": {SCIM_JSON: {"schema": body}}}
    if parameters:
        found["parameters"] = [
            {"name": name, "in": "query", "schema": schema, "description": told}
            for name, (schema, told) in parameters.items()
        ]
    return found


def _body(schema: Object, told: str = "The answer.") -> Object:
    return {"description": told, "content": {SCIM_JSON: {"schema": schema}}}


def _anything() -> Object:
    return _body({"type": "object"})


def _nothing(told: str) -> Object:
    return {"description": told}


def _ref(name: str) -> Object:
    return {"$ref": f"#/components/schemas/{name}"}


# ---- bodies ----------------------------------------------------------------------------------


def _resource(resource_type: ResourceType, *, asked: bool) -> Object:
    """A resource as it is answered, or as it may be asked for."""
    rows = (*COMMON, *resource_type.schema.attributes)
    properties = _properties(rows, asked=asked)
    properties["schemas"] = _schemas(
        resource_type.schema.urn, *(schema.urn for schema in resource_type.extensions)
    )
    for schema in resource_type.extensions:
        properties[schema.urn] = {
            "type": "object",
            "properties": _properties(schema.attributes, asked=asked),
        }
    required: list[Json] = ["schemas"]
    if asked:
        required += [row.name for row in resource_type.required]
    else:
        required += ["id", "meta"]
    return {"type": "object", "required": required, "properties": properties}


def _properties(rows: Iterable[Attribute], *, asked: bool) -> Object:
    return {
        row.name: _value(row, asked=asked)
        for row in rows
        if not (asked and row.mutability is Mutability.READ_ONLY)
        and not (not asked and row.returned is Returned.NEVER)
    }


def _value(row: Attribute, *, asked: bool) -> Object:
    if row.type is Type.COMPLEX:
        one: Object = {"type": "object", "properties": _properties(row.sub_attributes, asked=asked)}
        if asked and row.required_parts:
            one["required"] = [part.name for part in row.required_parts]
    else:
        one = dict(TYPES[row.type])
    if row.multi_valued:
        return {"type": "array", "items": one, "description": row.description}
    return {**one, "description": row.description}


def _schemas(*urns: str) -> Object:
    """The URNs that may stand there; the first one has to."""
    return {
        "type": "array",
        "items": {"type": "string", "enum": list(urns)},
        "contains": {"const": urns[0]},
    }


def _list(resource_type: ResourceType) -> Object:
    return {
        "type": "object",
        "required": ["schemas", "totalResults"],
        "properties": {
            "schemas": _schemas(LIST_RESPONSE),
            "totalResults": {"type": "integer"},
            "startIndex": {"type": "integer"},
            "itemsPerPage": {"type": "integer"},
            "nextCursor": {"type": "string"},
            "Resources": {"type": "array", "items": {"type": "object"}},
        },
        "description": f"A page of {resource_type.name}s, whole or with chosen attributes.",
    }


def _error() -> Object:
    return {
        "type": "object",
        "required": ["schemas", "status", "detail"],
        "properties": {
            "schemas": _schemas(ERROR),
            "status": {"type": "string"},
            "scimType": {"type": "string"},
            "detail": {"type": "string"},
        },
    }


def _patch() -> Object:
    return {
        "type": "object",
        "required": ["schemas", "Operations"],
        "properties": {
            "schemas": _schemas(PATCH_OP),
            "Operations": {"type": "array", "items": PATCH_OPERATION, "minItems": 1},
        },
    }


def _search() -> Object:
    names: Json = {"type": "array", "items": {"type": "string"}}
    properties: Object = {name: schema for name, (schema, _) in QUERY.items()}
    properties |= {
        "schemas": _schemas(SEARCH_REQUEST),
        "attributes": names,
        "excludedAttributes": names,
    }
    return {"type": "object", "required": ["schemas"], "properties": properties}


def _bulk() -> Object:
    operation: Object = {
        "type": "object",
        "required": ["method", "path"],
        "properties": {
            "method": {"type": "string", "enum": ["POST", "PUT", "PATCH", "DELETE"]},
            "path": {"type": "string"},
            "bulkId": {"type": "string"},
            "version": {"type": "string"},
            "data": {"type": "object"},
        },
    }
    return {
        "type": "object",
        "required": ["schemas", "Operations"],
        "properties": {
            "schemas": _schemas(BULK_REQUEST),
            "failOnErrors": {"type": "integer"},
            "Operations": {"type": "array", "items": operation},
        },
    }
