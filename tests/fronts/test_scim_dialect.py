"""What an integration is told to read otherwise: aliases, strictness, NAME apart from userName."""

import json

import pytest

from builders import NOW, add_role, admin
from rolecall.domain.commands import (
    At,
    ByName,
    ChangeIntegration,
    ChangeParameters,
    ChangeUser,
    GrantRole,
    Set,
)
from rolecall.domain.model import SCIM_CONFORMANCE, Conformance, Json, Kind, ScimClient, User
from rolecall.domain.names import Id, Name
from rolecall.domain.parameters import MAP_SCIM_USERNAME
from rolecall.domain.ports import Reading
from rolecall.domain.queries import OneUser
from rolecall.domain.tolerated import quirks_in
from rolecall.fronts.scim_dialect import Rules, rules_in_force
from rolecall.scim.messages import SEARCH_REQUEST
from scim_client import ENTERPRISE, ScimClientInProcess, group_of, user_of

BULK_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@pytest.fixture
def okta() -> ScimClientInProcess:
    return ScimClientInProcess()


def altered(client: ScimClientInProcess, **properties: Json) -> None:
    changes = tuple(Set(At(name), value) for name, value in properties.items())
    alter = ChangeIntegration(integration=ByName(Name(client.name)), changes=changes, at=NOW)
    client.account.execute(admin(client.account), alter)


def mapped(client: ScimClientInProcess, *, value: bool = True) -> None:
    change = ChangeParameters(
        kind=Kind.ACCOUNT, object=None, changes=(Set(At(MAP_SCIM_USERNAME), value),), at=NOW
    )
    client.account.execute(admin(client.account), change)


def stored(client: ScimClientInProcess, user: str) -> User:
    return client.account.ask(admin(client.account), OneUser(user=Id(user))).user


def warnings(client: ScimClientInProcess) -> list[str]:
    found: list[str] = json.loads(client.last_attempt().details or "{}").get("warnings", [])
    return found


# ---- UNKNOWN_ATTRIBUTES ------------------------------------------------------------------------


def test_unknown_attributes_are_passed_over_by_default(okta: ScimClientInProcess) -> None:
    okta.user("bob", shoeSize=43)
    assert json.loads(okta.last_attempt().details or "")["ignored"] == ["shoeSize"]


def test_strict_integrations_refuse_unknown_attributes_by_name(okta: ScimClientInProcess) -> None:
    bob, guides = okta.user("bob"), okta.group("GUIDES")
    altered(okta, UNKNOWN_ATTRIBUTES="refuse")
    unknown = {"shoeSize": 43, "hat": "x"}
    answers = [
        okta.post("/Users", user_of("eve", **unknown)),
        okta.put(f"/Users/{bob}", user_of("bob", **unknown)),
        okta.patch(f"/Users/{bob}", {"op": "add", "value": unknown}),
        okta.post("/Groups", group_of("OTHERS", **unknown)),
        okta.put(f"/Groups/{guides}", group_of("GUIDES", **unknown)),
        okta.patch(f"/Groups/{guides}", {"op": "add", "value": unknown}),
    ]
    for answer in answers:
        assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
        assert "'shoeSize', 'hat'" in answer.json["detail"]
    assert json.loads(okta.last_attempt().details or "")["ignored"] == ["shoeSize", "hat"]


def test_many_unknown_attributes_are_counted(okta: ScimClientInProcess) -> None:
    altered(okta, UNKNOWN_ATTRIBUTES="REFUSE")
    answer = okta.post("/Users", user_of("eve", **{f"x{n}": n for n in range(25)}))
    assert "'x19' and 5 more." in answer.json["detail"]


def test_strict_integrations_accept_what_is_known(okta: ScimClientInProcess) -> None:
    altered(okta, UNKNOWN_ATTRIBUTES="REFUSE")
    assert okta.post("/Users", user_of("eve", title="x")).status == 201


# ---- TOLERATED_QUIRKS --------------------------------------------------------------------------

TITLE: dict[str, object] = {"op": "replace", "path": "title", "value": "Guide"}


def test_a_quirk_outside_of_the_dialect_is_refused_with_what_to_send_instead() -> None:
    okta = ScimClientInProcess(scim_client=ScimClient.OKTA)
    answer = okta.post("/Users", user_of("bob", active="True"))
    assert answer.status == 400
    assert answer.json["scimType"] == "invalidValue"
    assert answer.json["detail"] == (
        "Send true or false without quotes. Not tolerated here: boolean_as_string; "
        "the integration's TOLERATED_QUIRKS can let that pass."
    )
    assert okta.get("/Users").json["totalResults"] == 0


