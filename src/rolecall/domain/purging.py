"""Purging: a person's data leaves the histories; ids, times and kinds stay, so that they add up.

A row that is the person's own is blanked, one that mentions them loses the mention. Their names are
told by their own events, which go last: until then a purge that was cut short can be repeated.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
from msgspec.structs import replace

from rolecall.domain import asking_history
from rolecall.domain.attempts import Attempt, AttemptKind, Noted
from rolecall.domain.commands_accounts import PurgeHistory
from rolecall.domain.effects import Effect
from rolecall.domain.errors import NotFound
from rolecall.domain.events import (
    AccessTokenAdded,
    AccessTokenChanged,
    Event,
    HistoryPurged,
    Recorded,
    RoleDropped,
    UserChanged,
    UserCreated,
    UserDropped,
)
from rolecall.domain.model import Json, Kind
from rolecall.domain.names import Id, key_of
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.session import ActorKind, Session

STEP_ROWS = 5_000
"""So many rows of each history are looked at in one step: some ten milliseconds of the writer."""
EVENTS_MAX = 1_000_000
NEVER = 2**62
MENTION_LENGTH_MIN = 3
"""A shorter name is no mention in a text: it would be half of the words."""

IDENTIFYING = ("NAME", "LOGIN_NAME", "EMAIL", "DISPLAY_NAME")
KEPT_PROPERTIES = frozenset(
    {
        "ALLOWED_INTERFACES",
        "DEFAULT_ROLE",
        "DEFAULT_SECONDARY_ROLES",
        "DISABLED",
        "MUST_CHANGE_PASSWORD",
        "OWNER",
        "PASSWORD",
        "TYPE",
    }
)
"""What a history may go on saying of somebody: nothing that tells who it is."""
KEPT_DETAILS = frozenset({"factor", "quirks", "session"})
KEPT_MEMBERS = frozenset({"$ref", "op", "path", "primary", "schemas", "type"})
PURGE = "PURGE HISTORY"


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows were blanked so far, up to which numbers, and whether that was the end."""

    rows: int
    after_attempt: int
    after_event: int
    reached_end: bool


class Borne(msgspec.Struct, frozen=True):
    """A NAME, and when it was the person's."""

    name: str
    since: int
    until: int


def purge_history(tx: Transaction, session: Session, command: PurgeHistory) -> Effect:
    """One step, or the last. Raises NotAuthorized, NotFound."""
    asking_history.require_administrator(tx, session)
    person = Person(tx, command.person)
    last_attempt, last_event = tx.last_attempt(), tx.last_event()
    until_attempt, until_event = last_attempt, last_event
    if not command.last:
        until_attempt = min(last_attempt, command.after_attempt + STEP_ROWS)
        until_event = min(last_event, command.after_event + STEP_ROWS)
    rows = command.rows
    rows += _purge_attempts(tx, person, command.after_attempt, until_attempt)
    rows += _purge_events(tx, person, command.after_event, until_event)
    if command.last:
        rows += _purge_own(tx, person)
    answer = Purged(
        rows=rows,
        after_attempt=until_attempt,
        after_event=until_event,
        reached_end=(until_attempt, until_event) == (last_attempt, last_event),
    )
    told = (HistoryPurged(id=person.id, rows=rows),) if command.last else ()
    return Effect(told, answer)


def _purge_attempts(tx: Transaction, person: "Person", after: int, until: int) -> int:
    changed = []
    for noted in tx.attempts_mentioning(person.sought, after, until):
        blank = person.attempt_without(noted.attempt)
        if blank != noted.attempt:
            changed.append(Noted(seq=noted.seq, attempt=blank))
    tx.replace_attempts(changed)
    return len(changed)


def _purge_events(tx: Transaction, person: "Person", after: int, until: int) -> int:
    """Others' events, and who caused the person's own."""
    found = tx.events_mentioning(person.sought, after, until)
    numbers = [each.attempt for each in found if each.attempt is not None]
    kinds = {noted.seq: noted.attempt.actor_kind for noted in tx.attempts_numbered(numbers)}
    changed = []
    for each in found:
        by_user = each.attempt is None or kinds.get(each.attempt) in {None, ActorKind.USER}
        blank = replace(
            each,
            actor=person.id if by_user and person.acted(each.actor, each.at) else each.actor,
            event=person.event_without(each.event, each.at),
        )
        if blank != each:
            changed.append(blank)
    tx.replace_events(changed)
    return len(changed)


def _purge_own(tx: Transaction, person: "Person") -> int:
    """The events that tell who it was."""
    changed = []
    for each in tx.events_about(person.id, EVENTS_MAX):
        blank = replace(each, event=_blank(each.event))
        if blank != each:
            changed.append(blank)
    tx.replace_events(changed)
    return len(changed) + _purge_held(tx, person.id)


