"""Starting and ending: what `rolecall serve` prints, keeps, refuses and leaves behind."""

import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import apsw
import httpx
import pytest

from rolecall_process import Server, rolecall, started, user_body

pytestmark = pytest.mark.e2e

PASSWORD = re.compile(r"user (\S+)  password (\S+)")
CURL = re.compile(r"^ +(curl .*)$", re.MULTILINE)
BEARER = re.compile(r"Bearer (\S+?)'")
ATTEMPT = r"^\d\d:\d\d:\d\d\.\d{3}  GENERIC_SCIM_PROVISIONING  "


def printed(pattern: re.Pattern[str], server: Server) -> str:
    """What the pattern's last group finds in the output."""
    found = pattern.search(server.output())
    assert found is not None, server.output()
    return found[found.re.groups]


def test_only_the_first_start_prints_a_password(tmp_path: Path) -> None:
    with started(tmp_path / "1", "--data", str(tmp_path / "data")) as first:
        assert printed(PASSWORD, first)
    with started(tmp_path / "2", "--data", str(tmp_path / "data")) as second:
        assert "password" not in second.output()


def test_the_password_is_kept_as_a_hash_only(tmp_path: Path) -> None:
    with started(tmp_path, "--data", str(tmp_path / "data")) as server:
        secrets = [printed(PASSWORD, server), printed(BEARER, server)]
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    assert [secret for secret in secrets if secret.encode() in kept] == []


def test_the_data_is_for_its_owner_alone(tmp_path: Path) -> None:
    with started(tmp_path, "--data", str(tmp_path / "data")) as server:
        modes = {file.name: file.stat().st_mode & 0o077 for file in server.data.iterdir()}
        assert server.data.stat().st_mode & 0o077 == 0
    assert set(modes.values()) == {0}


def test_the_printed_curl_line_works_when_pasted(server: Server) -> None:
    line = printed(CURL, server)
    answer = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)["schemas"] == [
        "urn:ietf:params:scim:api:messages:2.0:ListResponse"
    ]


