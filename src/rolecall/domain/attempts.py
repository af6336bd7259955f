"""Attempts: what was tried and how it ended. They outlive a refusal and name the events it caused.

Every REST call, login and statement is one. Nothing here holds a secret: bodies arrive redacted.
"""

import re
from enum import StrEnum

import msgspec

from rolecall.domain.events import Event

DETAILS_LENGTH_MAX = 16_384
WHY_LENGTH_MAX = 1_000
"""A refusal may repeat what was asked for, however long that was."""
HIDDEN = "***"
TOKEN_PREFIX = "rolecall_"
TOKEN = re.compile(TOKEN_PREFIX + "[A-Za-z0-9_-]{43}")
"""What a token of ours looks like."""


def without_tokens(text: str) -> str:
    """The text without tokens that were sent where none belong: an address, a filter, a name.

    >>> without_tokens("access_token=rolecall_" + 43 * "x")
    'access_token=***'
    """
    return TOKEN.sub(HIDDEN, text) if TOKEN_PREFIX in text else text


class AttemptKind(StrEnum):
    """What was tried."""

    SCIM = "SCIM"
    LOGIN = "LOGIN"
    STATEMENT = "STATEMENT"


class Asks(StrEnum):
    """What a provider does when somebody leaves."""

    DEACTIVATE = "DEACTIVATE"
    DELETE = "DELETE"


USER_NAMES = {
    AttemptKind.SCIM: "actor",
    AttemptKind.LOGIN: "resource_name",
    AttemptKind.STATEMENT: "actor",
}
"""Where an attempt names the user that it is of: a login names whom it is as."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One thing tried. `status` is the HTTP status or 0 where there is none.

    `why` says why it was refused, `fix` what an operator can do about it; `details` is JSON text
    of at most DETAILS_LENGTH_MAX characters. `count` is how many equal refusals the row stands
    for, `ended` when a statement had its outcome. `events` holds the first and last event
    sequence that it caused. `token` is the id of the SCIM token that was shown, `asks` what a
    provider wants of a leaver, refused or not.
    """

    kind: AttemptKind
    at: int
    request: str
    method: str
    endpoint: str
    status: int
    succeeded: bool
    error_code: str | None = None
    why: str | None = None
    fix: str | None = None
    client_ip: str | None = None
    actor: str | None = None
    actor_kind: str | None = None
    integration: str | None = None
    token: str | None = None
    resource_kind: str | None = None
    resource_id: str | None = None
    resource_name: str | None = None
    asks: str | None = None
    details: str | None = None
    ended: int | None = None
    events: tuple[int, int] | None = None
    count: int = 1


class Noted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An attempt with its number in the account's history; `caused` where that was asked for."""

    seq: int
    attempt: Attempt
    caused: tuple[Event, ...] = ()
