"""Whatever one operation of a PATCH is refused for, the answer says which one (RFC 7644 3.5.2).

A PATCH takes effect whole or not at all, and a provider sends a thousand operations in one: who
reads the error has to find the one that is wrong.
"""

import pytest

from builders import admin, an_id, by
from rolecall.domain.commands import At, ChangeIntegration, ChangeParameters, Set
from rolecall.domain.model import Kind, ScimClient
from scim_client import (
    ENTERPRISE,
    EXTENSION,
    Answered,
    ScimClientInProcess,
    patch_of,
    state_of,
)

NOBODY = an_id(999_999)
WELL = (
    {"op": "replace", "value": {"title": "Guide", "name.givenName": "Ann", "nickName": "An"}},
    {"op": "add", "value": {"unheardOf": 1}},
    {"op": "add", "path": "emails", "value": [{"value": "a@x.example"}, {"value": "b@x.example"}]},
    {"op": "remove", "path": 'emails[value co "x.example"]'},
    {"op": "replace", "path": "password", "value": "correct horse"},
)
"""Operations of one step, of several, and of none."""
AFTER = {"op": "replace", "path": "title", "value": "Leader"}


def refused(answer: Answered, number: int, scim_type: str | None, status: int = 400) -> bool:
    """Whether the answer is this refusal of the operation of that number."""
    told = answer.json
    assert told["detail"].startswith(f"Operations[{number}]: "), told
    assert "Operations" not in told["detail"][12:], told
    return (answer.status, told.get("scimType")) == (status, scim_type)


# The operation, and what it is refused as; every one only inside the transaction.
USERS: list[tuple[str, dict[str, object], str, int]] = [
    ("no entry", {"op": "replace", "path": 'emails[value co "zz"].type', "value": "x"},
     "noTarget", 400),
    ("no entry of two", {"op": "replace", "path": 'ims[type eq "a" or type eq "b"]',
                         "value": {"value": "x"}}, "noTarget", 400),
    ("no manager", {"op": "replace", "path": f'{ENTERPRISE}:manager[value eq "7"].$ref',
                    "value": "../Users/7"}, "noTarget", 400),
    ("taken", {"op": "replace", "path": "userName", "value": "BOB"}, "uniqueness", 409),
    ("empty name", {"op": "replace", "path": "userName", "value": "x" * 300}, "invalidValue", 400),
    ("type", {"op": "add", "path": f"{EXTENSION}:type", "value": "robot"}, "invalidValue", 400),
    ("service", {"op": "add", "path": f"{EXTENSION}:type", "value": "SERVICE"},
     "invalidValue", 400),
    ("secondary roles", {"op": "add", "path": f"{EXTENSION}:defaultSecondaryRoles", "value": "X"},
     "invalidValue", 400),
    ("long text", {"op": "add", "path": "displayName", "value": "x" * 10_000},
     "invalidValue", 400),
    ("long external id", {"op": "add", "path": "externalId", "value": "x" * 10_000},
     "invalidValue", 400),
    ("too many", {"op": "add", "path": "roles", "value": [{"value": f"{n}"} for n in range(1001)]},
     "invalidValue", 400),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "operation", "scim_type", "status"), USERS, ids=[each[0] for each in USERS]
)
def test_an_operation_on_a_user_that_is_refused_is_named(
    scim: ScimClientInProcess, case: str, operation: object, scim_type: str, status: int
) -> None:
    scim.user("bob")
    ann = scim.user("ann")
    before = state_of(scim.account)
    answer = scim.patch(f"/Users/{ann}", *WELL, operation, AFTER)
    assert refused(answer, len(WELL), scim_type, status), case
    assert state_of(scim.account) == before
    assert str(scim.last_attempt().why).startswith(f"Operations[{len(WELL)}]: ")


