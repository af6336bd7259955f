"""A request that two readers could end at two places is refused, and nothing after it is read."""

import socket
from collections.abc import Iterator

import pytest

from rolecall_process import Server, started

pytestmark = pytest.mark.e2e

HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
BEGIN = b"POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(tmp_path_factory.mktemp("smuggling"), "--ephemeral") as found:
        yield found


def answers(server: Server, request: bytes) -> list[bytes]:
    """The status lines of everything that comes back until the server hangs up."""
    host, _, port = server.root.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 10) as line:
        line.sendall(request)
        heard = b""
        while piece := line.recv(65_536):
            heard += piece
    return [each for each in heard.split(b"\r\n") if each.startswith(b"HTTP/1.1")]


@pytest.mark.parametrize(
    "request_sent",
    [
        BEGIN + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        BEGIN + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + HIDDEN,
        BEGIN + b"Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}" + HIDDEN,
        BEGIN + b"Content-Length : 2\r\n\r\n{}" + HIDDEN,
        BEGIN + b"Content-Length: -1\r\n\r\n{}" + HIDDEN,
        BEGIN.replace(b"\r\n", b"\n") + b"\n" + HIDDEN,
        BEGIN.replace(b"Bearer", b"Bearer\r\n") + b"\r\n" + HIDDEN,
    ],
    ids=["two framings", "two lengths", "no coding", "a space", "negative", "bare LF", "folded"],
)
def test_an_ambiguous_request_is_refused_and_nothing_after_it_is_answered(
    server: Server, request_sent: bytes
) -> None:
    assert answers(server, request_sent) == [b"HTTP/1.1 400 Bad Request"]
