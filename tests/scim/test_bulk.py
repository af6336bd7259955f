"""Bulk requests, RFC 7644 section 3.7: what is wrong with one operation spoils no other."""

import pytest

from rolecall.scim import bulk
from rolecall.scim.bulk import Operation, parted, read_bulk, references_in, resolved
from rolecall.scim.errors import ScimError
from rolecall.scim.schema import ENTERPRISE_USER
from rolecall.scim.values import Json, Object

URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
POST: Object = {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": "bob"}}


def operation(**parts: Json) -> Operation:
    """What is read of one operation."""
    (read,) = read_bulk({"schemas": [URN], "Operations": [parts]}).operations
    return read


def test_an_operation_is_read_whole() -> None:
    read = operation(method="put", path="/Users/7", version='W/"3"', data={"userName": "bob"})
    assert read == Operation(
        method="PUT", path="/Users/7", version='W/"3"', data={"userName": "bob"}
    )
    assert operation(**POST).bulk_id == "1"


def test_names_have_any_case_and_schemas_may_be_missing() -> None:
    assert read_bulk({"operations": [], "FAILONERRORS": 2}) == bulk.Bulk(
        operations=(), fail_on_errors=2
    )


@pytest.mark.parametrize(("given", "limit"), [(None, None), (0, 1), (1, 1), (7, 7)])
def test_the_first_error_ends_it_at_the_soonest(given: Json, limit: int | None) -> None:
    assert read_bulk({"Operations": [], "failOnErrors": given}).fail_on_errors == limit


@pytest.mark.parametrize(
    ("body", "status", "scim_type"),
    [
        ([], 400, "invalidSyntax"),
        ({}, 400, "invalidSyntax"),
        ({"Operations": {}}, 400, "invalidSyntax"),
        ({"schemas": ["urn:x"], "Operations": []}, 400, "invalidSyntax"),
        ({"schemas": "urn:x", "Operations": []}, 400, "invalidSyntax"),
        ({"Operations": [], "failOnErrors": -1}, 400, "invalidValue"),
        ({"Operations": [], "failOnErrors": True}, 400, "invalidValue"),
        ({"Operations": [], "failOnErrors": "1"}, 400, "invalidValue"),
        ({"Operations": [POST, POST]}, 400, "invalidValue"),
        ({"Operations": [None] * (bulk.OPERATIONS_MAX + 1)}, 413, None),
    ],
)
def test_what_is_no_bulk_is_refused_whole(body: object, status: int, scim_type: str | None) -> None:
    with pytest.raises(ScimError) as refused:
        read_bulk(body)
    assert (refused.value.status, refused.value.scim_type) == (status, scim_type)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"method": 7},
        {"method": None},
        {"path": "Users"},
        {"path": None},
        {"bulkId": None},
        {"bulkId": 7},
        {"data": None},
        {"data": "text"},
        {"version": 1},
        {"version": ""},
        {"version": ['W/"1"']},
    ],
    ids=str,
)
def test_what_is_no_operation_is_wrong_by_itself(change: Object) -> None:
    wrong = operation(**(POST | change)).wrong
    assert wrong is not None
    assert wrong.scim_type == "invalidSyntax"


def test_an_operation_that_is_no_object_is_wrong_by_itself() -> None:
    (read,) = read_bulk({"Operations": ["DELETE"]}).operations
    assert read.wrong is not None


def test_a_deletion_has_no_data() -> None:
    assert operation(method="DELETE", path="/Users/7").wrong is None


def test_references_are_found_wherever_they_stand() -> None:
    value: Json = {"a": ["bulkId:x", {"b": "bulkId:y"}], "c": "about bulkId:z", "d": 7}
    assert references_in(value) == {"x", "y"}
    assert bulk.references_of(Operation(path="/Users/bulkId:x", data=None)) == {"x"}


def test_references_become_ids_and_unknown_ones_stay() -> None:
    value: Json = {"a": ["bulkId:x", "x", 7], "b": {"c": "bulkId:y"}}
    assert resolved(value, {"x": "id-1"}) == {"a": ["id-1", "x", 7], "b": {"c": "bulkId:y"}}
    assert bulk.resolved_path("/Users/bulkId:x", {"x": "id-1"}) == "/Users/id-1"


def test_what_refers_to_later_ones_is_added_afterwards() -> None:
    data: Object = {
        "displayName": "A",
        "members": [{"value": "bulkId:x"}, {"value": "7"}],
        "owner": "bulkId:x",
        ENTERPRISE_USER: {"manager": {"value": "bulkId:x"}, "department": "D"},
    }
    kept, links = parted(data, frozenset({"x"}))
    assert kept == {
        "displayName": "A",
        "members": [{"value": "7"}],
        ENTERPRISE_USER: {"department": "D"},
    }
    assert links == [
        {"op": "add", "path": "members", "value": [{"value": "bulkId:x"}]},
        {"op": "add", "path": "owner", "value": "bulkId:x"},
        {"op": "add", "path": f"{ENTERPRISE_USER}:manager", "value": {"value": "bulkId:x"}},
    ]
