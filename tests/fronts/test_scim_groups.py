"""Groups over SCIM are roles: named as sent, members changed one by one, read by whoever owns."""

from typing import Any

import pytest

from builders import an_id
from rolecall.domain.model import ScimClient
from rolecall.domain.names import Name
from scim_client import URL, ScimClientInProcess, group_of, patch_of, state_of


def add(*users: str) -> dict[str, object]:
    return {"op": "add", "path": "members", "value": [{"value": user} for user in users]}


def remove(user: str) -> dict[str, object]:
    return {"op": "remove", "path": f'members[value eq "{user}"]'}


def test_the_documents_group_is_created(scim: ScimClientInProcess) -> None:
    answer = scim.post("/Groups", group_of("scim_test_group2"))
    assert answer.status == 201
    assert answer.headers == {"location": f"{URL}/Groups/{answer.id}", "etag": 'W/"1"'}
    assert answer.json["displayName"] == "scim_test_group2"
    assert "members" not in answer.json


def test_a_display_name_is_the_roles_name_as_sent(scim: ScimClientInProcess) -> None:
    group = scim.group("Data Science")
    found = scim.account.store.read(1, lambda r: r.role_named(Name("Data Science")))
    assert found is not None
    assert found.id == group


def test_a_group_may_be_born_with_members(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob", displayName="Bob")
    answer = scim.post("/Groups", group_of("ANALYST", bob, externalId="g1"))
    assert answer.json["externalId"] == "g1"
    assert answer.json["members"] == [{"value": bob, "$ref": f"{URL}/Users/{bob}", "type": "User"}]
    named = scim.get(f"/Groups/{answer.id}?attributes=members.display,members.value").json
    assert named["members"] == [{"value": bob, "display": "Bob"}]


PRINTED = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [
        {"op": "replace", "value": {"displayName": "updated_name"}},
        {"op": "remove", "path": 'members[value eq "user_id_1"]'},
        {"op": "add", "value": [{"value": "user_id_2"}]},
    ],
}
"""The PATCH that the group API's page prints (documents: SCIM group API, update a group)."""


@pytest.mark.parametrize(("client", "status"), [("OKTA", 200), ("GENERIC", 200), ("AZURE", 204)])
def test_the_printed_patch_works_in_every_dialect(client: str, status: int) -> None:
    scim = ScimClientInProcess(scim_client=ScimClient(client))
    first, second = scim.user("one"), scim.user("two")
    group = scim.group("GUIDES", first)
    text = str(PRINTED).replace("user_id_1", first).replace("user_id_2", second)
    body: Any = eval(text)  # noqa: S307  the constant above, with its ids filled in
    answer = scim.ask("PATCH", f"/Groups/{group}", body)
    assert answer.status == status
    assert scim.get(f"/Groups/{group}").json["displayName"] == "updated_name"
    assert scim.members(group) == {second}
    assert scim.last_attempt().endpoint.endswith(group)


@pytest.mark.parametrize("client", ScimClient)
def test_the_attempt_says_the_status_that_was_answered(client: ScimClient) -> None:
    scim = ScimClientInProcess(scim_client=client)
    group = scim.group("GUIDES")
    answer = scim.patch(f"/Groups/{group}", add(scim.user("bob")))
    assert scim.last_attempt().status == answer.status


def test_adding_who_is_there_and_removing_who_is_not_changes_nothing(
    scim: ScimClientInProcess,
) -> None:
    bob, eve = scim.user("bob"), scim.user("eve")
    group = scim.group("GUIDES", bob)
    before = state_of(scim.account)
    assert scim.patch(f"/Groups/{group}", add(bob), remove(eve)).status == 200
    assert state_of(scim.account) == before


def test_several_members_are_removed_by_one_filter(scim: ScimClientInProcess) -> None:
    users = [scim.user(f"user{number}") for number in range(3)]
    group = scim.group("GUIDES", *users)
    path = f'members[value eq "{users[0]}" or value eq "{users[1]}"]'
    scim.patch(f"/Groups/{group}", {"op": "remove", "path": path})
    assert scim.members(group) == {users[2]}


