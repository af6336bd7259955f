"""Errors, lists, pages and chosen attributes follow RFC 7644 sections 3.4.2, 3.9 and 3.12."""

import pytest

from rolecall.scim import errors, messages
from rolecall.scim.errors import ScimError
from rolecall.scim.messages import Page, Projection, parse_paging, parse_projection, project, wants
from rolecall.scim.schema import (
    CORE_USER,
    ENTERPRISE_USER,
    GROUP,
    USER,
    Attribute,
    ResourceType,
    Returned,
    Schema,
    Type,
)
from rolecall.scim.values import Object

RESOURCE: Object = {
    "schemas": [CORE_USER, ENTERPRISE_USER],
    "id": "7",
    "userName": "bjensen",
    "name": {"givenName": "Barbara", "familyName": "Jensen"},
    "emails": [{"value": "b@example.com", "type": "work"}, {"type": "home"}],
    "meta": {"resourceType": "User", "version": 'W/"1"'},
    ENTERPRISE_USER: {"department": "Tours", "manager": {"value": "26", "$ref": "../Users/26"}},
}


def chosen(attributes: str | None = None, excluded: str | None = None) -> Object:
    return project(RESOURCE, parse_projection(attributes, excluded, USER), USER)


def without(*names: str) -> Object:
    return {name: value for name, value in RESOURCE.items() if name not in names}


def test_an_error_has_its_status_as_a_string_rfc7644_3_12() -> None:
    assert messages.error_body(errors.invalid_filter("Say eq.")) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "400",
        "scimType": "invalidFilter",
        "detail": "Say eq.",
    }


def test_an_error_without_a_type_has_no_member_for_it_rfc7644_3_12() -> None:
    assert "scimType" not in messages.error_body(errors.not_found("No such user."))


def test_a_list_says_how_many_there_are_rfc7644_3_4_2() -> None:
    assert messages.list_response([RESOURCE], 9, 3, 1) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 9,
        "startIndex": 3,
        "itemsPerPage": 1,
        "Resources": [RESOURCE],
    }


@pytest.mark.parametrize(
    ("params", "start_index", "count"),
    [
        ({}, 1, 100),
        ({"startIndex": "5", "count": "10"}, 5, 10),
        ({"startIndex": "0", "count": "0"}, 1, 0),
        ({"startIndex": "-7", "count": "-7"}, 1, 0),
        ({"startIndex": " 2 ", "count": "5000"}, 2, 1000),
        ({"startIndex": "9" * 18}, 2**53, 100),
    ],
)
def test_a_page_is_brought_into_its_bounds_rfc7644_3_4_2_4(
    params: dict[str, str], start_index: int, count: int
) -> None:
    assert parse_paging(params) == Page(start_index=start_index, count=count)


@pytest.mark.parametrize("text", ["", "two", "1.5", "\uff11", "9" * 19])
@pytest.mark.parametrize("name", ["startIndex", "count"])
def test_what_is_no_whole_number_is_refused(name: str, text: str) -> None:
    with pytest.raises(ScimError, match=f"'{name}' must be a whole number") as caught:
        parse_paging({name: text})
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidValue")


@pytest.mark.parametrize("nothing", [None, "", " "])
def test_without_a_choice_the_resource_itself_is_returned(nothing: str | None) -> None:
    assert chosen(attributes=nothing) is RESOURCE


def test_chosen_attributes_come_with_the_minimum_set_rfc7644_3_9() -> None:
    assert chosen("userName") == {
        "schemas": RESOURCE["schemas"],
        "id": "7",
        "userName": "bjensen",
    }


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("NAME.givenname", {"name": {"givenName": "Barbara"}}),
        ("name,name.givenName", {"name": RESOURCE["name"]}),
        ("name.givenName, name", {"name": RESOURCE["name"]}),
        ("emails.value", {"emails": [{"value": "b@example.com"}]}),
        ("emails.display", {}),
        ("meta.version", {"meta": {"version": 'W/"1"'}}),
        (f"{ENTERPRISE_USER}:department", {ENTERPRISE_USER: {"department": "Tours"}}),
        (f"{ENTERPRISE_USER}:manager.value", {ENTERPRISE_USER: {"manager": {"value": "26"}}}),
        (f"{ENTERPRISE_USER}:costCenter", {}),
        (ENTERPRISE_USER, {ENTERPRISE_USER: RESOURCE[ENTERPRISE_USER]}),
        (CORE_USER, {name: RESOURCE[name] for name in ("userName", "name", "emails")}),
        (f"shoeSize,emails[type pr],a b,{CORE_USER}:userName", {"userName": "bjensen"}),
    ],
)
def test_a_choice_reaches_into_parts_and_extensions_rfc7644_3_10(
    attributes: str, expected: Object
) -> None:
    assert chosen(attributes) == {"schemas": RESOURCE["schemas"], "id": "7", **expected}


