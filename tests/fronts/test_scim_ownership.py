"""An integration owns what it creates; it changes nothing else, and sees nothing else unless told.

(DESIGN section 3; documents: SCIM overview.)
"""

import pytest

from builders import NOW, add_role, add_user, admin, by, user_session
from rolecall.domain.commands import (
    GrantOwnership,
    GrantPrivileges,
    GrantRole,
    RevokePrivileges,
)
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Id
from scim_client import ScimClientInProcess, group_of, patch_of, state_of, user_of


@pytest.fixture
def okta() -> ScimClientInProcess:
    return ScimClientInProcess()


@pytest.fixture
def azure(okta: ScimClientInProcess) -> ScimClientInProcess:
    """Another integration of the same account, with another role."""
    return ScimClientInProcess(okta.account, name="AAD", role="AAD_PROVISIONER")


def handed_over(scim: ScimClientInProcess, kind: Kind, id: str) -> None:
    command = GrantOwnership(kind=kind, object=Id(id), role=scim.session.role, at=NOW)
    scim.account.execute(admin(scim.account), command)


def monitoring(scim: ScimClientInProcess, *privileges: Privilege) -> None:
    grant = GrantPrivileges(
        privileges=privileges, kind=Kind.ACCOUNT, object=None, role=scim.session.role, at=NOW
    )
    scim.account.execute(admin(scim.account), grant)


BODIES: dict[tuple[str, str], object] = {
    ("PUT", "Users"): user_of("bob"),
    ("PUT", "Groups"): group_of("GUIDES"),
    ("PATCH", "Users"): patch_of({"op": "replace", "path": "title", "value": "x"}),
    ("PATCH", "Groups"): patch_of({"op": "replace", "path": "displayName", "value": "x"}),
}