def test_operations_apply_in_order(scim: ScimClientInProcess) -> None:
    bob, eve = scim.user("bob"), scim.user("eve")
    group = scim.group("GUIDES")
    scim.patch(
        f"/Groups/{group}",
        add(bob),
        add(eve),
        remove(bob),
        remove(eve),
        {"op": "replace", "path": "externalId", "value": "g1"},
        add(eve),
        {"op": "remove", "path": "externalId"},
    )
    assert scim.members(group) == {eve}
    assert "externalId" not in scim.get(f"/Groups/{group}").json


def test_a_list_of_members_replaces_them_all(scim: ScimClientInProcess) -> None:
    bob, eve = scim.user("bob"), scim.user("eve")
    group = scim.group("GUIDES", bob)
    answer = scim.patch(
        f"/Groups/{group}", {"op": "replace", "path": "members", "value": [{"value": eve}]}
    )
    assert [member["value"] for member in answer.json["members"]] == [eve]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "members", "value": []},
        {"op": "remove", "path": "members"},
    ],
)
def test_a_group_is_emptied(scim: ScimClientInProcess, operation: object) -> None:
    group = scim.group("GUIDES", scim.user("bob"))
    assert "members" not in scim.patch(f"/Groups/{group}", operation).json


def test_a_replacement_sets_name_external_id_and_members(scim: ScimClientInProcess) -> None:
    bob, eve = scim.user("bob"), scim.user("eve")
    group = scim.group("GUIDES", bob, externalId="g1")
    answer = scim.put(f"/Groups/{group}", group_of("LEADS", eve))
    assert answer.json["displayName"] == "LEADS"
    assert [member["value"] for member in answer.json["members"]] == [eve]
    assert "externalId" not in answer.json


def test_a_replacement_that_does_not_speak_of_members_leaves_them(
    scim: ScimClientInProcess,
) -> None:
    bob = scim.user("bob")
    group = scim.group("GUIDES", bob)
    scim.put(f"/Groups/{group}", group_of("LEADS"))
    assert scim.members(group) == {bob}
    scim.put(f"/Groups/{group}", {**group_of("LEADS"), "Members": []})
    assert scim.members(group) == set()


def test_a_rename_keeps_the_id(scim: ScimClientInProcess) -> None:
    group = scim.group("GUIDES")
    scim.patch(f"/Groups/{group}", {"op": "replace", "path": "displayName", "value": "LEADS"})
    assert scim.get('/Groups?filter=displayName eq "LEADS"').found == [group]
    assert scim.get('/Groups?filter=displayName eq "GUIDES"').found == []


