"""Bulk over an account: order, references, failOnErrors, and an attempt for every operation."""

from pathlib import Path
from typing import Any

import pytest

from builders import an_account
from rolecall.domain.ports import Store
from rolecall.store import statements
from rolecall.store.sqlite import SqliteStore
from scim_client import (
    ENTERPRISE,
    URL,
    Answered,
    ScimClientInProcess,
    group_of,
    patch_of,
    state_of,
    user_of,
)

BULK_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
Operation = dict[str, object]


@pytest.fixture
def scim(each_store: Store) -> ScimClientInProcess:
    return ScimClientInProcess(an_account(each_store))


def bulk(scim: ScimClientInProcess, *operations: Operation, **more: object) -> Answered:
    return scim.post("/Bulk", {"schemas": [BULK_URN], "Operations": list(operations), **more})


def told(scim: ScimClientInProcess, *operations: Operation, **more: object) -> list[Any]:
    """What a bulk says of each operation."""
    answer = bulk(scim, *operations, **more)
    assert answer.status == 200, answer.text
    return list(answer.json["Operations"])


def statuses(scim: ScimClientInProcess, *operations: Operation, **more: object) -> list[str]:
    return [each["status"] for each in told(scim, *operations, **more)]


def post(bulk_id: str, name: str, **attributes: object) -> Operation:
    data = user_of(name, **attributes)
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def post_group(bulk_id: str, name: str, *members: str) -> Operation:
    data = group_of(name, *members)
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def test_each_kind_of_operation_is_answered_as_by_itself(scim: ScimClientInProcess) -> None:
    ann, bob, eve = scim.user("ann"), scim.user("bob"), scim.user("eve")
    answers = told(
        scim,
        post("1", "new"),
        {"method": "PUT", "path": f"/Users/{ann}", "data": user_of("ann", title="Guide")},
        {
            "method": "PATCH",
            "path": f"/Users/{bob}",
            "version": 'W/"1"',
            "data": patch_of({"op": "add", "path": "title", "value": "Guide"}),
        },
        {"method": "DELETE", "path": f"/Users/{eve}"},
    )
    made = scim.get("/Users?filter=userName eq %22new%22").found[0]
    place = f"{URL}/Users"
    assert answers == [
        {
            "method": "POST",
            "bulkId": "1",
            "status": "201",
            "location": f"{place}/{made}",
            "version": 'W/"1"',
        },
        {"method": "PUT", "status": "200", "location": f"{place}/{ann}", "version": 'W/"2"'},
        {"method": "PATCH", "status": "200", "location": f"{place}/{bob}", "version": 'W/"2"'},
        {"method": "DELETE", "status": "204", "location": f"{place}/{eve}"},
    ]


def test_an_operation_may_refer_to_an_earlier_one_rfc7644_3_7_2(
    scim: ScimClientInProcess,
) -> None:
    answers = told(
        scim,
        post("qwerty", "Alice"),
        post_group("ytrewq", "Tour Guides", "bulkId:qwerty"),
        {
            "method": "PATCH",
            "path": "/Users/bulkId:qwerty",
            "data": patch_of({"op": "add", "path": "title", "value": "Guide"}),
        },
    )
    assert [each["status"] for each in answers] == ["201", "201", "200"]
    alice = answers[0]["location"].rpartition("/")[2]
    assert scim.members(answers[1]["location"].rpartition("/")[2]) == {alice}
    assert scim.get(f"/Users/{alice}").json["title"] == "Guide"


def test_two_that_refer_to_each_other_are_created_first_and_linked_second(
    scim: ScimClientInProcess,
) -> None:
    answers = told(
        scim,
        post("a", "ann", **{ENTERPRISE: {"manager": {"value": "bulkId:b"}, "department": "D"}}),
        post("b", "bob", **{ENTERPRISE: {"manager": {"value": "bulkId:a"}}}),
    )
    ann, bob = (each["location"].rpartition("/")[2] for each in answers)
    assert [each["status"] for each in answers] == ["201", "201"]
    assert [each["version"] for each in answers] == ['W/"2"', 'W/"1"']
    assert scim.get(f"/Users/{ann}").json[ENTERPRISE]["manager"]["value"] == bob
    assert scim.get(f"/Users/{ann}").json[ENTERPRISE]["department"] == "D"
    assert scim.get(f"/Users/{bob}").json[ENTERPRISE]["manager"]["value"] == ann


def test_a_group_may_come_before_its_members(scim: ScimClientInProcess) -> None:
    old = scim.user("old")
    answers = told(scim, post_group("g", "GUIDES", old, "bulkId:a"), post("a", "ann"))
    group, ann = (each["location"].rpartition("/")[2] for each in answers)
    assert scim.members(group) == {old, ann}


def test_one_may_refer_to_itself(scim: ScimClientInProcess) -> None:
    (answer,) = told(scim, post("a", "ann", **{ENTERPRISE: {"manager": {"value": "bulkId:a"}}}))
    ann = answer["location"].rpartition("/")[2]
    assert scim.get(f"/Users/{ann}").json[ENTERPRISE]["manager"]["value"] == ann


