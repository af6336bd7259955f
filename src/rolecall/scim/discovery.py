"""What the server says about itself, drawn from the same tables that it reads requests by.

RFC 7644 section 4: ServiceProviderConfig, ResourceTypes and Schemas. Every location is made of the
base URL that the caller gives, which is the configured public one.
"""

from msgspec import Struct

from rolecall.scim.messages import PAGE_COUNT_DEFAULT, PAGE_COUNT_MAX
from rolecall.scim.schema import (
    RESOURCE_TYPES,
    SCHEMAS,
    Attribute,
    ResourceType,
    Schema,
    Type,
)
from rolecall.scim.values import Json, Object

SERVICE_PROVIDER_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"

# Types whose values compare as text, and so with or without case (RFC 7643 section 2.3).
_CASED = frozenset({Type.STRING, Type.REFERENCE, Type.BINARY})

Hidden = frozenset[str]
"""Paths, URN and all, of attributes that are understood and yet not advertised."""
NOTHING: Hidden = frozenset()


class AuthenticationScheme(Struct, frozen=True, kw_only=True, gc=False):
    """One way to authenticate (RFC 7643 section 5)."""

    type: str
    name: str
    description: str
    spec_uri: str | None = None
    documentation_uri: str | None = None


BEARER_TOKEN = AuthenticationScheme(
    type="oauthbearertoken",
    name="OAuth Bearer Token",
    description="A token of a SCIM security integration, in the Authorization header.",
    spec_uri="https://www.rfc-editor.org/info/rfc6750",
)


class Features(Struct, frozen=True, kw_only=True, gc=False):
    """What of the protocol a server supports (RFC 7643 section 5)."""

    patch: bool = True
    bulk: bool = False
    bulk_operations_max: int = 0
    bulk_payload_bytes_max: int = 0
    filter: bool = True
    filter_results_max: int = 1000
    change_password: bool = False
    sort: bool = False
    etag: bool = False
    cursor_seconds: int | None = None
    documentation_uri: str | None = None
    authentication_schemes: tuple[AuthenticationScheme, ...] = (BEARER_TOKEN,)


def service_provider_config(features: Features, base_url: str) -> Object:
    body: Object = {
        "schemas": [SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": features.patch},
        # Some clients give up PATCH and filters when the two limits are missing.
        "bulk": {
            "supported": features.bulk,
            "maxOperations": features.bulk_operations_max,
            "maxPayloadSize": features.bulk_payload_bytes_max,
        },
        "filter": {"supported": features.filter, "maxResults": features.filter_results_max},
        "changePassword": {"supported": features.change_password},
        "sort": {"supported": features.sort},
        "etag": {"supported": features.etag},
        "authenticationSchemes": [
            _scheme_body(scheme, primary=number == 0)
            for number, scheme in enumerate(features.authentication_schemes)
        ],
        "meta": _meta("ServiceProviderConfig", f"{base_url}/ServiceProviderConfig"),
    }
    if features.cursor_seconds is not None:  # RFC 9865 section 4
        body["pagination"] = {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": PAGE_COUNT_DEFAULT,
            "maxPageSize": PAGE_COUNT_MAX,
            "cursorTimeout": features.cursor_seconds,
        }
    if features.documentation_uri is not None:
        body["documentationUri"] = features.documentation_uri
    return body


def _scheme_body(scheme: AuthenticationScheme, *, primary: bool) -> Json:
    body: Object = {
        "type": scheme.type,
        "name": scheme.name,
        "description": scheme.description,
        "primary": primary,
    }
    if scheme.spec_uri is not None:
        body["specUri"] = scheme.spec_uri
    if scheme.documentation_uri is not None:
        body["documentationUri"] = scheme.documentation_uri
    return body


def resource_types(base_url: str, hidden: Hidden = NOTHING) -> list[Object]:
    return [resource_type_body(row, base_url, hidden) for row in RESOURCE_TYPES]


def find_resource_type(name: str) -> ResourceType | None:
    return next((row for row in RESOURCE_TYPES if row.name == name), None)


def resource_type_body(
    resource_type: ResourceType, base_url: str, hidden: Hidden = NOTHING
) -> Object:
    return {
        "schemas": [RESOURCE_TYPE],
        "id": resource_type.name,
        "name": resource_type.name,
        "description": resource_type.description,
        "endpoint": resource_type.endpoint,
        "schema": resource_type.schema.urn,
        "schemaExtensions": [
            {"schema": schema.urn, "required": False}
            for schema in resource_type.extensions
            if _advertised(schema, hidden)
        ],
        "meta": _meta("ResourceType", f"{base_url}/ResourceTypes/{resource_type.name}"),
    }


def schemas(base_url: str, hidden: Hidden = NOTHING) -> list[Object]:
    return [schema_body(row, base_url, hidden) for row in SCHEMAS if _advertised(row, hidden)]


def find_advertised_schema(urn: str, hidden: Hidden = NOTHING) -> Schema | None:
    """Look up a schema by its URN, without regard to case (RFC 7644 section 3.10)."""
    found = next((row for row in SCHEMAS if row.urn.lower() == urn.lower()), None)
    return found if found is not None and _advertised(found, hidden) else None


def schema_body(schema: Schema, base_url: str, hidden: Hidden = NOTHING) -> Object:
    return {
        "schemas": [SCHEMA],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description,
        "attributes": [attribute_body(row) for row in _advertised(schema, hidden)],
        "meta": _meta("Schema", f"{base_url}/Schemas/{schema.urn}"),
    }


def _advertised(schema: Schema, hidden: Hidden) -> list[Attribute]:
    """What is left of a schema; one with nothing left is not advertised itself."""
    return [row for row in schema.attributes if f"{schema.urn}:{row.name}" not in hidden]


def attribute_body(attribute: Attribute) -> Object:
    """Describe an attribute by its characteristics (RFC 7643 section 7).

    A complex attribute has parts, and parts have none: this calls itself once.
    """
    body: Object = {
        "name": attribute.name,
        "type": attribute.type,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "mutability": attribute.mutability,
        "returned": attribute.returned,
        "uniqueness": attribute.uniqueness,
    }
    if attribute.type in _CASED:
        body["caseExact"] = attribute.case_exact
    if attribute.canonical_values:
        body["canonicalValues"] = list(attribute.canonical_values)
    if attribute.reference_types:
        body["referenceTypes"] = list(attribute.reference_types)
    if attribute.sub_attributes:
        body["subAttributes"] = [attribute_body(part) for part in attribute.sub_attributes]
    return body


def _meta(resource_type: str, location: str) -> Json:
    return {"resourceType": resource_type, "location": location}
