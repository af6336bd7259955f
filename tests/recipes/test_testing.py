"""docs/clients/testing.md works as printed: fixture, tests, and the container's commands."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rolecall_process import Server, environment, started

pytestmark = pytest.mark.e2e

PAGE = (Path(__file__).parents[2] / "docs" / "clients" / "testing.md").read_text("utf-8")
LASTING = """
def test_an_account_for_the_run_is_filled(rolecall_session):
    with rolecall_session.client() as client:
        assert client.post("/Users", json={"userName": "ada@example.com"}).status_code == 201

def test_an_account_for_the_run_is_still_full(rolecall_session, rolecall):
    assert rolecall_session.client().get("/Users").json()["totalResults"] == 1
    assert rolecall.client().get("/Users").json()["totalResults"] == 0
"""
PYTHON = re.compile(r"^```python\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(tmp_path_factory.mktemp("testing"), "--ephemeral") as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    running.reset()
    return running


def control(server: Server, what: str, **body: object) -> dict[str, object]:
    answer = httpx.post(f"{server.root}/control/{what}", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


def test_the_fixture_and_its_tests_run_as_printed(tmp_path: Path) -> None:
    conftest, *tests = PYTHON.findall(PAGE)
    (tmp_path / "conftest.py").write_text(conftest)
    for number, text in enumerate([*tests, LASTING]):
        (tmp_path / f"test_printed_{number}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "9 passed" in done.stdout, done.stdout + done.stderr


def test_the_shell_s_way_runs_as_printed(tmp_path: Path) -> None:
    (script,) = (block for block in SHELL.findall(PAGE) if "ready.json" in block)
    folder = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-m", "-e", "-c", script],
        cwd=tmp_path,
        env={**environment(), "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert json.loads(done.stdout)["faults"]["count"] == 2, done.stderr
    assert json.loads((tmp_path / "account.json").read_text())["token"].startswith("rolecall_")
    assert not (tmp_path / "ready.json").exists(), "the server has ended"


def test_a_reset_forgets_users_and_tokens(server: Server) -> None:
    with server.client() as client:
        client.post("/Users", json={"userName": "ada@example.com"})
        assert client.get("/Users").json()["totalResults"] == 1
    before = server.token
    server.token = str(control(server, "reset")["token"])
    assert server.status(before) == 401
    with server.client() as client:
        assert client.get("/Users").json()["totalResults"] == 0


def test_a_moved_clock_ends_tokens_and_a_reset_brings_it_back(server: Server) -> None:
    control(server, "clock", seconds=200 * 24 * 3600)
    assert server.status() == 401
    assert server.status(str(control(server, "reset")["token"])) == 200


def test_faults_last_as_long_as_was_asked_for(server: Server) -> None:
    control(server, "faults", count=2, status=503, retry_after=7)
    with server.client() as client:
        answers = [client.get("/Users") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[0].json()["status"] == "503"


@pytest.mark.parametrize(
    ("dialect", "integration"),
    [
        ("okta", "OKTA_PROVISIONING"),
        ("entra", "AAD_PROVISIONING"),
        ("AZURE", "AAD_PROVISIONING"),
        ("generic", "GENERIC_SCIM_PROVISIONING"),
    ],
)
def test_a_token_of_a_dialect_is_made_with_its_integration(
    server: Server, dialect: str, integration: str
) -> None:
    for _ in range(2):
        told = control(server, "token", scim_client=dialect)
        assert told["integration"] == integration
        assert server.status(str(told["token"])) == 200


def test_a_lost_answer_is_one_to_a_request_that_was_carried_out(server: Server) -> None:
    control(server, "faults", count=1, status=504, lost=True)
    with server.client() as client:
        answer = client.post("/Users", json={"userName": "ada@example.com"})
        assert (answer.status_code, answer.json()["status"]) == (504, "504")
        assert "retry-after" not in answer.headers
        assert client.get("/Users").json()["totalResults"] == 1


@pytest.mark.parametrize(
    ("only", "statuses"),
    [
        ({"method": "get"}, [500, 201, 200, 200]),
        ({"method": "POST"}, [200, 500, 200, 200]),
        ({"path": "/Groups"}, [200, 201, 500, 200]),
        ({"path": "groups", "method": "GET"}, [200, 201, 500, 200]),
        ({"path": "/Group"}, [200, 201, 200, 200]),
    ],
)
def test_faults_strike_only_what_is_meant(
    server: Server, only: dict[str, str], statuses: list[int]
) -> None:
    control(server, "faults", count=1, status=500, **only)
    with server.client() as client:
        answers = [
            client.get("/Users"),
            client.post("/Users", json={"userName": "ada@example.com"}),
            client.get("/Groups"),
            client.get("/Users"),
        ]
    assert [answer.status_code for answer in answers] == statuses


def test_a_fault_without_a_status_is_a_delay(server: Server) -> None:
    control(server, "faults", count=1, delay_seconds=0.3)
    with server.client() as client:
        answer = client.get("/Users")
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.3


def test_faults_can_be_read_and_taken_back(server: Server) -> None:
    control(server, "faults", count=5, status=401)
    assert httpx.get(f"{server.root}/control").json()["faults"]["count"] == 5
    assert httpx.delete(f"{server.root}/control/faults").json() == {"faults": None}
    assert server.status() == 200


@pytest.mark.parametrize(
    ("what", "body", "words"),
    [
        ("faults", {"count": 1, "status": 418}, "status is one of 401, 429, 500, 502, 503, 504"),
        ("faults", {"count": -1}, "count is 0 to"),
        ("faults", {"count": 1, "lost": True}, "lost is for a status"),
        ("faults", {"count": 1, "delay_seconds": 1e9}, "delay_seconds 0 to 300"),
        ("faults", {"count": 1, "state": 503}, "unknown field"),
        ("clock", {}, "missing required field"),
        ("token", {"scim_client": "ping"}, "scim_client is one of OKTA, AZURE, GENERIC"),
    ],
)
def test_what_can_t_be_done_is_refused_with_the_reason(
    server: Server, what: str, body: dict[str, object], words: str
) -> None:
    answer = httpx.post(f"{server.root}/control/{what}", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_another_place_and_another_type_are_refused(server: Server) -> None:
    assert "POST /control/reset" in httpx.get(f"{server.root}/control/users").json()["detail"]
    assert httpx.post(f"{server.root}/control/reset", content=b"x").status_code == 415
    json_type = {"Content-Type": "application/json"}
    large = httpx.post(f"{server.root}/control/faults", content=b"x" * 70_000, headers=json_type)
    assert large.status_code == 413


def test_a_server_that_keeps_its_data_has_no_control_endpoint(tmp_path: Path) -> None:
    with started(tmp_path, "--data", str(tmp_path / "data")) as running:
        answer = httpx.post(f"{running.root}/control/reset", json={})
        assert answer.status_code == 404