def test_a_link_that_is_refused_is_told_where_its_resource_is(scim: ScimClientInProcess) -> None:
    answers = told(scim, post_group("g", "GUIDES", "bulkId:a"), post("a", ""))
    assert [each["status"] for each in answers] == ["409", "400"]
    assert "bulkId:a" in answers[0]["response"]["detail"]
    group = answers[0]["location"].rpartition("/")[2]
    assert scim.get(f"/Groups/{group}").json["displayName"] == "GUIDES"


def test_what_was_to_be_linked_and_is_refused_is_told_once(scim: ScimClientInProcess) -> None:
    scim.group("GUIDES")
    answers = told(scim, post_group("g", "GUIDES", "bulkId:a"), post("a", "ann"))
    assert [each["status"] for each in answers] == ["409", "201"]
    assert "location" not in answers[0]


@pytest.mark.parametrize(
    "operation",
    [
        {"method": "DELETE", "path": "/Users/bulkId:nobody"},
        {"method": "DELETE", "path": "/Users/bulkId:later"},
        post_group("g", "GUIDES", "bulkId:nobody"),
    ],
    ids=["path to nobody", "path to a later one", "nobody as a member"],
)
def test_a_reference_to_nothing_is_a_conflict(
    scim: ScimClientInProcess, operation: Operation
) -> None:
    answers = told(scim, operation, post("later", "bob"))
    assert [each["status"] for each in answers] == ["409", "201"]


def test_groups_in_a_circle_are_a_conflict_for_who_would_close_it_rfc7644_3_7_1(
    scim: ScimClientInProcess,
) -> None:
    answers = told(
        scim, post_group("qwerty", "A", "bulkId:ytrewq"), post_group("ytrewq", "B", "bulkId:qwerty")
    )
    assert [each["status"] for each in answers] == ["409", "201"]
    assert answers[0]["response"]["status"] == "409"
    assert "member of itself" in answers[0]["response"]["detail"]
    a, b = (each["location"].rpartition("/")[2] for each in answers)
    assert (scim.members(a), scim.members(b)) == (set(), {a})


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_that_refers_to_a_later_creation_is_a_conflict_rfc7644_3_7_2(
    scim: ScimClientInProcess, method: str
) -> None:
    group = scim.group("GUIDES")
    adding = {"op": "add", "path": "members", "value": [{"value": "bulkId:later"}]}
    data = patch_of(adding) if method == "PATCH" else group_of("GUIDES", "bulkId:later")
    change: Operation = {"method": method, "path": f"/Groups/{group}", "data": data}
    answers = told(scim, change, post("later", "bob"))
    assert [each["status"] for each in answers] == ["409", "201"]
    assert "put its POST before" in answers[0]["response"]["detail"]
    assert scim.members(group) == set()
    assert [each["status"] for each in told(scim, post("later", "eve"), change)] == ["201", "200"]
    assert len(scim.members(group)) == 1


def test_what_fails_leaves_the_others_alone(scim: ScimClientInProcess) -> None:
    scim.user("taken")
    answers = told(
        scim,
        post("1", "ann"),
        post("2", "Taken"),
        post("3", "bob"),
        {"method": "DELETE", "path": "/Users/none"},
    )
    assert [each["status"] for each in answers] == ["201", "409", "201", "404"]
    assert answers[1]["response"]["scimType"] == "uniqueness"
    assert "location" not in answers[1]
    assert answers[3]["location"] == f"{URL}/Users/none"
    assert answers[3]["response"]["status"] == "404"


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"method": "GET", "path": "/Users"}, "400"),
        ({"method": "POST", "path": "/Bulk", "bulkId": "b", "data": {}}, "404"),
        ({"method": "POST", "path": "/Users/.search", "bulkId": "b", "data": {}}, "405"),
        ({"method": "DELETE", "path": "/Users"}, "405"),
        ({"method": "PUT", "path": "/Schemas/x", "data": {}}, "404"),
        ({"method": "PATCH", "path": "/Users/x", "data": {}}, "400"),
        ({"method": "POST", "path": "/Users", "data": {}}, "400"),
    ],
    ids=str,
)
def test_an_operation_that_makes_no_sense_is_told_so(
    scim: ScimClientInProcess, operation: Operation, status: str
) -> None:
    assert statuses(scim, operation, post("1", "ann")) == [status, "201"]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, ["201", "409", "400", "201", "409", "201"]),
        (0, ["201", "409"]),
        (1, ["201", "409"]),
        (2, ["201", "409", "400"]),
        (3, ["201", "409", "400", "201", "409"]),
        (4, ["201", "409", "400", "201", "409", "201"]),
    ],
)
def test_it_stops_after_as_many_errors_as_were_allowed(
    scim: ScimClientInProcess, limit: int | None, expected: list[str]
) -> None:
    scim.user("taken")
    operations = (
        post("1", "one"),
        post("2", "taken"),
        post("3", ""),
        post("4", "four"),
        post("5", "one"),
        post("6", "six"),
    )
    assert statuses(scim, *operations, failOnErrors=limit) == expected
    made = sum(status == "201" for status in expected)
    assert scim.get("/Users").json["totalResults"] == 1 + made