@pytest.mark.parametrize(
    ("operations", "place"),
    [
        ([TITLE, {"op": "Replace", "path": "title", "value": "x"}], "Operations[1]: "),
        ([TITLE, TITLE, {"op": "replace", "path": "active", "value": "True"}], "Operations[2]: "),
        ([{"op": "replace", "value": {"name.givenName": "Bob"}}, TITLE], "Operations[0]: "),
    ],
)
def test_the_operation_that_has_the_quirk_is_named(
    operations: list[dict[str, object]], place: str
) -> None:
    okta = ScimClientInProcess(scim_client=ScimClient.OKTA)
    bob = okta.user("bob")
    answer = okta.patch(f"/Users/{bob}", *operations)
    assert answer.status == 400
    assert answer.json["detail"].startswith(f"{place}Send ")
    without_schemas = {"Operations": [TITLE]}
    answer = okta.ask("PATCH", f"/Users/{bob}", without_schemas)
    assert answer.json["detail"].startswith("Send 'schemas' in the body")
    assert "title" not in okta.get(f"/Users/{bob}").json


def test_a_filter_outside_of_the_dialect_is_an_invalid_filter() -> None:
    okta = ScimClientInProcess(scim_client=ScimClient.OKTA)
    search = {"schemas": [SEARCH_REQUEST], "filter": "userName eq bob"}
    for answer in (okta.get("/Users?filter=userName eq bob"), okta.post("/.search", search)):
        assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")
        assert "unquoted_value" in answer.json["detail"]
    assert tolerated(okta) == []


def test_an_integration_names_quirks_beyond_its_dialect() -> None:
    okta = ScimClientInProcess(scim_client=ScimClient.OKTA)
    altered(okta, TOLERATED_QUIRKS=["boolean_as_string"])
    okta.user("bob", active="True")
    assert tolerated(okta) == ["boolean_as_string"]
    bare = okta.patch(f"/Users/{okta.user('eve')}", {"op": "add", "value": {"givenName": "Eve"}})
    assert bare.status == 400, "what is named takes the place of the dialect"


def test_an_integration_that_names_none_speaks_by_the_book(okta: ScimClientInProcess) -> None:
    bob = okta.user("bob")
    altered(okta, TOLERATED_QUIRKS=[])
    for operation in (
        {"op": "Replace", "path": "title", "value": "Guide"},
        {"op": "remove", "path": 'emails[primary eq "true"]'},
        {"op": "add", "value": {"givenName": "Bob"}},
    ):
        assert okta.patch(f"/Users/{bob}", operation).status == 400, operation
    by_the_book = {"op": "replace", "path": "title", "value": "Guide"}
    assert okta.patch(f"/Users/{bob}", by_the_book).status == 200


def test_each_operation_of_a_bulk_is_held_to_the_dialect() -> None:
    okta = ScimClientInProcess(scim_client=ScimClient.OKTA)
    users = [user_of("bob", active="True"), user_of("eve", active=True)]
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(number), "data": user}
        for number, user in enumerate(users)
    ]
    answer = okta.post("/Bulk", {"schemas": [BULK_URN], "Operations": operations})
    assert [each["status"] for each in answer.json["Operations"]] == ["400", "201"]


def tolerated(client: ScimClientInProcess) -> list[str]:
    """What the last request was accepted with, by the audit."""
    return list(quirks_in(client.last_attempt()))


# ---- ATTRIBUTE_ALIASES -------------------------------------------------------------------------

ALIASES: Json = {"lastName": "name.familyName", "people": "members", "label": "displayName"}


def test_an_alias_is_understood_in_every_request(okta: ScimClientInProcess) -> None:
    altered(okta, ATTRIBUTE_ALIASES=ALIASES, UNKNOWN_ATTRIBUTES="REFUSE")
    bob = okta.user("bob", lastName="Li")
    assert stored(okta, bob).last_name == "Li"
    okta.patch(f"/Users/{bob}", {"op": "replace", "path": "LastName", "value": "Lo"})
    assert stored(okta, bob).last_name == "Lo"
    okta.patch(f"/Users/{bob}", {"op": "replace", "value": {"lastname": "La"}})
    assert stored(okta, bob).last_name == "La"
    assert okta.put(f"/Users/{bob}", user_of("bob", lastName="Le")).status == 200
    assert stored(okta, bob).last_name == "Le"


