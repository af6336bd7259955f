"""The drivers' protocol, request by request, against a real server."""

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import httpx
import pytest

from rolecall_process import Server

pytestmark = pytest.mark.e2e
PASSWORD = "correct-horse-battery"


class Wire:
    """One driver's connection, spoken by hand."""

    def __init__(self, server: Server, user: str = "DRIVER", password: str = PASSWORD) -> None:
        self.http = httpx.Client(base_url=server.root, timeout=30)
        data = {"ACCOUNT_NAME": "demo", "LOGIN_NAME": user, "PASSWORD": password}
        self.login = self.post("/session/v1/login-request", {"data": data})
        if self.login["success"]:
            self.authorize(self.login["data"]["token"])

    def authorize(self, token: str) -> None:
        self.http.headers["authorization"] = f'Snowflake Token="{token}"'

    def log_in(self, fields: dict[str, Any], **asked: str) -> dict[str, Any]:
        data = {"ACCOUNT_NAME": "demo", "LOGIN_NAME": "DRIVER", "PASSWORD": PASSWORD, **fields}
        return self.post("/session/v1/login-request", {"data": data}, **asked)

    def post(self, path: str, body: object = None, **params: str) -> dict[str, Any]:
        return self.send(path, gzip.compress(json.dumps(body or {}).encode()), **params)

    def send(self, path: str, content: bytes, **params: str) -> dict[str, Any]:
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        return whole(self.http.post(path, content=content, headers=headers, params=params))

    def get(self, path: str) -> dict[str, Any]:
        return whole(self.http.get(path))

    def query(self, text: str, request: str = "", **more: object) -> dict[str, Any]:
        request = request or str(uuid4())
        body = {"sqlText": text, "asyncExec": False, "sequenceId": 1, **more}
        return self.post("/queries/v1/query-request", body, requestId=request)


def whole(response: httpx.Response) -> dict[str, Any]:
    """What is wrong is said in the body: a driver repeats what HTTP calls an error."""
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


@pytest.fixture(scope="module")
def made(server: Server) -> Server:
    server.sql(
        f"create user driver password = '{PASSWORD}' default_role = accountadmin;"
        "grant role accountadmin to user driver"
    )
    return server


@pytest.fixture
def wire(made: Server) -> Iterator[Wire]:
    opened = Wire(made)
    yield opened
    opened.http.close()


def test_a_login_says_who_and_where_and_how_the_session_is(wire: Wire) -> None:
    data = wire.login["data"]
    assert data["displayUserName"] == "DRIVER"
    assert data["sessionInfo"]["roleName"] == "ACCOUNTADMIN"
    assert {"name": "AUTOCOMMIT", "value": True} in data["parameters"]


def test_an_answer_has_rows_and_describes_them(wire: Wire) -> None:
    data = wire.query("select 'x' as a, 2 as b")["data"]
    assert (data["rowset"], data["total"], data["returned"]) == ([["x", "2"]], 1, 1)
    assert [(each["name"], each["type"]) for each in data["rowtype"]] == [
        ("A", "text"),
        ("B", "fixed"),
    ]
    assert (data["finalRoleName"], data["queryResultFormat"]) == ("ACCOUNTADMIN", "json")


def test_values_are_bound_and_cannot_break_out(wire: Wire) -> None:
    value = {"type": "TEXT", "value": "x'; drop role public; --\\"}
    assert wire.query("select ?", bindings={"1": value})["data"]["rowset"] == [[value["value"]]]


def test_a_statement_is_carried_out_for_each_set_of_values(wire: Wire) -> None:
    def columns(*values: list[str]) -> dict[str, object]:
        return {str(n): {"type": "TEXT", "value": each} for n, each in enumerate(values, start=1)}

    text = "create role identifier(?) comment = ?"
    done = wire.query(text, bindings=columns(["SET_1", "SET_2"], ["it's", ""]))["data"]
    assert [row[0] for row in done["rowset"]] == [
        f"Role {name} successfully created." for name in ("SET_1", "SET_2")
    ]
    assert (done["total"], done["numberOfBinds"], done["statementTypeId"]) == (2, 2, 0x6000)
    refused = wire.query(text, bindings=columns(["SET_3", "SET_1", "SET_4"], ["", "", ""]))
    assert refused["code"] == "002002"
    assert refused["message"].endswith("It is set 2 of 3 of the values; 1 were carried out.")
    left = wire.query("show roles like 'SET%' ->> select \"name\" from $1 order by 1")["data"]
    assert left["rowset"] == [["SET_1"], ["SET_2"], ["SET_3"]]
    described = wire.query(text, bindings=columns(["A", "B"], ["", ""]), describeOnly=True)
    assert described["data"]["rowtype"][0]["name"] == "status"