def test_of_two_names_the_one_that_is_taken_is_named(scim: ScimClientInProcess) -> None:
    everything = ChangeParameters(
        kind=Kind.ACCOUNT,
        object=None,
        changes=(Set(At("MAP_SCIM_USERNAME_TO_ENTERPRISE_ATTR"), "true"),),
        at=scim.at,
    )
    scim.account.execute(admin(scim.account), everything)
    scim.user("bob", **{ENTERPRISE: {"snowflakeUserName": "ROBERT"}})
    ann = scim.user("ann", **{ENTERPRISE: {"snowflakeUserName": "ANN"}})
    login = {"op": "replace", "path": "userName"}
    name = {"op": "replace", "path": f"{ENTERPRISE}:snowflakeUserName"}
    fresh = scim.patch(f"/Users/{ann}", {**login, "value": "eve"}, {**name, "value": "robert"})
    assert refused(fresh, 1, "uniqueness", 409)
    other = scim.patch(f"/Users/{ann}", {**login, "value": "bob"}, {**name, "value": "eve"})
    assert refused(other, 0, "uniqueness", 409)
    empty = scim.patch(f"/Users/{ann}", {**login, "value": "eve"}, {**name, "value": " "})
    assert refused(empty, 1, "invalidValue")


def add(*members: str) -> dict[str, object]:
    return {"op": "add", "path": "members", "value": [{"value": each} for each in members]}


def remove(member: str) -> dict[str, object]:
    return {"op": "remove", "path": f'members[value eq "{member}"]'}


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_of_many_additions_the_one_of_nobody_is_named(
    scim: ScimClientInProcess, place: int
) -> None:
    people = [scim.user(f"user{number}") for number in range(3)]
    group = scim.group("GUIDES")
    operations = [add(each) for each in people]
    operations.insert(place, add(people[0], NOBODY))
    before = state_of(scim.account)
    assert refused(scim.patch(f"/Groups/{group}", *operations), place, "invalidValue")
    assert state_of(scim.account) == before


def test_additions_after_removals_are_told_apart(scim: ScimClientInProcess) -> None:
    bob, eve = scim.user("bob"), scim.user("eve")
    group = scim.group("GUIDES", bob)
    answer = scim.patch(
        f"/Groups/{group}",
        add(eve), remove(bob), remove(eve), add(bob), add(NOBODY), remove(bob),
    )  # fmt: skip
    assert refused(answer, 4, "invalidValue")


def test_a_list_with_nobody_in_it_is_named(scim: ScimClientInProcess) -> None:
    group = scim.group("GUIDES")
    whole = {"op": "replace", "path": "members", "value": [{"value": NOBODY}]}
    renamed = {"op": "replace", "value": {"displayName": "LEADS", "externalId": "7"}}
    assert refused(scim.patch(f"/Groups/{group}", renamed, whole), 1, "invalidValue")


def test_the_group_that_would_be_within_itself_is_named(scim: ScimClientInProcess) -> None:
    inner, other, bob = scim.group("INNER"), scim.group("OTHER"), scim.user("bob")
    outer = scim.group("OUTER", inner)
    answer = scim.patch(f"/Groups/{inner}", add(bob), add(other), add(outer))
    assert refused(answer, 2, "invalidValue")


@pytest.mark.parametrize(
    ("operation", "scim_type", "status"),
    [
        ({"op": "replace", "path": "displayName", "value": "LEADS"}, "uniqueness", 409),
        ({"op": "replace", "path": "displayName", "value": "x" * 300}, "invalidValue", 400),
        ({"op": "replace", "path": "externalId", "value": "x" * 10_000}, "invalidValue", 400),
        ({"op": "remove", "path": 'members[type is "User"]'}, "invalidPath", 400),
        ({"op": "replace", "path": 'members[value eq "7"]', "value": {"value": "8"}},
         "invalidPath", 400),
    ],
)  # fmt: skip
def test_an_operation_on_a_group_that_is_refused_is_named(
    scim: ScimClientInProcess, operation: object, scim_type: str, status: int
) -> None:
    scim.group("LEADS")
    bob = scim.user("bob")
    group = scim.group("GUIDES", bob)
    answer = scim.patch(f"/Groups/{group}", remove(bob), add(bob), operation)
    assert refused(answer, 2, scim_type, status)
    assert scim.members(group) == {bob}


