"""Users over SCIM: what is sent comes back, a change changes what it names and nothing else."""

import pytest

from builders import NOW, SECOND, an_id
from rolecall.domain.model import ScimClient
from rolecall.domain.names import Name
from scim_client import (
    ENTERPRISE,
    EXTENSION,
    GROUP_URN,
    URL,
    USER_URN,
    ScimClientInProcess,
    state_of,
    user_of,
)
from sql_world import Desk

FULL = {
    "externalId": "00u1",
    "name": {"givenName": "Barbara", "familyName": "Jensen", "formatted": "Ms. Barbara Jensen"},
    "displayName": "Babs",
    "emails": [{"value": "b@example.com", "type": "work", "primary": True}],
    "phoneNumbers": [{"value": "555", "type": "mobile"}],
    "title": "Guide",
    "active": True,
}


def test_what_is_sent_comes_back_as_it_was_sent(scim: ScimClientInProcess) -> None:
    user = scim.user("Bjensen@Example.com", **FULL)
    body = scim.get(f"/Users/{user}").json
    assert {name: body[name] for name in FULL} == FULL
    assert body["userName"] == "Bjensen@Example.com"


def test_a_new_user_answers_201_with_its_place_and_version(scim: ScimClientInProcess) -> None:
    answer = scim.post("/Users", user_of("bob"))
    place = f"{URL}/Users/{answer.id}"
    assert answer.status == 201
    assert answer.headers == {"location": place, "etag": 'W/"1"'}
    assert answer.json["meta"] == {
        "resourceType": "User",
        "created": "2026-01-01T00:00:00.000Z",
        "lastModified": "2026-01-01T00:00:00.000Z",
        "location": place,
        "version": 'W/"1"',
    }


def test_user_name_sets_name_in_upper_case_and_login_name_as_sent(
    scim: ScimClientInProcess,
) -> None:
    user = scim.user("alice.Johnson")
    found = scim.account.store.read(1, lambda r: r.user_named(Name("ALICE.JOHNSON")))
    assert found is not None
    assert (found.id, found.login_name) == (user, "alice.Johnson")


def test_no_answer_holds_a_null(scim: ScimClientInProcess) -> None:
    user = scim.user("bob", title=None, name={"givenName": None})
    assert "null" not in scim.get(f"/Users/{user}").text


def test_a_replacement_sets_what_it_names_and_unsets_the_rest(scim: ScimClientInProcess) -> None:
    user = scim.user("bob", **FULL)
    body = scim.put(f"/Users/{user}", user_of("bob", displayName="Bob")).json
    kept = {"schemas", "id", "userName", "displayName", "active", "meta"}
    assert set(body) == kept
    assert body["displayName"] == "Bob"


