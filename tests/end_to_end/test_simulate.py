"""`rolecall simulate`: our server comes out clean of every provider, a flawed one does not."""

import json
import subprocess
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from authority import certified
from rolecall.cli_simulate import Provider
from rolecall_process import ROLECALL, Server, rolecall, started
from tiny_scim_server import TinyScimServer

pytestmark = pytest.mark.e2e

SIZE = ("--users", "45", "--groups", "4", "--changes", "9")
INTEGRATIONS = {"okta": "okta", "okta-aiw": "okta", "entra": "azure"}


def token_for(server: Server, folder: Path, provider: str) -> Path:
    """A file with a token of an integration that speaks the provider's dialect."""
    dialect = INTEGRATIONS.get(provider, "generic")
    server.sql(
        "create role provisioner; grant create user, create role on account to role provisioner; "
        "grant role provisioner to role accountadmin; create security integration played "
        f"type = scim scim_client = '{dialect}' run_as_role = 'PROVISIONER'"
    )
    out = folder / "token"
    out.write_text(server.issue_token(folder, "PLAYED"))
    return out


@pytest.mark.parametrize(
    ("provider", "flag"),
    [("entra", "?aadOptscim062020"), *((provider.value, "") for provider in Provider)],
)
def test_our_own_server_comes_out_clean(
    empty: Server, tmp_path: Path, provider: str, flag: str
) -> None:
    token = str(token_for(empty, tmp_path, provider))
    url = empty.url + flag
    options = ("--url", url, "--token-file", token, *SIZE, "--format", "json")
    report = json.loads(rolecall("simulate", provider, *options))
    assert report["surprises"] == []
    assert report["provider"] == provider
    assert report["users_active"] > 30


@pytest.fixture
def flawed() -> Iterator[str]:
    """The address of a server that removes every member when one is removed."""
    tiny = TinyScimServer("lost-member")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answered(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = httpx.Request(self.command, f"http://tiny{self.path}", content=content)
            answer = tiny(request)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answered  # noqa: N815 - inherited names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
            """Write nothing: a test's output is its failures."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v2"
        server.shutdown()
        thread.join()


def test_a_server_that_loses_members_is_caught_and_the_reason_told(flawed: str) -> None:
    command = [ROLECALL, "simulate", "entra", "--url", flawed, "--token", "any", *SIZE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "What Microsoft Entra ID would stumble over" in done.stdout
    told = " ".join(done.stdout.split())
    assert "The group's members differ from what was acknowledged" in told


def test_a_simulation_needs_a_token_and_an_address() -> None:
    assert "no token" in rolecall("simulate", "okta", "--url", "http://127.0.0.1:9/", fails=2)
    options = ("--url", "127.0.0.1:9", "--token", "any")
    assert "is an address" in rolecall("simulate", "okta", *options, fails=2)


# ---- what can't be played ----------------------------------------------------------------------


def test_nobody_at_the_address_is_said_and_is_no_verdict() -> None:
    options = ("--url", "http://127.0.0.1:9/scim/v2", "--token", "any", *SIZE)
    assert "nobody answers at" in rolecall("simulate", "okta", *options, fails=2)


def test_a_refused_token_is_said_and_is_no_verdict(empty: Server) -> None:
    options = ("--url", empty.url, "--token", "wrong", *SIZE)
    assert "Check the token" in rolecall("simulate", "okta", *options, fails=2)


def test_an_address_without_users_is_said_and_is_no_verdict(empty: Server) -> None:
    options = ("--url", f"{empty.root}/nowhere", "--token", "any", *SIZE)
    told = rolecall("simulate", "entra", *options, fails=2)
    assert "which /Users is appended to" in told


def test_a_chapter_that_is_not_there_is_answered_by_those_that_are() -> None:
    options = ("--url", "http://127.0.0.1:9/", "--token", "any", "--only", "?")
    told = rolecall("simulate", "okta", *options, fails=2)
    assert "creating users" in told
    assert "pushing a whole group" in told


def test_an_authority_that_nobody_knows_is_said_with_what_to_do_and_then_known(
    tmp_path: Path,
) -> None:
    files = certified(tmp_path)
    tls = ["--tls-certificate", str(files.certificate), "--tls-key", str(files.key)]
    with started(tmp_path / "server", "--ephemeral", *tls) as server:
        token = str(token_for(server, tmp_path, "generic"))
        play = ("simulate", "generic", "--url", server.url, "--token-file", token, *SIZE)
        assert "is named by SSL_CERT_FILE" in rolecall(*play, fails=2)
        assert "over nothing" in rolecall(*play, SSL_CERT_FILE=str(files.authority))


# ---- reports -----------------------------------------------------------------------------------


def test_a_report_for_a_ci_has_one_case_for_each_chapter(flawed: str, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    options = ("--url", flawed, "--token", "any", *SIZE, "--junit", str(junit))
    rolecall("simulate", "entra", *options, "--skip", "details", fails=1)
    [suite] = ET.parse(junit).getroot()  # noqa: S314 - our own file
    cases = {case.get("name"): case for case in suite}
    assert int(suite.get("tests", "0")) == len(cases)
    assert "details" not in cases
    failure = cases["comparing"].find("failure")
    assert failure is not None
    assert failure.get("type") == "lost-member"
    assert "RFC 7644 section 3.5.2" in (failure.text or "")
    assert cases["creating users"].find("failure") is None


def test_only_a_chapter_and_its_basis_are_played(empty: Server, tmp_path: Path) -> None:
    token = str(token_for(empty, tmp_path, "okta"))
    options = ("--url", empty.url, "--token-file", token, *SIZE, "--format", "json")
    report = json.loads(rolecall("simulate", "okta", *options, "--only", "importing"))
    played = [each["chapter"] for each in report["chapters"]]
    assert played[-2:] == ["importing", "comparing"]
    assert "leavers" not in played


def test_what_was_played_with_is_gone_after_cleaning_up(empty: Server, tmp_path: Path) -> None:
    token = token_for(empty, tmp_path, "entra")
    options = ("--url", empty.url, "--token-file", str(token), *SIZE)
    assert "over nothing" in rolecall("simulate", "entra", *options, "--clean-up")
    with empty.client(token.read_text()) as client:
        for place in ("/Users", "/Groups"):
            assert client.get(place).json()["totalResults"] == 0
