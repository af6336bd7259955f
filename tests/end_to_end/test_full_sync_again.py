"""An integration made anew ends its tokens: the next full sync creates and refuses nothing."""

import json
from pathlib import Path

import pytest

from directory_export import directory_export
from rolecall_process import Server, rolecall

pytestmark = pytest.mark.e2e

PEOPLE, GROUPS = 60, 6
MADE_ANEW = {
    "dropped and created": "drop security integration played; create security integration played",
    "replaced": "create or replace security integration played",
}
PROPERTIES = "type = scim scim_client = 'generic' run_as_role = 'PROVISIONER'"
TRAIL = """
    select method, status, count(*) as n
    from table(demo_db.information_schema.rest_event_history('scim', result_limit => 10000))
    group by all;
"""


@pytest.fixture
def server(empty: Server) -> Server:
    empty.sql(
        "create role provisioner; grant create user, create role on account to role "
        "provisioner; grant role provisioner to role accountadmin; "
        f"create security integration played {PROPERTIES}"
    )
    return empty


def trail(server: Server) -> dict[tuple[str, str], int]:
    """How many requests of each method succeeded and failed so far."""
    rows = json.loads(server.sql(TRAIL, "--format", "json"))
    return {(row["METHOD"], row["STATUS"]): int(row["N"]) for row in rows}


def synced(server: Server, file: Path, folder: Path) -> dict[str, dict[str, int]]:
    """What a full sync from a new machine, with a new token, has to do."""
    token = folder / "token"
    server.token = server.issue_token(folder, "PLAYED")
    command = ("push", str(file), "--url", server.url, "--token-file", str(token))
    summary = json.loads(rolecall(*command, "--source", "hr", "--format", "json"))
    return {kind: summary[kind] for kind in ("users", "groups", "memberships")}


@pytest.mark.parametrize("how", MADE_ANEW)
def test_a_full_sync_after_the_integration_is_made_anew_changes_nothing(
    server: Server, tmp_path: Path, how: str
) -> None:
    file = tmp_path / "export.ldif"
    file.write_bytes(directory_export(PEOPLE, GROUPS, first=1).ldif())
    first = synced(server, file, tmp_path)
    assert first["users"]["created"] == PEOPLE
    assert first["groups"]["created"] == GROUPS
    before, old = trail(server), server.token

    server.sql(f"{MADE_ANEW[how]} {PROPERTIES}")
    assert server.status(old) == 401
    again = synced(server, file, tmp_path)

    for kind, outcomes in again.items():
        assert {name for name, number in outcomes.items() if number} == {"unchanged"}, kind
    after = trail(server)
    writes = ("POST", "PUT", "PATCH", "DELETE")
    assert {key: n for key, n in after.items() if key[0] in writes} == {
        key: n for key, n in before.items() if key[0] in writes
    }
    with server.client() as client:
        found = client.get("/Users", params={"count": 1}).json()
        assert found["totalResults"] == PEOPLE
        assert found["Resources"][0]["externalId"]
