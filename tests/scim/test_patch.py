"""PATCH bodies in every shape become the same plain operations (RFC 7644 section 3.5.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.scim.errors import ScimError
from rolecall.scim.filter import print_filter
from rolecall.scim.patch import PATCH_OP, Op, Operation, Patch, read_patch
from rolecall.scim.path import print_path
from rolecall.scim.schema import (
    ACCOUNT_USER,
    CORE_GROUP,
    CORE_USER,
    ENTERPRISE_USER,
    GROUP,
    USER,
    Attribute,
    Mutability,
    ResourceType,
    Schema,
    Type,
)
from rolecall.scim.values import Json

Change = tuple[str, str, object]


def patch(resource_type: ResourceType, *operations: object) -> Patch:
    return read_patch(resource_type, {"schemas": [PATCH_OP], "Operations": list(operations)})


def written(operation: Operation) -> Change:
    place = print_path(operation.path)
    if operation.path.value_filter is not None:
        place += f"[{print_filter(operation.path.value_filter)}]"
    return operation.op.value, place, operation.value


def changes(resource_type: ResourceType, *operations: object) -> list[Change]:
    return [written(operation) for operation in patch(resource_type, *operations).operations]


def refusal(resource_type: ResourceType, *operations: object) -> tuple[str | None, str]:
    with pytest.raises(ScimError) as caught:
        patch(resource_type, *operations)
    assert caught.value.status == 400
    return caught.value.scim_type, caught.value.detail


def test_a_value_is_set_by_add_and_by_replace_rfc7644_3_5_2_1() -> None:
    for op in ("add", "replace"):
        assert changes(USER, {"op": op, "path": "nickname", "value": "Babs"}) == [
            (op, "nickName", "Babs")
        ]


def test_without_a_path_each_attribute_is_an_operation_rfc7644_3_5_2_1() -> None:
    value = {"emails": [{"value": "babs@example.org", "type": "home"}], "nickname": "Babs"}

    assert changes(USER, {"op": "add", "value": value}) == [
        ("add", "emails", [{"value": "babs@example.org", "type": "home"}]),
        ("add", "nickName", "Babs"),
    ]


@pytest.mark.parametrize("op", ["add", "replace"])
def test_parts_that_are_not_named_are_left_alone_rfc7644_3_5_2_3(op: str) -> None:
    value = {"givenName": "Barbara", "FAMILYNAME": "Jensen"}
    expected = [(op, "name.givenName", "Barbara"), (op, "name.familyName", "Jensen")]

    assert changes(USER, {"op": op, "path": "name", "value": value}) == expected
    assert changes(USER, {"op": op, "value": {"name": value}}) == expected


def test_members_are_added_removed_and_replaced_rfc7644_3_5_2() -> None:
    member = {"value": "7", "type": "User"}

    assert changes(
        GROUP,
        {"op": "add", "path": "members", "value": [member]},
        {"op": "remove", "path": 'members[value eq "8"]'},
        {"op": "replace", "path": "members", "value": [member]},
        {"op": "remove", "path": "members"},
    ) == [
        ("add", "members", [member]),
        ("remove", 'members[value eq "8"]', None),
        ("replace", "members", [member]),
        ("remove", "members", None),
    ]


def test_the_patch_of_the_vendors_group_page_reads_as_it_is_printed() -> None:
    read = patch(
        GROUP,
        {"op": "replace", "value": {"displayName": "updated_name"}},
        {"op": "remove", "path": 'members[value eq "user_id_1"]'},
        {"op": "add", "value": [{"value": "user_id_2"}]},
    )

    assert [written(operation) for operation in read.operations] == [
        ("replace", "displayName", "updated_name"),
        ("remove", 'members[value eq "user_id_1"]', None),
        ("add", "members", [{"value": "user_id_2"}]),
    ]
    assert read.quirks == ("pathless_members",)


def test_entra_removes_the_members_it_names_and_no_others() -> None:
    read = patch(
        GROUP,
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "7"}]},
    )

    assert [written(each) for each in read.operations] == [("remove", "members", [{"value": "7"}])]
    assert read.quirks == ("operation_case", "remove_with_value")


@pytest.mark.parametrize("nobody", [[], [None]])
def test_removing_an_empty_list_of_members_removes_nobody(nobody: Json) -> None:
    assert changes(GROUP, {"op": "remove", "path": "members", "value": nobody}) == []


def test_a_value_given_to_the_removal_of_a_single_value_says_nothing() -> None:
    assert changes(USER, {"op": "remove", "path": "title", "value": "Guide"}) == [
        ("remove", "title", None)
    ]


def test_a_single_member_may_come_as_an_object() -> None:
    read = patch(GROUP, {"op": "add", "path": "members", "value": {"value": "7"}})

    assert [written(each) for each in read.operations] == [("add", "members", [{"value": "7"}])]
    assert read.quirks == ("object_for_array",)


def test_replacing_by_nothing_removes_rfc7643_2_5() -> None:
    assert changes(
        USER,
        {"op": "replace", "path": "title", "value": None},
        {"op": "replace", "path": "emails", "value": []},
        {"op": "replace", "path": "name", "value": None},
        {"op": "replace", "value": {"name": {"middleName": None}, "active": False}},
        {"op": "replace", "path": 'emails[type eq "work"].display', "value": None},
        {"op": "replace", "path": 'emails[type eq "home"]', "value": None},
    ) == [
        ("remove", "title", None),
        ("remove", "emails", None),
        ("remove", "name", None),
        ("remove", "name.middleName", None),
        ("replace", "active", False),
        ("remove", 'emails.display[type eq "work"]', None),
        ("remove", 'emails[type eq "home"]', None),
    ]


def test_adding_nothing_changes_nothing_rfc7643_2_5() -> None:
    assert (
        changes(
            USER,
            {"op": "add", "path": "title", "value": None},
            {"op": "add", "path": "emails", "value": []},
            {"op": "add", "path": "name", "value": {}},
            {"op": "add", "path": "name", "value": None},
            {"op": "add", "value": {}},
        )
        == []
    )


def test_a_part_of_chosen_values_is_set_rfc7644_3_5_2_3() -> None:
    assert changes(
        USER,
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "b@example.com"},
        {"op": "replace", "path": "emails.display", "value": "B"},
        {"op": "replace", "path": 'addresses[type eq "work"]', "value": {"locality": "Bonn"}},
    ) == [
        ("add", 'emails.value[type eq "work"]', "b@example.com"),
        ("replace", "emails.display", "B"),
        ("replace", 'addresses[type eq "work"]', {"locality": "Bonn"}),
    ]


def test_entra_sends_dotted_and_qualified_keys_in_one_operation() -> None:
    value = {
        "name.givenName": "Barbara",
        f"{ENTERPRISE_USER}:employeeNumber": "701984",
        'emails[type eq "work"].value': "b@example.com",
        f"{CORE_USER}:title": "Guide",
        "active": "False",
    }

    assert changes(USER, {"op": "replace", "value": value}) == [
        ("replace", "name.givenName", "Barbara"),
        ("replace", f"{ENTERPRISE_USER}:employeeNumber", "701984"),
        ("replace", 'emails.value[type eq "work"]', "b@example.com"),
        ("replace", "title", "Guide"),
        ("replace", "active", False),
    ]


def test_the_vendors_pages_replace_name_parts_without_the_name() -> None:
    read = patch(USER, {"op": "replace", "value": {"givenName": "deactivated_user"}})

    assert [written(each) for each in read.operations] == [
        ("replace", "name.givenName", "deactivated_user")
    ]
    assert read.quirks == ("bare_name_part",)


def test_an_extension_may_be_an_object_under_its_urn() -> None:
    value = {
        ENTERPRISE_USER: {"department": "Tours", "shoeSize": 46},
        CORE_USER: {"title": "Guide"},
    }
    read = patch(USER, {"op": "replace", "value": value})

    assert [written(each) for each in read.operations] == [
        ("replace", f"{ENTERPRISE_USER}:department", "Tours"),
        ("replace", "title", "Guide"),
    ]
    assert read.ignored == (f"{ENTERPRISE_USER}:shoeSize",)


def test_an_extensions_urn_may_be_the_path() -> None:
    read = patch(USER, {"op": "add", "path": ACCOUNT_USER, "value": {"defaultRole": "ANALYST"}})

    assert [written(each) for each in read.operations] == [
        ("add", f"{ACCOUNT_USER}:defaultRole", "ANALYST")
    ]
    assert read.quirks == ("schema_as_path",)


def test_removing_an_extension_removes_its_attributes() -> None:
    removed = changes(USER, {"op": "remove", "path": ACCOUNT_USER})

    assert [place for _, place, _ in removed] == [
        f"{ACCOUNT_USER}:{attribute.name}" for attribute in USER.extensions[1].attributes
    ]
    assert changes(USER, {"op": "replace", "path": ACCOUNT_USER, "value": None}) == [
        ("remove", place, None) for _, place, _ in removed
    ]


def test_entra_sends_and_removes_a_manager_by_the_id_alone() -> None:
    manager = f"{ENTERPRISE_USER}:manager"

    assert changes(
        USER,
        {"op": "add", "path": manager, "value": "26"},
        {"op": "replace", "path": manager, "value": {"value": "27", "displayName": "No", "x": 1}},
        {"op": "remove", "path": f'{manager}[value eq "27"]'},
    ) == [
        ("add", f"{manager}.value", "26"),
        ("replace", f"{manager}.value", "27"),
        ("replace", f"{manager}.displayName", "No"),
        ("remove", f'{manager}[value eq "27"]', None),
    ]


def test_okta_replaces_a_groups_name_with_its_id_beside_it() -> None:
    read = patch(GROUP, {"op": "replace", "value": {"id": "7", "displayName": "Guides"}})

    assert [written(each) for each in read.operations] == [("replace", "displayName", "Guides")]
    assert read.quirks == ("read_only_in_patch",)


def test_read_only_parts_of_a_complex_value_are_passed_over_rfc7644_3_5_2() -> None:
    parts = (
        Attribute(name="code", description="…"),
        Attribute(name="label", description="…", mutability=Mutability.READ_ONLY),
    )
    badge = Attribute(name="badge", description="…", type=Type.COMPLEX, sub_attributes=parts)
    schema = Schema(urn="urn:x:Gate", description="…", name="Gate", attributes=(badge,))
    gate = ResourceType(name="Gate", description="…", endpoint="/Gates", schema=schema)

    value = {"code": "7", "label": "no"}
    assert changes(gate, {"op": "replace", "path": "badge", "value": value}) == [
        ("replace", "badge.code", "7")
    ]


def test_read_only_names_under_a_urn_are_passed_over_too() -> None:
    assert changes(USER, {"op": "replace", "value": {CORE_USER: {"groups": []}}}) == []


def test_schemas_follow_the_attributes_rfc7644_3_5_2() -> None:
    assert changes(USER, {"op": "add", "path": "schemas", "value": [ENTERPRISE_USER]}) == []


def test_unknown_attributes_are_passed_over_and_named() -> None:
    read = patch(
        USER,
        {"op": "replace", "path": "shoeSize", "value": 46},
        {"op": "add", "value": {"floor": 3, "a.b": 1, "name": {"nick": "x"}}},
    )

    assert read.operations == ()
    assert read.ignored == ("shoeSize", "floor", "a.b", "name.nick")


def test_other_members_of_an_operation_mean_nothing() -> None:
    operation = {"op": "add", "path": "title", "value": "Guide", "name": "addTitle"}

    assert changes(USER, operation) == [("add", "title", "Guide")]


def test_a_missing_schema_and_the_case_of_names_are_tolerated_rfc7643_2_1() -> None:
    read = read_patch(USER, {"operations": [{"OP": "REPLACE", "Path": "Active", "VALUE": "True"}]})

    assert [written(each) for each in read.operations] == [("replace", "active", True)]
    assert read.quirks == ("schemas_missing", "operation_case", "boolean_as_string")


@pytest.mark.parametrize(
    ("operation", "scim_type", "detail"),
    [
        ({"op": "remove"}, "noTarget", "'remove' needs a 'path' that says what to remove."),
        ({"op": "remove", "path": "", "value": {"title": "x"}}, "noTarget",
         "'remove' needs a 'path' that says what to remove."),
        ({"op": "move", "path": "title"}, "invalidSyntax",
         "'op' must be \"add\", \"replace\" or \"remove\"."),
        ({"path": "title", "value": "x"}, "invalidSyntax",
         "'op' must be \"add\", \"replace\" or \"remove\"."),
        ("add", "invalidSyntax", "An operation must be an object, not a string."),
        ({"op": "add", "OP": "remove"}, "invalidSyntax", "'op' is given twice; send it once."),
        ({"op": "add", "path": 7, "value": 1}, "invalidPath",
         "'path' must be a string, not a number."),
        ({"op": "add", "path": "title"}, "invalidValue", "'add' needs a 'value'."),
        ({"op": "replace", "path": "title"}, "invalidValue", "'replace' needs a 'value'."),
        ({"op": "add", "path": "a b", "value": 1}, "invalidPath",
         "Expected the end, found 'b' at column 3."),
        ({"op": "add", "value": "x"}, "invalidValue",
         "Without a 'path', 'value' must be an object of attributes, not a string."),
        ({"op": "add", "value": [{"value": "x"}]}, "invalidValue",
         "Without a 'path', 'value' must be an object of attributes, not an array."),
        ({"op": "replace", "path": "id", "value": "7"}, "mutability",
         "'id' is readOnly; leave it out of the PATCH."),
        ({"op": "remove", "path": "groups"}, "mutability",
         "'groups' is readOnly; leave it out of the PATCH."),
        ({"op": "replace", "path": "meta.version", "value": "7"}, "mutability",
         "'meta.version' is readOnly; leave it out of the PATCH."),
        ({"op": "remove", "path": "userName"}, "mutability",
         "userName is required; replace it, don't remove it."),
        ({"op": "replace", "path": "userName", "value": None}, "mutability",
         "userName is required; replace it, don't remove it."),
        ({"op": "replace", "path": "userName", "value": " "}, "invalidValue",
         "userName is required; send it with a value."),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue",
         "'active' must be true or false, not a string."),
        ({"op": "replace", "path": "emails", "value": ""}, "invalidValue",
         "'emails' must be an array, not a string."),
        ({"op": "replace", "path": "name", "value": "Bob"}, "invalidValue",
         "'name' must be an object, not a string."),
        ({"op": "replace", "path": "name.givenName", "value": 7}, "invalidValue",
         "'name.givenName' must be a string, not a number."),
        ({"op": "add", "path": "emails", "value": [{"primary": True}, {"primary": True}]},
         "invalidValue", "'emails' has 2 primary values; mark at most one."),
        ({"op": "add", "path": 'emails[type eq "work"]', "value": "x"}, "invalidValue",
         "'emails' must be an object, not a string."),
        ({"op": "add", "path": ACCOUNT_USER, "value": "x"}, "invalidValue",
         f"'{ACCOUNT_USER}' must be an object, not a string."),
        ({"op": "remove", "path": CORE_USER}, "mutability",
         "The core schema of a User can't be removed."),
    ],
)  # fmt: skip
def test_a_refusal_says_which_operation_and_why_rfc7644_table_9(
    operation: object, scim_type: str, detail: str
) -> None:
    good = {"op": "replace", "path": "title", "value": "Guide"}

    assert refusal(USER, good, operation) == (scim_type, f"Operations[1]: {detail}")


def test_a_members_id_can_not_be_changed_rfc7643_4_2() -> None:
    assert refusal(
        GROUP, {"op": "replace", "path": 'members[value eq "7"].value', "value": "8"}
    ) == (
        "mutability",
        "Operations[0]: 'members.value' is immutable; leave it out of the PATCH.",
    )


def test_a_groups_name_can_not_be_removed_rfc7644_3_5_2_2() -> None:
    scim_type, _ = refusal(GROUP, {"op": "remove", "path": f"{CORE_GROUP}:displayName"})

    assert scim_type == "mutability"


@pytest.mark.parametrize("body", [None, [], {}, {"Operations": {}}, {"Operations": None}])
def test_a_body_without_operations_is_refused_rfc7644_3_5_2(body: Json) -> None:
    with pytest.raises(ScimError) as caught:
        read_patch(USER, body)
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidSyntax")


def test_a_thousand_operations_are_a_thousand_operations() -> None:
    removals = [{"op": "remove", "path": f'members[value eq "{n}"]'} for n in range(1000)]

    assert len(changes(GROUP, *removals)) == 1000


VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "type", "primary", "givenName", "id", "members", "title"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)
PATHS = st.sampled_from(
    ["members", 'members[value eq "7"]', "name", "name.givenName", "emails", "displayName",
     'emails[type eq "work"].value', f"{ENTERPRISE_USER}:manager", ACCOUNT_USER, "schemas", "id"]
) | st.text(max_size=5)  # fmt: skip
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove"])},
    optional={"path": PATHS, "value": VALUES},
)


@given(st.sampled_from([USER, GROUP]), st.lists(OPERATIONS, min_size=1, max_size=4))
def test_any_patch_is_read_into_plain_operations_or_refused(
    resource_type: ResourceType, operations: list[object]
) -> None:
    try:
        read = patch(resource_type, *operations)
    except ScimError as error:
        status = error.status
    else:
        status = 400
        for operation in read.operations:
            assert operation.value not in (None, [], {}) or operation.op is Op.REMOVE
    assert status == 400
