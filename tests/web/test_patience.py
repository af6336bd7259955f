"""Slow clients: what they hold ends in time, on real sockets, and others are served meanwhile."""

import socket
from collections.abc import Iterator
from time import monotonic, sleep

import httpx
import pytest

from rolecall.web import patience
from scim_client import user_of
from scim_site import SCIM, Site, listening_site

SECONDS = 0.3


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Site, int]]:
    """A server that waits a fraction of a second for each thing, and its port."""
    monkeypatch.setattr(patience, "SWEEP_SECONDS", 0.05)
    for name in ("HEADER_SECONDS_MAX", "BODY_SILENCE_SECONDS_MAX", "BODY_GRACE_SECONDS"):
        monkeypatch.setattr(patience, name, SECONDS)
    monkeypatch.setattr(patience, "ANSWER_SECONDS_MAX", SECONDS)
    with listening_site() as served:
        yield served


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def ended(connection: socket.socket) -> bytes:
    """Everything that comes until the server ends the connection."""
    found = b""
    try:
        while data := connection.recv(65_536):
            found += data
    except ConnectionResetError:
        pass
    return found


def head(site: Site, length: int = 0) -> bytes:
    method = "POST" if length else "GET"
    return (
        f"{method} /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.one.token}\r\n"
        f"Content-Type: {SCIM}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("sent", [b"", b"GET /scim/v2/Us", b"GET /scim/v2/Users HTTP/1.1\r\nX: "])
def test_headers_that_never_end_are_not_waited_for(hasty: tuple[Site, int], sent: bytes) -> None:
    _, port = hasty
    with connected(port) as connection:
        began = monotonic()
        connection.sendall(sent)
        assert ended(connection).startswith(b"HTTP/1.1 408 ")
        assert monotonic() - began < 5


def test_headers_that_trickle_are_not_waited_for(hasty: tuple[Site, int]) -> None:
    _, port = hasty
    with connected(port) as connection:
        began = monotonic()
        try:
            for byte in b"GET /scim/v2/Users HTTP/1.1\r\nX-Slow: " + b"y" * 200:
                connection.sendall(bytes([byte]))
                sleep(0.02)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert monotonic() - began < 3


def test_the_second_requests_headers_have_the_same_time(hasty: tuple[Site, int]) -> None:
    site, port = hasty
    with connected(port) as connection:
        connection.sendall(head(site))
        assert b"200 OK" in connection.recv(65_536)
        sleep(2 * SECONDS)  # idle between requests is no offence
        connection.sendall(b"GET /scim")
        assert b"408" in ended(connection)


def test_a_body_that_never_comes_gives_its_place_back(hasty: tuple[Site, int]) -> None:
    site, port = hasty
    with connected(port) as connection:
        connection.sendall(head(site, length=100) + b"{")
        answer = ended(connection)
        assert b" 408 " in answer
    until = monotonic() + 5
    while any(site.app.in_flight.counts.values()):
        assert monotonic() < until
        sleep(0.01)


def test_a_body_that_keeps_its_pace_is_waited_for(hasty: tuple[Site, int]) -> None:
    site, port = hasty
    body = b'{"userName": "bob", "displayName": "' + b"x" * 60_000 + b'"}'
    with connected(port) as connection:
        connection.sendall(head(site, length=len(body)))
        for place in range(0, len(body), 6_000):
            connection.sendall(body[place : place + 6_000])
            sleep(SECONDS / 4)
        assert connection.recv(100).split()[1] == b"400"  # too long a name, but whole


def test_headers_without_an_end_are_refused(hasty: tuple[Site, int]) -> None:
    _, port = hasty
    with connected(port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        try:
            for _ in range(40):
                connection.sendall(b"X: " + b"y" * 8_000 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return
        assert b" 431 " in ended(connection)


def test_others_are_served_while_many_send_nothing(hasty: tuple[Site, int]) -> None:
    site, port = hasty
    idle = [connected(port) for _ in range(200)]
    headers = {"Authorization": f"Bearer {site.one.token}", "Content-Type": SCIM}
    url = f"http://127.0.0.1:{port}/scim/v2/Users"
    assert httpx.post(url, json=user_of("bob"), headers=headers).status_code == 201
    for connection in idle:
        ended(connection)
        connection.close()
