"""The control endpoint of `rolecall serve --ephemeral`: begin anew, move the clock, inject faults.

It stands before the server's application, and exists in ephemeral servers only: such a server holds
nothing that outlives it. Whoever reaches the port can control it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from rolecall.domain.model import ScimClient
from rolecall.scim import errors, messages
from rolecall.web.scim import CONTENT_TYPE, PREFIX, Receive, Scope, Send
from rolecall.web.server import Served

CONTROL = "/control"
FAULTS_MAX = 1_000_000
DELAY_SECONDS_MAX = 300
BODY_BYTES_MAX = 1 << 16
JSON = (b"content-type", b"application/json")
FAULTS: dict[int, errors.ScimError] = {
    401: errors.unauthorized("Access token expired. This refusal was injected."),
    429: errors.too_many_requests("Too many requests. This refusal was injected."),
    500: errors.internal("Something went wrong. This refusal was injected."),
    502: errors.ScimError(502, None, "A proxy has no server behind it. This refusal was injected."),
    503: errors.unavailable("The server can't answer. This refusal was injected."),
    504: errors.ScimError(504, None, "A proxy waited in vain. This refusal was injected."),
}

ENTRA_TOO = {"ENTRA": "AZURE"}
"""The provider's name of today for the dialect's."""

PASSING = frozenset({429, 503})
"""The refusals that say when to come again."""

T = TypeVar("T")


class Faults(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What happens to the next `count` SCIM requests: a delay, a refusal, or both.

    Only those of a `method`, or with a `path` such as /Users, if they are given. A `lost` one is
    carried out before it is refused: what became of it the client can't know.
    """

    count: int
    method: str | None = None
    path: str | None = None
    lost: bool = False
    status: int | None = None
    delay_seconds: float = 0.0
    retry_after: int = 1


class Advance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the clock is moved on."""

    seconds: float


class Dialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose dialect the integration speaks that a token is for."""

    scim_client: str


class Refused(Exception):
    """What was asked of the control endpoint can't be done, and why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Controlled:
    """An application that can be replaced, hurried on in time, and made to fail."""

    def __init__(
        self,
        inner: Served,
        renew: Callable[[], tuple[Served, dict[str, str]]],
        advance: Callable[[float], str],
        token: Callable[[ScimClient], dict[str, str]],
    ) -> None:
        """`renew` makes a fresh application and says how to reach it; `advance` moves the clock.

        `token` makes a token, and the integration of that dialect when there is none.
        """
        self._inner = inner
        self._renew = renew
        self._advance = advance
        self._token = token
        self._faults: Faults | None = None
        self._renewing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        path = scope.get("path", "")
        if scope["type"] == "http" and (path == CONTROL or path.startswith(f"{CONTROL}/")):
            await self._control(scope, receive, send)
            return
        faults = self._struck(path, scope["method"]) if scope["type"] == "http" else None
        if faults is not None and faults.delay_seconds:
            await asyncio.sleep(faults.delay_seconds)
        if faults is None or faults.status is None:
            await self._inner(scope, receive, send)
            return
        if faults.lost:
            # Without extensions there is no other way for an answer than the one to nowhere.
            await self._inner({**scope, "extensions": {}}, receive, _nowhere)
        await _refuse(send, faults.status, faults.retry_after)

    def leave(self) -> None:
        """End what would listen for ever."""
        self._inner.leave()

    def close(self) -> None:
        """Let go of the application that is there now."""
        self._inner.close()

    # ---- faults ----------------------------------------------------------------------------

    def _struck(self, path: str, method: str) -> Faults | None:
        """The faults that are left when they strike this request, and one fewer from then on."""
        faults = self._faults
        if faults is None or not path.startswith(PREFIX):
            return None
        places = path.removeprefix(PREFIX).lower().split("/")
        wanted = (faults.path or "").lower().strip("/")
        if (faults.method or method).upper() != method or (wanted and wanted not in places):
            return None
        left = faults.count - 1
        self._faults = msgspec.structs.replace(faults, count=left) if left else None
        return faults

    # ---- control ---------------------------------------------------------------------------

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            told = await self._carried_out(scope, await _body(scope, receive))
        except Refused as refused:
            await _send(send, refused.status, {"detail": refused.detail}, [JSON])
        else:
            await _send(send, 200, told, [JSON])

    async def _carried_out(self, scope: Scope, body: bytes) -> object:
        """What was asked is done, and said. Raises Refused."""
        match scope["method"], scope["path"].removeprefix(CONTROL).strip("/"):
            case "GET", "":
                return {"faults": self._faults}
            case "POST", "reset":
                return await self._reset()
            case "POST", "clock":
                return {"now": self._advance(_read(body, Advance).seconds)}
            case "POST", "token":
                client = _client(_read(body, Dialect).scim_client)
                return await asyncio.get_running_loop().run_in_executor(None, self._token, client)
            case "POST", "faults":
                self._faults = _checked(_read(body, Faults))
                return {"faults": self._faults}
            case "DELETE", "faults":
                self._faults = None
                return {"faults": None}
            case _:
                pass
        raise Refused(
            404,
            f"There is no {scope['method']} {scope['path']}: GET /control, POST /control/reset, "
            "/control/clock, /control/token, /control/faults, DELETE /control/faults.",
        )

    async def _reset(self) -> dict[str, str]:
        """A fresh account in place of what there is; requests under way end first."""
        loop = asyncio.get_running_loop()
        async with self._renewing:
            fresh, told = await loop.run_in_executor(None, self._renew)
            old, self._inner, self._faults = self._inner, fresh, None
            await loop.run_in_executor(None, old.close)
        return told


async def _refuse(send: Send, status: int, retry_after: int) -> None:
    headers = [CONTENT_TYPE]
    if status in PASSING:
        headers.append((b"retry-after", str(retry_after).encode()))
    await _send(send, status, messages.error_body(FAULTS[status]), headers)


async def _nowhere(message: object) -> None:
    """Lose an answer."""
    del message


def _checked(faults: Faults) -> Faults | None:
    if faults.status is not None and faults.status not in FAULTS:
        raise Refused(400, f"status is one of {', '.join(map(str, FAULTS))}, not {faults.status}.")
    if faults.lost and faults.status is None:
        raise Refused(400, "lost is for a status: the request is carried out, then refused by it.")
    if not 0 <= faults.count <= FAULTS_MAX or not 0 <= faults.delay_seconds <= DELAY_SECONDS_MAX:
        raise Refused(400, f"count is 0 to {FAULTS_MAX:,}, delay_seconds 0 to {DELAY_SECONDS_MAX}.")
    return faults if faults.count else None


def _client(name: str) -> ScimClient:
    found = ENTRA_TOO.get(name.upper(), name.upper())
    if found not in list(ScimClient):
        raise Refused(400, f"scim_client is one of {', '.join(ScimClient)}, not {name}.")
    return ScimClient(found)


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Refused(400, f"The body is not understood: {error}.") from None


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The body; only JSON is taken, so that no web page can send one across origins."""
    body = b""
    more = True
    while more:
        message: Any = await receive()
        body += message.get("body", b"")
        more = bool(message.get("more_body"))
        if len(body) > BODY_BYTES_MAX:
            raise Refused(413, "The body is too large.")
    types = [value for name, value in scope["headers"] if name == b"content-type"]
    if scope["method"] == "POST" and not any(b"json" in value for value in types):
        raise Refused(415, "Send Content-Type: application/json.")
    return body


async def _send(send: Send, status: int, told: object, headers: list[tuple[bytes, bytes]]) -> None:
    body = msgspec.json.encode(told)
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [length, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
