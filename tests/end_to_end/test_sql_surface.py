"""The whole administrative surface against a real server: one script, one session over HTTP.

`surface.sql` has every statement of the language at least once, with what comes of it, in the
order of an account that is being set up.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import httpx
import pytest

from rolecall.console.remote import RemoteWorksheet
from rolecall.sql.parser import parse
from rolecall.sql.statements import Statement
from rolecall_process import Server, rolecall, started, user_body
from sql_scripts import outcome, pairs

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).with_name("surface.sql")
PASSWORD = "surface-secret"
INTEGRATION = "GENERIC_SCIM_PROVISIONING"
ISSUE = f"select system$generate_scim_access_token('{INTEGRATION}', 'by hand')"
SETTABLE = f"alter user admin set password = '{PASSWORD}' must_change_password = false"
REFUSED = """\
select details from table(demo_db.information_schema.rest_event_history('scim',
    dateadd('minutes', -5, current_timestamp()), current_timestamp(), 10))
where error_code = '409'"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(tmp_path_factory.mktemp("surface"), "--ephemeral") as running:
        running.sql(SETTABLE)
        yield running


@pytest.fixture(scope="module")
def differing(server: Server) -> list[tuple[str, list[str], list[str]]]:
    """Statements of the script that were answered otherwise than it says."""
    worksheet = RemoteWorksheet(server.root, "admin", PASSWORD)
    found = []
    for statement, expected in pairs(SCRIPT):
        seen = outcome(lambda text: [worksheet.run(text)], statement, expected)
        if seen != expected:
            found.append((statement, expected, seen))
    worksheet.close()
    return found


@pytest.fixture
def desk(server: Server, differing: object) -> Iterator[RemoteWorksheet]:
    """A session of its own, after the script."""
    del differing
    worksheet = RemoteWorksheet(server.root, "admin", PASSWORD)
    yield worksheet
    worksheet.close()


def found_by(scim: httpx.Client, name: str) -> int:
    """How many users of this name the integration sees."""
    found = scim.get("/Users", params={"filter": f'userName eq "{name}"'}).json()
    return int(found["totalResults"])


def test_each_statement_is_answered_as_the_script_says(
    differing: list[tuple[str, list[str], list[str]]],
) -> None:
    assert differing == []


def test_the_script_has_a_statement_of_every_kind() -> None:
    kinds = set()
    for statement, expected in pairs(SCRIPT):
        # 001003 is no statement, and no variable is set here.
        if "$team" not in statement and not expected[0].startswith("--! 001003"):
            kinds.add(type(parse(statement.strip().rstrip(";"))))
    assert set(get_args(Statement)) - kinds == set()


def test_the_worksheet_runs_what_is_accepted_on_a_data_folder(tmp_path: Path) -> None:
    accepted = [
        statement for statement, expected in pairs(SCRIPT) if not expected[0].startswith("--!")
    ]
    script = tmp_path / "accepted.sql"
    script.write_text("\n".join(accepted), "utf-8")
    with started(tmp_path, "--ephemeral") as server:
        said = server.rolecall("sql", "-f", str(script), "--format", "json")
    assert len(said.splitlines()) == len(accepted)


def test_times_are_printed_in_the_session_s_zone_near_and_far(server: Server) -> None:
    asked = "alter session set timezone = 'Asia/Tokyo'; show roles like 'public'"
    assert " +0900" in server.sql(asked)
    far = ("sql", "--url", server.root, "--user", "admin", "-c", asked)
    assert " +0900" in rolecall(*far, ROLECALL_PASSWORD=PASSWORD)


def test_a_token_of_the_script_s_integration_is_listed_and_revoked(
    server: Server, desk: RemoteWorksheet
) -> None:
    ((token,),) = desk.run(ISSUE).table.rows
    assert server.status(str(token)) == 200

    shown = desk.run(f"show scim tokens in integration {INTEGRATION}").table
    columns = [column.name for column in shown.columns]
    last = dict(zip(columns, shown.rows[-1], strict=True))
    assert (last["purpose"], last["state"]) == ("by hand", "LIVE")

    desk.run(f"alter security integration {INTEGRATION} revoke token '{last['id']}'")
    assert server.status(str(token)) == 401


def test_a_user_of_another_owner_is_adopted_by_the_statement_that_the_history_names(
    server: Server, desk: RemoteWorksheet
) -> None:
    ((token,),) = desk.run(ISSUE).table.rows
    with server.client(str(token)) as scim:
        assert scim.post("/Users", json=user_body("ann")).status_code == 409
        assert found_by(scim, "ann@example.com") == 0

        ((details,),) = desk.run(REFUSED).table.rows
        owner, _, statement = json.loads(str(details))["fix"].partition(": ")
        assert owner == "USER ANN belongs to role ACCOUNTADMIN"
        desk.run(statement)
        assert found_by(scim, "ann@example.com") == 1


def test_the_account_maps_the_user_name_to_the_login_name_alone(
    server: Server, desk: RemoteWorksheet
) -> None:
    ((token,),) = desk.run(ISSUE).table.rows
    desk.run("alter account set map_scim_username_to_enterprise_attr = true")
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    mapped = user_body("eve@example.com", **{urn: {"snowflakeUserName": "eve"}})
    with server.client(str(token)) as scim:
        assert scim.post("/Users", json=user_body("nobody@example.com")).status_code == 400
        assert scim.post("/Users", json=mapped).status_code == 201
    desk.run("alter account unset map_scim_username_to_enterprise_attr")
    rows = desk.run('show users like \'eve\' ->> select "name", "login_name" from $1').table.rows
    assert rows == [("EVE", "eve@example.com")]
