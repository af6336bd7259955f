"""DETAILS of a request in the history: why it was refused, what it changed, then the request.

What changed is told by the events of the same commit. All of it is at most 16 KiB: what is too
long for that is named by its length and hash.
"""

import hashlib

import msgspec

from rolecall.domain.attempts import DETAILS_LENGTH_MAX, Attempt
from rolecall.domain.events import (
    Event,
    MembersAdded,
    MembersRemoved,
    RoleChanged,
    UserChanged,
    UserDropped,
)
from rolecall.domain.model import Json

CREATED = 201
LONG_FIRST = ("request", "before", "after", "members_added", "members_removed")
"""What gives way, in this order."""

Part = object

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


def details_of(attempt: Attempt, caused: tuple[Event, ...] = ()) -> str | None:
    """The JSON text that REST_EVENT_HISTORY shows."""
    told: dict[str, Part] = {}
    if attempt.why is not None:
        told["why"] = attempt.why
    if attempt.fix is not None:
        told["fix"] = attempt.fix
    if attempt.status == CREATED and attempt.resource_id is not None:
        told["id"] = attempt.resource_id
    told |= _changed(caused)
    if not told:
        return attempt.details
    kept = {} if attempt.details is None else _decode(attempt.details)
    return _within_limit({**told, **kept}).decode()


def _changed(caused: tuple[Event, ...]) -> dict[str, Part]:
    """The attributes before and after, and the members who came and went."""
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    told: dict[str, Part] = {}
    for event in caused:
        if isinstance(event, UserChanged | RoleChanged):
            before |= event.before
            after |= event.after
        elif isinstance(event, UserDropped):
            before |= event.was
        elif isinstance(event, MembersAdded):
            told["members_added"] = event.users
        elif isinstance(event, MembersRemoved):
            told["members_removed"] = event.users
    changed = {"before": before, "after": after}
    return {**{name: values for name, values in changed.items() if values}, **told}


def _within_limit(parts: dict[str, Part]) -> bytes:
    text = _encode(parts)
    for name in LONG_FIRST:
        if len(text) <= DETAILS_LENGTH_MAX:
            break
        if name in parts:
            whole = _encode(parts[name])
            digest = hashlib.sha256(whole).hexdigest()
            parts[name] = {"bytes": len(whole), "sha256": digest, "truncated": True}
            text = _encode(parts)
    return text
