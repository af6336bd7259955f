"""What a SCIM exchange leaves in the history: one attempt, its body without secrets."""

import hashlib
import re
from urllib.parse import unquote_plus

import msgspec

from rolecall.domain.attempts import (
    DETAILS_LENGTH_MAX,
    HIDDEN,
    TOKEN,
    WHY_LENGTH_MAX,
    Asks,
    Attempt,
    AttemptKind,
    without_tokens,
)
from rolecall.domain.commands import ChangeUser, Command, DropUser, Set
from rolecall.domain.errors import Refusal
from rolecall.domain.names import Id
from rolecall.domain.session import ActorKind
from rolecall.fronts.scim_answers import Exchange, worded_in
from rolecall.scim.values import shown

ENDPOINT_LENGTH_MAX = 500
QUERY_LENGTH_MAX = 2_000
IGNORED_MAX = 50
SECRET_NAMES = frozenset({"password"})

_encode = msgspec.json.Encoder().encode


def attempt_of(exchange: Exchange, status: int | None, error: Exception | None) -> Attempt:
    """The attempt that an exchange leaves; `status` is None when it was refused."""
    why = fix = code = None
    if error is not None:
        told = worded_in(exchange, error)
        why = without_tokens(told.detail)[:WHY_LENGTH_MAX]
        status, code = told.status, str(told.status)
        fix = error.remedy if isinstance(error, Refusal) else None
    assert status is not None, "an exchange ends in a status or an error"
    return Attempt(
        kind=AttemptKind.SCIM,
        at=exchange.at,
        request=exchange.request,
        method=exchange.method,
        endpoint=without_tokens("scim/v2" + exchange.path)[:ENDPOINT_LENGTH_MAX],
        status=status,
        succeeded=error is None,
        error_code=code,
        why=why,
        fix=fix,
        client_ip=exchange.client_ip,
        actor=exchange.integration,
        actor_kind=ActorKind.INTEGRATION.value if exchange.integration else None,
        integration=exchange.integration,
        token=exchange.token,
        resource_kind=exchange.resource_kind,
        resource_id=exchange.resource_id and Id(without_tokens(exchange.resource_id)),
        resource_name=exchange.resource_name and without_tokens(exchange.resource_name),
        asks=exchange.asks,
        details=exchange.details,
    )


def asks_of(command: Command) -> Asks | None:
    """Whether a command ends a user's access: what an audit of leavers begins with."""
    match command:
        case DropUser():
            return Asks.DELETE
        case ChangeUser() if any(_disables(change) for change in command.changes):
            return Asks.DEACTIVATE
        case _:
            return None


def _disables(change: object) -> bool:
    return isinstance(change, Set) and change.at.attribute == "DISABLED" and change.value is True


def details_of(exchange: Exchange, warnings: tuple[str, ...] = ()) -> str | None:
    """JSON text for the audit: warnings, the caller, query, redacted body, ignored, tolerated."""
    parts: dict[str, object] = {}
    if warnings:
        parts["warnings"] = warnings
    if exchange.caller is not None:
        parts["caller"] = exchange.caller
    if exchange.query:
        parts["query"] = _query_of(exchange)
    if exchange.ignored:
        parts["ignored"] = exchange.ignored[:IGNORED_MAX]
    if exchange.quirks:
        parts["quirks"] = exchange.quirks
    if exchange.decoded is not None:
        parts["request"] = _request_of(exchange)
    if not parts:
        return None
    text = _encode(parts)
    if len(text) > DETAILS_LENGTH_MAX:
        parts["request"] = _digest(exchange)
        text = _encode(parts)
    if len(text) > DETAILS_LENGTH_MAX:
        parts["ignored"] = len(exchange.ignored)
        text = _encode(parts)
    return without_tokens(text.decode())


def _digest(exchange: Exchange) -> dict[str, object]:
    """What is kept of a body that is too long to keep."""
    digest = hashlib.sha256(exchange.body).hexdigest()
    return {"bytes": len(exchange.body), "sha256": digest, "truncated": True}


_SECRET_MEMBER = re.compile(rb'("[^"]*password[^"]*"\s*:\s*)"[^"]*"', re.IGNORECASE)


def _hidden(body: bytes) -> bytes | None:
    """A body without escapes, its one password hidden; None when that takes reading it.

    Okta sends a random password with every create, and reading a body twice is dear. With no
    escapes quotes are only delimiters: what is mentioned is a member's name or it is not.
    """
    lowered = body.lower()
    mention = lowered.find(b"password")
    if mention < 0:
        return body
    if lowered.find(b"password", mention + 8) >= 0:
        return None
    found = _SECRET_MEMBER.match(body, body.rfind(b'"', 0, mention))
    if found is None:
        return None
    return b'%b%b"***"%b' % (body[: found.start()], found[1], body[found.end() :])


def _query_of(exchange: Exchange) -> str:
    query = exchange.query[:QUERY_LENGTH_MAX]
    spelled = unquote_plus(query) if "%" in query else query
    if _is_secret(spelled) or (spelled is not query and TOKEN.search(spelled)):
        return HIDDEN
    return shown(query)


def _request_of(exchange: Exchange) -> object:
    """The body without secrets; one that can't hold a secret is kept as it came."""
    if len(exchange.body) > DETAILS_LENGTH_MAX:
        return _digest(exchange)
    if b"\\" not in exchange.body:
        hidden = _hidden(exchange.body)
        if hidden is not None:
            return msgspec.Raw(hidden)
    try:
        return redacted(exchange.decoded)
    except RecursionError:
        return HIDDEN


def redacted(value: object) -> object:
    """The same JSON with every password's value replaced, wherever it stands."""
    if isinstance(value, dict):
        secret = any(
            isinstance(entry, str) and _is_secret(entry)
            for key, entry in value.items()
            if key.lower() == "path"
        )
        return {key: _shown(key, inner, secret=secret) for key, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner) for inner in value]
    return value


def _shown(key: str, value: object, *, secret: bool) -> object:
    """A member of an object; of a secret place not even the filter is kept, only that it is one."""
    if _is_secret(key):
        return HIDDEN
    if secret and key.lower() == "value":
        return HIDDEN
    if secret and key.lower() == "path":
        return next(name for name in SECRET_NAMES if name in str(value).lower())
    return redacted(value)


def _is_secret(name: str) -> bool:
    return any(secret in name.lower() for secret in SECRET_NAMES)