def test_a_groups_attributes_have_aliases_too(okta: ScimClientInProcess) -> None:
    altered(okta, ATTRIBUTE_ALIASES=ALIASES)
    bob = okta.user("bob")
    answer = okta.post("/Groups", {"label": "GUIDES", "people": [{"value": bob}]})
    assert answer.json["displayName"] == "GUIDES"
    assert okta.members(answer.id) == {bob}
    assert okta.put(f"/Groups/{answer.id}", {"label": "GUIDES", "people": []}).status == 200
    assert okta.members(answer.id) == set()


def test_without_aliases_a_clients_own_name_is_unknown(okta: ScimClientInProcess) -> None:
    bob = okta.user("bob", lastName="Li")
    assert stored(okta, bob).last_name is None


# ---- MAP_SCIM_USERNAME_TO_ENTERPRISE_ATTR ------------------------------------------------------


def named(user_name: str, name: str) -> dict[str, object]:
    return user_of(user_name, **{ENTERPRISE: {"snowflakeUserName": name}})


def test_name_and_login_name_are_apart_when_the_account_says_so(okta: ScimClientInProcess) -> None:
    mapped(okta)
    answer = okta.post("/Users", named("bob@example.com", "bob"))
    bob = stored(okta, answer.id)
    assert (bob.name, bob.login_name) == ("BOB", "bob@example.com")
    assert answer.json[ENTERPRISE] == {"snowflakeUserName": "bob"}
    assert okta.get('/Users?filter=userName eq "BOB@example.com"').found == [answer.id]


@pytest.mark.parametrize("extension", [None, {}, {"snowflakeUserName": " "}])
def test_the_name_is_then_required_in_every_post_and_put(
    okta: ScimClientInProcess, extension: Json
) -> None:
    mapped(okta)
    bob = okta.post("/Users", named("bob", "bob")).id
    body = user_of("bob", **({} if extension is None else {ENTERPRISE: extension}))
    for answer in (okta.post("/Users", body), okta.put(f"/Users/{bob}", body)):
        assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
        assert "snowflakeUserName is required" in answer.json["detail"]


def test_patch_and_put_of_the_name_rename_the_user(okta: ScimClientInProcess) -> None:
    mapped(okta)
    bob = okta.post("/Users", named("bob@example.com", "bob")).id
    path = f"{ENTERPRISE}.snowflakeUserName"
    assert (
        okta.patch(f"/Users/{bob}", {"op": "replace", "path": path, "value": "ben"}).status == 200
    )
    assert (stored(okta, bob).name, stored(okta, bob).login_name) == ("BEN", "bob@example.com")
    assert okta.put(f"/Users/{bob}", named("ben@example.com", "Benno")).status == 200
    assert (stored(okta, bob).name, stored(okta, bob).login_name) == ("BENNO", "ben@example.com")


def test_patch_of_user_name_then_leaves_the_name(okta: ScimClientInProcess) -> None:
    mapped(okta)
    bob = okta.post("/Users", named("bob@example.com", "bob")).id
    okta.patch(f"/Users/{bob}", {"op": "replace", "path": "userName", "value": "ben@example.com"})
    assert (stored(okta, bob).name, stored(okta, bob).login_name) == ("BOB", "ben@example.com")


def test_the_name_can_not_be_removed(okta: ScimClientInProcess) -> None:
    mapped(okta)
    bob = okta.post("/Users", named("bob@example.com", "bob")).id
    path = f"{ENTERPRISE}:snowflakeUserName"
    assert okta.patch(f"/Users/{bob}", {"op": "remove", "path": path}).status == 400
    assert stored(okta, bob).name == "BOB"


def test_a_rename_in_sql_is_shown(okta: ScimClientInProcess) -> None:
    mapped(okta)
    bob = okta.post("/Users", named("bob@example.com", "bob")).id
    rename = ChangeUser(user=Id(bob), changes=(Set(At("NAME"), "ROBERT"),), at=NOW)
    okta.account.execute(admin(okta.account), rename)
    assert okta.get(f"/Users/{bob}").json[ENTERPRISE] == {"snowflakeUserName": "ROBERT"}


def test_a_user_from_before_shows_the_name_it_has(okta: ScimClientInProcess) -> None:
    bob = okta.user("bob")
    mapped(okta)
    assert okta.get(f"/Users/{bob}").json[ENTERPRISE] == {"snowflakeUserName": "BOB"}
    listed = okta.get("/Users").json["Resources"][0]
    assert listed[ENTERPRISE] == {"snowflakeUserName": "BOB"}


