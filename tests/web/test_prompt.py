"""Requests begin when they have been read, and are answered in order, on real sockets."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPMessage, parse_headers

import pytest

from rolecall.web import patience, server
from rolecall.web.prompt import WHOLE, rest_of
from rolecall.web.scim import Receive, Scope, Send

PIPELINED = 2_000


class Telling:
    """An application that tells what it is asked, whole if it may; `/later` waits for a moment."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        in_task = asyncio.current_task() is not None
        if "later" in scope["path"]:
            await asyncio.sleep(0.01)
        body, more = b"", True
        while more and scope["method"] == "POST":
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        told = {"path": scope["path"], "body": body.decode(), "in_task": in_task}
        await self.answer(scope, send, json.dumps(told).encode())

    async def answer(self, scope: Scope, send: Send, body: bytes) -> None:
        headers = [(b"x-line", b"a\nb" if "forged" in scope["path"] else b"whole")]
        if scope["extensions"][WHOLE](scope, 200, headers, body):
            return
        headers = [(b"x-line", b"parts"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def leave(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(patience, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(server, "KEEP_ALIVE_SECONDS", 0.5)
    listening = server.listen("127.0.0.1", 0)
    ready = threading.Event()
    background = server.Background(Telling(), listening, ready.set)
    background.start()
    assert ready.wait(10)
    yield listening.getsockname()[1]
    background.stop()
    listening.close()


def answers(port: int, sent: bytes, *methods: str) -> list[tuple[int, HTTPMessage, bytes]]:
    """What comes back on one connection, an answer for each method that was asked."""
    found = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        reader = connection.makefile("rb")
        for method in methods:
            status = int(reader.readline().split()[1])
            headers = parse_headers(reader)
            length = 0 if method == "HEAD" else int(headers["content-length"])
            found.append((status, headers, reader.read(length)))
    return found


def request(path: str, method: str = "GET", body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def asked(port: int, path: str) -> dict[str, object]:
    ((_, _, body),) = answers(port, request(path), "GET")
    told: dict[str, object] = json.loads(body)
    return told


def test_a_request_below_the_path_begins_without_a_task_and_others_with_one(port: int) -> None:
    assert asked(port, "/scim/v2/Users")["in_task"] is False
    assert asked(port, "/api/v2/statements")["in_task"] is True


def test_an_answer_is_sent_whole_with_its_length(port: int) -> None:
    ((status, headers, body),) = answers(port, request("/scim/v2/a"), "GET")
    assert (status, headers["x-line"]) == (200, "whole")
    assert len(body) > 0
    assert "date" in headers


def test_what_has_to_wait_is_answered_too(port: int) -> None:
    assert asked(port, "/scim/v2/later")["path"] == "/scim/v2/later"


def test_requests_sent_at_once_are_answered_in_order(port: int) -> None:
    paths = [f"/scim/v2/{'later/' if n % 500 == 0 else ''}{n}" for n in range(PIPELINED)]
    found = answers(port, b"".join(map(request, paths)), *["GET"] * PIPELINED)
    assert [json.loads(body)["path"] for _, _, body in found] == paths


def test_a_body_may_come_with_its_headers_or_long_after(port: int) -> None:
    client = HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("POST", "/scim/v2/a", body=b"at once")
    assert json.loads(client.getresponse().read())["body"] == "at once"
    client.putrequest("POST", "/scim/v2/a")
    client.putheader("Content-Length", "8")
    client.endheaders()
    threading.Timer(0.1, lambda: client.send(b"an age ")).start()
    threading.Timer(0.2, lambda: client.send(b".")).start()
    assert json.loads(client.getresponse().read())["body"] == "an age ."
    client.close()


def test_who_asks_whether_to_send_a_body_is_told_to(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        sent = request("/scim/v2/a", "POST", b"body", "Expect: 100-continue")
        connection.sendall(sent.removesuffix(b"body"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"body")
        assert connection.recv(1_000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_an_answer_to_head_has_no_body(port: int) -> None:
    sent = request("/scim/v2/a", "HEAD") + request("/scim/v2/b")
    (_, _, nothing), (_, _, body) = answers(port, sent, "HEAD", "GET")
    assert (nothing, json.loads(body)["path"]) == (b"", "/scim/v2/b")


@pytest.mark.parametrize(
    "sent",
    [request("/scim/v2/a", "GET", b"", "Connection: close"), b"GET /scim/v2/a HTTP/1.0\r\n\r\n"],
)
def test_a_connection_that_is_to_end_does(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in answer


def test_a_header_that_would_make_two_is_not_sent(port: int) -> None:
    ((status, headers, _),) = answers(port, request("/scim/v2/forged"), "GET")
    assert (status, headers["x-line"]) == (500, None)


def test_a_connection_without_a_next_request_ends(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request("/scim/v2/a") + request("/scim/v2/b"))
        assert connection.makefile("rb").read().count(b"HTTP/1.1 200 OK") == 2


def test_a_client_that_goes_before_its_answer_harms_nobody(port: int) -> None:
    for path in ("/scim/v2/later", "/scim/v2/a"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(request(path))
    assert asked(port, "/scim/v2/a")["path"] == "/scim/v2/a"


def test_a_cancellation_is_the_coroutines_to_hear() -> None:
    heard: list[str] = []

    async def waiting(gate: asyncio.Future[None]) -> None:
        try:
            await gate
        except asyncio.CancelledError:
            heard.append("cancelled")
            await asyncio.sleep(0)
            heard.append("tidied")

    async def cancelled() -> None:
        request = waiting(asyncio.get_running_loop().create_future())
        task = asyncio.create_task(rest_of(request, request.send(None)))
        await asyncio.sleep(0)
        task.cancel()
        await task

    asyncio.run(cancelled())
    assert heard == ["cancelled", "tidied"]
