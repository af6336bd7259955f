"""The vendor's own clients, each in its own environment, against a real server.

The environments are built by `make clients` from lock files; `make test` builds them first.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from authority import HOST, certified
from rolecall_process import Server, environment, started

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".venv" / "clients"
PROGRAMS = ROOT / "tests" / "clients"
PASSWORD = "correct-horse-battery"
SECONDS_MAX = 120
QUICK_SECONDS = 15
"""A refusal that takes longer was repeated."""
CONNECTORS = ("connector4", "connector5")
Outcome = dict[str, Any]

# Documents: the three pages' scripts, as printed.
PAGES = {
    "okta": ("okta_provisioner", "okta_provisioning", "okta"),
    "azure": ("aad_provisioner", "aad_provisioning", "azure"),
    "custom": ("generic_scim_provisioner", "generic_scim_provisioning", "generic"),
}
SCRIPT = """\
use role accountadmin;
create role if not exists {role};
grant create user on account to role {role};
grant create role on account to role {role};
grant role {role} to role accountadmin;
create or replace security integration {name}
    type = scim
    scim_client = '{client}'
    run_as_role = '{ROLE}';
select system$generate_scim_access_token('{NAME}');
"""
AUDIT = [
    "use role accountadmin",
    "use database demo_db",
    "use schema information_schema",
    """select * from table(rest_event_history('scim', dateadd('minutes',-5,current_timestamp()),
        current_timestamp(), 200)) order by event_timestamp""",
]


def script_of(page: str) -> str:
    role, name, client = PAGES[page]
    return SCRIPT.format(role=role, ROLE=role.upper(), name=name, NAME=name.upper(), client=client)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A server, how a client connects to it, and what the client's environment says."""

    server: Server
    connect: dict[str, Any]
    variables: dict[str, str]


