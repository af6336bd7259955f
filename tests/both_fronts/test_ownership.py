"""Who owns a user or a role decides for both fronts alike, before and after it is handed over."""

from collections.abc import Callable

import pytest

from rolecall.fronts.sql import SqlRefusal, local_worksheet
from scim_client import Answered, ScimClientInProcess, a_world, events_of, group_of, state_of

AS_ROLE = "use role okta_provisioner; use secondary roles none; "

Change = Callable[[ScimClientInProcess, str], Answered]

CHANGES: dict[str, tuple[Change, str]] = {
    "user": (
        lambda scim, id: scim.patch(
            f"/Users/{id}", {"op": "replace", "path": "active", "value": False}
        ),
        "alter user bob set disabled = true",
    ),
    "role": (
        lambda scim, id: scim.patch(
            f"/Groups/{id}", {"op": "replace", "path": "displayName", "value": "LEADS"}
        ),
        "alter role guides rename to leads",
    ),
    "dropped user": (lambda scim, id: scim.delete(f"/Users/{id}"), "drop user bob"),
    "dropped role": (lambda scim, id: scim.delete(f"/Groups/{id}"), "drop role guides"),
}


def made(what: str) -> tuple[ScimClientInProcess, str]:
    """An account in which the integration has made a user and a role; the id of one of them."""
    scim = ScimClientInProcess()
    user = scim.user("bob")
    group = scim.post("/Groups", group_of("GUIDES", user)).id
    return scim, user if "user" in what else group


def run(scim: ScimClientInProcess, script: str) -> str:
    """The outcome of a script of whoever holds the data folder."""
    try:
        list(local_worksheet(scim.account, a_world(), "somebody").run(script))
    except SqlRefusal as refusal:
        return refusal.code
    return "done"


def given_away(scim: ScimClientInProcess, what: str, heir: str) -> None:
    on = "user bob" if "user" in what else "role guides"
    assert run(scim, f"grant ownership on {on} to role {heir}") == "done"


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_given_away_is_changed_through_neither_front(what: str) -> None:
    by_scim, by_sql = CHANGES[what]
    scim, id = made(what)
    given_away(scim, what, "accountadmin")
    before, events = state_of(scim.account), events_of(scim.account)
    assert by_scim(scim, id).status == 404
    assert run(scim, AS_ROLE + by_sql) == "002003"
    assert (state_of(scim.account), events_of(scim.account)) == (before, events)


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_handed_back_is_changed_alike_through_both(what: str) -> None:
    by_scim, by_sql = CHANGES[what]
    told = []
    for through_scim in (True, False):
        scim, id = made(what)
        given_away(scim, what, "accountadmin")
        given_away(scim, what, "okta_provisioner")
        count = len(events_of(scim.account))
        if through_scim:
            assert by_scim(scim, id).status < 300
        else:
            assert run(scim, AS_ROLE + by_sql) == "done"
        told.append([type(event) for event in events_of(scim.account)[count:]])
    assert told[0] == told[1] != []


@pytest.mark.parametrize("front", ["SCIM", "SQL"])
def test_what_a_dropped_role_owned_is_the_dropping_role_s(front: str) -> None:
    scim, group = made("role")
    assert run(scim, "grant ownership on user bob to role guides") == "done"
    if front == "SCIM":
        assert scim.delete(f"/Groups/{group}").status == 204
    else:
        assert run(scim, AS_ROLE + "drop role guides") == "done"
    assert scim.get('/Users?filter=userName eq "bob"').json["totalResults"] == 1
