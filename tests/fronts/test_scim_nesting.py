"""Groups within groups: the grants of roles to roles that SCIM made, and no others."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from builders import NOW, admin, an_account, by, carried_out
from rolecall.domain.commands import GrantOwnership, GrantRole
from rolecall.domain.model import Conformance, Kind, ScimClient
from rolecall.domain.ports import Store
from rolecall.domain.predicate import Predicate
from rolecall.store.memory_directory import MemoryDirectory
from scim_client import URL, Answered, ScimClientInProcess, group_of


@pytest.fixture
def scim(each_store: Store) -> ScimClientInProcess:
    return ScimClientInProcess(an_account(each_store))


def add(scim: ScimClientInProcess, group: str, *members: str) -> Answered:
    value = [{"value": member, "type": "Group"} for member in members]
    return scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": value})


def remove(scim: ScimClientInProcess, group: str, member: str) -> Answered:
    path = f'members[value eq "{member}"]'
    return scim.patch(f"/Groups/{group}", {"op": "remove", "path": path})


def grants(scim: ScimClientInProcess) -> set[tuple[str, str, str | None]]:
    """Role, grantee and origin of every grant of a role to a role that SCIM's roles are in."""
    hierarchy = scim.account.store.read(1, lambda reading: reading.hierarchy())
    return {(grant.role, grant.grantee, grant.origin) for grant in hierarchy if grant.origin}


def test_a_group_in_a_group_is_a_role_granted_to_a_role(scim: ScimClientInProcess) -> None:
    inner = scim.group("INNER")
    outer = scim.group("OUTER", inner)
    assert grants(scim) == {(outer, inner, "OKTA")}
    assert scim.get(f"/Groups/{outer}?attributes=members").json["members"] == [
        {"value": inner, "$ref": f"{URL}/Groups/{inner}", "display": "INNER", "type": "Group"}
    ]
    assert type(scim.events()[-1]).__name__ == "RoleGranted"


def test_users_and_groups_stand_in_one_list(scim: ScimClientInProcess) -> None:
    bob, inner = scim.user("bob"), scim.group("INNER")
    outer = scim.group("OUTER", inner, bob)
    assert scim.members(outer) == {bob, inner}
    assert (
        scim.get("/Groups?filter=displayName eq %22OUTER%22").json["Resources"][0]["members"]
        == scim.get(f"/Groups/{outer}").json["members"]
    )


def test_a_group_is_added_and_removed_like_a_user(scim: ScimClientInProcess) -> None:
    inner, outer = scim.group("INNER"), scim.group("OUTER")
    assert add(scim, outer, inner).json["meta"]["version"] == 'W/"2"'
    assert add(scim, outer, inner).json["meta"]["version"] == 'W/"2"'
    assert remove(scim, outer, inner).json["meta"]["version"] == 'W/"3"'
    assert grants(scim) == set()
    assert type(scim.events()[-1]).__name__ == "RoleRevoked"


def test_a_replacement_leaves_exactly_what_it_names(scim: ScimClientInProcess) -> None:
    bob, one, two = scim.user("bob"), scim.group("ONE"), scim.group("TWO")
    outer = scim.group("OUTER", bob, one)
    scim.put(f"/Groups/{outer}", group_of("OUTER", two))
    assert scim.members(outer) == {two}
    scim.put(f"/Groups/{outer}", group_of("OUTER", two, bob))
    assert scim.members(outer) == {two, bob}


def test_removing_all_members_removes_the_groups_too(scim: ScimClientInProcess) -> None:
    outer = scim.group("OUTER", scim.user("bob"), scim.group("INNER"))
    scim.patch(f"/Groups/{outer}", {"op": "remove", "path": "members"})
    assert scim.members(outer) == set()
    assert grants(scim) == set()


# ---- what SQL has granted ------------------------------------------------------------------------


def test_a_full_push_never_cuts_an_administrators_hierarchy(scim: ScimClientInProcess) -> None:
    inner, outer = scim.group("INNER"), scim.group("OUTER")
    grant = GrantRole(role=by("OUTER"), grantee_kind=Kind.ROLE, grantee=by("INNER"), at=NOW)
    carried_out(scim.account, admin(scim.account), grant)
    assert scim.members(outer) == set()
    before = scim.account.store.read(1, lambda reading: reading.hierarchy())
    scim.put(f"/Groups/{outer}", {**group_of("OUTER"), "members": []})
    remove(scim, outer, inner)
    scim.patch(f"/Groups/{outer}", {"op": "remove", "path": "members"})
    assert scim.account.store.read(1, lambda reading: reading.hierarchy()) == before