@pytest.mark.parametrize("kind", ["Users", "Groups"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_another_integration_owns_is_not_found(
    okta: ScimClientInProcess, azure: ScimClientInProcess, method: str, kind: str
) -> None:
    id = okta.user("bob") if kind == "Users" else okta.group("GUIDES")
    before = state_of(okta.account)
    answer = azure.ask(method, f"/{kind}/{id}", BODIES.get((method, kind)))
    assert answer.status == 404
    assert "OKTA_PROVISIONER" not in answer.text
    assert state_of(okta.account) == before


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_the_audit_of_a_refused_change_names_the_owner_and_the_statement(
    okta: ScimClientInProcess, azure: ScimClientInProcess, kind: str
) -> None:
    id = okta.user("bob") if kind == "Users" else okta.group("GUIDES")
    azure.ask("PATCH", f"/{kind}/{id}", BODIES["PATCH", kind])
    named = "user BOB" if kind == "Users" else "role GUIDES"
    fix = azure.last_attempt().fix or ""
    assert "belongs to role OKTA_PROVISIONER" in fix
    assert f"grant ownership on {named} to role AAD_PROVISIONER" in fix


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_what_is_only_monitored_can_be_read_and_not_changed(
    okta: ScimClientInProcess, azure: ScimClientInProcess, kind: str, method: str
) -> None:
    monitoring(azure, Privilege.MONITOR_USER, Privilege.MONITOR_ROLE)
    id = okta.user("bob") if kind == "Users" else okta.group("GUIDES")
    assert azure.get(f"/{kind}/{id}").status == 200
    assert azure.get(f"/{kind}").json["totalResults"] >= 1
    before = state_of(okta.account)
    answer = azure.ask(method, f"/{kind}/{id}", BODIES.get((method, kind)))
    assert answer.status == 403
    assert "OKTA_PROVISIONER" not in answer.text
    assert state_of(okta.account) == before


def test_a_list_and_its_total_hold_what_is_owned(
    okta: ScimClientInProcess, azure: ScimClientInProcess
) -> None:
    okta.user("bob")
    own = azure.user("eve")
    listed = azure.get("/Users?count=1")
    assert (listed.found, listed.json["totalResults"]) == ([own], 1)
    assert azure.get('/Users?filter=userName eq "bob"').json["totalResults"] == 0


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_what_exists_under_another_owner_is_a_conflict_that_the_audit_explains(
    okta: ScimClientInProcess, azure: ScimClientInProcess, path: str
) -> None:
    id = okta.user("bob") if path == "/Users" else okta.group("GUIDES")
    before = state_of(okta.account)
    answer = azure.post(path, user_of("BOB") if path == "/Users" else group_of("GUIDES"))
    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert id not in answer.text
    assert "OKTA_PROVISIONER" not in answer.text
    assert "grant ownership on" in (azure.last_attempt().fix or "")
    assert azure.last_attempt().resource_id is None
    assert state_of(okta.account) == before


def test_grant_ownership_makes_the_next_request_work(
    okta: ScimClientInProcess, azure: ScimClientInProcess
) -> None:
    bob = okta.user("bob")
    handed_over(azure, Kind.USER, bob)
    assert azure.patch(f"/Users/{bob}", {"op": "add", "path": "title", "value": "x"}).status == 200
    assert okta.get(f"/Users/{bob}").status == 404


def test_a_role_that_was_handed_over_is_the_other_integrations_group(
    okta: ScimClientInProcess, azure: ScimClientInProcess
) -> None:
    guides = add_role(okta.account, admin(okta.account), "GUIDES")
    assert azure.post("/Groups", group_of("GUIDES")).status == 409
    handed_over(azure, Kind.ROLE, guides)
    eve = azure.user("eve")
    add = {"op": "add", "path": "members", "value": [{"value": eve}]}
    assert azure.patch(f"/Groups/{guides}", add).status == 200


def test_a_users_groups_show_only_roles_that_the_integration_sees(
    okta: ScimClientInProcess, azure: ScimClientInProcess
) -> None:
    bob = okta.user("bob")
    guides = okta.group("GUIDES", bob)
    azure.group("HIDDEN", bob)
    add_role(okta.account, admin(okta.account), "SECRET", Id(bob))
    shown = [group["value"] for group in okta.get(f"/Users/{bob}").json["groups"]]
    listed = okta.get('/Users?filter=userName eq "bob"').json["Resources"][0]["groups"]
    patched = okta.patch(f"/Users/{bob}", {"op": "add", "path": "title", "value": "x"})
    assert shown == [group["value"] for group in listed] == [guides]
    assert [group["value"] for group in patched.json["groups"]] == [guides]
    for role in ("HIDDEN", "SECRET"):
        assert role not in okta.get(f"/Users/{bob}").text + patched.text


def test_members_of_an_owned_group_are_shown_whoever_owns_them(
    okta: ScimClientInProcess, azure: ScimClientInProcess
) -> None:
    eve = azure.user("eve")
    guides = okta.group("GUIDES", eve)
    assert okta.members(guides) == {eve}
    assert okta.get(f"/Users/{eve}").status == 404


def test_a_system_role_is_no_group_even_to_who_monitors_all(okta: ScimClientInProcess) -> None:
    monitoring(okta, Privilege.MONITOR_ROLE)
    okta.group("GUIDES")
    names = [each["displayName"] for each in okta.get("/Groups").json["Resources"]]
    assert "ACCOUNTADMIN" not in names
    assert okta.get('/Groups?filter=displayName eq "public"').found == []


@pytest.mark.parametrize(
    ("privilege", "path"),
    [(Privilege.CREATE_USER, "/Users"), (Privilege.CREATE_ROLE, "/Groups")],
)
def test_creating_needs_its_privilege(
    okta: ScimClientInProcess, privilege: Privilege, path: str
) -> None:
    revoke = RevokePrivileges(
        privileges=(privilege,), kind=Kind.ACCOUNT, object=None, role=okta.session.role, at=NOW
    )
    okta.account.execute(admin(okta.account), revoke)
    answer = okta.post(path, user_of("bob") if path == "/Users" else group_of("GUIDES"))
    assert answer.status == 403
    assert "audit trail" in answer.json["detail"]
    fix = f"grant {privilege.value.lower()} on account to role OKTA_PROVISIONER"
    assert okta.last_attempt().fix == fix


def test_what_an_inherited_role_owns_can_be_changed(
    okta: ScimClientInProcess, azure: ScimClientInProcess
) -> None:
    bob = azure.user("bob")
    grant = GrantRole(
        role=by("AAD_PROVISIONER"),
        grantee_kind=Kind.ROLE,
        grantee=by("OKTA_PROVISIONER"),
        at=NOW,
    )
    okta.account.execute(admin(okta.account), grant)
    assert okta.delete(f"/Users/{bob}").status == 204


def test_a_user_made_in_sql_belongs_to_its_maker(okta: ScimClientInProcess) -> None:
    add_user(okta.account, admin(okta.account), "CAROL")
    answer = okta.post("/Users", user_of("carol"))
    assert answer.status == 409
    assert "belongs to role ACCOUNTADMIN" in (okta.last_attempt().fix or "")


def test_external_ids_belong_to_the_integration(
    okta: ScimClientInProcess, azure: ScimClientInProcess
) -> None:
    bob = okta.user("bob", externalId="00u1")
    handed_over(azure, Kind.USER, bob)
    assert "externalId" not in azure.get(f"/Users/{bob}").json
    azure.patch(f"/Users/{bob}", {"op": "add", "path": "externalId", "value": "aad-1"})
    handed_over(okta, Kind.USER, bob)
    assert okta.get(f"/Users/{bob}").json["externalId"] == "00u1"


def test_a_membership_granted_in_sql_is_a_member_too(okta: ScimClientInProcess) -> None:
    bob = okta.user("bob")
    guides = okta.group("GUIDES")
    grant = GrantRole(role=Id(guides), grantee_kind=Kind.USER, grantee=Id(bob), at=NOW)
    okta.account.execute(admin(okta.account), grant)
    assert okta.members(guides) == {bob}
    assert user_session(okta.account, "BOB", "GUIDES").role == guides


# ---- names of members --------------------------------------------------------------------------


def shared_group(okta: ScimClientInProcess, azure: ScimClientInProcess) -> str:
    """A group of AAD's with a user of each."""
    return azure.group("SHARED", okta.user("secret.person"), azure.user("open.person"))


NAMED = "attributes=members.display,members.value"


def displays(scim: ScimClientInProcess, path: str) -> list[str | None]:
    body = scim.get(path).json
    (group,) = body.get("Resources", [body])
    return sorted((each.get("display") for each in group["members"]), key=str)


def test_a_member_whom_another_made_has_no_name_in_a_group(
    okta: ScimClientInProcess, azure: ScimClientInProcess
) -> None:
    group = shared_group(okta, azure)
    for path in (f"/Groups/{group}?{NAMED}", f"/Groups?{NAMED}"):
        assert displays(azure, path) == [None, "open.person"]
    changed = azure.patch(
        f"/Groups/{group}?{NAMED}", {"op": "replace", "path": "displayName", "value": "SHARED2"}
    )
    assert "secret.person" not in changed.text
    assert len(azure.get(f"/Groups/{group}").json["members"]) == 2
    monitoring(azure, Privilege.MONITOR_USER)
    assert displays(azure, f"/Groups/{group}?{NAMED}") == ["open.person", "secret.person"]


@pytest.mark.parametrize(
    "condition",
    [
        'members.display eq "{}"',
        'members.display sw "{}"',
        'members[display co "{}" and type eq "User"]',
        'members[display ne "{}"]',
        'members[not (display ne "{}")]',
        'not (members.display eq "{}")',
        'members[not (display co "{}")]',
        'members[display gt "{}"]',
    ],
)
def test_a_name_that_is_not_shown_is_not_found_out_by_filters(
    okta: ScimClientInProcess, azure: ScimClientInProcess, condition: str
) -> None:
    azure.group("SHARED", okta.user("secret.person"))

    def total(guess: str) -> int:
        answer = azure.get(f"/Groups?filter={condition.format(guess)}")
        return int(answer.json["totalResults"])

    assert len({total(guess) for guess in ("secret.person", "nobody.here", "zoe")}) == 1
    monitoring(azure, Privilege.MONITOR_USER)
    assert len({total(guess) for guess in ("secret.person", "nobody.here", "zoe")}) == 2


def test_members_are_found_by_ids_whoever_made_them(
    okta: ScimClientInProcess, azure: ScimClientInProcess
) -> None:
    user = okta.user("secret.person")
    azure.group("SHARED", user, azure.user("open.person"))
    assert azure.get(f'/Groups?filter=members.value eq "{user}"').json["totalResults"] == 1
    named = azure.get('/Groups?filter=members.display eq "open.person"')
    assert named.json["totalResults"] == 1
