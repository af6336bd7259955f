"""The SQL API: submit, poll, cancel, partitions, and each documented refusal (section 10a)."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx
import pytest
from starlette.routing import Router

from rolecall.domain.names import Id
from rolecall.domain.tables import Column, ColumnType, Table
from rolecall.fronts import sql
from rolecall.fronts.login import log_in
from rolecall.sql.cursor import StatementText
from rolecall.web import guard, repeating, sql_api
from rolecall.web.accounts import Places
from sql_world import Desk

PATH = "/api/v2/statements"
AGENT = "test/1"


class Api:
    """An account behind the API, on an event loop of its own."""

    def __init__(self, desk: Desk, workers: ThreadPoolExecutor) -> None:
        self.desk = desk
        places = Places(lambda: [(1, "ACME", "DEMO")], "http://localhost")
        self.api = sql_api.SqlApi(places, lambda _: desk.account, desk.world, workers)
        transport = httpx.ASGITransport(app=Router(self.api.routes()))
        self.loop = asyncio.new_event_loop()
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        self.token = self.log_in("bob", "swordfish")

    def log_in(self, name: str, password: str) -> str:
        return log_in(self.desk.account, self.desk.world, name, password).token

    def ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        **more: Any,  # noqa: ANN401  what httpx takes
    ) -> httpx.Response:
        headers = {
            "authorization": f"Bearer {token or self.token}",
            "user-agent": AGENT,
            "content-type": "application/json",
            **more.pop("headers", {}),
        }
        request = self.client.request(method, path, headers=headers, **more)
        return self.loop.run_until_complete(request)

    def submit(self, statement: str, query: str = "", **body: object) -> httpx.Response:
        return self.ask("POST", PATH + query, json={"statement": statement, **body})

    def wait(self, handle: str, seconds: float = 5) -> httpx.Response:
        until = time.monotonic() + seconds
        while (answer := self.ask("GET", f"{PATH}/{handle}")).status_code == 202:
            assert time.monotonic() < until, answer.text
            self.loop.run_until_complete(asyncio.sleep(0.02))
        return answer


@pytest.fixture
def api() -> Iterator[Api]:
    desk = Desk()
    desk.run("create user bob password = 'swordfish'; create role clerk")
    desk.run("grant role clerk to user bob; create user eve password = 'salmon'")
    with ThreadPoolExecutor(2) as workers:
        found = Api(desk, workers)
        yield found
        found.loop.run_until_complete(found.client.aclose())
        found.loop.close()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Statements wait until the event is set."""
    event = Event()
    run = sql.Worksheet.run_one

    def slowly(self: sql.Worksheet, piece: StatementText, query: Id) -> sql.Answer:
        event.wait(10)
        return run(self, piece, query)

    monkeypatch.setattr(sql.Worksheet, "run_one", slowly)
    yield event
    event.set()


def test_a_statement_is_answered_with_its_table(api: Api) -> None:
    answer = api.submit("select current_user() as who", "?requestId=r-1")
    body = answer.json()
    assert answer.status_code == 200
    assert body["data"] == [["BOB"]]
    assert (body["code"], body["sqlState"]) == ("090001", "00000")
    assert body["message"] == "Statement executed successfully."
    meta = body["resultSetMetaData"]
    assert (meta["numRows"], meta["format"]) == (1, "jsonv2")
    assert meta["partitionInfo"][0]["rowCount"] == 1
    assert (meta["rowType"][0]["name"], meta["rowType"][0]["type"]) == ("WHO", "text")
    handle = body["statementHandle"]
    assert body["statementStatusUrl"] == f"{PATH}/{handle}?requestId=r-1"
    assert 'rel="first"' in answer.headers["link"]
    assert 'rel="last"' in answer.headers["link"]
    assert api.ask("GET", f"{PATH}/{handle}").json()["data"] == [["BOB"]]