# ---- what is refused -----------------------------------------------------------------------------


def test_a_circle_is_refused_whole(scim: ScimClientInProcess) -> None:
    bottom = scim.group("BOTTOM")
    middle = scim.group("MIDDLE", bottom)
    top = scim.group("TOP", middle)
    before = grants(scim)
    for group, member in ((bottom, top), (bottom, middle), (top, top)):
        answer = add(scim, group, scim.user(f"user-{group}-{member}"), member)
        assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert grants(scim) == before
    assert scim.members(bottom) == set()


def test_of_two_requests_that_would_close_a_circle_one_is_refused(
    scim: ScimClientInProcess,
) -> None:
    for number in range(10):
        one, two = scim.group(f"ONE-{number}"), scim.group(f"TWO-{number}")
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda pair: add(scim, *pair), [(one, two), (two, one)]))
        assert sorted(answer.status for answer in answers) == [200, 400]


@pytest.mark.parametrize("client", [ScimClient.OKTA, ScimClient.AZURE])
def test_okta_and_azure_have_no_groups_within_groups(client: ScimClient) -> None:
    scim = ScimClientInProcess(scim_client=client)
    outer = scim.group("OUTER")
    assert add(scim, outer, scim.group("INNER")).status == 400
    assert grants(scim) == set()


def test_by_the_vendors_conformance_there_are_none() -> None:
    scim = ScimClientInProcess(conformance=Conformance.SNOWFLAKE)
    assert add(scim, scim.group("OUTER"), scim.group("INNER")).status == 400


def test_a_group_of_others_is_unknown(scim: ScimClientInProcess) -> None:
    other = ScimClientInProcess(scim.account, name="AAD", role="AAD_PROVISIONER", first=900_000)
    outer, theirs = scim.group("OUTER"), other.group("THEIRS")
    public = scim.account.store.read(1, lambda reading: reading.role_named(by("PUBLIC").name))
    assert public is not None
    for member in (theirs, public.id, "nobody"):
        answer = add(scim, outer, member)
        assert (answer.status, member in answer.json["detail"]) == (400, True)


# ---- the groups of a user ------------------------------------------------------------------------