@pytest.mark.parametrize(
    ("excluded", "expected"),
    [
        ("id,schemas", RESOURCE),
        ("emails,meta", without("emails", "meta")),
        ("name.givenName", {**RESOURCE, "name": {"familyName": "Jensen"}}),
        ("name.givenName,name.familyName", without("name")),
        ("emails.type", {**RESOURCE, "emails": [{"value": "b@example.com"}]}),
        (f"{ENTERPRISE_USER}:manager",
         {**RESOURCE, ENTERPRISE_USER: {"department": "Tours"}}),
        (ENTERPRISE_USER, without(ENTERPRISE_USER)),
        (CORE_USER, without("userName", "name", "emails")),
    ],
)  # fmt: skip
def test_excluded_attributes_are_left_out_rfc7644_3_9(excluded: str, expected: Object) -> None:
    assert chosen(excluded=excluded) == expected


def test_both_choices_at_once_are_refused_rfc7644_3_9() -> None:
    with pytest.raises(ScimError, match="not both") as caught:
        parse_projection("userName", "emails", USER)
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidValue")


def test_a_choice_that_is_too_long_is_refused() -> None:
    with pytest.raises(ScimError, match="more than 8192 characters"):
        parse_projection("userName," * 1000, None, USER)


@pytest.mark.parametrize(
    ("attributes", "excluded", "wanted"),
    [
        (None, None, True),
        ("displayName", None, False),
        ("members.value", None, True),
        (None, "members", False),
        (None, "members.value", True),
        (None, "displayName", True),
    ],
)
def test_an_attribute_that_no_answer_needs_is_not_wanted(
    attributes: str | None, excluded: str | None, *, wanted: bool
) -> None:
    assert wants(parse_projection(attributes, excluded, GROUP), "members") is wanted


@pytest.mark.parametrize(
    ("attributes", "excluded", "asked"),
    [
        ("members", None, True),
        ("members.display", None, True),
        ("displayName", None, False),
        (None, "displayName", False),
        (None, None, False),
    ],
)
def test_what_is_returned_on_request_is_asked_for_by_name_rfc7643_7(
    attributes: str | None, excluded: str | None, *, asked: bool
) -> None:
    assert messages.asks(parse_projection(attributes, excluded, GROUP), "members") is asked


def test_a_part_that_is_always_returned_stays_rfc7643_7() -> None:
    lamp = Attribute(
        name="lamp",
        description="An attribute that no table of ours has.",
        type=Type.COMPLEX,
        sub_attributes=(
            Attribute(name="serial", description="Always there.", returned=Returned.ALWAYS),
            Attribute(name="colour", description="There by default."),
            Attribute(name="watts", description="There by default."),
        ),
    )
    lamps = Schema(urn="urn:example:Lamp", name="Lamp", description="Lamp", attributes=(lamp,))
    rooms = ResourceType(name="Room", endpoint="/Rooms", description="Rooms.", schema=lamps)
    room: Object = {"lamp": {"serial": "1", "colour": "red", "watts": "7"}}

    assert project(room, parse_projection("lamp.colour", None, rooms), rooms) == {
        "lamp": {"serial": "1", "colour": "red"}
    }


def test_a_value_without_parts_is_chosen_whole() -> None:
    projection = Projection(included=True, selection={"tags": {"value": None}})

    assert project({"tags": ["a", "b"]}, projection, USER) == {"tags": ["a", "b"]}