def test_a_statement_is_bound_and_placed_by_its_request(api: Api) -> None:
    answer = api.submit(
        "select ?, current_role(), current_database(), current_schema(), current_warehouse()",
        bindings={"1": {"type": "TEXT", "value": "it's"}},
        role="CLERK",
        database="DEMO_DB",
        schema="PUBLIC",
        warehouse="w",
    )
    assert answer.json()["data"] == [["it's", "CLERK", "DEMO_DB", "PUBLIC", "w"]]
    assert api.submit("select current_role()").json()["data"] == [["PUBLIC"]]


def texts(*values: str) -> dict[str, object]:
    return {"type": "TEXT", "value": list(values)}


def test_a_statement_is_carried_out_for_each_set_of_values(api: Api) -> None:
    two = {"1": texts("a", "b"), "2": {"type": "FIXED", "value": ["1", "2"]}}
    answer = api.submit("select ? as word, ? as number", bindings=two)
    assert answer.json()["data"] == [["a", "1"], ["b", "2"]]
    refused = api.submit("selct ?", bindings={"1": texts("a", "b")}).json()
    assert refused["message"].endswith("It is set 1 of 2 of the values; none was carried out.")
    script = api.submit("select ?; select 2", bindings={"1": texts("a", "b")}).json()
    assert script["code"] == "000008"
    uneven = api.submit("select ?, ?", bindings={"1": texts("a", "b"), "2": texts("c")})
    assert uneven.json()["code"] == "390400"


def test_the_rows_of_all_sets_together_are_bounded(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeating, "ROWS_MAX", 2)
    refused = api.submit("select ?", bindings={"1": texts("a", "b", "c")}).json()
    assert (refused["code"], "set 3 of 3" in refused["message"]) == ("100183", True)


def test_the_names_of_a_request_are_case_sensitive(api: Api) -> None:
    assert api.submit("select 1", role="clerk").json()["code"] == "003013"


@pytest.mark.parametrize(("nullable", "cell"), [("true", None), ("false", "null")])
def test_null_is_a_word_where_the_client_wants_it_so(
    api: Api, nullable: str, cell: str | None
) -> None:
    answer = api.submit("select current_schema()", f"?nullable={nullable}").json()
    assert answer["data"] == [[cell]]


def test_several_statements_have_a_handle_each(api: Api) -> None:
    text = "use role clerk; select current_role()"
    answer = api.submit(text, parameters={"multi_statement_count": "2"}).json()
    assert answer["data"] == [["Multiple statements executed successfully."]]
    last = api.ask("GET", f"{PATH}/{answer['statementHandles'][1]}").json()
    assert last["data"] == [["CLERK"]]
    assert last["statementHandle"] == answer["statementHandles"][1]
    assert api.submit(text, parameters={"MULTI_STATEMENT_COUNT": 0}).status_code == 200


@pytest.mark.parametrize("count", [None, 3])
def test_more_statements_than_were_said_are_refused_before_any_has_run(
    api: Api, count: int | None
) -> None:
    parameters = {} if count is None else {"multi_statement_count": count}
    answer = api.submit("use role clerk; select 1", parameters=parameters)
    assert (answer.status_code, answer.json()["code"]) == (422, "000008")
    assert api.submit("select current_role()").json()["data"] == [["PUBLIC"]]


def test_a_request_that_is_sent_again_is_carried_out_once(api: Api) -> None:
    api.desk.run("grant create role on account to role public")
    first = api.submit("create role once", "?requestId=r-7")
    again = api.submit("create role once", "?requestId=r-7&retry=true")
    assert again.json()["statementHandle"] == first.json()["statementHandle"]
    assert again.status_code == 200
    fresh = api.submit("create role once", "?requestId=r-7")
    assert fresh.json()["code"] == "002002"


# ---- while it runs -----------------------------------------------------------------------------


def test_an_asynchronous_statement_is_polled(api: Api, held: Event) -> None:
    answer = api.submit("select current_user()", "?async=true")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (202, "333334")
    handle = body["statementHandle"]
    assert api.ask("GET", f"{PATH}/{handle}").status_code == 202
    held.set()
    assert api.wait(handle).json()["data"] == [["BOB"]]


def test_a_statement_that_takes_long_is_answered_with_202(
    api: Api, held: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_api, "WAIT_SECONDS", 0.05)
    assert api.submit("select current_user()").status_code == 202
    held.set()


