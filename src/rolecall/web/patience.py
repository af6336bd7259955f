"""How long a client may take: half-sent headers, half-sent bodies and unread answers end.

A sweep looks at every connection each few seconds, so that a request costs nothing more for it.
What counts as slow is generous to people on bad lines and short for those who hold a place.
"""

import asyncio
import resource
from collections.abc import Collection
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from rolecall.web.prompt import PromptProtocol

SWEEP_SECONDS = 2.0
HEADER_SECONDS_MAX = 15.0
"""From a connection's first moment, or a request's first byte, to the end of its headers."""
BODY_SILENCE_SECONDS_MAX = 20.0
BODY_GRACE_SECONDS = 30.0
BODY_BYTES_PER_SECOND_MIN = 8 << 10
"""A body may always take the grace, and longer while it keeps to this pace."""
ANSWER_SECONDS_MAX = 60.0
"""How long an answer that nobody reads is kept."""
HEADER_BYTES_MAX = 64 << 10
FILES_RESERVED = 256
"""Descriptors that connections leave to the database and the log."""

_CLOSING = b"connection: close\r\ncontent-length: 0\r\n\r\n"
TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\n" + _CLOSING
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n" + _CLOSING


class PatientProtocol(PromptProtocol):
    """HTTP/1.1 that remembers since when it waits, and for what."""

    connections_max: int = 10_000

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  as the server calls it
        """Begin to wait for headers; beyond the server's descriptors, don't."""
        super().connection_made(transport)
        self._heading = True
        self._since = self._heard = self._answered = self.loop.time()
        self._bytes = 0
        self._unread_since: float | None = None
        if len(self.connections) > self.connections_max:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Note that something came; headers without an end are refused."""
        self._heard = self.loop.time()
        self._bytes += len(data)
        super().data_received(data)
        if self._heading and self._bytes > HEADER_BYTES_MAX and not self.transport.is_closing():
            self._end(TOO_LARGE)

    def on_message_begin(self) -> None:
        """The headers of the next request begin."""
        self._heading = True
        self._since = self._heard
        self._bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """From now on it is the body that may be waited for."""
        self._heading = False
        self._since = self._heard
        self._bytes = 0
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """From now on the next request is waited for."""
        self._answered = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """The client has read what it was sent; an answer in pieces goes on."""
        self._unread_since = None
        super().resume_writing()

    def end_if_overdue(self, now: float) -> None:
        """End the connection when its client has taken too long."""
        if self.transport.is_closing():
            return
        if self._is_unread(now):
            self.transport.abort()
        elif self._is_late(now):
            self._end(TIMED_OUT)
        elif self._is_idle(now):
            self.transport.close()

    def _is_late(self, now: float) -> bool:
        if self._heading:
            return now - self._since > HEADER_SECONDS_MAX
        cycle = self.cycle
        if cycle.response_complete or not cycle.more_body or self.flow.read_paused:
            return False
        allowed = BODY_GRACE_SECONDS + self._bytes / BODY_BYTES_PER_SECOND_MIN
        return now - self._heard > BODY_SILENCE_SECONDS_MAX or now - self._since > allowed

    def _is_idle(self, now: float) -> bool:
        """Whether the client has had its answer and asked no more, for as long as is kept alive."""
        if self._heading or not self.cycle.response_complete:
            return False
        return now - self._answered > self.timeout_keep_alive

    def _is_unread(self, now: float) -> bool:
        if not self.flow.write_paused:
            self._unread_since = None
            return False
        if self._unread_since is None:
            self._unread_since = now
        return now - self._unread_since > ANSWER_SECONDS_MAX

    def _end(self, told: bytes) -> None:
        # In the middle of an answer there is nothing more to say.
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(told)
        self.transport.close()


async def sweep(connections: Collection[Any]) -> None:
    """Look after the connections for as long as the server runs."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        now = loop.time()
        for connection in list(connections):
            connection.end_if_overdue(now)


def connections_affordable() -> int:
    """As many connections as there are file descriptors for, after asking for all of them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        most = 1 << 20
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (most, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    )
    return max(64, most - FILES_RESERVED)
