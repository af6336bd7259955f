"""A server and a command on one data folder: each sees the other's changes at once."""

import json
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import pytest

from rolecall_process import INTEGRATION, Server, user_body

pytestmark = pytest.mark.e2e
LAST_USED = 'show scim tokens in integration nightly ->> select "last_used_on" from $1'


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


@pytest.fixture
def nightly(server: Server) -> str:
    """An integration of its own, so that nobody else's token ends."""
    server.sql(
        "create or replace security integration nightly type = scim scim_client = 'generic'"
        " run_as_role = 'GENERIC_SCIM_PROVISIONER'"
    )
    return "NIGHTLY"


def two_early_and_one_late(server: Server, integration: str) -> tuple[list[str], str]:
    """Three tokens, and a time after which the last was issued."""
    issue = ("token", "issue", integration)
    early = [server.rolecall(*issue).strip() for _ in range(2)]
    time = datetime.now(UTC).isoformat()
    tokens = [*early, server.rolecall(*issue).strip()]
    assert [server.status(token) for token in tokens] == [200, 200, 200]
    return tokens, time


def test_tokens_issued_before_a_time_are_revoked_together_and_later_ones_work(
    server: Server, nightly: str
) -> None:
    tokens, time = two_early_and_one_late(server, nightly)
    revoke = ("token", "revoke", "--issued-before", time, "--integration", nightly)
    for _ in range(2):
        server.rolecall(*revoke)
        assert [server.status(token) for token in tokens] == [401, 401, 200]


def test_tokens_rejected_by_their_time_work_again_when_that_is_unset(
    server: Server, nightly: str
) -> None:
    tokens, time = two_early_and_one_late(server, nightly)
    altered = f"alter security integration {nightly}"
    server.sql(f"{altered} set reject_tokens_issued_before = '{time}'")
    assert [server.status(token) for token in tokens] == [401, 401, 200]
    server.sql(f"{altered} unset reject_tokens_issued_before")
    assert [server.status(token) for token in tokens] == [200, 200, 200]


def test_what_to_revoke_is_said_once_and_in_time(server: Server) -> None:
    for arguments in ((), ("id", "--issued-before", "2026-01-01"), ("id", "--integration", "X")):
        server.rolecall("token", "revoke", *arguments, fails=2)
    said = server.rolecall("token", "revoke", "--issued-before", "yesterday", fails=2)
    assert "takes a time such as '2026-01-31 12:00:00', not 'yesterday'" in said


def test_a_newer_token_of_a_purpose_leaves_the_one_in_use_for_the_overlap(
    server: Server, nightly: str
) -> None:
    issue = ("token", "issue", nightly, "--purpose", "entra")
    used = server.rolecall(*issue).strip()
    assert server.status(used) == 200
    deadline = monotonic() + 10
    while "20" not in server.sql(LAST_USED):  # kept within a second
        assert monotonic() < deadline, "the use of the token is never on record"
        sleep(0.2)
    unused, newest = (server.rolecall(*issue).strip() for _ in range(2))
    assert [server.status(token) for token in (used, unused, newest)] == [200, 401, 200]


def test_a_service_users_access_token_provisions_until_its_usage_is_revoked(
    server: Server, nightly: str
) -> None:
    server.sql(
        f"create role caller; grant usage on integration {nightly} to role caller;"
        "create user robot type = service; grant role caller to user robot"
    )
    made = server.sql(
        "alter user robot add pat nightly role_restriction = 'CALLER'", "--format", "json"
    )
    (row,) = json.loads(made)
    described = json.loads(server.sql(f"desc integration {nightly}", "--format", "json"))
    (endpoint,) = [
        each["property_value"] for each in described if each["property"] == "SCIM_ENDPOINT_ID"
    ]
    with server.client(row["token_secret"]) as client:
        assert client.get("/Users").status_code == 401  # two integrations: which one?
        body = user_body("by-a-robot")
        assert client.post(f"/{endpoint}/Users", json=body).status_code == 201
        server.sql(f"revoke usage on integration {nightly} from role caller")
        assert client.get(f"/{endpoint}/Users").status_code == 403


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