def test_a_start_issues_a_token_in_place_of_the_last_one(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with started(tmp_path / "1", "--data", data) as first:
        old = printed(BEARER, first)
        assert first.status(old) == 200
    with started(tmp_path / "2", "--data", data) as second:
        assert (second.status(old), second.status(printed(BEARER, second))) == (401, 200)


def test_the_ready_file_says_where_the_server_is_and_goes_with_it(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    with started(tmp_path, "--ephemeral") as server:
        said = json.loads(ready.read_text())
        assert (said["account"], said["pid"]) == ("DEMO", server.process.pid)
        assert httpx.get(f"{said['url']}/scim/v2/Users").status_code == 401
    assert not ready.exists()


def test_the_ready_file_of_a_killed_server_is_not_taken_for_the_next_ones(tmp_path: Path) -> None:
    data, ready = tmp_path / "data", tmp_path / "ready.json"
    with started(tmp_path, "--data", str(data)) as killed:
        killed.kill()
    assert ready.exists()
    connection = apsw.Connection(str(data / "rolecall.db"))
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    rolecall("serve", "--data", str(data), "--port", "0", "--ready-file", str(ready), fails=1)
    assert not ready.exists()


def test_ctrl_c_ends_it_in_good_order_too(tmp_path: Path) -> None:
    with started(tmp_path, "--ephemeral") as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) == 0
    assert not server.data.exists()


@pytest.mark.parametrize(
    ("options", "named"), [((), "RFC"), (("--conformance", "snowflake"), "SNOWFLAKE")]
)
def test_the_start_names_the_conformance_that_new_accounts_begin_with(
    tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    with started(tmp_path, "--ephemeral", *options) as server:
        assert f"Account DEMO: {server.url} (conformance {named})" in server.output()
        told = server.sql("show parameters like 'scim_conformance' in account", "--format", "csv")
        assert f"SCIM_CONFORMANCE,{named},RFC" in told


def test_an_ephemeral_server_leaves_nothing_behind(tmp_path: Path) -> None:
    with started(tmp_path, "--ephemeral") as server:
        server.token = server.issue_token(tmp_path)
        assert (server.data.exists(), server.status()) == (True, 200)
    assert not server.data.exists()


def test_locations_name_the_public_url_whatever_the_host_header_says(tmp_path: Path) -> None:
    public = "https://scim.example.com"
    with started(tmp_path, "--ephemeral", "--public-url", f"{public}/") as server:
        headers = {
            "Authorization": f"Bearer {server.issue_token(tmp_path)}",
            "Host": "evil.example.org",
        }
        local = json.loads((tmp_path / "ready.json").read_text())["local_url"]
        answer = httpx.post(f"{local}/scim/v2/Users", json=user_body("bob"), headers=headers)
    assert f"Listening on {local} for what comes by {public}\n" in server.output()
    assert server.url == f"{public}/scim/v2"
    location = f"{public}/scim/v2/Users/{answer.json()['id']}"
    assert (answer.headers["location"], answer.json()["meta"]["location"]) == (location, location)


def test_a_signal_lets_the_request_in_flight_finish(tmp_path: Path) -> None:
    with started(tmp_path, "--ephemeral") as server:
        body = json.dumps(user_body("in-flight")).encode()
        address = httpx.URL(server.url)
        with socket.create_connection((address.host, address.port or 0), timeout=30) as client:
            client.sendall(head_of(server.issue_token(tmp_path), len(body)))
            assert client.recv(100).startswith(b"HTTP/1.1 100 ")  # it waits for the body now
            os.kill(server.pid, signal.SIGTERM)
            client.sendall(body)
            assert client.recv(100).startswith(b"HTTP/1.1 201 ")
        server.end()


def head_of(token: str, length: int) -> bytes:
    lines = (
        "POST /scim/v2/Users HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        "Content-Type: application/scim+json",
        f"Content-Length: {length}",
        "Expect: 100-continue",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def test_each_request_is_a_line_with_what_went_wrong_and_what_fixes_it(server: Server) -> None:
    server.sql("create user somebody_elses")
    with server.client() as client:
        assert client.post("/Users", json=user_body("on-a-line")).status_code == 201
        assert client.post("/Users", json=user_body("somebody_elses")).status_code == 409
    output = server.awaited("/Users (somebody_elses)  409")
    assert re.search(ATTEMPT + r"POST  /Users \(on-a-line\)  201$", output, re.MULTILINE)
    refused = ATTEMPT + r"POST  /Users \(somebody_elses\)  409 — User exists .* Fix: (.*)$"
    found = re.search(refused, output, re.MULTILINE)
    assert found is not None, output
    server.sql(found[1].partition(": ")[2])
    with server.client() as client:
        by_name = {"filter": 'userName eq "somebody_elses"'}
        assert client.get("/Users", params=by_name).json()["totalResults"] == 1


def test_a_clients_text_steers_no_terminal(server: Server) -> None:
    with server.client() as client:
        client.post("/Users", json=user_body("red\x1b[31m\r\nalert"))
    output = server.awaited("alert")
    assert "\x1b" not in output
    assert "\r" not in output


def test_the_password_printed_logs_in_over_http(server: Server) -> None:
    said = rolecall(
        *("sql", "--url", server.root, "--user", "admin", "-c", "select current_user()"),
        ROLECALL_PASSWORD=printed(PASSWORD, server),
    )
    assert said == "ADMIN\n"


def test_a_wrong_password_is_a_sentence(server: Server) -> None:
    said = rolecall(
        *("sql", "--url", server.root, "--user", "admin", "-c", "select 1"),
        ROLECALL_PASSWORD="wrong",
        fails=1,
    )
    assert "Incorrect username or password" in said


def test_a_remote_refusal_has_its_place_in_the_script(server: Server) -> None:
    said = rolecall(
        *("sql", "--url", server.url, "--user", "admin", "-c", "select 1;\n  frobnicate"),
        ROLECALL_PASSWORD=printed(PASSWORD, server),
        fails=1,
    )
    assert "line 2, column 3" in said


def test_a_reset_password_replaces_the_old_one(tmp_path: Path) -> None:
    with started(tmp_path, "--ephemeral") as server:
        old, new = printed(PASSWORD, server), server.rolecall("account", "reset-password", "admin")
        log_in = ("sql", "--url", server.root, "--user", "admin", "-c", "select current_user()")
        assert rolecall(*log_in, ROLECALL_PASSWORD=new.strip()) == "ADMIN\n"
        rolecall(*log_in, ROLECALL_PASSWORD=old, fails=1)


def test_another_account_has_a_password_and_scim_of_its_own(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with started(tmp_path / "1", "--data", data) as server:
        token = server.issue_token(tmp_path)
        made = server.rolecall("account", "create", "other", "--admin", "eve")
        assert PASSWORD.search(made) is not None
    with started(tmp_path / "2", "--data", data) as server:
        host = f"rolecall-other.localhost:{httpx.URL(server.url).port}"
        other = httpx.get(
            f"{server.url}/Users", headers={"Host": host, "Authorization": f"Bearer {token}"}
        )
        assert (server.status(token), other.status_code) == (200, 401)