@pytest.fixture(scope="module", params=["http", "https"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp(request.param)
    connect: dict[str, Any] = {"account": "demo", "user": "driver", "password": PASSWORD}
    options: list[str] = []
    variables = {"HOME": str(folder), "SNOWFLAKE_HOME": str(folder)}
    if request.param == "https":
        files = certified(folder)
        options = ["--tls-certificate", str(files.certificate), "--tls-key", str(files.key)]
        trusted = str(files.authority)
        variables |= {"REQUESTS_CA_BUNDLE": trusted, "SSL_CERT_FILE": trusted}
    with started(folder, "--ephemeral", *options) as server:
        assert server.root.startswith(f"{request.param}://")
        server.sql(
            f"create user driver password = '{PASSWORD}' default_role = accountadmin;"
            "grant role accountadmin to user driver"
        )
        connect |= {"host": HOST, "port": int(server.root.rsplit(":", 1)[1])}
        if request.param == "http":
            connect |= {"host": "127.0.0.1", "protocol": "http"}
        yield Place(server=server, connect=connect, variables=variables)


def command_of(environment_name: str, program: str) -> str:
    """A program of a client's environment; without it the test can't be run."""
    path = ENVIRONMENTS / environment_name / "bin" / program
    if not path.exists():
        assert not os.environ.get("CI"), f"{path} is missing: `make clients` builds it"
        pytest.skip(f"no {environment_name} here: `make clients` builds it")
    return str(path)


def answered(command: list[str], task: object, place: Place) -> list[Outcome]:
    done = subprocess.run(
        command,
        input=json.dumps(task),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        env=environment() | place.variables,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcomes: list[Outcome] = json.loads(done.stdout)
    for outcome in outcomes:
        assert outcome["seconds"] < QUICK_SECONDS, outcome
    return outcomes


def connected(client: str, place: Place, steps: list[Outcome], **changed: object) -> list[Outcome]:
    """What a connector makes of the steps; the first outcome is its connection's."""
    command = [command_of(client, "python"), str(PROGRAMS / "connector_session.py")]
    return answered(command, {"connect": place.connect | changed, "steps": steps}, place)


def statements(*texts: str) -> list[Outcome]:
    return [{"sql": text} for text in texts]


# ---- the Python connectors -------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_runs_a_pages_script(client: str, page: str, place: Place) -> None:
    _, outcome = connected(client, place, [{"do": "script", "sql": script_of(page)}])
    ((token,),) = outcome["rows"][-1]
    assert re.fullmatch(r"rolecall_[\w-]{43}", token)


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_shows_describes_and_reads_the_audit(client: str, place: Place) -> None:
    outcomes = connected(
        client, place, statements("show users like 'DRIVER'", "desc user driver", *AUDIT)
    )[1:]
    shown, described, audit = outcomes[0], outcomes[1], outcomes[-1]
    assert shown["columns"][:3] == ["name", "created_on", "login_name"]
    assert (shown["rows"][0][0], shown["types"][1]) == ("DRIVER", "datetime")
    assert described["columns"] == ["property", "value", "default", "description"]
    assert len(audit["columns"]) == 13


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_reads_moments_as_they_were(client: str, place: Place) -> None:
    steps = statements("create or replace user clock", "show users like 'CLOCK'")
    shown = connected(client, place, steps)[-1]
    created = datetime.fromisoformat(shown["rows"][0][1])
    assert abs(datetime.now(UTC) - created) < timedelta(seconds=QUICK_SECONDS)


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_refusal_is_the_connectors_own_exception(client: str, place: Place) -> None:
    steps = statements("drop role nosuch", "selct 1", "create user driver", "use role nosuch")
    refused = connected(client, place, steps)[1:]
    assert [(each["error"], each["errno"], each["sqlstate"]) for each in refused] == [
        ("ProgrammingError", 2003, "02000"),
        ("ProgrammingError", 1003, "42000"),
        ("ProgrammingError", 2002, "42710"),
        ("ProgrammingError", 2003, "02000"),
    ]


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_binds_on_its_side_and_on_ours(client: str, place: Place) -> None:
    hostile = "it's; drop role x --\\"
    (_, ours) = connected(
        client, place, [{"sql": "select ?, ?, ?", "values": [hostile, 7, None]}], paramstyle="qmark"
    )
    (_, theirs) = connected(client, place, [{"sql": "select %s, %s", "values": [hostile, 7]}])
    assert (ours["rows"], theirs["rows"]) == ([[hostile, 7, None]], [[hostile, 7]])


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_sends_several_statements_describes_and_asks_later(
    client: str, place: Place
) -> None:
    several, error, described, later = connected(
        client,
        place,
        [
            {"sql": "select 1; select 2", "options": {"num_statements": 2}},
            {"sql": "select 1; selct 2; select 3", "options": {"num_statements": 3}},
            {"do": "describe", "sql": "select current_role() as r, 1 as n"},
            {"do": "later", "sql": "select 42"},
        ],
    )[1:]
    assert several["results"] == [[[1]], [[2]]]
    assert (error["error"], error["errno"]) == ("ProgrammingError", 1003)
    assert (described["columns"], later["status"]) == (["R", "N"], "SUCCESS")


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_reads_every_row_of_a_large_answer(client: str, place: Place) -> None:
    digits = "(" + " union all ".join(f"select {n} as n" for n in range(10)) + ")"
    text = f"select count(*) over () as c, a.n from {digits} a, {digits} b, {digits} c, {digits} d"
    _, outcome = connected(client, place, statements(text))
    assert len(outcome["rows"]) == outcome["rows"][0][0] == 10_000


@pytest.mark.parametrize(
    ("changed", "errno"),
    [
        ({"password": "wrong"}, 390100),
        ({"user": "nobody"}, 390100),
        ({"account": "nosuch"}, 390201),
        ({"role": "nosuch"}, 390189),
    ],
)
@pytest.mark.parametrize("client", CONNECTORS)
def test_a_login_that_is_refused_is_the_connectors_own_exception(
    client: str, changed: dict[str, str], errno: int, place: Place
) -> None:
    (refused,) = connected(client, place, [], **changed)
    assert (refused["error"], refused["errno"]) == ("DatabaseError", errno)


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_session_that_was_ended_is_an_exception_and_no_loop(client: str, place: Place) -> None:
    place.server.sql(
        f"create or replace user leaver password = '{PASSWORD}' default_role = accountadmin;"
        "grant role accountadmin to user leaver"
    )
    steps = statements("alter user leaver set disabled = true", "select 1", "select 2")
    done, *refused = connected(client, place, steps, user="leaver")[1:]
    assert "error" not in done
    assert all(each["error"] in {"ProgrammingError", "DatabaseError"} for each in refused)


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_logs_out(client: str, place: Place) -> None:
    *_, closed, after = connected(
        client, place, [*statements("select 1"), {"do": "close"}, *statements("select 1")]
    )
    assert "error" not in closed
    assert after["error"] in {"DatabaseError", "InterfaceError"}


# ---- SQLAlchemy --------------------------------------------------------------------------------


def test_sqlalchemy_runs_everything_the_connectors_do(place: Place) -> None:
    command = [command_of("sqlalchemy", "python"), str(PROGRAMS / "engine_session.py")]
    connect = {name: place.connect[name] for name in place.connect if name != "protocol"}
    arguments = {name: place.connect[name] for name in place.connect if name == "protocol"}
    pieces = [piece for page in PAGES for piece in script_of(page).split(";\n") if piece.strip()]
    steps: list[Outcome] = [
        {"sql": pieces},
        {"sql": ["show users like 'DRIVER'"]},
        {"sql": ["desc user driver"]},
        {"sql": AUDIT},
        {"sql": ["select :text as x, :number as n"], "values": {"text": "it's", "number": 7}},
        {"sql": ["drop role nosuch"]},
    ]
    task = {"connect": connect, "arguments": arguments, "steps": steps}
    scripts, shown, described, audit, bound, refused = answered(command, task, place)
    assert scripts["rows"][0][0].startswith("rolecall_")
    assert (shown["rows"][0][0], len(audit["columns"])) == ("DRIVER", 13)
    assert described["rows"][0][:2] == ["NAME", "DRIVER"]
    assert bound["rows"] == [["it's", 7]]
    assert (refused["error"], refused["errno"]) == ("ProgrammingError", 2003)


# ---- snow sql ----------------------------------------------------------------------------------


def snow(place: Place, text: str, fails: int = 0, **changed: object) -> str:
    """What `snow sql` prints for the statements, on standard input as a person pipes them."""
    folder = Path(place.variables["HOME"])
    settings = folder / "snow.toml"
    lines = "\n".join(
        f"{key} = {json.dumps(value)}" for key, value in (place.connect | changed).items()
    )
    settings.write_text(
        f"[cli]\nignore_new_version_warning = true\n\n[connections.rolecall]\n{lines}\n"
    )
    settings.chmod(0o600)
    query = folder / "query.sql"
    query.write_text(text)
    command = [command_of("snow", "snow"), "--config-file", str(settings), "sql"]
    command += ["-c", "rolecall", "-f", str(query), "--format", "json"]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        env=environment() | place.variables | {"COLUMNS": "200"},
        check=False,
    )
    assert done.returncode == fails, done.stdout + done.stderr
    return done.stderr if fails else done.stdout


def test_snow_runs_the_pages_scripts_and_the_audit(place: Place) -> None:
    text = "".join(map(script_of, PAGES)) + ";\n".join(["desc user driver", *AUDIT])
    printed = json.loads(snow(place, text))
    tokens = [row for result in printed for row in result if "rolecall_" in str(row)]
    assert len(tokens) == len(PAGES)


def test_snow_says_what_is_wrong_in_the_middle_of_a_script(place: Place) -> None:
    said = snow(place, "select 1; selct 2; select 3", fails=1)
    assert "001003 (42000)" in said
    assert "unexpected 'selct'" in said


def test_snow_says_that_a_password_is_wrong(place: Place) -> None:
    assert "390100" in snow(place, "select 1", fails=1, password="wrong")