def _purge_held(tx: Transaction, person: Id) -> int:
    """What the brake holds of somebody who is gone goes; else it stays, without the name."""
    found = [change for change in tx.held_changes(None) if change.resource == person]
    is_gone = tx.user(person) is None
    for change in found:
        if is_gone:
            tx.delete_held_change(change.id)
        else:
            tx.save_held_change(replace(change, name=""))
    return len(found)


def _blank(event: Event) -> Event:
    match event:
        case UserCreated():
            return replace(event, name="")
        case UserDropped():
            was = {key: value for key, value in event.was.items() if key in KEPT_PROPERTIES}
            return replace(event, name="", was=was)
        case UserChanged():
            return replace(event, before=_emptied(event.before), after=_emptied(event.after))
        case _:
            return event


def _emptied(values: dict[str, Json]) -> dict[str, Json]:
    """Which attributes changed is told; of most not how."""
    return {key: value if key in KEPT_PROPERTIES else None for key, value in values.items()}


# ---- the person --------------------------------------------------------------------------------


class Person:
    """Whose data goes: what they were called, and what a row is without that."""

    def __init__(self, reading: Reading, id: Id) -> None:
        """Read from the row, if there is one, and from the events about it. Raises NotFound."""
        self.id = id
        own = tuple(reversed(reading.events_about(id, EVENTS_MAX)))
        user = reading.user(id)
        if user is None and not any(isinstance(e.event, UserCreated | UserDropped) for e in own):
            fix = "select user_id, name, deleted_on from snowflake.account_usage.users"
            raise NotFound(Kind.USER, id, remedy=fix)
        texts = set(_told(own))
        if user is not None:
            texts |= {user.name, user.login_name, user.display_name or ""}
            texts |= set(_addresses(user.profile))
        self._borne = tuple(_borne(own, user.name if user is not None else None))
        self._texts = {key_of(text): text for text in sorted(texts) if text}
        self._since = {key: _taken_since(reading, id, text) for key, text in self._texts.items()}
        mentions = [text for text in self._texts.values() if len(text) >= MENTION_LENGTH_MIN]
        mentions.sort(key=len, reverse=True)
        self._words = _words_of(mentions)
        self._keys = (key_of(""), *map(key_of, mentions))
        self.sought = sorted({id, *(v for text in self._texts.values() for v in _spelled(text))})

    def acted(self, name: str | None, at: int) -> bool:
        """Whether a user called so at this time was this person."""
        return any(one.name == name and one.since <= at < one.until for one in self._borne)

    def _is_called(self, text: str | None, at: int) -> bool:
        """Whether the whole text is one of their names, and nobody else's now."""
        return text is not None and at < self._since.get(key_of(text), 0)

    # ---- attempts ----

    def attempt_without(self, attempt: Attempt) -> Attempt:
        """The attempt without the person's data."""
        if attempt.method == PURGE:
            return attempt
        if attempt.actor_kind == ActorKind.USER and self.acted(attempt.actor, attempt.at):
            attempt = replace(attempt, actor=self.id, client_ip=None)
        if self._is_about(attempt):
            return replace(
                attempt,
                endpoint=self._masked(attempt.endpoint, attempt.at),
                resource_name=None,
                why=None,
                fix=None,
                client_ip=None if attempt.kind is AttemptKind.LOGIN else attempt.client_ip,
                details=_few(attempt.details),
            )
        return self._without_mention(attempt)

    def _is_about(self, attempt: Attempt) -> bool:
        if attempt.resource_kind != Kind.USER or attempt.resource_id is not None:
            return attempt.resource_id == self.id
        return self._is_called(attempt.resource_name, attempt.at)

    def _without_mention(self, attempt: Attempt) -> Attempt:
        namesake = None
        if attempt.resource_kind == Kind.USER and attempt.resource_name is not None:
            namesake = key_of(attempt.resource_name)

        def said(text: str | None) -> str | None:
            return None if text is None else self._masked(text, attempt.at, namesake)

        details = attempt.details
        if details is not None:
            value: Json = msgspec.json.decode(details)
            masked = self._without(value, attempt.at, namesake)
            details = details if masked == value else msgspec.json.encode(masked).decode()
        return replace(
            attempt,
            endpoint=self._masked(attempt.endpoint, attempt.at, namesake),
            why=said(attempt.why),
            fix=said(attempt.fix),
            details=details,
        )

    # ---- events ----

    def event_without(self, event: Event, at: int) -> Event:
        """Another's event without mention of the person; the person's own is for the last step."""
        if isinstance(event, AccessTokenAdded | AccessTokenChanged) and event.user == self.id:
            return _token_without(event)
        if event.id == self.id:
            return event
        if isinstance(event, RoleDropped) and event.comment is not None:
            return replace(event, comment=self._masked(event.comment, at))
        told: dict[str, Any] = {
            name: {
                key: value if key in IDENTIFYING else self._without(value, at)
                for key, value in values.items()
            }
            for name in ("before", "after", "was")
            if isinstance(values := getattr(event, name, None), dict)
        }
        return replace(event, **told) if told else event

    # ---- values ----

    def _without(self, value: Json, at: int, namesake: str | None = None) -> Json:
        """The JSON value: an object that names the person is emptied, a text loses the mention."""
        if isinstance(value, str):
            return self._masked(value, at, namesake)
        if isinstance(value, list):
            return [self._without(inner, at, namesake) for inner in value]
        if isinstance(value, dict):
            if any(self._names(inner, at, namesake) for inner in value.values()):
                return {
                    key: inner if key in KEPT_MEMBERS or inner == self.id else None
                    for key, inner in value.items()
                }
            return {key: self._without(inner, at, namesake) for key, inner in value.items()}
        return value

    def _names(self, value: Json, at: int, namesake: str | None) -> bool:
        if not isinstance(value, str):
            return False
        return value == self.id or (key_of(value) != namesake and self._is_called(value, at))

    def _masked(self, text: str, at: int, namesake: str | None = None) -> str:
        def mask(found: re.Match[str]) -> str:
            key = self._keys[found.lastindex or 0]
            return found[0] if key == namesake or at >= self._since[key] else "…"

        return text if self._words is None else self._words.sub(mask, text)