def test_a_request_that_comes_twice_is_carried_out_once(wire: Wire) -> None:
    first = wire.query("create role once_only", "request-1")
    again = wire.query("create role once_only", "request-1")
    assert again == first
    assert wire.query("create role once_only", "request-2")["code"] == "002002"


def test_several_statements_are_answered_one_by_one(wire: Wire) -> None:
    data = wire.query("select 1; show roles", parameters={"MULTI_STATEMENT_COUNT": 2})["data"]
    first, second = data["resultIds"].split(",")
    assert wire.get(f"/queries/{first}/result")["data"]["rowset"] == [["1"]]
    assert wire.get(f"/queries/{second}/result")["data"]["total"] >= 5


@pytest.mark.parametrize(
    ("said", "code"), [({}, "000008"), ({"MULTI_STATEMENT_COUNT": 3}, "000008")]
)
def test_a_wrong_count_of_statements_runs_none(wire: Wire, said: object, code: str) -> None:
    refused = wire.query("create role not_run; select 1", parameters=said)
    assert (refused["success"], refused["code"]) == (False, code)
    assert wire.query("drop role not_run")["code"] == "002003"


def test_the_session_may_allow_any_number_of_statements(wire: Wire) -> None:
    wire.query("alter session set multi_statement_count = 0")
    assert wire.query("select 1; select 2")["success"] is True


def test_what_is_described_is_not_done(wire: Wire) -> None:
    described = wire.query("create role described", describeOnly=True)
    assert [each["name"] for each in described["data"]["rowtype"]] == ["status"]
    assert wire.query("drop role described")["code"] == "002003"
    named = wire.query("create role identifier(?) comment = ?", describeOnly=True)["data"]
    assert [each["name"] for each in named["rowtype"]] == ["status"]
    columns = wire.query("select ? as a, current_role() as b", describeOnly=True)["data"]
    assert ([each["name"] for each in columns["rowtype"]], columns["rowset"]) == (["A", "B"], [])


def test_a_statement_can_be_asked_for_later(wire: Wire) -> None:
    begun = wire.query("select 42", asyncExec=True)
    assert begun["code"] == "333334"
    assert wire.get(begun["data"]["getResultUrl"])["data"]["rowset"] == [["42"]]
    for path in ("/monitoring/queries/", "/monitoring/queries//"):
        (seen,) = wire.get(path + begun["data"]["queryId"])["data"]["queries"]
        assert seen["status"] == "SUCCESS"


def test_another_users_answer_is_not_found(wire: Wire, made: Server) -> None:
    made.sql(f"create user if not exists other password = '{PASSWORD}'")
    query = wire.query("select 'mine'")["data"]["queryId"]
    other = Wire(made, "OTHER")
    with closing(other.http):
        assert other.get(f"/queries/{query}/result")["success"] is False
        assert other.get(f"/monitoring/queries/{query}")["data"]["queries"] == []


def test_aborting_what_has_ended_changes_nothing(wire: Wire) -> None:
    done = wire.query("select 1", "request-3")["data"]["queryId"]
    assert wire.post("/queries/v1/abort-request", {"requestId": "request-3"})["success"] is True
    assert wire.post(f"/queries/{done}/abort-request")["success"] is True
    assert wire.get(f"/queries/{done}/result")["data"]["rowset"] == [["1"]]


def test_a_large_answer_comes_in_parts(wire: Wire) -> None:
    digits = "(" + " union all ".join(f"select {n} as n" for n in range(10)) + ")"
    text = f"""
        select a.n * 1000 + b.n * 100 + c.n * 10 + d.n as n
          from {digits} a, {digits} b, {digits} c, {digits} d
    """
    data = wire.query(text)["data"]
    (chunk,) = data["chunks"]
    part = httpx.get(chunk["url"], headers=data["chunkHeaders"])
    assert part.headers["content-type"] == "application/octet-stream", "it is no whole JSON"
    rows = json.loads(f"[{part.text}]")
    assert len(data["rowset"]) + chunk["rowCount"] == data["total"] == 10_000
    assert sorted(int(n) for (n,) in [*data["rowset"], *rows]) == list(range(10_000))
    guessed = httpx.get(chunk["url"].rsplit("/", 2)[0] + "/guessed/0")
    assert guessed.status_code == 404


def test_a_refusal_has_its_code_and_place(wire: Wire) -> None:
    refused = wire.query("show\n  rolez")
    assert (refused["success"], refused["code"]) == (False, "001003")
    assert (refused["data"]["line"], refused["data"]["pos"]) == (2, 2)


