"""Joiners, leavers and those who come back; tokens that end, and integrations side by side."""

from collections.abc import Callable

import pytest

from builders import IDS, NOW, SECOND, a_token, admin, an_account
from rolecall.domain.commands import ByName, CreateIntegration, DropIntegration
from rolecall.domain.model import ScimClient
from rolecall.domain.names import Name
from rolecall.domain.ports import Store
from scim_client import ENTERPRISE, Answered, ScimClientInProcess, group_of, user_of

OFF = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
def scim(each_store: Store) -> ScimClientInProcess:
    return ScimClientInProcess(an_account(each_store))


def left(scim: ScimClientInProcess, name: str, external_id: str) -> str:
    """The id of a user who was provisioned and deactivated."""
    user = scim.user(name, externalId=external_id, title="Clerk")
    assert scim.patch(f"/Users/{user}", OFF).json["active"] is False
    return user


# ---- a create that revives (DESIGN section 3) --------------------------------------------------


def test_a_create_of_who_left_revives_by_external_id(scim: ScimClientInProcess) -> None:
    bob = left(scim, "bob", "ext-1")
    group = scim.group("GUIDES", bob)
    sent = user_of(
        "robert",
        externalId="ext-1",
        displayName="Robert",
        locale="nl-NL",
        **{ENTERPRISE: {"department": "D"}},
    )
    answer = scim.post("/Users", sent)
    assert (answer.status, answer.id) == (200, bob)
    shown = scim.get(f"/Users/{bob}").json
    assert (shown["userName"], shown["active"], shown["displayName"]) == ("robert", True, "Robert")
    assert (shown[ENTERPRISE], shown["externalId"]) == ({"department": "D"}, "ext-1")
    assert (shown["locale"], "title" in shown) == ("nl-NL", False)
    assert scim.members(group) == {bob}
    assert scim.get("/Users").json["totalResults"] == 1


def test_a_revival_is_on_record_as_what_it_was(scim: ScimClientInProcess) -> None:
    bob = left(scim, "bob", "ext-1")
    scim.post("/Users", user_of("bob", externalId="ext-1"))
    attempt = scim.last_attempt()
    assert (attempt.status, attempt.resource_id) == (200, bob)
    assert type(scim.events()[-1]).__name__ == "UserChanged"


def test_a_revival_may_leave_the_user_disabled(scim: ScimClientInProcess) -> None:
    left(scim, "bob", "ext-1")
    answer = scim.post("/Users", user_of("bob", externalId="ext-1", active=False))
    assert (answer.status, answer.json["active"]) == (200, False)