def test_a_replacement_sets_extension_attributes_one_by_one(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    asked = user_of(
        "bob2",
        externalId="e2",
        title="Guide",
        **{EXTENSION: {"defaultRole": "ANALYST"}, ENTERPRISE: {"costCenter": "7"}},
    )
    body = scim.put(f"/Users/{user}", asked).json
    assert (body["userName"], body["externalId"], body["title"]) == ("bob2", "e2", "Guide")
    assert body[EXTENSION] == {"defaultRole": "ANALYST"}
    assert body[ENTERPRISE] == {"costCenter": "7"}


def test_all_operations_of_a_patch_are_one_version(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    answer = scim.patch(
        f"/Users/{user}",
        {"op": "replace", "path": "displayName", "value": "Bob"},
        {"op": "add", "path": "title", "value": "Guide"},
        {"op": "replace", "path": "name.givenName", "value": "Robert"},
    )
    assert (answer.status, answer.headers["etag"]) == (200, 'W/"2"')
    assert answer.json["name"] == {"givenName": "Robert"}


def test_a_patch_is_all_or_nothing(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    before = state_of(scim.account)
    answer = scim.patch(
        f"/Users/{user}",
        {"op": "replace", "path": "title", "value": "Guide"},
        {"op": "replace", "path": f"{EXTENSION}:type", "value": "robot"},
    )
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert answer.json["detail"].startswith("Operations[1]: type: it takes one of PERSON")
    assert state_of(scim.account) == before


def test_a_patch_that_changes_nothing_makes_no_version(scim: ScimClientInProcess) -> None:
    user = scim.user("bob", title="Guide")
    answer = scim.patch(f"/Users/{user}", {"op": "replace", "path": "title", "value": "Guide"})
    assert (answer.status, answer.headers["etag"]) == (200, 'W/"1"')


def test_deactivation_and_reactivation(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    gone = scim.patch(f"/Users/{user}", {"op": "replace", "value": {"active": False}})
    assert gone.json["active"] is False
    back = scim.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": True})
    assert back.json["active"] is True


def test_removing_active_locks_nobody_out(scim: ScimClientInProcess) -> None:
    user = scim.user("bob", active=False)
    answer = scim.patch(f"/Users/{user}", {"op": "remove", "path": "active"})
    assert "active" not in answer.json
    assert scim.get("/Users?filter=active eq true").found == [user]


def test_removing_the_name_leaves_none(scim: ScimClientInProcess) -> None:
    user = scim.user("bob", name=FULL["name"])
    answer = scim.patch(f"/Users/{user}", {"op": "remove", "path": "name"})
    assert "name" not in answer.json


def test_a_filter_on_entries_picks_the_entry(scim: ScimClientInProcess) -> None:
    emails = [{"type": "work", "value": "a@x.example"}, {"type": "home", "value": "b@x.example"}]
    user = scim.user("bob", emails=emails)
    answer = scim.patch(
        f"/Users/{user}",
        {"op": "replace", "path": 'emails[type eq "home"].value', "value": "c@x.example"},
        {"op": "remove", "path": 'emails[not (type pr) or value eq "a@x.example"]'},
    )
    assert answer.json["emails"] == [{"type": "home", "value": "c@x.example"}]


@pytest.mark.parametrize(
    ("path", "scim_type"),
    [
        ("emails[primary eq 1.5]", "invalidFilter"),
        ("userName[type eq 1]", "invalidPath"),
        ("id", "mutability"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(
    scim: ScimClientInProcess, path: str, scim_type: str
) -> None:
    user = scim.user("bob")
    answer = scim.patch(f"/Users/{user}", {"op": "replace", "path": path, "value": "x"})
    assert (answer.status, answer.json["scimType"]) == (400, scim_type)


def test_a_decimal_in_a_filter_on_entries_is_refused(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    answer = scim.patch(f"/Users/{user}", {"op": "remove", "path": "emails[value eq 1.5]"})
    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")


def test_a_filter_on_entries_may_ask_for_two_things(scim: ScimClientInProcess) -> None:
    emails = [{"type": "work", "value": "a@x.example"}, {"type": "home", "value": "b@x.example"}]
    user = scim.user("bob", emails=emails)
    remove = {"op": "remove", "path": 'emails[type eq "home" and value sw "b"]'}
    assert scim.patch(f"/Users/{user}", remove).json["emails"] == emails[:1]


def test_values_are_added_to_those_that_are_there(scim: ScimClientInProcess) -> None:
    user = scim.user("bob", phoneNumbers=[{"value": "1"}], name={"middleName": "Q"})
    add = {"op": "add", "path": "phoneNumbers", "value": [{"value": "2"}, {"value": "1"}]}
    body = scim.patch(f"/Users/{user}", add).json
    assert body["phoneNumbers"] == [{"value": "1"}, {"value": "2"}]
    assert body["name"] == {"middleName": "Q"}


def test_single_values_are_removed_by_value(scim: ScimClientInProcess) -> None:
    phones = [{"type": "work", "value": "1"}, {"type": "home", "value": "2"}]
    user = scim.user("bob", phoneNumbers=phones)
    remove = {"op": "remove", "path": "phoneNumbers", "value": [{"value": "1"}]}
    assert scim.patch(f"/Users/{user}", remove).json["phoneNumbers"] == phones[1:]


def test_the_external_id_is_set_and_removed(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    place = f"/Users/{user}"
    scim.patch(place, {"op": "add", "path": "externalId", "value": "00u1"})
    assert scim.get('/Users?filter=externalId eq "00u1"').found == [user]
    answer = scim.patch(place, {"op": "remove", "path": "externalId"})
    assert "externalId" not in answer.json


def test_a_deleted_user_is_gone_and_its_name_free(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    answer = scim.delete(f"/Users/{user}")
    assert (answer.status, answer.text) == (204, "")
    assert scim.get(f"/Users/{user}").status == 404
    assert scim.user("bob") != user


# ---- the vendor's attributes (reference section 1) --------------------------------------------

ACCOUNT = {
    "defaultRole": "ANALYST",
    "defaultWarehouse": "WH",
    "defaultSecondaryRoles": "ALL",
    "type": "legacy_service",
    "allowedInterfaces": "ALL,STREAMLIT",
}


@pytest.mark.parametrize("urn", [ENTERPRISE, EXTENSION])
@pytest.mark.parametrize("client", ScimClient)
def test_the_vendors_attributes_are_taken_under_either_urn_and_shown_under_one(
    client: ScimClient, urn: str
) -> None:
    scim = ScimClientInProcess(scim_client=client)
    body = scim.post("/Users", user_of("bob", **{urn: ACCOUNT})).json
    shown = ENTERPRISE if client is ScimClient.OKTA else EXTENSION
    assert body[shown] == ACCOUNT
    assert body["schemas"] == [USER_URN, shown]


def test_what_else_is_in_the_extension_stands_beside_them() -> None:
    scim = ScimClientInProcess(scim_client=ScimClient.OKTA)
    given = {"costCenter": "7", "defaultRole": "ANALYST"}
    assert scim.post("/Users", user_of("bob", **{ENTERPRISE: given})).json[ENTERPRISE] == given


@pytest.mark.parametrize(
    ("sent", "shown"), [("ALL", "ALL"), ("all", "ALL"), ("NONE", "NONE"), ("", "NONE")]
)
def test_default_secondary_roles_are_all_or_none(
    scim: ScimClientInProcess, sent: str, shown: str
) -> None:
    user = scim.user("bob", **{EXTENSION: {"defaultSecondaryRoles": sent}})
    assert scim.get(f"/Users/{user}").json[EXTENSION] == {"defaultSecondaryRoles": shown}


@pytest.mark.parametrize("path", [f"{EXTENSION}:defaultRole", f"{ENTERPRISE}.defaultRole"])
def test_an_extension_path_may_have_a_colon_or_a_dot(scim: ScimClientInProcess, path: str) -> None:
    user = scim.user("bob")
    answer = scim.patch(f"/Users/{user}", {"op": "replace", "path": path, "value": "ANALYST"})
    assert answer.json[EXTENSION] == {"defaultRole": "ANALYST"}


# ---- versions (RFC 7644 section 3.14) ---------------------------------------------------------


@pytest.mark.parametrize("tag", ['W/"1"', '"1"', "*", ' W/"1" ', '"1", "2"', 'W/"7",W/"1"'])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_of_the_version_named_is_carried_out(
    scim: ScimClientInProcess, method: str, tag: str
) -> None:
    user = scim.user("bob")
    assert scim.ask(method, f"/Users/{user}", CHANGES[method], if_match=tag).status < 300


CHANGES: dict[str, object] = {
    "PUT": user_of("bob", title="Guide"),
    "PATCH": {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "add", "path": "title", "value": "Guide"}],
    },
    "DELETE": None,
}


@pytest.mark.parametrize("tag", ['W/"2"', "1", "", 'W/"one"', '"3", "2"', '"0"', '*, "1"0'])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_of_another_version_is_refused(
    scim: ScimClientInProcess, method: str, tag: str
) -> None:
    user = scim.user("bob")
    before = state_of(scim.account)
    answer = scim.ask(method, f"/Users/{user}", CHANGES[method], if_match=tag)
    assert answer.status == 412
    assert "version 1" in answer.json["detail"]
    assert state_of(scim.account) == before


@pytest.mark.parametrize(
    ("tag", "status"),
    [('W/"1"', 304), ('"1"', 304), ("*", 304), ('W/"7", W/"1"', 304), ('W/"2"', 200), ("1", 200)],
)
def test_what_the_client_has_already_is_not_sent_again(
    scim: ScimClientInProcess, tag: str, status: int
) -> None:
    user = scim.user("bob")
    answer = scim.ask("GET", f"/Users/{user}", if_none_match=tag)
    assert answer.status == status
    assert answer.headers["etag"] == 'W/"1"'
    assert bool(answer.text) == (status == 200)


@pytest.mark.parametrize(
    ("tag", "status"),
    [('W/"1"', 412), ("*", 412), ('"3", W/"1"', 412), ('W/"2"', 200), ("junk", 200)],
)
def test_a_change_of_an_unwanted_version_is_refused_rfc9110_13_1_2(
    scim: ScimClientInProcess, tag: str, status: int
) -> None:
    user = scim.user("bob")
    answer = scim.ask("PATCH", f"/Users/{user}", CHANGES["PATCH"], if_none_match=tag)
    assert answer.status == status


def test_a_refused_precondition_is_on_record_with_its_status(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    scim.ask("DELETE", f"/Users/{user}", if_match='W/"4"')
    assert (scim.last_attempt().status, scim.last_attempt().resource_id) == (412, user)


def test_last_modified_moves_with_a_change(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    scim.at = NOW + 90 * SECOND
    answer = scim.patch(f"/Users/{user}", {"op": "add", "path": "title", "value": "Guide"})
    assert answer.json["meta"]["created"] == "2026-01-01T00:00:00.000Z"
    assert answer.json["meta"]["lastModified"] == "2026-01-01T00:01:30.000Z"


def test_membership_is_no_part_of_a_users_version(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    group = scim.group("ANALYST", user)
    answer = scim.get(f"/Users/{user}")
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.json["groups"] == [
        {
            "value": group,
            "$ref": f"{URL}/Groups/{group}",
            "display": "ANALYST",
            "type": "direct",
        }
    ]


# ---- chosen attributes (RFC 7644 section 3.9) -------------------------------------------------


def test_attributes_choose_what_is_shown(scim: ScimClientInProcess) -> None:
    user = scim.user("bob", **FULL)
    body = scim.get(f"/Users/{user}?attributes=userName,name.familyName").json
    assert body == {
        "schemas": [USER_URN],
        "id": user,
        "userName": "bob",
        "name": {"familyName": "Jensen"},
    }


def test_excluded_attributes_are_left_out(scim: ScimClientInProcess) -> None:
    user = scim.user("bob", **FULL)
    scim.group("ANALYST", user)
    body = scim.get(f"/Users/{user}?excludedAttributes=groups,emails,meta").json
    assert {"groups", "emails", "meta"}.isdisjoint(body)


def test_a_change_shows_what_is_asked_for_too(scim: ScimClientInProcess) -> None:
    answer = scim.post("/Users?attributes=userName", user_of("bob"))
    assert set(answer.json) == {"schemas", "id", "userName"}


# ---- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bob", "BOB", "BoB"])
def test_a_user_name_is_taken_in_any_case(scim: ScimClientInProcess, name: str) -> None:
    user = scim.user("bob")
    before = state_of(scim.account)
    answer = scim.post("/Users", user_of(name))
    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert user in answer.json["detail"]
    assert state_of(scim.account) == before


def test_a_rename_to_a_taken_name_is_refused(scim: ScimClientInProcess) -> None:
    scim.user("bob")
    user = scim.user("eve")
    answer = scim.patch(f"/Users/{user}", {"op": "replace", "path": "userName", "value": "BOB"})
    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_unknown_id_is_404(scim: ScimClientInProcess, method: str) -> None:
    answer = scim.ask(method, f"/Users/{an_id(77)}", CHANGES.get(method))
    assert answer.status == 404
    assert answer.json["detail"].startswith(f"User {an_id(77)} not found.")


def test_a_group_is_no_user(scim: ScimClientInProcess) -> None:
    group = scim.group("ANALYST")
    assert scim.get(f"/Users/{group}").status == 404
    assert scim.get(f"/Groups/{scim.user('bob')}").status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"schemas": [USER_URN]},
        user_of(""),
        user_of("   "),
        user_of("bob", active="perhaps"),
        user_of("bob", emails="b@example.com"),
        user_of("bob", name="Bob"),
        user_of("b" * 256),
        user_of("bob", displayName="d" * 8_193),
        user_of("bob", **{EXTENSION: {"defaultSecondaryRoles": "SOME"}}),
        user_of("bob", **{EXTENSION: {"type": "service"}}, name={"givenName": "Bob"}),
        {"schemas": [GROUP_URN], "userName": 7},
        {"schemas": "none", "userName": "bob"},
        user_of("bob", emails=[{"value": "a", "primary": True}, {"value": "b", "primary": True}]),
    ],
)
def test_a_wrong_value_is_refused_and_named(scim: ScimClientInProcess, wrong: object) -> None:
    before = state_of(scim.account)
    answer = scim.post("/Users", wrong)
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert len(answer.json["detail"]) > 15
    assert state_of(scim.account) == before


def test_a_refusal_names_the_attribute_as_scim_does(scim: ScimClientInProcess) -> None:
    answer = scim.post("/Users", user_of("bob", displayName="d" * 8_193))
    assert answer.json["detail"] == "displayName: at most 8192 characters."


def test_the_configuration_says_whether_a_password_takes_effect_rfc7643_5() -> None:
    """An integration with SYNC_PASSWORD keeps passwords; on AZURE the property has no effect."""
    desk = Desk()
    for name, client in {"OKTA": ScimClient.OKTA, "AAD": ScimClient.AZURE}.items():
        scim = ScimClientInProcess(desk.account, client, name=name, first=len(name) * 1_000)
        supported = [scim.get("/ServiceProviderConfig").json["changePassword"]["supported"]]
        desk.run(f"alter security integration {name} set sync_password = true")
        supported.append(scim.get("/ServiceProviderConfig").json["changePassword"]["supported"])
        assert supported == [False, client is ScimClient.OKTA]
