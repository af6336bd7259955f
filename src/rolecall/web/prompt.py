"""Prompt answers: who has to wait for nothing is answered in the turn of the loop that read it.

The server makes a task of every request, which begins in the next turn, sets a timer after every
answer, and takes an answer in two messages. Here requests below one path begin at once, and are a
task only from where they first wait; and an application may hand over an answer whole.
"""

import types
from collections.abc import Callable, Coroutine, Generator, Iterable, MutableMapping
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HEADER_VALUE_RE, STATUS_LINE

from rolecall.web.corked import CorkedProtocol

WHOLE = "rolecall.whole"
"""The extension of ASGI by which an application finds `PromptProtocol.whole`."""
BODILESS = frozenset({204, 304})

Scope = MutableMapping[str, Any]
Headers = Iterable[tuple[bytes, bytes]]
Whole = Callable[[Scope, int, Headers, bytes], bool]


class PromptProtocol(CorkedProtocol):
    """HTTP/1.1 whose requests below a path begin when they have been read."""

    prompt_path: str | None = None
    """What the path of such a request begins with. What answers it may not ask for its task."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  as the server calls it
        """Begin with nothing read."""
        super().connection_made(transport)
        self._reading = False
        self._read: tuple[Any, Any] | None = None
        self._extensions: dict[str, Any] = {WHOLE: self.whole}

    def data_received(self, data: bytes) -> None:
        """Read all that has come, a body with its headers, and then begin."""
        self._reading = True
        super().data_received(data)
        self._reading = False
        if self._read is not None:
            (cycle, app), self._read = self._read, None
            self._begin(cycle.run_asgi(app))

    def on_message_begin(self) -> None:
        """Offer to take the answer whole."""
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def on_response_complete(self) -> None:
        """Without a timer for the next request: whoever sweeps sees that none comes."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def whole(self, scope: Scope, status: int, headers: Headers, body: bytes) -> bool:
        """Send a whole answer to this request in one write, with its length.

        False: it has to go by `send`, which knows what to do for a client that takes nothing, has
        gone, or asked before it had its last answer.
        """
        cycle = self.cycle
        if cycle.scope is not scope or cycle.disconnected or self.flow.write_paused:
            return False
        if scope["method"] == "HEAD":
            return False
        assert not cycle.response_started, "an answer is whole or in parts"
        parts = [STATUS_LINE[status]]
        for name, value in (*cycle.default_headers, *headers):
            if HEADER_VALUE_RE.search(value):
                raise RuntimeError("Invalid HTTP header value.")
            parts += (name, b": ", value, b"\r\n")
        if status not in BODILESS:
            parts.append(b"content-length: %d\r\n" % len(body))
        parts += (b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n", body)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        self.corked.write_now(b"".join(parts))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401  as it is called
        """What waited for the answer before it is a task: answers must not nest."""
        prompt = self._reading and self.prompt_path is not None
        if prompt and cycle.scope["path"].startswith(self.prompt_path):
            self._read = (cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _begin(self, request: Coroutine[Any, None, None]) -> None:
        try:
            awaited = request.send(None)
        except StopIteration:
            return
        task = self.loop.create_task(rest_of(request, awaited))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)


async def rest_of(begun: Coroutine[Any, None, None], awaited: object) -> None:
    """What is left of a coroutine that waits for something already."""
    await _stepped(begun, awaited)


@types.coroutine
def _stepped(begun: Coroutine[Any, None, None], awaited: object) -> Generator[object, None, None]:
    while True:
        try:
            yield awaited
        except BaseException as error:  # noqa: BLE001  a cancellation: it is the coroutine's
            step = partial(begun.throw, error)
        else:
            step = partial(begun.send, None)
        try:
            awaited = step()
        except StopIteration:
            return