def test_a_cancelled_statement_is_over(api: Api, held: Event) -> None:
    handle = api.submit("select current_user()", "?async=true").json()["statementHandle"]
    answer = api.ask("POST", f"{PATH}/{handle}/cancel")
    body = answer.json()
    assert (answer.status_code, body["code"], body["sqlState"]) == (200, "000604", "57014")
    held.set()
    polled = api.ask("GET", f"{PATH}/{handle}")
    assert (polled.status_code, polled.json()["code"]) == (422, "000604")
    again = api.ask("POST", f"{PATH}/{handle}/cancel")
    assert (again.status_code, again.json()["code"]) == (422, "000709")


def test_a_statement_ends_at_its_timeout(api: Api, held: Event) -> None:
    answer = api.submit("select current_user()", timeout=1)
    assert (answer.status_code, answer.json()["code"]) == (408, "000630")
    held.set()


def test_a_leavers_running_statement_is_over_within_a_second(api: Api, held: Event) -> None:
    handle = api.submit("select current_user()", "?async=true").json()["statementHandle"]
    query = api.api._queries.find(handle, 1, _user(api))  # noqa: SLF001  the client is out by then
    assert query is not None
    api.desk.run("alter user bob set disabled = true")
    began = time.monotonic()
    api.loop.run_until_complete(asyncio.wait_for(query.done.wait(), 5))
    assert time.monotonic() - began < 1
    assert query.outcome is not None
    assert query.outcome.code == "390112"
    assert api.ask("GET", f"{PATH}/{handle}").status_code == 401
    held.set()
    assert guard.LOOK_SECONDS < 1


def _user(api: Api) -> Id:
    found = api.desk.account.login("bob")
    assert found is not None
    return found.id


def test_too_many_statements_at_once_are_asked_to_come_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolecall.web.driver_queries.RUNNING_MAX", 0)
    answer = api.submit("select 1")
    assert answer.status_code == 429
    assert answer.json() == {"code": "390505", "message": "Too many requests."}
    assert answer.headers["retry-after"] == "1"


# ---- partitions --------------------------------------------------------------------------------


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Any] = [(number, "1970-01-02", True, -1_500_000) for number in range(25)]
    columns = (
        Column(name="N", type=ColumnType.FIXED),
        Column(name="D", type=ColumnType.DATE),
        Column(name="B", type=ColumnType.BOOLEAN),
        Column(name="T", type=ColumnType.TIMESTAMP_NTZ),
    )
    table = Table(columns=columns, rows=rows)

    def answered(_: object, piece: StatementText, query: Id) -> sql.Answer:
        return sql.Answer(table=table, message=None, statement=piece.text, query_id=query)

    monkeypatch.setattr("rolecall.fronts.sql_api.PARTITION_ROWS", 10)
    monkeypatch.setattr(sql.Worksheet, "run_one", answered)


@pytest.mark.usefixtures("many")
def test_a_large_table_comes_in_partitions(api: Api) -> None:
    first = api.submit("select 1")
    body = first.json()
    sizes = [part["rowCount"] for part in body["resultSetMetaData"]["partitionInfo"]]
    assert sizes == [10, 10, 5]
    assert len(body["data"]) == 10
    assert body["data"][0] == ["0", "1", "true", "-1.500000000"]
    handle = body["statementHandle"]
    second = api.ask("GET", f"{PATH}/{handle}?partition=1")
    assert second.headers["content-encoding"] == "gzip"
    assert second.json()["data"][0][0] == "10"
    assert list(second.json()) == ["data"]
    rels = [part.partition("; ")[2] for part in second.headers["link"].split(", ")]
    assert rels == ['rel="first"', 'rel="next"', 'rel="prev"', 'rel="last"']
    assert len(api.ask("GET", f"{PATH}/{handle}?partition=2").json()["data"]) == 5
    for bad in ("3", "-1", "x", "9" * 30):
        answer = api.ask("GET", f"{PATH}/{handle}?partition={bad}")
        assert (answer.status_code, answer.json()["code"]) == (400, "390142")