def _few(details: str | None) -> str | None:
    """What DETAILS may go on saying."""
    told = {} if details is None else msgspec.json.decode(details, type=dict[str, Any])
    kept = {key: value for key, value in told.items() if key in KEPT_DETAILS}
    return msgspec.json.encode(kept).decode() if kept else None


def _token_without(event: AccessTokenAdded | AccessTokenChanged) -> Event:
    """People name their tokens after themselves and their machines."""
    if isinstance(event, AccessTokenAdded):
        return replace(event, name="")
    before = {key: None if isinstance(v, str) else v for key, v in event.before.items()}
    after = {key: None if isinstance(v, str) else v for key, v in event.after.items()}
    return replace(event, before=before, after=after)


# ---- what somebody was called ------------------------------------------------------------------


def _borne(own: Iterable[Recorded], now: str | None) -> Iterator[Borne]:
    """Each NAME with its time; one that was purged before is empty."""
    since = 0
    for each in own:
        event = each.event
        if isinstance(event, UserCreated):
            since = each.at
        elif isinstance(event, UserDropped):
            yield Borne(event.name, since, each.at)
        elif isinstance(event, UserChanged) and "NAME" in event.before:
            yield Borne(str(event.before["NAME"] or ""), since, each.at)
            since = each.at
    if now is not None:
        yield Borne(now, since, NEVER)


def _told(own: Iterable[Recorded]) -> Iterator[str]:
    """Names and addresses in the events about somebody."""
    for each in own:
        event = each.event
        if isinstance(event, UserCreated | UserDropped):
            yield event.name
        for name in ("before", "after", "was"):
            values = getattr(event, name, None)
            if isinstance(values, dict):
                yield from (v for key in IDENTIFYING if isinstance(v := values.get(key), str))
                yield from _addresses(values)


def _addresses(value: object) -> Iterator[str]:
    """Every e-mail address in a JSON value."""
    if isinstance(value, str):
        if "@" in value and " " not in value:
            yield value
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _addresses(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _addresses(inner)


def _taken_since(reading: Reading, id: Id, text: str) -> int:
    """From when on the text is somebody else's, who bears it now."""
    bearers = reading.users_taking(key_of(text), key_of(text))
    return min([bearer.created_at for bearer in bearers if bearer.id != id], default=NEVER)


def _spelled(text: str) -> set[str]:
    """As it may stand in a statement, a URL or JSON, in a case that the store doesn't fold."""
    cased = {text, text.upper(), text.lower()}
    doubled = {each.replace(mark, mark * 2) for each in cased for mark in "'\""}
    plain = cased | doubled | {how(each, safe="") for each in cased for how in (quote, quote_plus)}
    once = {msgspec.json.encode(each).decode()[1:-1] for each in plain}
    return plain | once | {msgspec.json.encode(each).decode()[1:-1] for each in once}


def _words_of(texts: list[str]) -> re.Pattern[str] | None:
    """The texts as whole words, each a group; in a URL a word may follow an escape."""
    if not texts:
        return None
    groups = [
        "(" + "|".join(sorted(map(re.escape, _spelled(text)), key=len, reverse=True)) + ")"
        for text in texts
    ]
    begins, ends = r"(?:(?<=%[0-9A-Fa-f]{2})|(?<![\w@.+-]))", r"(?![\w@+-]|\.\w)"
    return re.compile(f"{begins}(?:{'|'.join(groups)}){ends}", re.IGNORECASE)
