"""The documented script, against a real PostgreSQL: a leaver can't log in, and is out at once."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from rolecall_process import USER_SCHEMA, Server, started

pytestmark = pytest.mark.e2e

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "events.md"
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
SECONDS_MAX = 30
LEAVER = "leaver@example.com"


def unprivileged(folder: Path) -> list[str]:
    """How to start what refuses to run as root, with a folder that is its own."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "nobody", "nogroup")
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


@pytest.fixture
def database() -> Iterator[dict[str, str]]:
    """A cluster of its own on a socket in a folder of its own: how psql finds it."""
    if not PROGRAMS or shutil.which("psql") is None:
        pytest.skip("no PostgreSQL server is installed")
    programs = PROGRAMS[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_nobody = unprivileged(folder)
    where = folder / "data"
    make = [str(programs / "initdb"), "-D", str(where), "-A", "trust", "-U", "keeper", "--no-sync"]
    subprocess.run([*as_nobody, *make], check=True, capture_output=True, cwd=folder)
    serve = [str(programs / "postgres"), "-D", str(where), "-k", str(folder), "-h", "", "-F"]
    process = subprocess.Popen(
        [*as_nobody, *serve], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    found = {"PGHOST": str(folder), "PGUSER": "keeper", "PGDATABASE": "postgres"}
    try:
        awaited(lambda: asked(found, "select 1") == "1")
        yield found
    finally:
        process.terminate()
        process.wait(SECONDS_MAX)
        shutil.rmtree(folder)


def asked(database: dict[str, str], query: str) -> str:
    done = subprocess.run(
        ["psql", "-X", "-A", "-t", "-c", query],
        env=os.environ | database,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def awaited(true: Callable[[], bool]) -> None:
    until = monotonic() + SECONDS_MAX
    while not true():
        assert monotonic() < until, "it does not come true"
        sleep(0.05)


def access_token(server: Server) -> str:
    server.sql(
        "create role followers; grant monitor on account to role followers; "
        "create user feed type = service default_role = followers; "
        "grant role followers to user feed"
    )
    add = "alter user feed add programmatic access token t role_restriction = 'FOLLOWERS'"
    found = re.search(r'"token_secret"\s*:\s*"([^"]+)"', server.sql(add, "--format", "json"))
    assert found is not None
    return found[1]


def test_a_leaver_can_t_log_in_and_is_out_at_once(database: dict[str, str], tmp_path: Path) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    asked(database, f'create role "{LEAVER}" login')
    asked(database, 'create role "stayer@example.com" login')
    inside = subprocess.Popen(
        ["psql", "-X", "-c", "select pg_sleep(600)"],
        env=os.environ | database | {"PGUSER": LEAVER},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    sessions = f"select count(*) from pg_stat_activity where usename = '{LEAVER}'"
    awaited(lambda: asked(database, sessions) == "1")
    with started(tmp_path / "log", "--data", str(tmp_path / "data")) as server:
        server.token = server.issue_token(tmp_path)
        follows = {
            "ROLECALL_URL": server.root,
            "ROLECALL_TOKEN": access_token(server),
            "STATE_FILE": str(tmp_path / "state"),
        }
        script_runs = subprocess.Popen(
            [sys.executable, "-c", script], env=os.environ | database | follows
        )
        try:
            with server.client() as client:
                body = {"schemas": [USER_SCHEMA], "userName": LEAVER}
                person = client.post("/Users", json=body).json()["id"]
                assert client.delete(f"/Users/{person}").status_code == 204
            awaited(lambda: asked(database, sessions) == "0")
            assert inside.wait(SECONDS_MAX) != 0
        finally:
            for process in (script_runs, inside):
                process.kill()
                process.wait()
    able = "select string_agg(rolname, ' ') from pg_roles where rolcanlogin and rolname like '%@%'"
    assert asked(database, able) == "stayer@example.com"
