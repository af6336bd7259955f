"""One identity provider's way of asking: it counts, it waits when told to, it fetches a new token.

A caller is used by many threads at once; what they share (the token, the counts) is behind a lock.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock, local
from typing import TypeAlias

import httpx
import msgspec
from msgspec.structs import replace

from rolecall.simulate.forms import form_of
from rolecall.simulate.manners import GENERIC, Manners
from rolecall.simulate.rules import RULES, Asked, Surprise, kind_of, reason_of, stumbles

ROTATIONS_MAX = 5
PAUSE_SECONDS_MAX = 120.0
PROBE_PAUSES = (0.5, 1.0, 0.0)
GIVEN_UP_MAX = 16
"""Requests in a row that no patience helped; from there on each is sent once, until one passes."""
SURPRISES_MAX = 50
SENT_MAX = 400
PASSWORD = re.compile(rb'"password":"[^"]*"')

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


class Value(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One entry of a multi-valued attribute, as far as it is compared."""

    type: str | None = None
    value: str | None = None
    formatted: str | None = None
    locality: str | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What of a user is compared at the end; what the server does not show is None."""

    user_name: str = msgspec.field(name="userName", default="")
    active: bool = True
    display_name: str | None = msgspec.field(name="displayName", default=None)
    title: str | None = None
    phone_numbers: tuple[Value, ...] = msgspec.field(name="phoneNumbers", default=())
    addresses: tuple[Value, ...] = ()


class Member(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    value: str


class Members(msgspec.Struct, frozen=True, kw_only=True):
    members: tuple[Member, ...] = ()


class _Turn:
    """One step's turn: what was noted in it, and whether it met an outage."""

    def __init__(self, *, again: bool) -> None:
        self.again = again
        self.failed = False
        self.noted: list[Surprise] = []


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
        self.pause = pause
        self.chapter = self.trouble = ""
        self._client = client
        self._token = token
        self._rotate = rotate
        self._lock = Lock()
        self._local = local()
        self._fresh_token = ""
        self._given_up_in_a_row = 0
        self.rotations = 0
        self.requests = 0
        self.refusals: Counter[int] = Counter()
        self._surprises: dict[tuple[str, str, str], Surprise] = {}

    @property
    def surprises(self) -> list[Surprise]:
        """What nobody planned for, by rule, form and kind of request."""
        return list(self._surprises.values())

    def rotate_token(self) -> None:
        """Have a new token made while the old one is in use: the next 401 says when to change."""
        if self._rotate is None:
            return
        with self._lock:
            self._fresh_token = self._rotate()
            self.rotations += 1

    # ---- turns -----------------------------------------------------------------------------

    def carry_out(self, step: Callable[[], None], *, again: bool) -> list[Surprise] | None:
        """Take one step; return what it met if it has to be taken again in the next cycle.

        A step that met an outage (no answer, a refused token, an overloaded server) is begun anew
        as a provider's next cycle would. What it noted from the outage on is returned and not yet
        kept: it counts only if no later cycle gets through.
        """
        turn = self._local.turn = _Turn(again=again)
        try:
            step()
        finally:
            self._local.turn = None
        return turn.noted if turn.failed else None

    def note(self, rule: str, said: str, form: str = "", sent: str = "") -> None:
        """Keep what the provider stumbles over, as long as there is room for it."""
        assert rule in RULES, f"{rule} has no reason"
        if rule not in self.manners.rules:
            return
        why = reason_of(rule, form)
        noted = Surprise(
            rule=rule, said=said, count=1, sent=sent, form=form, chapter=self.chapter, why=why
        )
        turn: _Turn | None = getattr(self._local, "turn", None)
        if turn is not None and turn.failed:
            turn.noted.append(noted)
        else:
            self.keep(noted)

    def keep(self, noted: Surprise) -> None:
        """Count a stumble, or enter it if it is the first of its kind."""
        key = noted.rule, noted.form, kind_of(noted.said)
        with self._lock:
            known = self._surprises.get(key)
            if known is not None:
                self._surprises[key] = replace(known, count=known.count + 1)
            elif len(self._surprises) < SURPRISES_MAX:
                self._surprises[key] = noted

    # ---- requests --------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        expected: tuple[int, ...] = (200,),
        form: str = "",
    ) -> Answer:
        """Send one request, again as the provider would; note what it would stumble over."""
        content = None if body is None else msgspec.json.encode(body)
        form = form or form_of(method, path, filtered="filter" in (parameters or {}))
        asked = Asked(
            method=method,
            path=path,
            sent=body,
            expected=expected,
            form=form,
            echoed=self.manners.echoed,
        )
        response, tried = self._answered(asked, content, parameters)
        turn: _Turn | None = getattr(self._local, "turn", None)
        status = 0 if response is None else response.status_code
        if turn is not None and self._is_outage(asked, status):
            turn.failed = True
        if response is None:
            self.note("no-answer", f"{method} {path}: no answer", form, sent_in(content))
            return Answer(status=0, body=b"")
        if method == "DELETE" and status == 404 and (tried > 1 or (turn and turn.again)):
            return Answer(status=204, body=b"")  # The answer was lost, and not the deletion.
        for found in stumbles(asked, status, response.headers, response.content):
            self.note(found.rule, f"{method} {path}: {found.said}", form, sent_in(content))
        return Answer(status=status, body=response.content)

    def probe(self, path: str, parameters: Mapping[str, str]) -> httpx.Response | None:
        """Send a GET, again if the answer may be another then, and judge nothing."""
        asked = Asked(method="GET", path=path)
        response = None
        for seconds in PROBE_PAUSES:
            response = self._send(asked, None, parameters, self._token)
            if response is not None and not self._is_outage(asked, response.status_code):
                break
            self.pause(seconds)
        return response

    def dismiss(self, path: str) -> None:
        """Send a DELETE, and judge nothing."""
        self._answered(Asked(method="DELETE", path=path, expected=(204,)), None, None)

    def gone(self) -> bool:
        """Whether nothing answers any more, asked a few times in a row."""
        asked = Asked(method="GET", path="Users")
        sent = (self._send(asked, None, {"count": "1"}, self._token) for _ in PROBE_PAUSES)
        return all(response is None for response in sent)

    def _answered(
        self, asked: Asked, content: bytes | None, parameters: Mapping[str, str] | None
    ) -> tuple[httpx.Response | None, int]:
        """The last answer, and how often it was asked for."""
        tries = 1 if self._given_up_in_a_row >= GIVEN_UP_MAX else self.manners.tries
        tried = 0
        while True:
            tried += 1
            token = self._token
            response = self._send(asked, content, parameters, token)
            if response is not None and response.status_code == 401 and tried < tries:
                if self._renewed(token):
                    continue
            elif tried < tries and self._may_be_repeated(asked, response):
                told = "" if response is None else response.headers.get("retry-after", "")
                self.pause(pause_seconds(told, tried))
                continue
            break
        outage = self._is_outage(asked, 0 if response is None else response.status_code)
        with self._lock:
            self._given_up_in_a_row = self._given_up_in_a_row + 1 if outage else 0
        return response, tried

    def _is_outage(self, asked: Asked, status: int) -> bool:
        """Whether a later cycle may get another answer."""
        passing = status in {0, 401} or status in self.manners.retried
        return passing and status not in asked.expected

    def _may_be_repeated(self, asked: Asked, response: httpx.Response | None) -> bool:
        """A create is not sent twice when nobody knows what became of the first: it looks first."""
        status = 0 if response is None else response.status_code
        if asked.method == "POST" and status not in {429, 503}:
            return False
        return status == 0 or (status in self.manners.retried and status not in asked.expected)

    def _send(
        self,
        asked: Asked,
        content: bytes | None,
        parameters: Mapping[str, str] | None,
        token: str,
    ) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {token}", "User-Agent": self.manners.user_agent}
        headers.update(self.manners.headers)
        if content is not None:
            headers["Content-Type"] = self.manners.media
        try:
            response = self._client.request(
                asked.method, asked.path, content=content, params=parameters, headers=headers
            )
        except httpx.TransportError as error:
            self.trouble = str(error) or type(error).__name__
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


def pause_seconds(retry_after: str, tried: int) -> float:
    """How long to wait: what Retry-After says in either form, else a second, then two, then four.

    RFC 9110 section 10.2.3: seconds, or a date.
    """
    if retry_after.isdecimal():
        seconds = float(retry_after)
    else:
        try:
            until = parsedate_to_datetime(retry_after)
            seconds = (until - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            seconds = 2.0 ** (tried - 1)
    return min(max(seconds, 0.0), PAUSE_SECONDS_MAX)


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


def members_in(answer: Answer) -> list[str]:
    """Return the ids of a group's members, as often as they are listed."""
    try:
        found = msgspec.json.decode(answer.body, type=Members)
    except msgspec.DecodeError:
        return []
    return [member.value for member in found.members]
