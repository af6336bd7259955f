"""The tables hold what RFC 7643 section 4 and the vendor's attribute tables list."""

import pytest

from rolecall.scim import schema
from rolecall.scim.schema import GROUP, SCHEMAS, USER, Attribute, Mutability, Returned, Type


def names(attributes: tuple[Attribute, ...]) -> list[str]:
    return [attribute.name for attribute in attributes]


def test_the_user_has_every_attribute_of_rfc7643_4_1() -> None:
    assert names(schema.USER_ATTRIBUTES) == [
        "userName",
        "name",
        "displayName",
        "nickName",
        "profileUrl",
        "title",
        "userType",
        "preferredLanguage",
        "locale",
        "timezone",
        "active",
        "password",
        "emails",
        "phoneNumbers",
        "ims",
        "photos",
        "addresses",
        "groups",
        "entitlements",
        "roles",
        "x509Certificates",
    ]


def test_the_group_has_every_attribute_of_rfc7643_4_2() -> None:
    assert names(schema.GROUP_ATTRIBUTES) == ["displayName", "members"]
    assert names(GROUP.by_name["members"].sub_attributes) == ["value", "$ref", "display", "type"]


def test_the_enterprise_extension_has_rfc7643_4_3_and_the_vendors_attributes() -> None:
    assert names(schema.ENTERPRISE_ATTRIBUTES) == [
        "employeeNumber",
        "costCenter",
        "organization",
        "division",
        "department",
        "manager",
        "allowedInterfaces",
        "defaultWarehouse",
        "defaultRole",
        "defaultSecondaryRoles",
        "type",
        "snowflakeUserName",
    ]


def test_the_vendors_own_extension_has_its_attributes() -> None:
    assert names(schema.ACCOUNT_USER_SCHEMA.attributes) == (
        ["allowedInterfaces", "defaultWarehouse", "defaultRole", "defaultSecondaryRoles", "type"]
    )


def test_a_password_is_written_and_never_returned() -> None:
    password = USER.by_name["password"]

    assert password.mutability is Mutability.WRITE_ONLY
    assert password.returned is Returned.NEVER


@pytest.mark.parametrize("name", ["userName", "USERNAME", "username", "UserName"])
def test_a_name_is_found_in_any_case_rfc7643_2_1(name: str) -> None:
    assert schema.find(USER.by_name, name) is USER.by_name["userName"]


def test_a_letter_that_only_folds_to_ascii_names_nothing() -> None:
    assert schema.find(USER.by_name, "nic\u212aName") is None


def test_a_schema_is_found_by_its_urn_in_any_case_rfc7644_3_10() -> None:
    assert schema.find_schema(USER, schema.CORE_USER.upper()) is schema.USER_SCHEMA
    assert schema.find_schema(GROUP, schema.CORE_USER) is None


def test_only_complex_attributes_have_parts_and_parts_have_none_rfc7643_2_3_8() -> None:
    rows = [attribute for each in SCHEMAS for attribute in each.attributes]
    parts = [part for attribute in rows for part in attribute.sub_attributes]

    assert all((row.type is Type.COMPLEX) == bool(row.sub_attributes) for row in rows)
    assert all(part.type is not Type.COMPLEX for part in parts)


def test_rows_are_shown_by_their_name() -> None:
    assert repr(USER) == "<resource type User>"
    assert repr(USER.schema) == f"<schema {schema.CORE_USER}>"
    assert repr(USER.by_name["userName"]) == "<attribute userName>"
