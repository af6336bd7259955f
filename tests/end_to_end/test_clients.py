"""The vendor's own clients run everything that we have, against a real server."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from client_programs import (
    CONNECTORS,
    PASSWORD,
    QUICK_SECONDS,
    Outcome,
    Place,
    connected,
    snow,
    statements,
)
from rolecall_process import resident_megabytes

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

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
LIMITED = {"STATEMENT_TIMEOUT_IN_SECONDS": 2}
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
    several, error, described, later, elsewhere = connected(
        client,
        place,
        [
            {"sql": "select 1; select 2", "options": {"num_statements": 2}},
            {"sql": "select 1; selct 2; select 3", "options": {"num_statements": 3}},
            {"do": "describe", "sql": "select current_role() as r, 1 as n"},
            {"do": "later", "sql": "select 42"},
            {"do": "later", "sql": "select n from (values (1), (2)) as t(n) order by n"},
        ],
    )[1:]
    assert several["results"] == [[[1]], [[2]]]
    assert (error["error"], error["errno"]) == ("ProgrammingError", 1003)
    assert described["columns"] == ["R", "N"]
    assert (later["status"], later["rows"]) == ("SUCCESS", [[42]])
    assert elsewhere["rows"] == [[1], [2]]


HEAVY = """select count(*) from snowflake.information_schema.columns a,
    snowflake.information_schema.columns b, snowflake.information_schema.columns c,
    snowflake.information_schema.columns d