def test_a_deleted_group_is_gone_from_its_members(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob")
    group = scim.group("GUIDES", bob)
    assert scim.delete(f"/Groups/{group}").status == 204
    assert scim.get(f"/Groups/{group}").status == 404
    assert "groups" not in scim.get(f"/Users/{bob}").json


def test_a_patch_of_a_large_group_answers_without_it(scim: ScimClientInProcess) -> None:
    users = [scim.user(f"user{number}") for number in range(101)]
    group = scim.group("GUIDES", *users[:99])
    assert scim.patch(f"/Groups/{group}", add(users[99])).status == 200
    answer = scim.patch(f"/Groups/{group}", add(users[100]))
    assert (answer.status, answer.text) == (204, "")
    assert scim.last_attempt().status == 204
    excluded = scim.ask(
        "PATCH", f"/Groups/{group}?excludedAttributes=members", patch_of(remove(users[0]))
    )
    assert (excluded.status, "members" in excluded.json) == (200, False)
    assert len(scim.members(group)) == 100


def test_members_are_left_out_of_what_excludes_them(scim: ScimClientInProcess) -> None:
    group = scim.group("GUIDES", scim.user("bob"))
    assert "members" not in scim.get(f"/Groups/{group}?excludedAttributes=members").json
    listed = scim.get("/Groups?excludedAttributes=members").json["Resources"]
    assert [(each["id"], "members" in each) for each in listed] == [(group, False)]
    assert scim.get("/Groups").json["Resources"][0]["members"]


def test_versions_of_groups(scim: ScimClientInProcess) -> None:
    group = scim.group("GUIDES")
    place = f"/Groups/{group}"
    assert scim.ask("GET", place, if_none_match='W/"1"').status == 304
    assert scim.ask("DELETE", place, if_match='W/"2"').status == 412
    assert scim.patch(place, add(scim.user("bob"))).headers["etag"] == 'W/"2"'
    assert scim.ask("PUT", place, group_of("GUIDES"), if_match='W/"1"').status == 412
    assert scim.ask("DELETE", place, if_match='W/"2"').status == 204


# ---- refusals ---------------------------------------------------------------------------------


def test_a_name_is_taken_once(scim: ScimClientInProcess) -> None:
    group = scim.group("GUIDES")
    before = state_of(scim.account)
    answer = scim.post("/Groups", group_of("GUIDES"))
    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert group in answer.json["detail"]
    assert state_of(scim.account) == before


@pytest.mark.parametrize("name", ["PUBLIC", "ACCOUNTADMIN"])
def test_a_system_roles_name_is_taken_and_nobody_can_hand_it_over(
    scim: ScimClientInProcess, name: str
) -> None:
    answer = scim.post("/Groups", group_of(name))
    assert answer.status == 409
    assert "nobody can hand it over" in (scim.last_attempt().fix or "")


def test_who_is_no_user_cannot_be_a_member(scim: ScimClientInProcess) -> None:
    before = state_of(scim.account)
    answer = scim.post("/Groups", group_of("GUIDES", an_id(77)))
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert an_id(77) in answer.json["detail"]
    assert state_of(scim.account) == before


def test_only_a_few_unknown_members_are_listed(scim: ScimClientInProcess) -> None:
    answer = scim.post("/Groups", group_of("GUIDES", *(an_id(n) for n in range(70, 77))))
    assert "and 2 more" in answer.json["detail"]


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "add", "path": "members", "value": [{"display": "bob"}]}, "invalidValue"),
        ({"op": "add", "path": "members", "value": "bob"}, "invalidValue"),
        ({"op": "remove", "path": 'members[value is "0"]'}, "invalidPath"),
        (
            {"op": "replace", "path": 'members[value eq "1"]', "value": {"value": "2"}},
            "invalidPath",
        ),
        ({"op": "remove", "path": "members.value"}, "invalidPath"),
        ({"op": "remove", "path": "displayName"}, "mutability"),
        ({"op": "replace", "path": "displayName", "value": ""}, "invalidValue"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "move", "path": "members"}, "invalidSyntax"),
    ],
)
def test_an_operation_that_makes_no_sense_is_refused(
    scim: ScimClientInProcess, operation: object, scim_type: str
) -> None:
    group = scim.group("GUIDES", scim.user("bob"))
    before = state_of(scim.account)
    answer = scim.patch(f"/Groups/{group}", operation)
    assert answer.status == 400
    assert answer.json["scimType"] in {scim_type, "mutability"}
    assert state_of(scim.account) == before


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_unknown_id_is_404(scim: ScimClientInProcess, method: str) -> None:
    body = {"PUT": group_of("X"), "PATCH": patch_of(add("1"))}.get(method)
    answer = scim.ask(method, f"/Groups/{an_id(77)}", body)
    assert answer.status == 404
    assert answer.json["detail"].startswith(f"Group {an_id(77)} not found.")


def test_the_integrations_own_role_cannot_be_dropped_by_it(scim: ScimClientInProcess) -> None:
    own = scim.session.role
    assert scim.delete(f"/Groups/{own}").status == 404
