"""One identity provider's way of asking: it counts, it waits when told to, it fetches a new token.

A caller is used by many threads at once; what they share (the token, the counts) is behind a lock.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import TypeAlias

import httpx
import msgspec
from msgspec.structs import replace

from rolecall.simulate.manners import GENERIC, Manners
from rolecall.simulate.rules import RULES, Asked, Surprise, kind_of, stumbles

ROTATIONS_MAX = 5
PAUSE_SECONDS_MAX = 5.0
SURPRISES_MAX = 50
SENT_MAX = 400
PASSWORD = re.compile(rb'"password":"[^"]*"')
SCIM_JSON = "application/scim+json"

Json: TypeAlias = str | bool | int | Sequence["Json"] | Mapping[str, "Json"] | None


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


class Known(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What of a user is compared at the end."""

    user_name: str = msgspec.field(name="userName", default="")
    active: bool = True


class Member(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    value: str


class Members(msgspec.Struct, frozen=True, kw_only=True):
    members: tuple[Member, ...] = ()


class Caller:
    """Speaks to one SCIM server with one token at a time, from any number of threads."""

    def __init__(
        self,
        client: httpx.Client,
        token: str,
        rotate: Callable[[], str] | None,
        pause: Callable[[float], None],
        manners: Manners = GENERIC,
    ) -> None:
        """`rotate` makes a new token; without it the one there is has to do."""
        self.manners = manners
        self._client = client
        self._token = token
        self._rotate = rotate
        self._pause = pause
        self._lock = Lock()
        self._fresh_token = ""
        self.rotations = 0
        self.requests = 0
        self.refusals: Counter[int] = Counter()
        self._surprises: dict[tuple[str, str], Surprise] = {}

    @property
    def surprises(self) -> list[Surprise]:
        """What nobody planned for, by rule and kind of request."""
        return list(self._surprises.values())

    def rotate_token(self) -> None:
        """Have a new token made while the old one is in use: the next 401 says when to change."""
        if self._rotate is None:
            return
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
        """Send one request, again as the provider would; note what it would stumble over."""
        content = None if body is None else msgspec.json.encode(body)
        asked = Asked(method=method, path=path, sent=body, expected=expected)
        response = None
        for _ in range(self.manners.tries):
            token = self._token
            response = self._send(method, path, content, parameters, token)
            if response is None:
                self._pause(1.0)
                continue
            if response.status_code == 401 and self._renewed(token):
                continue
            if response.status_code not in self.manners.retried:
                break
            self._pause(pause_seconds(response.headers.get("retry-after", "")))
        if response is None:
            self.note("no-answer", f"{method} {path}: no answer")
            return Answer(status=0, body=b"")
        answer = Answer(status=response.status_code, body=response.content)
        for found in stumbles(asked, answer.status, response.headers, answer.body):
            self.note(found.rule, f"{method} {path}: {found.said}", sent_in(content))
        return answer

    def note(self, rule: str, said: str, sent: str = "") -> None:
        """Keep what the provider stumbles over, as long as there is room for it."""
        assert rule in RULES, f"{rule} has no reason"
        if rule not in self.manners.rules:
            return
        key = rule, kind_of(said)
        with self._lock:
            known = self._surprises.get(key)
            if known is not None:
                self._surprises[key] = replace(known, count=known.count + 1)
            elif len(self._surprises) < SURPRISES_MAX:
                self._surprises[key] = Surprise(rule=rule, said=said, count=1, sent=sent)

    def _send(
        self,
        method: str,
        path: str,
        content: bytes | None,
        parameters: Mapping[str, str] | None,
        token: str,
    ) -> httpx.Response | None:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": SCIM_JSON,
            "User-Agent": self.manners.user_agent,
        }
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
            left = ROTATIONS_MAX - self.rotations
            if self._rotate is not None and not self._fresh_token and left:
                self._fresh_token = self._rotate()
                self.rotations += 1
            self._token, self._fresh_token = self._fresh_token or refused, ""
            return self._token != refused


def sent_in(content: bytes | None) -> str:
    """A body for a report: not the whole of a large one, and no password."""
    if content is None:
        return ""
    text = PASSWORD.sub(b'"password":"***"', content).decode()
    return text if len(text) <= SENT_MAX else f"{text[:SENT_MAX]}…"


def pause_seconds(retry_after: str) -> float:
    """Read Retry-After in seconds; its date form, and nothing at all, mean one second."""
    seconds = float(retry_after) if retry_after.isdecimal() else 1.0
    return min(seconds, PAUSE_SECONDS_MAX)


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


def listing_in(answer: Answer) -> Listing | None:
    """Return a ListResponse, or None when it is none."""
    try:
        return msgspec.json.decode(answer.body, type=Listing)
    except msgspec.DecodeError:
        return None


def known_in(answer: Answer) -> Known | None:
    """Return what is compared of a user, or None."""
    try:
        return msgspec.json.decode(answer.body, type=Known)
    except msgspec.DecodeError:
        return None


def members_in(answer: Answer) -> set[str]:
    """Return the ids of a group's members."""
    try:
        found = msgspec.json.decode(answer.body, type=Members)
    except msgspec.DecodeError:
        return set()
    return {member.value for member in found.members}