where a.column_name || b.column_name || c.column_name || d.column_name like '%q%z%'"""


# Version 5 takes `execute(timeout=…)` and drops it; with the others it aborts the query as well.
@pytest.mark.parametrize(
    ("client", "options", "changed", "refused"),
    [
        ("connector4", {"timeout": 2}, {}, ("ProgrammingError", 604)),
        ("connector4", {}, {"network_timeout": 2}, ("ProgrammingError", 604)),
        ("connector5", {}, {"network_timeout": 2}, ("OperationalError", 14)),
        ("connector5", {}, {"query_timeout": 2}, ("OperationalError", 14)),
        *(
            (client, {}, {"session_parameters": LIMITED}, ("ProgrammingError", 630))
            for client in CONNECTORS
        ),
    ],
)
def test_a_query_that_takes_too_long_ends_when_the_connector_was_told(
    client: str,
    options: Outcome,
    changed: Outcome,
    refused: tuple[str, int],
    place: Place,
) -> None:
    steps: list[Outcome] = [{"sql": HEAVY, "options": options}, {"sql": "select 5"}]
    late, after = connected(client, place, steps, **changed)[1:]
    assert (late["error"], late["errno"]) == refused
    assert after["rows"] == [[5]]


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_runs_a_statement_for_each_of_many_values(client: str, place: Place) -> None:
    many, shown, altered, asked, refused = connected(
        client,
        place,
        [
            {
                "do": "many",
                "sql": "create or replace role identifier(?) comment = ?",
                "values": [["MANY_1", "it's"], ["MANY_2", "two"]],
            },
            {"sql": "show roles like 'MANY%'"},
            {
                "do": "many",
                "sql": "alter user identifier(?) set comment = ?",
                "values": [["DRIVER", "one"], ["DRIVER", None], ["NOSUCH", "x"]],
            },
            {"do": "many", "sql": "select ?", "values": [[1], [2]]},
            {"do": "many", "sql": "insert into t values (?)", "values": [[1], [2]]},
        ],
        paramstyle="qmark",
    )[1:]
    assert "error" not in many | asked
    assert (altered["error"], altered["errno"]) == ("ProgrammingError", 2_003)
    assert [(row[1], row[-1]) for row in shown["rows"]] == [("MANY_1", "it's"), ("MANY_2", "two")]
    assert (refused["error"], refused["errno"]) == ("ProgrammingError", 1_003)


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_reads_every_row_of_a_large_answer(client: str, place: Place) -> None:
    digits = "(" + " union all ".join(f"select {n} as n" for n in range(10)) + ")"
    text = f"select count(*) over () as c, a.n from {digits} a, {digits} b, {digits} c, {digits} d"
    _, outcome = connected(client, place, statements(text))
    assert len(outcome["rows"]) == outcome["rows"][0][0] == 10_000


DIGITS = "(" + " union all ".join(f"select {n} as n" for n in range(10)) + ")"
MILLION = (
    "select a.n + b.n * 10 + c.n * 100 + d.n * 1000 + e.n * 10000 + f.n * 100000 as n, 'name' as t "
    f"from {DIGITS} a, {DIGITS} b, {DIGITS} c, {DIGITS} d, {DIGITS} e, {DIGITS} f"
)
MEGABYTES_MORE_MAX = 400


@pytest.mark.parametrize("place", ["http"], indirect=True)
def test_a_connector_reads_a_million_rows_and_is_refused_more(place: Place) -> None:
    before = resident_megabytes(place.server.pid)
    _, million, more = connected(
        "connector5",
        place,
        [
            {"do": "count", "sql": MILLION},
            {"sql": f"select m.n, x.n as k from ({MILLION}) m, {DIGITS} x"},
        ],
    )
    assert million["count"] == 1_000_000
    assert (more["error"], more["errno"]) == ("ProgrammingError", 100_183)
    assert "more than 1000000 rows" in more["message"]
    assert resident_megabytes(place.server.pid) - before < MEGABYTES_MORE_MAX


@pytest.mark.parametrize("place", ["http"], indirect=True)
def test_a_query_that_connector_4_gives_up_is_cancelled(place: Place) -> None:
    heavy = f"select sum(x.n) from ({MILLION}) x, ({MILLION}) y"
    steps: list[Outcome] = [{"sql": heavy, "options": {"timeout": 2}}, *statements("select 1")]
    _, given_up, after = connected("connector4", place, steps)
    assert (given_up["error"], given_up["errno"]) == ("ProgrammingError", 604)
    assert after["rows"] == [[1]]


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
    said = {each["error"] for each in refused}
    assert said <= {"ProgrammingError", "DatabaseError", "ReauthenticationRequest"}


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_logs_out(client: str, place: Place) -> None:
    before = place.open_sessions()
    *_, closed, after = connected(
        client, place, [*statements("select 1"), {"do": "close"}, *statements("select 1")]
    )
    assert place.open_sessions() == before
    assert "error" not in closed
    assert after["error"] in {"DatabaseError", "InterfaceError"}


# ---- SQLAlchemy --------------------------------------------------------------------------------


def test_sqlalchemy_runs_everything_the_connectors_do(place: Place) -> None:
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
    before = place.open_sessions()
    scripts, shown, described, audit, bound, refused = place.program(
        "sqlalchemy", "engine_session.py"
    ).answer(task)
    assert scripts["rows"][0][0].startswith("rolecall_")
    assert (shown["rows"][0][0], len(audit["columns"])) == ("DRIVER", 13)
    assert described["rows"][0][:2] == ["NAME", "DRIVER"]
    assert bound["rows"] == [["it's", 7]]
    assert place.open_sessions() == before, "an engine that is let go has logged out"
    assert (refused["error"], refused["errno"]) == ("ProgrammingError", 2003)


# ---- snow sql ----------------------------------------------------------------------------------


def test_snow_runs_the_pages_scripts_and_the_audit_and_logs_out(place: Place) -> None:
    before = place.open_sessions()
    more = ["show users like '<% who %>'", "desc user driver", "select '<% who %>' as x", *AUDIT]
    text = "".join(map(script_of, PAGES)) + ";\n".join(more)
    printed = json.loads(snow(place, text, "-D", "who=DRIVER"))
    assert place.open_sessions() == before
    tokens = [row for result in printed for row in result if "rolecall_" in str(row)]
    assert len(tokens) == len(PAGES)
    shown, described, (bound,) = printed[-len(AUDIT) - 3 : -len(AUDIT)]
    assert (shown[0]["name"], bound) == ("DRIVER", {"X": "DRIVER"})
    assert {"property": "NAME", "value": "DRIVER"}.items() <= described[0].items()


def test_snow_says_what_is_wrong_in_the_middle_of_a_script(place: Place) -> None:
    said = snow(place, "select 1; selct 2; select 3", fails=1)
    assert "001003 (42000)" in said
    assert "unexpected 'selct'" in said
