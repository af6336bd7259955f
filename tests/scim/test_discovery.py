"""Discovery says what the tables say, in the shapes of RFC 7643 sections 5, 6 and 7."""

import pytest

from rolecall.scim import discovery
from rolecall.scim.discovery import AuthenticationScheme, Features
from rolecall.scim.schema import (
    ACCOUNT_USER,
    CORE_GROUP,
    CORE_USER,
    ENTERPRISE_USER,
    GROUP,
    NOT_UNDER_ACCOUNT,
    NOT_UNDER_ENTERPRISE,
    SCHEMAS,
    USER,
    Attribute,
    Schema,
)
from rolecall.scim.values import Json

BASE = "https://example.com/scim/v2"


def test_the_configuration_says_what_is_supported_rfc7643_5() -> None:
    assert discovery.service_provider_config(Features(), BASE) == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": 1000},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": False},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "A token of a SCIM security integration, in the Authorization "
                "header.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{BASE}/ServiceProviderConfig",
        },
    }


def test_the_configuration_names_its_documentation_rfc7643_5() -> None:
    scheme = AuthenticationScheme(
        type="oauth2", name="OAuth", description="Tokens.", documentation_uri="https://d.example"
    )
    body = discovery.service_provider_config(
        Features(documentation_uri="https://docs.example", authentication_schemes=(scheme,)), BASE
    )

    assert body["documentationUri"] == "https://docs.example"
    assert body["authenticationSchemes"] == [
        {
            "type": "oauth2",
            "name": "OAuth",
            "description": "Tokens.",
            "documentationUri": "https://d.example",
            "primary": True,
        }
    ]


def test_a_resource_type_names_its_schemas_rfc7643_6() -> None:
    assert discovery.resource_type_body(GROUP, BASE) == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "Group",
        "name": "Group",
        "description": "A role of the account, with its members.",
        "endpoint": "/Groups",
        "schema": CORE_GROUP,
        "schemaExtensions": [],
        "meta": {"resourceType": "ResourceType", "location": f"{BASE}/ResourceTypes/Group"},
    }


def test_there_is_a_resource_type_for_each_endpoint_rfc7644_4() -> None:
    assert [body["endpoint"] for body in discovery.resource_types(BASE)] == ["/Users", "/Groups"]
    assert discovery.find_resource_type("User") is USER
    assert discovery.find_resource_type("Device") is None


def test_each_schema_is_found_at_its_location_rfc7644_4() -> None:
    for body, schema in zip(discovery.schemas(BASE), SCHEMAS, strict=True):
        assert body["id"] == schema.urn
        assert body["meta"] == {
            "resourceType": "Schema",
            "location": f"{BASE}/Schemas/{schema.urn}",
        }
        assert discovery.find_advertised_schema(schema.urn.upper()) is schema


def test_an_unknown_schema_is_not_found() -> None:
    assert discovery.find_advertised_schema("urn:example:unknown") is None


def listed(schema: Schema) -> dict[str, Attribute]:
    return {attribute.name: attribute for attribute in schema.attributes}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("userName", {"type": "string", "required": True, "uniqueness": "server",
                      "caseExact": False, "multiValued": False}),
        ("active", {"type": "boolean", "mutability": "readWrite"}),
        ("password", {"mutability": "writeOnly", "returned": "never"}),
        ("profileUrl", {"type": "reference", "referenceTypes": ["external"]}),
        ("emails", {"type": "complex", "multiValued": True}),
    ],
)  # fmt: skip
def test_an_attribute_is_described_by_its_characteristics_rfc7643_7(
    name: str, expected: dict[str, Json]
) -> None:
    body = discovery.attribute_body(listed(USER.schema)[name])

    assert {key: body[key] for key in expected} == expected


def test_only_what_compares_as_text_has_a_case_rfc7643_2_3() -> None:
    assert "caseExact" not in discovery.attribute_body(listed(USER.schema)["active"])
    assert "caseExact" not in discovery.attribute_body(listed(USER.schema)["emails"])


def test_parts_are_described_under_their_attribute_rfc7643_7() -> None:
    body = discovery.attribute_body(listed(USER.schema)["emails"])
    parts = body["subAttributes"]

    assert isinstance(parts, list)
    assert [part["name"] for part in parts if isinstance(part, dict)] == [
        "value",
        "display",
        "type",
        "primary",
    ]
    assert {"canonicalValues": ["work", "home", "other"]}.items() <= dict(
        next(part for part in parts if isinstance(part, dict) and part["name"] == "type")
    ).items()


def test_what_a_dialect_does_not_show_is_not_advertised() -> None:
    for hidden, urn, other in (
        (NOT_UNDER_ACCOUNT, ACCOUNT_USER, ENTERPRISE_USER),
        (NOT_UNDER_ENTERPRISE, None, ACCOUNT_USER),
    ):
        advertised = {str(body["id"]): body for body in discovery.schemas(BASE, hidden)}
        attributes = advertised[other]["attributes"]
        assert urn not in advertised
        assert isinstance(attributes, list)
        assert "defaultRole" in {row["name"] for row in attributes if isinstance(row, dict)}
    assert discovery.find_advertised_schema(ACCOUNT_USER, NOT_UNDER_ACCOUNT) is None


def test_a_resource_type_names_no_extension_that_is_not_shown() -> None:
    body = discovery.resource_type_body(USER, BASE, NOT_UNDER_ACCOUNT)

    assert body["schemaExtensions"] == [{"schema": ENTERPRISE_USER, "required": False}]


def test_the_user_schema_is_the_core_one() -> None:
    assert discovery.schemas(BASE)[0]["id"] == CORE_USER