@pytest.mark.parametrize(
    "content",
    [
        b"this is no gzip",
        gzip.compress(b"[]"),
        gzip.compress(b"{"),
        gzip.compress(b"{}"),
        gzip.compress(b'{"sqlText": "select ?", "bindings": {"1": 7}}'),
        gzip.compress(bytes(100_000_000)),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_in_words(wire: Wire, content: bytes) -> None:
    refused = wire.send("/queries/v1/query-request", content)
    assert (refused["success"], refused["code"]) == (False, "390400")


def test_a_session_that_is_closed_is_over(wire: Wire) -> None:
    assert wire.get("/session/heartbeat")["success"] is True
    assert wire.post("/session", delete="true")["success"] is True
    assert wire.query("select 1")["code"] == "390112"
    assert wire.get("/session/heartbeat")["code"] == "390112"


def test_the_master_token_renews_a_session_that_is_open(wire: Wire) -> None:
    wire.query("set mark = 'kept'")
    wire.authorize(wire.login["data"]["masterToken"])
    renewed = wire.post("/session/token-request", {"requestType": "RENEW"})["data"]
    assert (renewed["validityInSecondsST"], renewed["validityInSecondsMT"]) == (3_600, 14_400)
    wire.authorize(renewed["sessionToken"])
    assert wire.query("select $mark")["data"]["rowset"] == [["kept"]]
    wire.authorize(wire.login["data"]["token"])
    assert wire.query("select 1")["code"] == "390112", "the token before is over"


def test_the_master_token_of_a_closed_session_renews_nothing(wire: Wire) -> None:
    wire.post("/session", delete="true")
    wire.authorize(wire.login["data"]["masterToken"])
    assert wire.post("/session/token-request", {"requestType": "RENEW"})["code"] == "390113"


def test_a_token_that_was_made_up_opens_nothing(wire: Wire) -> None:
    wire.authorize("made-up")
    assert wire.query("select 1")["code"] == "390112"
    wire.http.headers["authorization"] = "Basic made-up"
    assert wire.query("select 1")["code"] == "390103"


def test_a_login_says_what_to_act_as_and_where(wire: Wire) -> None:
    asked = {"roleName": "sysadmin", "databaseName": "demo_db", "schemaName": "information_schema"}
    said = wire.log_in({"SESSION_PARAMETERS": {"QUERY_TAG": "t", "CLIENT_OWN": 1}}, **asked)
    assert said["data"]["sessionInfo"] == {
        "databaseName": "DEMO_DB",
        "schemaName": "INFORMATION_SCHEMA",
        "warehouseName": None,
        "roleName": "SYSADMIN",
    }
    assert {"name": "QUERY_TAG", "value": "t"} in said["data"]["parameters"]
    assert wire.log_in({}, roleName="nosuch")["code"] == "390189"


def test_a_password_that_must_change_is_asked_for_and_changed(wire: Wire, made: Server) -> None:
    made.sql(f"create or replace user new password = '{PASSWORD}' must_change_password = true")
    said = wire.log_in({"LOGIN_NAME": "NEW"})
    assert (said["success"], said["data"]["nextAction"]) == (False, "PWD_CHANGE")
    chosen = {"LOGIN_NAME": "NEW", "CHOSEN_NEW_PASSWORD": "another-long-one"}
    assert wire.log_in(chosen)["success"] is True
    assert wire.log_in({"LOGIN_NAME": "NEW", "PASSWORD": "another-long-one"})["success"] is True


@pytest.mark.parametrize("word", ["EXTERNALBROWSER", "OAUTH", "https://example.okta.com"])
def test_another_way_in_is_refused_with_what_works_instead(wire: Wire, word: str) -> None:
    said = wire.log_in({"AUTHENTICATOR": word, "TOKEN": "x"})
    assert (said["success"], said["code"]) == (False, "390190")
    assert "snowflake_jwt" in said["message"]


def test_telemetry_is_taken_and_dropped(wire: Wire) -> None:
    assert wire.post("/telemetry/send", {"logs": []})["success"] is True


def test_single_sign_on_is_refused_with_what_works_instead(wire: Wire) -> None:
    refused = wire.post("/session/authenticator-request", {"data": {"LOGIN_NAME": "DRIVER"}})
    assert refused["success"] is False
    assert "programmatic access token" in refused["message"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"PASSWORD": "wrong"}, "390100"),
        ({"LOGIN_NAME": "NOBODY"}, "390100"),
        ({"ACCOUNT_NAME": "nosuch"}, "390201"),
        ({"ACCOUNT_NAME": "rolecall-demo"}, None),
        ({"ACCOUNT_NAME": "ROLECALL_DEMO"}, None),
        ({"LOGIN_NAME": 7}, "390400"),
    ],
)
def test_a_login_is_refused_in_words(wire: Wire, fields: dict[str, Any], code: str | None) -> None:
    said = wire.log_in(fields)
    assert (said["success"], said["code"]) == (code is None, code)