def test_a_version_is_compared_in_the_transaction_of_its_operation(
    scim: ScimClientInProcess,
) -> None:
    bob = scim.user("bob")
    change: Operation = {
        "method": "PATCH",
        "path": f"/Users/{bob}",
        "version": 'W/"1"',
        "data": patch_of({"op": "add", "path": "title", "value": "Guide"}),
    }
    assert statuses(scim, change, change) == ["200", "412"]


@pytest.mark.parametrize("version", [1, "", ['W/"1"'], True])
def test_a_version_that_is_none_changes_nothing(scim: ScimClientInProcess, version: object) -> None:
    """Passed over, it would turn a condition that a client relies on into none."""
    bob = scim.user("bob")
    removal: Operation = {"method": "DELETE", "path": f"/Users/{bob}", "version": version}
    assert statuses(scim, removal) == ["400"]
    assert scim.get(f"/Users/{bob}").status == 200


def test_operations_keep_their_order(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob")
    titles = [f"title {number}" for number in range(100)]
    changes: list[Operation] = [
        {
            "method": "PATCH",
            "path": f"/Users/{bob}",
            "data": patch_of({"op": "replace", "path": "title", "value": title}),
        }
        for title in titles
    ]
    answers = told(scim, *changes)
    assert [each["version"] for each in answers] == [f'W/"{n}"' for n in range(2, 102)]
    assert scim.get(f"/Users/{bob}").json["title"] == titles[-1]


def test_every_operation_leaves_its_attempt_under_one_request(scim: ScimClientInProcess) -> None:
    before = len(scim.attempts())
    told(scim, post("1", "ann"), post("2", "ann"), post("3", ""))
    left = scim.attempts()[before:]
    assert sorted((each.method, each.endpoint, each.status) for each in left) == [
        ("POST", "scim/v2/Users", 201),
        ("POST", "scim/v2/Users", 400),
        ("POST", "scim/v2/Users", 409),
    ]
    assert len({each.request for each in left}) == 1
    assert {each.integration for each in left} == {"OKTA"}


def test_a_bulk_as_a_whole_is_on_record_when_it_is_refused(scim: ScimClientInProcess) -> None:
    before = state_of(scim.account)
    assert scim.post("/Bulk", {"Operations": "none"}).status == 400
    assert (scim.last_attempt().endpoint, scim.last_attempt().status) == ("scim/v2/Bulk", 400)
    assert state_of(scim.account) == before


def test_an_empty_bulk_does_nothing(scim: ScimClientInProcess) -> None:
    assert told(scim) == []


def test_a_bulk_that_breaks_is_an_answer_too(
    scim: ScimClientInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(scim.account.store, "transact_each", broken)
    assert bulk(scim, post("1", "ann")).status == 500


def test_a_bulk_works_under_the_integrations_own_url(scim: ScimClientInProcess) -> None:
    (integration,) = scim.account.store.read(1, lambda reading: reading.integrations())
    place = f"/{integration.endpoint}"
    body = {"schemas": [BULK_URN], "Operations": [post("1", "ann")]}
    (answer,) = scim.post(f"{place}/Bulk", body).json["Operations"]
    assert answer["location"].startswith(f"{URL}{place}/Users/")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_bulk_is_a_post(scim: ScimClientInProcess, method: str) -> None:
    answer = scim.ask(method, "/Bulk", {} if method in {"PUT", "PATCH"} else None)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_the_configuration_says_how_much_goes_into_one_bulk(scim: ScimClientInProcess) -> None:
    assert scim.get("/ServiceProviderConfig").json["bulk"] == {
        "supported": True,
        "maxOperations": 1_000,
        "maxPayloadSize": 8 << 20,
    }


def test_a_password_in_a_bulk_is_on_record_nowhere(scim: ScimClientInProcess) -> None:
    bulk(scim, post("1", "ann", password="opensesame"), post("2", "", password="opensesame"))
    scim.post("/Bulk", {"Operations": 7, "password": "opensesame"})
    assert "opensesame" not in str(scim.attempts())


def test_operations_share_commits(tmp_path: Path) -> None:
    executed: list[str] = []
    store = SqliteStore(tmp_path / "rolecall.db", durable=False, on_statement=executed.append)
    scim = ScimClientInProcess(an_account(store))
    store.flush()
    executed.clear()
    assert len(told(scim, *[post(f"{n}", f"user{n}") for n in range(200)])) == 200
    store.close()
    assert executed.count(statements.BEGIN_WRITE) < 40
