"""The client: patient with a busy server, brief with an unwilling one, silent about its token."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import httpx
import pytest

from rolecall.push import client as client_module
from rolecall.push.client import ScimClient, ScimError, Stopped, each
from rolecall.push.resources import Operation
from scim_in_memory import TOKEN, URL, ScimInMemory

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Answer = TypeVar("Answer")


class Session:
    """Runs one call on a client of the in-memory server and remembers the pauses taken."""

    def __init__(self, server: ScimInMemory) -> None:
        self.server = server
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def ask(self, call: Callable[[ScimClient], Awaitable[Answer]], url: str = URL) -> Answer:
        async def inside() -> Answer:
            transport = self.server.transport
            async with ScimClient(url, TOKEN, transport=transport, pause=self.pause) as client:
                return await call(client)

        return asyncio.run(inside())


@pytest.fixture
def session() -> Session:
    return Session(ScimInMemory())


def test_the_token_is_sent_and_never_shown(session: Session) -> None:
    session.server.refuse("GET", "/Users", httpx.Response(401, json={"detail": "expired"}))
    with pytest.raises(Stopped, match="expired; check ROLECALL_TOKEN") as refused:
        session.ask(lambda client: client.users())
    assert session.server.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_every_page_is_read_whatever_its_size(session: Session, rows: int) -> None:
    session.server.page_rows_max = rows
    for number in range(7):
        session.server.add("Users", userName=f"user-{number}")
    assert len(session.ask(lambda client: client.users())) == 7


def test_a_server_that_repeats_its_first_page_is_left(session: Session) -> None:
    page = httpx.Response(200, json={"Resources": [{"id": "1", "displayName": "A"}]})
    for _ in range(2):
        session.server.refuse("GET", "/Groups", page)
    assert len(session.ask(lambda client: client.groups())) == 1


@pytest.mark.parametrize("total", [2, "2"], ids=["number", "text"])
def test_a_server_that_repeats_a_page_and_says_that_there_are_more_is_not_believed(
    session: Session, total: int | str
) -> None:
    """Who is not shown would be created again, and never deactivated."""
    listed = {"totalResults": total, "Resources": [{"id": "1", "displayName": "A"}]}
    for _ in range(2):
        session.server.refuse("GET", "/Groups", httpx.Response(200, json=listed))
    with pytest.raises(Stopped, match="shows 1 of 2 and then the same again; nothing was changed"):
        session.ask(lambda client: client.groups())


@pytest.mark.parametrize("total", [1, "many"])
def test_a_server_that_repeats_a_page_that_was_all_is_left(
    session: Session, total: int | str
) -> None:
    listed = {"totalResults": total, "Resources": [{"id": "1", "displayName": "A"}]}
    for _ in range(2):
        session.server.refuse("GET", "/Groups", httpx.Response(200, json=listed))
    assert len(session.ask(lambda client: client.groups())) == 1


def test_a_list_that_never_ends_is_left(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PAGES_MAX", 2)
    session.server.page_rows_max = 1
    for number in range(3):
        session.server.add("Users", userName=f"user-{number}")
    with pytest.raises(Stopped, match="never ends"):
        session.ask(lambda client: client.users())


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (httpx.Response(429, headers={"Retry-After": "7"}), 7.0),
        (httpx.Response(429, headers={"Retry-After": "100000"}), 60.0),
        (httpx.Response(503, headers={"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}), 0.5),
        (httpx.Response(502), 0.5),
    ],
)
def test_a_busy_server_is_waited_for(
    session: Session, answer: httpx.Response, pause: float
) -> None:
    session.server.refuse("GET", "/Users", answer)
    assert session.ask(lambda client: client.users()) == []
    assert session.pauses == [pause]


def test_patience_ends_with_advice(session: Session) -> None:
    for _ in range(5):
        session.server.refuse("GET", "/Users", httpx.Response(503))
    with pytest.raises(Stopped, match="503: Service Unavailable"):
        session.ask(lambda client: client.users())
    assert session.pauses == [0.5, 1.0, 2.0, 4.0]


def test_a_lost_connection_is_tried_again(session: Session) -> None:
    failures = iter([True, False])

    def answer(request: httpx.Request) -> httpx.Response:
        if next(failures, False):
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json={"Resources": []})

    session.server.transport = httpx.MockTransport(answer)
    assert session.ask(lambda client: client.users()) == []
    assert len(session.pauses) == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            httpx.Response(302, headers={"Location": "https://x.example.com"}),
            "https://x.example.com",
        ),
        (httpx.Response(403, json={"detail": "not here"}), "not here; the token is valid"),
        (httpx.Response(200, text="<html>"), "no SCIM list"),
        (httpx.Response(200, json={"Resources": [{"id": 7}]}), "no SCIM User"),
    ],
)
def test_what_no_request_can_mend_stops_the_run(
    session: Session, answer: httpx.Response, told: str
) -> None:
    session.server.refuse("GET", "/Users", answer)
    with pytest.raises(Stopped, match=told):
        session.ask(lambda client: client.users())


def test_a_refusal_is_a_sentence(session: Session) -> None:
    session.server.refuse(
        "POST", "/Users", httpx.Response(400, json={"detail": "no", "scimType": "invalidValue"})
    )
    with pytest.raises(ScimError, match="the server answered 400 invalidValue: no"):
        session.ask(lambda client: client.create_user({"userName": "a"}))


def test_one_forbidden_object_does_not_stop_the_run(session: Session) -> None:
    session.server.refuse("PATCH", "/Users", httpx.Response(403))
    with pytest.raises(ScimError, match="403: Forbidden"):
        session.ask(lambda client: client.patch_user("1", []))


def test_a_patch_may_be_answered_without_a_body(session: Session) -> None:
    session.server.refuse("PATCH", "/Users", httpx.Response(204))
    off = Operation(op="replace", path="active", value=False)
    assert session.ask(lambda client: client.patch_user("1", [off])) is None
    assert session.server.requests[0].content == (
        b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],'
        b'"Operations":[{"op":"replace","path":"active","value":false}]}'
    )


def test_an_id_is_one_segment_of_the_address(session: Session) -> None:
    session.server.refuse("GET", "/Groups", httpx.Response(200, json={"id": "a/b"}))
    session.ask(lambda client: client.group("a/b ?"))
    assert session.server.requests[0].url.raw_path == b"/scim/v2/Groups/a%2Fb%20%3F"


def test_the_customary_path_is_tried_where_the_address_has_none(session: Session) -> None:
    async def base(client: ScimClient) -> str:
        await client.locate()
        return client.url

    assert session.ask(base, "https://scim.example.com/") == URL
    assert session.ask(base, URL) == URL
    assert session.ask(base, "https://scim.example.com/other") == "https://scim.example.com/other"


def test_the_attributes_of_a_server_are_known_if_it_says_so(session: Session) -> None:
    assert session.ask(lambda client: client.user_attributes()) is None
    session.server.user_attributes = ("userName", "emails")
    assert session.ask(lambda client: client.user_attributes()) == frozenset({"username", "emails"})
    session.server.refuse("GET", "/Schemas", httpx.Response(200, text="<html>"))
    assert session.ask(lambda client: client.user_attributes()) is None


def test_a_name_with_quotation_marks_is_looked_up_as_it_is(session: Session) -> None:
    session.ask(lambda client: client.user_named('a" or "b'))
    assert session.server.requests[0].url.params["filter"] == 'userName eq "a\\" or \\"b"'


def test_no_more_than_the_allowed_number_act_at_once() -> None:
    running, most = 0, 0

    async def act(_: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    asyncio.run(each(range(20), act, workers=3))
    assert most == 3