def test_who_is_active_is_not_revived(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob", externalId="ext-1")
    answer = scim.post("/Users", user_of("bob", externalId="ext-1"))
    assert answer.status == 409
    assert bob in answer.json["detail"]
    assert scim.post("/Users", user_of("other", externalId="ext-1")).status == 201


def test_of_two_who_left_none_is_revived(scim: ScimClientInProcess) -> None:
    left(scim, "bob", "ext-1")
    eve = left(scim, "eve", "ext-2")
    scim.patch(f"/Users/{eve}", {"op": "replace", "path": "externalId", "value": "ext-1"})
    assert scim.post("/Users", user_of("bob", externalId="ext-1")).status == 409
    assert scim.post("/Users", user_of("new", externalId="ext-1")).status == 201


def test_a_revival_under_a_name_that_is_taken_is_refused(scim: ScimClientInProcess) -> None:
    left(scim, "bob", "ext-1")
    eve = scim.user("eve")
    answer = scim.post("/Users", user_of("eve", externalId="ext-1"))
    assert answer.status == 409
    assert eve in answer.json["detail"]


def test_without_an_external_id_uniqueness_decides(scim: ScimClientInProcess) -> None:
    left(scim, "bob", "ext-1")
    assert scim.post("/Users", user_of("bob")).status == 409
    assert scim.post("/Users", user_of("bob", externalId="ext-2")).status == 409


# ---- names, links and ends ---------------------------------------------------------------------


def test_a_rename_keeps_the_link(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob@old.example", externalId="ext-1")
    operation = {"op": "replace", "path": "userName", "value": "bob@new.example"}
    assert scim.patch(f"/Users/{bob}", operation).json["externalId"] == "ext-1"
    assert scim.get("/Users?filter=externalId eq %22ext-1%22").found == [bob]
    assert scim.get("/Users?filter=userName eq %22bob@old.example%22").found == []


def test_a_delete_frees_the_names_and_ends_the_memberships(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob", externalId="ext-1")
    group = scim.group("GUIDES", bob)
    assert scim.delete(f"/Users/{bob}").status == 204
    assert "members" not in scim.get(f"/Groups/{group}").json
    again = scim.user("bob", externalId="ext-1")
    assert again != bob
    assert scim.get(f"/Users/{bob}").status == 404


def test_a_create_tried_again_after_a_lost_answer_learns_the_id(
    scim: ScimClientInProcess,
) -> None:
    body = user_of("bob", externalId="ext-1")
    made = scim.post("/Users", body).id
    again = scim.post("/Users", body)
    assert (again.status, again.json["scimType"]) == (409, "uniqueness")
    assert made in again.json["detail"]


# ---- two integrations in one account -------------------------------------------------------------


@pytest.fixture
def other(scim: ScimClientInProcess) -> ScimClientInProcess:
    return ScimClientInProcess(
        scim.account, ScimClient.AZURE, name="AAD", role="AAD_PROVISIONER", first=900_000
    )


TAKEOVERS: dict[str, Callable[[ScimClientInProcess, str], Answered]] = {
    "create": lambda other, _: other.post("/Users", user_of("bob", externalId="ext-1")),
    "replace": lambda other, bob: other.put(f"/Users/{bob}", user_of("bob", password="mine")),
    "patch": lambda other, bob: other.patch(
        f"/Users/{bob}", {"op": "replace", "path": "password", "value": "mine"}
    ),
    "delete": lambda other, bob: other.delete(f"/Users/{bob}"),
    "read": lambda other, bob: other.get(f"/Users/{bob}"),
}


@pytest.mark.parametrize("act", TAKEOVERS)
@pytest.mark.parametrize("active", [True, False])
def test_no_integration_takes_over_the_users_of_another(
    scim: ScimClientInProcess, other: ScimClientInProcess, act: str, *, active: bool
) -> None:
    emails = [{"value": "bob@example.com", "primary": True}]
    bob = scim.user("bob", externalId="ext-1", emails=emails, active=active)
    before = scim.get(f"/Users/{bob}").json
    answer: Answered = TAKEOVERS[act](other, bob)
    assert answer.status == (409 if act == "create" else 404)
    assert bob not in answer.text.replace(f"User {bob} not found", "")
    assert scim.get(f"/Users/{bob}").json == before


def test_an_address_names_nobody_else(
    scim: ScimClientInProcess, other: ScimClientInProcess
) -> None:
    emails = [{"value": "bob@example.com", "primary": True}]
    bob = scim.user("bob", emails=emails)
    mine = other.user("bob2", emails=emails, externalId="ext-1")
    assert mine != bob
    assert scim.get("/Users").found == [bob]


def test_external_ids_of_two_integrations_are_two_things(
    scim: ScimClientInProcess, other: ScimClientInProcess
) -> None:
    bob, eve = left(scim, "bob", "same"), left(other, "eve", "same")
    assert scim.post("/Users", user_of("bob", externalId="same")).id == bob
    assert other.post("/Users", user_of("eve", externalId="same")).id == eve


# ---- the documents' way to end tokens ------------------------------------------------------------


@pytest.mark.parametrize("how", ["replace", "drop"])
def test_a_full_sync_after_new_tokens_makes_no_create_and_no_conflict(
    scim: ScimClientInProcess, how: str
) -> None:
    names = [f"user{number}" for number in range(5)]
    ids = [scim.user(name, externalId=f"ext-{name}") for name in names]
    group = scim.group("GUIDES", *ids, externalId="ext-guides")
    old = scim.token
    anew(scim, how)
    assert scim.ask("GET", "/Users", authorization=f"Bearer {old}").status == 401

    answers = [
        *(found_and_put(scim, "Users", user_of(name, externalId=f"ext-{name}")) for name in names),
        found_and_put(scim, "Groups", group_of("GUIDES", *ids, externalId="ext-guides")),
    ]
    assert [answer.id for answer in answers] == [*ids, group]
    assert {each.status for each in scim.attempts() if each.method == "PUT"} == {200}
    assert not [each for each in scim.events() if type(each).__name__ == "MembersRemoved"]


def anew(scim: ScimClientInProcess, how: str) -> None:
    """Drop or replace the integration, create it again, issue another token."""
    name = Name(scim.name)
    session = admin(scim.account)
    if how == "drop":
        scim.account.execute(session, DropIntegration(integration=ByName(name), at=NOW))
    command = CreateIntegration(
        id=IDS.new(),
        name=name,
        scim_client=ScimClient.GENERIC,
        run_as_role=ByName(Name("OKTA_PROVISIONER")),
        endpoint=IDS.new(),
        at=NOW + SECOND,
        or_replace=how == "replace",
    )
    scim.account.execute(session, command)
    scim.token = str(a_token(scim.account, scim.name).id)


def found_and_put(scim: ScimClientInProcess, kind: str, body: dict[str, object]) -> Answered:
    """What a provider does in a full sync: look up by external id, then send the whole."""
    (found,) = scim.get(f"/{kind}?filter=externalId eq %22{body['externalId']}%22").found
    answer = scim.put(f"/{kind}/{found}", body)
    assert answer.status == 200, answer.text
    return answer
