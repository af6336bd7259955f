"""One identity provider's way of asking: it counts, it waits when told to, it fetches a new token.

A caller is used by many threads at once; what they share (the token, the counts) is behind a lock.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import TypeAlias

import httpx
import msgspec

TRIES_MAX = 4
ROTATIONS_MAX = 5
PAUSE_SECONDS_MAX = 5.0
SURPRISES_MAX = 20
SCIM_JSON = "application/scim+json"

Json: TypeAlias = str | bool | int | Sequence["Json"] | Mapping[str, "Json"]


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What came back; status 0 means that nothing did."""

    status: int
    body: bytes


class Resource(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The one attribute of a resource that a provider keeps (RFC 7643 section 3.1)."""

    id: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A ListResponse; without matches Resources may be missing (RFC 7644 section 3.4.2)."""

    total_results: int = msgspec.field(name="totalResults")
    resources: tuple[Resource, ...] = msgspec.field(name="Resources", default=())


class Problem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The sentence of a SCIM error (RFC 7644 section 3.12)."""

    detail: str = ""


class Caller:
    """Speaks to one SCIM server with one token at a time, from any number of threads."""

    def __init__(
        self,
        client: httpx.Client,
        token: str,
        rotate: Callable[[], str],
        pause: Callable[[float], None],
    ) -> None:
        self._client = client
        self._token = token
        self._rotate = rotate
        self._pause = pause
        self._lock = Lock()
        self._fresh_token = ""
        self.rotations = 0
        self.requests = 0
        self.refusals: Counter[int] = Counter()
        self.surprises: list[str] = []

    def rotate_token(self) -> None:
        """Have a new token made while the old one is in use: the next 401 says when to change."""
        with self._lock:
            self._fresh_token = self._rotate()
            self.rotations += 1

    def ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        expected: tuple[int, ...] = (200,),
    ) -> Answer:
        """Send one request, again after a 401, a 429, a 503 or a lost answer; note a surprise."""
        content = None if body is None else msgspec.json.encode(body)
        answer = Answer(status=0, body=b"")
        for _ in range(TRIES_MAX):
            token = self._token
            response = self._send(method, path, content, parameters, token)
            if response is None:
                self._pause(1.0)
                continue
            answer = Answer(status=response.status_code, body=response.content)
            if response.status_code == 401 and self._renewed(token):
                continue
            if response.status_code not in (429, 503):
                break
            self._pause(pause_seconds(response.headers.get("retry-after", "")))
        if answer.status not in expected:
            self.note(f"{method} {path}: {answer.status} {sentence_of(answer)}".rstrip())
        return answer

    def note(self, surprise: str) -> None:
        """Keep what nobody planned for, as long as there is room for it."""
        with self._lock:
            if len(self.surprises) < SURPRISES_MAX:
                self.surprises.append(surprise)

    def _send(
        self,
        method: str,
        path: str,
        content: bytes | None,
        parameters: Mapping[str, str] | None,
        token: str,
    ) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {token}", "Accept": SCIM_JSON}
        if content is not None:
            headers["Content-Type"] = SCIM_JSON
        try:
            response = self._client.request(
                method, path, content=content, params=parameters, headers=headers
            )
        except httpx.TransportError:
            response = None
        with self._lock:
            self.requests += 1
            if response is not None and response.status_code >= 400:
                self.refusals[response.status_code] += 1
        return response

    def _renewed(self, refused: str) -> bool:
        """Take up the new token, unless another thread already has; False when there is none."""
        with self._lock:
            if self._token != refused:
                return True
            if not self._fresh_token and self.rotations < ROTATIONS_MAX:
                self._fresh_token = self._rotate()
                self.rotations += 1
            self._token, self._fresh_token = self._fresh_token or refused, ""
            return self._token != refused


def pause_seconds(retry_after: str) -> float:
    """Read Retry-After in seconds; its date form, and nothing at all, mean one second."""
    seconds = float(retry_after) if retry_after.isdecimal() else 1.0
    return min(seconds, PAUSE_SECONDS_MAX)


def sentence_of(answer: Answer) -> str:
    """Return what a SCIM error says, or nothing."""
    try:
        return msgspec.json.decode(answer.body, type=Problem).detail
    except msgspec.DecodeError:
        return ""


def id_of(answer: Answer) -> str | None:
    """Return the id of the resource in an answer, or None when there is none."""
    try:
        return msgspec.json.decode(answer.body, type=Resource).id
    except msgspec.DecodeError:
        return None


def found_in(answer: Answer) -> str | None:
    """Return the id of the first resource in a ListResponse, or None."""
    try:
        listing = msgspec.json.decode(answer.body, type=Listing)
    except msgspec.DecodeError:
        return None
    return listing.resources[0].id if listing.resources else None
