"""A server and a command on one data folder: each sees the other's changes at once."""

import json
from pathlib import Path

import pytest

from rolecall_process import INTEGRATION, Server, user_body

pytestmark = pytest.mark.e2e


def created(server: Server, name: str) -> str:
    """The id of a new user."""
    with server.client() as client:
        answer = client.post("/Users", json=user_body(name))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def test_a_token_issued_beside_the_server_works_at_once(server: Server, tmp_path: Path) -> None:
    assert server.status(server.issue_token(tmp_path)) == 200


def test_the_token_file_is_for_its_owner_alone(server: Server, tmp_path: Path) -> None:
    server.issue_token(tmp_path)
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_a_token_revoked_beside_the_server_is_refused_at_the_next_request(server: Server) -> None:
    text = server.rolecall("token", "issue", INTEGRATION, "--purpose", "short-lived").strip()
    with server.client(text) as client:
        assert client.get("/Users").status_code == 200
        listed = json.loads(server.rolecall("token", "list", "--format", "json"))
        (token,) = [row["id"] for row in listed if row["purpose"] == "short-lived"]
        server.rolecall("token", "revoke", token)
        assert client.get("/Users").status_code == 401


def test_a_user_disabled_in_sql_is_inactive_in_scim(server: Server) -> None:
    user = created(server, "disabled-in-sql")
    server.sql('alter user "DISABLED-IN-SQL" set disabled = true')
    with server.client() as client:
        assert client.get(f"/Users/{user}").json()["active"] is False


def test_a_user_created_by_scim_is_seen_in_sql(server: Server) -> None:
    created(server, "seen-in-sql")
    (row,) = json.loads(server.sql("show users like 'SEEN-IN-SQL'", "--format", "json"))
    assert (row["owner"], row["disabled"]) == ("GENERIC_SCIM_PROVISIONER", "false")


def test_a_request_is_in_the_audit_trail_of_the_other_process(server: Server) -> None:
    created(server, "audited-elsewhere")
    text = "select * from table(demo_db.information_schema.rest_event_history('scim'))"
    rows = json.loads(server.sql(text, "--format", "json"))
    (row,) = [row for row in rows if row["RESOURCE_NAME"] == "audited-elsewhere"]
    assert (row["METHOD"], row["STATUS"], row["ACTOR_NAME"]) == ("POST", "SUCCESS", INTEGRATION)


def test_ownership_granted_in_sql_lets_the_next_request_through(server: Server) -> None:
    server.sql("create user made_by_hand")
    with server.client() as client:
        refused = client.post("/Users", json=user_body("made_by_hand"))
        assert (refused.status_code, refused.json()["scimType"]) == (409, "uniqueness")
        server.sql("grant ownership on user made_by_hand to role generic_scim_provisioner")
        found = client.get("/Users", params={"filter": 'userName eq "made_by_hand"'}).json()
        (user,) = found["Resources"]
        replaced = user_body("made_by_hand", displayName="Adopted")
        assert client.put(f"/Users/{user['id']}", json=replaced).status_code == 200


def test_watch_shows_the_attempts_from_another_terminal(server: Server) -> None:
    created(server, "watched")
    shown = server.rolecall("watch", "--once", "--last", "1000")
    assert f"{INTEGRATION}  POST  /Users (watched)  201" in shown


def test_a_statement_beside_the_server_is_recorded_with_the_local_user(server: Server) -> None:
    server.sql("show roles like 'recorded-as-local'")
    shown = server.rolecall("watch", "--once", "--last", "1000")
    assert "SHOW ROLES" in shown


def test_a_refused_statement_ends_with_status_1_and_a_place(server: Server) -> None:
    said = server.sql("show users;\nfrobnicate", fails=1)
    assert "line 2, column 1" in said
    assert "001003 (42000)" in said


def test_a_single_cell_is_printed_bare(server: Server) -> None:
    assert server.sql("select current_role()") == "ACCOUNTADMIN\n"


def test_a_dollar_that_a_shell_ate_is_named(server: Server) -> None:
    assert "If a shell ate the '$'" in server.sql('select system("X")', fails=1)