@pytest.mark.parametrize("client", ScimClient)
def test_what_is_refused_as_a_whole_names_no_operation(client: ScimClient) -> None:
    scim = ScimClientInProcess(scim_client=client)
    absent = scim.patch(f"/Users/{an_id(7)}", AFTER)
    user = scim.user("ann")
    stale = scim.ask("PATCH", f"/Users/{user}", patch_of(AFTER), if_match='W/"9"')
    assert (absent.status, stale.status) == (404, 412)
    assert not any("Operations[" in answer.text for answer in (absent, stale))


def test_a_bulk_names_the_operation_of_its_patch(scim: ScimClientInProcess) -> None:
    group = scim.group("GUIDES")
    patch = {"method": "PATCH", "path": f"/Groups/{group}", "data": patch_of(add(), add(NOBODY))}
    schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
    (told,) = scim.post("/Bulk", {"schemas": schemas, "Operations": [patch]}).json["Operations"]
    assert told["response"]["detail"].startswith("Operations[1]: ")


def test_what_a_bulk_links_by_itself_names_none(scim: ScimClientInProcess) -> None:
    def group(name: str, bulk_id: str, member: str) -> dict[str, object]:
        data = {"displayName": name, "members": [{"value": f"bulkId:{member}"}]}
        return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}

    operations = [group("A", "a", "b"), group("B", "b", "a")]
    schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
    body = scim.post("/Bulk", {"schemas": schemas, "Operations": operations}).json
    told = [each["response"]["detail"] for each in body["Operations"] if "response" in each]
    assert told
    assert not any("Operations[" in detail for detail in told)


# ---- what an integration is strict about -------------------------------------------------------


def strict(scim: ScimClientInProcess, **properties: str) -> None:
    changes = tuple(Set(At(name), value) for name, value in properties.items())
    altered = ChangeIntegration(integration=by(scim.name), changes=changes, at=scim.at)
    scim.account.execute(admin(scim.account), altered)


def test_an_unknown_attribute_that_is_refused_is_named_by_its_operation(
    scim: ScimClientInProcess,
) -> None:
    ann = scim.user("ann")
    strict(scim, UNKNOWN_ATTRIBUTES="REFUSE")
    before = state_of(scim.account)
    for wrong in (
        {"op": "add", "path": "shoeSize", "value": 7},
        {"op": "add", "value": {"title": "x", "shoeSize": 7}},
    ):
        answer = scim.patch(f"/Users/{ann}", AFTER, AFTER, wrong, AFTER)
        assert refused(answer, 2, "invalidValue")
        assert "shoeSize" in answer.json["detail"]
    assert state_of(scim.account) == before
    assert "shoeSize" in str(scim.last_attempt().details)


def test_a_quirk_that_is_refused_is_named_by_its_operation() -> None:
    scim = ScimClientInProcess(scim_client=ScimClient.OKTA)
    ann = scim.user("ann")
    capital = {"op": "Replace", "path": "title", "value": "x"}
    assert refused(scim.patch(f"/Users/{ann}", AFTER, capital), 1, "invalidSyntax")
    quoted = {"op": "replace", "path": "active", "value": "False"}
    assert refused(scim.patch(f"/Users/{ann}", quoted, AFTER), 0, "invalidValue")


def test_what_is_missing_of_the_body_itself_names_no_operation() -> None:
    scim = ScimClientInProcess(scim_client=ScimClient.OKTA)
    ann = scim.user("ann")
    answer = scim.ask("PATCH", f"/Users/{ann}", {"Operations": [AFTER]})
    assert answer.status == 400
    assert "Operations[" not in answer.json["detail"]