def test_a_user_is_in_groups_directly_and_through_others(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob")
    inner = scim.group("INNER", bob)
    middle = scim.group("MIDDLE", inner)
    top = scim.group("TOP", middle, inner)
    expected = [("INNER", "direct"), ("MIDDLE", "indirect"), ("TOP", "indirect")]
    shown = scim.get(f"/Users/{bob}").json["groups"]
    assert [(group["display"], group["type"]) for group in shown] == expected
    (listed,) = scim.get("/Users").json["Resources"]
    assert listed["groups"] == shown
    changed = scim.patch(f"/Users/{bob}", {"op": "add", "path": "title", "value": "Guide"})
    assert changed.json["groups"] == shown
    assert scim.delete(f"/Groups/{middle}").status == 204
    remove(scim, top, inner)
    assert [group["value"] for group in scim.get(f"/Users/{bob}").json["groups"]] == [inner]


def test_a_direct_membership_is_told_once(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob")
    inner = scim.group("INNER", bob)
    scim.group("OUTER", inner, bob)
    types = [group["type"] for group in scim.get(f"/Users/{bob}").json["groups"]]
    assert types == ["direct", "direct"]


def test_many_members_count_groups_too(scim: ScimClientInProcess) -> None:
    people = [scim.user(f"user{number}") for number in range(100)]
    outer = scim.group("OUTER", *people)
    assert add(scim, outer, scim.group("INNER")).status == 204


def test_no_vendor_hierarchy_makes_a_user_a_member(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob")
    inner = scim.group("INNER", bob)
    scim.group("OUTER")
    grant = GrantRole(role=by("OUTER"), grantee_kind=Kind.ROLE, grantee=by("INNER"), at=NOW)
    carried_out(scim.account, admin(scim.account), grant)
    assert [group["value"] for group in scim.get(f"/Users/{bob}").json["groups"]] == [inner]


# ---- filters agree with what is shown ------------------------------------------------------------


def found(scim: ScimClientInProcess, kind: str, asked: str) -> list[str]:
    return scim.get(f"/{kind}?filter={quote(asked)}").found


def test_a_filter_finds_the_groups_that_a_group_is_in(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob")
    inner = scim.group("INNER", bob)
    outer = scim.group("OUTER", inner)
    assert found(scim, "Groups", f'members.value eq "{inner}"') == [outer]
    assert found(scim, "Groups", f'members[value eq "{inner}" and type eq "Group"]') == [outer]
    assert found(scim, "Groups", f'members[value eq "{inner}" and type eq "User"]') == []
    assert found(scim, "Groups", 'members.type eq "Group"') == [outer]
    assert found(scim, "Groups", 'members.type eq "User"') == [inner]
    assert found(scim, "Users", f'groups.value eq "{outer}"') == [bob]
    assert found(scim, "Users", 'groups.type eq "indirect"') == [bob]
    remove(scim, outer, inner)
    assert found(scim, "Groups", f'members.value eq "{inner}"') == []
    assert found(scim, "Users", f'groups.value eq "{outer}"') == []


def test_a_filter_passes_over_the_hierarchy_that_sql_granted(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob")
    inner = scim.group("INNER", bob)
    outer = scim.group("OUTER")
    grant = GrantRole(role=by("OUTER"), grantee_kind=Kind.ROLE, grantee=by("INNER"), at=NOW)
    carried_out(scim.account, admin(scim.account), grant)
    scim.group("TOP", scim.group("BELOW"))  # the account does have a group within a group
    assert found(scim, "Groups", f'members.value eq "{inner}"') == []
    assert found(scim, "Users", f'groups.value eq "{outer}"') == []


def test_a_group_is_not_found_by_way_of_one_that_is_not_shown(scim: ScimClientInProcess) -> None:
    other = ScimClientInProcess(scim.account, name="AAD", role="AAD_PROVISIONER", first=900_000)
    bob = scim.user("bob")
    inner = scim.group("INNER", bob)
    outer = scim.group("OUTER", inner)
    given = GrantOwnership(
        kind=Kind.ROLE,
        object=by("INNER"),
        role=by("AAD_PROVISIONER"),
        current_grants="COPY",
        at=NOW,
    )
    carried_out(scim.account, admin(scim.account), given)
    assert "groups" not in scim.get(f"/Users/{bob}").json
    for asked in (f'groups.value eq "{outer}"', "groups pr", 'groups.type eq "indirect"'):
        assert found(scim, "Users", asked) == []
        assert found(other, "Users", asked) == []


def test_what_was_nested_is_found_as_it_is_shown_to_every_client(scim: ScimClientInProcess) -> None:
    """A client that can't nest is shown what another has nested, and finds that."""
    inner = scim.group("INNER", scim.user("bob"))
    outer = scim.group("OUTER", inner)
    okta = ScimClientInProcess(
        scim.account, ScimClient.OKTA, name="OKTA2", role="OKTA_PROVISIONER", first=900_000
    )
    (shown,) = okta.get(f"/Groups/{outer}").json["members"]
    assert shown["value"] == inner
    assert found(okta, "Groups", f'members.value eq "{inner}"') == [outer]


@pytest.mark.parametrize(
    ("kind", "asked"), [("Users", 'groups.value eq "x"'), ("Groups", 'members.value eq "x"')]
)
def test_an_account_without_nesting_is_not_searched_for_it(
    kind: str, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain question costs what it did before there were groups within groups."""
    scim, seen = ScimClientInProcess(), list[str]()
    for method in ("find_users", "find_roles"):
        whole = getattr(MemoryDirectory, method)

        def spied(
            self: MemoryDirectory,
            where: Predicate,
            *rest: object,
            whole: Callable[..., Any] = whole,
        ) -> object:
            seen.append(repr(where))
            return whole(self, where, *rest)

        monkeypatch.setattr(MemoryDirectory, method, spied)
    found(scim, kind, asked)
    assert "nested=None" in seen[-1]
    scim.group("OUTER", scim.group("INNER"))
    found(scim, kind, asked)
    assert "nested=None" not in seen[-1]
