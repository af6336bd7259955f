"""Bodies of POST and PUT are read by RFC 7643 sections 2 and 3, or refused by attribute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.scim import errors
from rolecall.scim.resource import Resource, read_resource
from rolecall.scim.schema import (
    CORE_GROUP,
    CORE_USER,
    ENTERPRISE_USER,
    GROUP,
    USER,
    Attribute,
    ResourceType,
    Schema,
    Type,
)
from rolecall.scim.values import Json, Object

METER = ResourceType(
    name="Meter",
    endpoint="/Meters",
    description="A type with every kind of value, which no table of ours has.",
    schema=Schema(
        urn="urn:example:Meter",
        name="Meter",
        description="Meter",
        attributes=(
            Attribute(name="floor", description="A whole number.", type=Type.INTEGER),
            Attribute(name="load", description="A number.", type=Type.DECIMAL),
            Attribute(name="built", description="A time.", type=Type.DATETIME),
            Attribute(name="seal", description="Bytes.", type=Type.BINARY),
            Attribute(name="tags", description="Words.", multi_valued=True),
        ),
    ),
)


def user(**attributes: object) -> dict[str, object]:
    return {"schemas": [CORE_USER], "userName": "bjensen", **attributes}


def read(body: object) -> Resource:
    return read_resource(USER, body)


def values(**attributes: object) -> Object:
    """Return what is kept of these attributes of a user."""
    return {k: v for k, v in read(user(**attributes)).values.items() if k != "userName"}


def refusal(body: object, resource_type: ResourceType = USER) -> tuple[str | None, str]:
    with pytest.raises(errors.ScimError) as caught:
        read_resource(resource_type, body)
    assert caught.value.status == 400
    return caught.value.scim_type, caught.value.detail


def test_values_are_kept_exactly_as_sent() -> None:
    given_name = {"givenName": " Bárbara ", "familyName": "JENSEN"}

    assert values(name=given_name, title="", externalId="A-1") == {
        "name": given_name,
        "title": "",
        "externalId": "A-1",
    }


def test_names_have_no_case_and_come_out_canonical_rfc7643_2_1() -> None:
    body = {"SCHEMAS": [CORE_USER], "username": "bob", "Emails": [{"VALUE": "b@example.com"}]}

    assert read(body) == Resource(
        values={"userName": "bob", "emails": [{"value": "b@example.com"}]}
    )


def test_an_attribute_given_twice_by_case_is_refused_rfc7643_2_1() -> None:
    assert refusal(user(USERNAME="bob")) == (
        "invalidSyntax",
        "'userName' is given twice; send it once.",
    )
    assert refusal(user(name={"givenName": "a", "GIVENNAME": "b"})) == (
        "invalidSyntax",
        "'name.givenName' is given twice; send it once.",
    )


@pytest.mark.parametrize("nothing", [None, [], [None], {}, [{}], [{"value": None}]])
def test_null_and_empty_leave_an_attribute_unassigned_rfc7643_2_5(nothing: Json) -> None:
    body = {"emails": nothing} if isinstance(nothing, list) else {"name": nothing}

    assert values(**body) == {}


def test_read_only_attributes_are_passed_over_rfc7644_3_3() -> None:
    body = user(id="7", meta={"version": "x"}, groups=[{"value": "g", "display": "Passed Over"}])

    assert read(body) == Resource(values={"userName": "bjensen"})


def test_unknown_attributes_are_passed_over_and_named() -> None:
    body = user(
        shoeSize=46,
        name={"nick": "x"},
        **{ENTERPRISE_USER: {"floor": 3}, "urn:example:hr": {"age": 7}, "a.b": 1,
           "emails.value": "x",
           'emails[type eq "work"].value': "x", "e\0\ud800": 1},
    )  # fmt: skip

    assert read(body).values == {"userName": "bjensen"}
    assert read(body).ignored == (
        "name.nick",
        "shoeSize",
        f"{ENTERPRISE_USER}:floor",
        "urn:example:hr",
        "a.b",
        "emails.value",
        'emails[type eq "work"].value',
        "e\\0\\ud800",
    )


@pytest.mark.parametrize("nothing", [None, []])
def test_what_has_no_value_is_not_passed_over_rfc7643_2_5(nothing: list[object] | None) -> None:
    """Entra creates groups with `"roles": []`: a strict integration has nothing to refuse there."""
    extension = {ENTERPRISE_USER: {"floor": nothing}}
    assert read(user(shoeSize=nothing, name={"nick": nothing}, **extension)).ignored == ()
    group = {"schemas": [CORE_GROUP], "displayName": "Tours", "roles": nothing}
    assert read_resource(GROUP, group).ignored == ()


def test_extensions_stand_under_their_urn_rfc7643_3_3() -> None:
    department = {"department": "Tours"}

    assert values(**{ENTERPRISE_USER.lower(): department}) == {ENTERPRISE_USER: department}
    assert values(**{ENTERPRISE_USER: None}) == {}
    assert refusal(user(**{ENTERPRISE_USER: "Tours"})) == (
        "invalidValue",
        f"'{ENTERPRISE_USER}' must be an object, not a string.",
    )


def test_the_core_schema_may_be_an_object_too() -> None:
    assert values(**{CORE_USER: {"title": "Guide"}}) == {"title": "Guide"}


def test_dotted_and_qualified_names_are_read_as_paths_rfc7644_3_10() -> None:
    body = user(
        **{
            "name.givenName": "Barbara",
            f"{ENTERPRISE_USER}:department": "Tours",
            f"{ENTERPRISE_USER}.manager.value": "26",
            f"{CORE_USER}:title": "Guide",
            "name.familyName": None,
            "meta.version": "passed over",
            f"{CORE_USER}:schemas": ["passed over"],
        }
    )

    assert read(body) == Resource(
        values={
            "userName": "bjensen",
            "name": {"givenName": "Barbara"},
            ENTERPRISE_USER: {"department": "Tours", "manager": {"value": "26"}},
            "title": "Guide",
        },
        quirks=("dotted_key",),
    )


def test_a_name_part_outside_of_the_name_is_put_into_it() -> None:
    body = user(givenName="Barbara", familyname="Jensen", name={"familyName": "Jensen"})

    assert read(body).values["name"] == {"givenName": "Barbara", "familyName": "Jensen"}
    assert read(body).quirks == ("bare_name_part",)


def test_a_name_part_with_two_values_is_refused() -> None:
    body = user(givenName="Barbara", name={"givenName": "Bob"})

    assert refusal(body) == ("invalidSyntax", "'givenName' is given twice; send it once.")


def test_a_group_has_no_name_to_put_parts_into() -> None:
    body = {"schemas": [CORE_GROUP], "displayName": "Guides", "givenName": "x"}

    assert read_resource(GROUP, body).ignored == ("givenName",)


@pytest.mark.parametrize(
    ("text", "active"), [("True", True), ("False", False), ("true", True), ("FALSE", False)]
)
def test_entra_sends_booleans_as_strings(text: str, active: Json) -> None:
    assert read(user(active=text)) == Resource(
        values={"userName": "bjensen", "active": active}, quirks=("boolean_as_string",)
    )


def test_one_object_stands_for_an_array_of_one() -> None:
    body = {"schemas": [CORE_GROUP], "displayName": "Guides", "members": {"value": "7"}}

    assert read_resource(GROUP, body) == Resource(
        values={"displayName": "Guides", "members": [{"value": "7"}]},
        quirks=("object_for_array",),
    )


def test_entra_sends_a_manager_as_the_id_alone() -> None:
    assert read(user(**{ENTERPRISE_USER: {"manager": "26"}})) == Resource(
        values={"userName": "bjensen", ENTERPRISE_USER: {"manager": {"value": "26"}}},
        quirks=("bare_value",),
    )


def test_schemas_may_be_missing_and_may_name_others() -> None:
    other = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
    group: Object = {"displayName": "Guides"}

    assert read_resource(GROUP, {"schemas": [CORE_GROUP, other], **group}).quirks == ()
    assert read_resource(GROUP, group).quirks == ("schemas_missing",)
    assert read_resource(GROUP, {"schemas": None, **group}).quirks == ("schemas_missing",)
    assert read_resource(GROUP, {"schemas": [other], **group}).quirks == ("schemas_missing",)


def test_entra_sends_null_references_of_members() -> None:
    body = {
        "schemas": [CORE_GROUP],
        "displayName": "Guides",
        "members": [{"$ref": None, "value": "7", "display": "passed over"}],
    }

    assert read_resource(GROUP, body).values["members"] == [{"value": "7"}]


@pytest.mark.parametrize(
    ("attributes", "detail"),
    [
        ({"userName": 7}, "'userName' must be a string, not a number."),
        ({"active": "perhaps"}, "'active' must be true or false, not a string."),
        ({"active": 1}, "'active' must be true or false, not a number."),
        ({"name": "Bob"}, "'name' must be an object, not a string."),
        ({"name": {"givenName": ["a"]}}, "'name.givenName' must be a string, not an array."),
        ({"emails": "b@example.com"}, "'emails' must be an array, not a string."),
        ({"emails": ["b@example.com"]}, "'emails' must be an object, not a string."),
        ({"emails": [{"value": {}}]}, "'emails.value' must be a string, not an object."),
        ({"title": "a\0"}, "'title' holds NUL or half a character; send whole Unicode text."),
        ({"title": "\ud800"}, "'title' holds NUL or half a character; send whole Unicode text."),
        ({"x509Certificates": [{"value": "?"}]},
         "'x509Certificates.value' must be a string in base64."),
        ({"schemas": CORE_USER},
         f"'schemas' must be an array of strings, such as [\"{CORE_USER}\"]."),
        ({"schemas": [1]}, f"'schemas' must be an array of strings, such as [\"{CORE_USER}\"]."),
        ({"emails": [{"value": "a", "primary": True}, {"value": "b", "primary": "true"}]},
         "'emails' has 2 primary values; mark at most one."),
        ({"userName": None}, "userName is required; send it with a value."),
        ({"userName": ""}, "userName is required; send it with a value."),
        ({"userName": " \t"}, "userName is required; send it with a value."),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_its_attribute_rfc7644_table_9(
    attributes: Object, detail: str
) -> None:
    assert refusal(user(**attributes)) == ("invalidValue", detail)


def test_a_missing_required_attribute_is_refused_rfc7643_4_1_1() -> None:
    assert refusal({"schemas": [CORE_USER]}) == (
        "invalidValue",
        "userName is required; send it with a value.",
    )


@pytest.mark.parametrize("member", [{}, {"value": None}, {"$ref": "../Users/7"}])
def test_a_member_without_an_id_is_refused(member: Json) -> None:
    body = {"schemas": [CORE_GROUP], "displayName": "Guides", "members": [member]}

    assert refusal(body, GROUP) == (
        "invalidValue",
        "members.value is required; send it with a value.",
    )


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_that_is_no_object_is_refused_rfc7644_table_9(body: Json) -> None:
    scim_type, detail = refusal(body)

    assert scim_type == "invalidSyntax"
    assert detail.startswith("The body must be a JSON object with the attributes of a User, not ")


def test_every_type_of_value_is_read_rfc7643_table_1() -> None:
    meter: Object = {
        "schemas": ["urn:example:Meter"],
        "floor": 3,
        "load": 0.5,
        "built": "2008-01-23T04:56:22Z",
        "seal": "TQ==",
        "tags": ["a", "b"],
    }

    assert read_resource(METER, meter).values | {"schemas": meter["schemas"]} == meter


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("floor", 0.5),
        ("floor", True),
        ("load", "0.5"),
        ("load", False),
        ("built", "yesterday"),
        ("built", 2008),
        ("seal", 7),
        ("tags", [1]),
    ],
)
def test_a_value_of_another_type_is_refused_rfc7643_table_1(name: str, value: Json) -> None:
    scim_type, detail = refusal({"schemas": ["urn:example:Meter"], name: value}, METER)

    assert scim_type == "invalidValue"
    assert f"'{name}'" in detail


JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "type", "primary", "givenName", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [*USER.by_name, ENTERPRISE_USER, CORE_USER, "name.givenName", "givenName", f"{CORE_USER}:title"]
) | st.text(max_size=6)


@given(st.dictionaries(KEYS, JSON, max_size=5))
def test_any_body_is_read_or_refused(body: Object) -> None:
    try:
        resource = read({"userName": "bjensen", **body})
    except errors.ScimError as error:
        status = error.status
    else:
        again = read(resource.values)
        assert (again.values, again.ignored) == (resource.values, ())
        status = 400
    assert status == 400


def test_a_bare_text_of_nothing_but_space_is_no_value() -> None:
    read = read_resource(USER, {"userName": "b", ENTERPRISE_USER: {"manager": " "}})
    assert ENTERPRISE_USER not in read.values


def test_a_reference_that_is_no_uri_is_refused() -> None:
    with pytest.raises(errors.ScimError, match="'profileUrl' must be a URI"):
        read_resource(USER, {"userName": "b", "profileUrl": "a b"})
