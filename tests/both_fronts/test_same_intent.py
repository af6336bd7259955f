"""The same intent by SCIM and by SQL leaves the same account and the same history (DESIGN 1)."""

import re

import msgspec
import pytest

from builders import admin
from rolecall.domain.account import Account
from rolecall.domain.events import UserCreated
from rolecall.domain.predicate import EVERYTHING
from rolecall.domain.queries import Roles, Users
from rolecall.fronts.sql import local_worksheet
from scim_client import (
    EXTENSION,
    ScimClientInProcess,
    a_world,
    events_of,
    group_of,
    user_of,
)

ID = re.compile(r"018f0000-0000-7000-8000-[0-9a-f]{12}")
SETUP = "use role okta_provisioner; "

Step = tuple[str, str, object]
"""A SCIM request: method, path, body. `{bob}` and `{guides}` stand for ids."""

ALL = {EXTENSION: {"defaultSecondaryRoles": "ALL"}}
"""CREATE USER writes its defaults down: DISPLAY_NAME is the name, secondary roles are ALL."""

BOB: Step = ("POST", "/Users", user_of("bob", displayName="BOB", **ALL))
GUIDES: Step = ("POST", "/Groups", group_of("GUIDES"))
MAKE_BOB = "create user bob login_name = 'bob'; "
MAKE_GUIDES = "create role guides; "


def patch(path: str, *operations: object) -> Step:
    return ("PATCH", path, {"Operations": list(operations)})


INTENTS: dict[str, tuple[list[Step], str]] = {
    "a user joins": (
        [
            (
                "POST",
                "/Users",
                user_of(
                    "bob",
                    displayName="Bob B",
                    name={"givenName": "Bob", "familyName": "B"},
                    emails=[{"value": "bob@example.com", "primary": True}],
                    **{
                        EXTENSION: {
                            "defaultRole": "GUIDES",
                            "type": "service_agent",
                            "defaultSecondaryRoles": "ALL",
                        }
                    },
                ),
            )
        ],
        """
        create user bob login_name = 'bob' display_name = 'Bob B' first_name = 'Bob'
            last_name = 'B' email = 'bob@example.com' default_role = 'GUIDES'
            type = service_agent;
        """,
    ),
    "a user is deactivated": (
        [BOB, patch("/Users/{bob}", {"op": "replace", "path": "active", "value": False})],
        MAKE_BOB + "alter user bob set disabled = true;",
    ),
    "a user is renamed": (
        [BOB, patch("/Users/{bob}", {"op": "replace", "path": "displayName", "value": "B"})],
        MAKE_BOB + "alter user bob set display_name = 'B';",
    ),
    "a property is taken away": (
        [
            ("POST", "/Users", user_of("bob", displayName="B", **ALL)),
            patch("/Users/{bob}", {"op": "remove", "path": "displayName"}),
        ],
        "create user bob login_name = 'bob' display_name = 'B'; alter user bob unset display_name;",
    ),
    "nothing changes": (
        [BOB, patch("/Users/{bob}", {"op": "replace", "path": "active", "value": True})],
        MAKE_BOB + "alter user bob set disabled = false;",
    ),
    "a user leaves": ([BOB, ("DELETE", "/Users/{bob}", None)], MAKE_BOB + "drop user bob;"),
    "a role comes to be": ([GUIDES], MAKE_GUIDES),
    "a role is renamed": (
        [GUIDES, patch("/Groups/{guides}", {"op": "replace", "value": {"displayName": "LEADS"}})],
        MAKE_GUIDES + "alter role guides rename to leads;",
    ),
    "a member joins": (
        [
            BOB,
            GUIDES,
            patch(
                "/Groups/{guides}",
                {"op": "add", "path": "members", "value": [{"value": "{bob}"}]},
            ),
        ],
        MAKE_BOB + MAKE_GUIDES + "grant role guides to user bob;",
    ),
    "a member leaves": (
        [
            BOB,
            GUIDES,
            patch(
                "/Groups/{guides}",
                {"op": "add", "path": "members", "value": [{"value": "{bob}"}]},
            ),
            patch("/Groups/{guides}", {"op": "remove", "path": 'members[value eq "{bob}"]'}),
        ],
        MAKE_BOB + MAKE_GUIDES + "grant role guides to user bob; revoke role guides from user bob;",
    ),
    "a role is dropped": (
        [GUIDES, ("DELETE", "/Groups/{guides}", None)],
        MAKE_GUIDES + "drop role guides;",
    ),
}


def by_scim(scim: ScimClientInProcess, steps: list[Step]) -> None:
    ids: dict[str, str] = {}
    for method, place, body in steps:
        path, text = place, "" if body is None else msgspec.json.encode(body).decode()
        for name, id in ids.items():
            path, text = path.replace(name, id), text.replace(name, id)
        answer = scim.ask(method, path, raw=text.encode())
        assert answer.status < 300, answer.text
        if method == "POST":
            ids["{bob}" if path == "/Users" else "{guides}"] = answer.id


def by_sql(scim: ScimClientInProcess, script: str) -> None:
    worksheet = local_worksheet(scim.account, a_world(), "somebody")
    assert list(worksheet.run(SETUP + script))


def told(account: Account) -> list[str]:
    """What the account holds and what has happened to it, a line for each."""
    local = admin(account)
    users = account.ask(local, Users(where=EVERYTHING)).items
    roles = account.ask(local, Roles(where=EVERYTHING, members_max=100)).items
    events = events_of(account)
    return [msgspec.json.encode(each).decode() for each in (*users, *roles, *events)]


def numbered(lines: list[str]) -> list[str]:
    """The same with each id replaced by the number of its first appearance."""
    names: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return names.setdefault(found[0], f"#{len(names)}")

    return [ID.sub(number, line) for line in lines]


@pytest.mark.parametrize("intent", INTENTS)
def test_both_fronts_leave_the_same_account_and_the_same_events(intent: str) -> None:
    steps, script = INTENTS[intent]
    through_scim, through_sql = ScimClientInProcess(), ScimClientInProcess()
    by_scim(through_scim, steps)
    by_sql(through_sql, script)
    assert numbered(told(through_sql.account)) == numbered(told(through_scim.account))


def test_the_comparison_sees_a_difference() -> None:
    one, other = ScimClientInProcess(), ScimClientInProcess()
    by_scim(one, [BOB])
    by_sql(other, "create user bob login_name = 'robert';")
    assert any(isinstance(event, UserCreated) for event in events_of(other.account))
    assert numbered(told(one.account)) != numbered(told(other.account))