def test_a_name_that_is_taken_is_a_conflict_though_the_login_is_free(
    okta: ScimClientInProcess,
) -> None:
    mapped(okta)
    okta.post("/Users", named("bob@example.com", "bob"))
    assert okta.post("/Users", named("other@example.com", "BOB")).status == 409


def test_by_default_user_name_is_both(okta: ScimClientInProcess) -> None:
    mapped(okta)
    mapped(okta, value=False)
    bob = okta.post("/Users", named("bob@example.com", "ben")).id
    assert stored(okta, bob).name == "BOB@EXAMPLE.COM"


# ---- defaultRole and defaultWarehouse ----------------------------------------------------------


def with_default(client: ScimClientInProcess, role: str) -> str:
    return client.user("bob", **{ENTERPRISE: {"defaultRole": role}})


@pytest.mark.parametrize(
    ("roles", "sent", "kept", "answered"),
    [
        (["ANALYST"], "analyst", "ANALYST", "ANALYST"),
        (["ANALYST"], "Analyst", "ANALYST", "ANALYST"),
        (["ANALYST", "analyst"], "analyst", '"analyst"', "analyst"),
        (["Analyst"], "analyst", '"Analyst"', "Analyst"),
        (["Analyst", "aNALYST"], "analyst", "analyst", "analyst"),
        (["Analyst"], '"Analyst"', '"Analyst"', "Analyst"),
        (["ANALYST"], '"analyst"', '"analyst"', "analyst"),
        ([], "analyst", "analyst", "analyst"),
    ],
)
def test_a_default_role_is_found_whatever_its_case(
    okta: ScimClientInProcess, roles: list[str], sent: str, kept: str, answered: str
) -> None:
    for role in roles:
        add_role(okta.account, admin(okta.account), role)
    bob = with_default(okta, sent)
    assert stored(okta, bob).default_role == kept
    shown = okta.get(f"/Users/{bob}").json
    assert [
        part["defaultRole"]
        for part in shown.values()
        if isinstance(part, dict) and "defaultRole" in part
    ] == [answered]


def test_a_default_role_that_is_not_there_or_not_granted_is_warned_about(
    okta: ScimClientInProcess,
) -> None:
    bob = with_default(okta, "analyst")
    assert warnings(okta) == ["defaultRole: there is no role analyst"]
    analyst = add_role(okta.account, admin(okta.account), "ANALYST")
    change = {"op": "replace", "path": f"{ENTERPRISE}:defaultRole", "value": "Analyst"}
    okta.patch(f"/Users/{bob}", change)
    assert warnings(okta) == ["defaultRole: role ANALYST is not granted to the user"]
    okta.patch(f"/Users/{bob}", change)
    assert warnings(okta) == ["defaultRole: role ANALYST is not granted to the user"]
    grant = GrantRole(role=analyst, grantee_kind=Kind.USER, grantee=Id(bob), at=NOW)
    okta.account.execute(admin(okta.account), grant)
    okta.patch(f"/Users/{bob}", change)
    assert warnings(okta) == []
    assert stored(okta, bob).default_role == "ANALYST"


def test_a_warehouse_is_kept_as_it_was_sent(okta: ScimClientInProcess) -> None:
    bob = okta.user("bob", **{ENTERPRISE: {"defaultWarehouse": "Small"}})
    assert stored(okta, bob).default_warehouse == "Small"
    assert warnings(okta) == []


# ---- CONFORMANCE -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "of_account", "in_force"),
    [
        (None, None, Conformance.RFC),
        (None, "SNOWFLAKE", Conformance.SNOWFLAKE),
        ("rfc", "SNOWFLAKE", Conformance.RFC),
        ("snowflake", None, Conformance.SNOWFLAKE),
    ],
)
def test_an_integrations_own_conformance_counts_before_the_accounts(
    okta: ScimClientInProcess, own: str | None, of_account: str | None, in_force: Conformance
) -> None:
    altered(okta, CONFORMANCE=own)
    change = ChangeParameters(
        kind=Kind.ACCOUNT, object=None, changes=(Set(At(SCIM_CONFORMANCE), of_account),), at=NOW
    )
    okta.account.execute(admin(okta.account), change)

    def rules(reading: Reading) -> Rules:
        integration = reading.integration_named(Name(okta.name))
        assert integration is not None
        return rules_in_force(reading, integration)

    assert okta.account.moment(rules).conformance is in_force