# ---- who may ask -------------------------------------------------------------------------------


def test_another_users_handle_is_unknown(api: Api) -> None:
    handle = api.submit("select current_user()").json()["statementHandle"]
    eve = api.log_in("eve", "salmon")
    for method, path in (("GET", f"{PATH}/{handle}"), ("POST", f"{PATH}/{handle}/cancel")):
        answer = api.ask(method, path, eve)
        assert (answer.status_code, answer.json()["code"]) == (422, "000709")
    assert api.ask("GET", f"{PATH}/nonsense").json()["code"] == "000709"


def test_an_access_token_asks_as_its_role(api: Api) -> None:
    made = api.desk.rows("alter user bob add programmatic access token t role_restriction='CLERK'")
    secret = str(made[0][1])
    for headers in ({}, {"x-snowflake-authorization-token-type": "PROGRAMMATIC_ACCESS_TOKEN"}):
        text = "select current_user(), current_role()"
        answer = api.ask("POST", PATH, secret, json={"statement": text}, headers=headers)
        assert answer.json()["data"] == [["BOB", "CLERK"]]
    api.desk.run("alter user bob remove programmatic access token t")
    for headers, code in (
        ({}, "390112"),
        ({"x-snowflake-authorization-token-type": "programmatic_access_token"}, "394400"),
    ):
        answer = api.ask("POST", PATH, secret, json={"statement": "select 1"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, code)


BAD_REQUESTS: list[tuple[dict[str, Any], int, str]] = [
    ({"headers": {"authorization": ""}}, 401, "390303"),
    ({"headers": {"authorization": "Bearer "}}, 401, "390303"),
    ({"headers": {"authorization": "Bearer made-up"}}, 401, "390112"),
    ({"headers": {"authorization": 'Snowflake Token="made-up"'}}, 401, "390112"),
    ({"headers": {"x-snowflake-authorization-token-type": "OAUTH"}}, 401, "390303"),
    ({"headers": {"x-snowflake-authorization-token-type": "KEYPAIR_JWT"}}, 401, "390144"),
    ({"headers": {"x-snowflake-authorization-token-type": "WHAT"}}, 400, "390142"),
    ({"headers": {"authorization": "Bearer eyJh.e30.c2ln"}}, 401, "390144"),
    ({"headers": {"user-agent": ""}}, 400, "390142"),
    ({"headers": {"content-type": "text/plain"}}, 415, "390415"),
    ({"content": b"{"}, 400, "390142"),
    ({"content": b"[]"}, 400, "390142"),
    ({"content": b" " * (3 << 20)}, 400, "390142"),
    ({"json": {}}, 400, "390142"),
    ({"json": {"statement": 7}}, 400, "390142"),
    ({"json": {"statement": "select 1", "role": 7}}, 400, "390142"),
    ({"json": {"statement": "select 1", "timeout": -1}}, 400, "390142"),
    ({"json": {"statement": "select 1", "timeout": "x"}}, 400, "390142"),
    ({"json": {"statement": ""}}, 422, "000900"),
    ({"json": {"statement": "selec 1"}}, 422, "001003"),
    ({"json": {"statement": "select ?"}}, 422, "002049"),
    ({"json": {"statement": "select 'x"}}, 422, "001003"),
    ({"json": {"statement": "drop user nobody"}}, 422, "002003"),
]


@pytest.mark.parametrize(("request_", "status", "code"), BAD_REQUESTS)
def test_a_bad_request_is_refused_with_its_status_and_code(
    api: Api, request_: dict[str, Any], status: int, code: str
) -> None:
    asked = {"json": {"statement": "select 1"}, **request_}
    if "content" in asked:
        del asked["json"]
    answer = api.ask("POST", PATH, **asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", PATH, 405), ("DELETE", f"{PATH}/x", 405), ("POST", f"{PATH}/x/y", 404)],
)
def test_other_methods_and_paths_are_refused_in_json(
    api: Api, method: str, path: str, status: int
) -> None:
    answer = api.ask(method, path)
    assert answer.status_code == status
    assert answer.json()["code"] == f"390{status}"
