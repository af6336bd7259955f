"""What an auditor reads: every request, every change, and who could use a role, by columns.

These relations are ours. Names are those of their time, ids are for ever.
"""

import msgspec

from rolecall.domain.attempts import Noted
from rolecall.domain.holders import Holder
from rolecall.domain.model import Json
from rolecall.domain.past import Change, Named
from rolecall.fronts.tables import REST_EVENT_HISTORY, Fields, number, text, time
from rolecall.fronts.tables_usage import boolean

_encode = msgspec.json.Encoder(order="sorted").encode


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A change, and one of those whom it is about, if it is a grant."""

    change: Change
    other: Named | None


def change_rows(changes: tuple[Change, ...]) -> list[ChangeRow]:
    """A row a change; of a grant to many, one for each."""
    return [
        ChangeRow(change=change, other=other)
        for change in changes
        for other in (change.others or (None,))
    ]


def json_of(values: dict[str, Json] | None) -> str | None:
    """Attributes as JSON text."""
    return _encode(values).decode() if values else None


def actor_kind(change: Change) -> str | None:
    """INTEGRATION, USER or LOCAL: of a founding nobody, or the system."""
    return None if change.attempt is None else change.attempt.actor_kind


def _of_attempt(row: ChangeRow, name: str) -> str | None:
    """What the request or statement says of itself, while it is kept."""
    found: str | None = getattr(row.change.attempt, name, None)
    return found


REST_EVENTS: Fields[Noted] = (
    *REST_EVENT_HISTORY,
    number("HTTP_STATUS", lambda noted: noted.attempt.status),
    text("INTEGRATION", lambda noted: noted.attempt.integration),
    text("TOKEN_ID", lambda noted: noted.attempt.token),
    text("RESOURCE_ID", lambda noted: noted.attempt.resource_id),
    text("ASKS", lambda noted: noted.attempt.asks),
    text("WHY", lambda noted: noted.attempt.why),
    text("FIX", lambda noted: noted.attempt.fix),
    number("REQUEST_COUNT", lambda noted: noted.attempt.count),
    text("REQUEST_ID", lambda noted: noted.attempt.request),
)

CHANGES: Fields[ChangeRow] = (
    number("CHANGE_ID", lambda row: row.change.seq),
    time("CHANGED_ON", lambda row: row.change.at),
    text("CHANGE", lambda row: row.change.change),
    text("OBJECT_DOMAIN", lambda row: row.change.object.kind.value),
    text("OBJECT_ID", lambda row: row.change.object.id),
    text("OBJECT_NAME", lambda row: row.change.object.name),
    text("OWNER_NAME", lambda row: row.change.owner),
    text("PRIVILEGE", lambda row: row.change.privilege),
    text("GRANTEE_DOMAIN", lambda row: None if row.other is None else row.other.kind.value),
    text("GRANTEE_ID", lambda row: None if row.other is None else row.other.id),
    text("GRANTEE_NAME", lambda row: None if row.other is None else row.other.name),
    text("BEFORE", lambda row: json_of(row.change.before)),
    text("AFTER", lambda row: json_of(row.change.after)),
    text("ACTOR_NAME", lambda row: row.change.actor),
    text("ACTOR_DOMAIN", lambda row: actor_kind(row.change)),
    text("INTEGRATION", lambda row: _of_attempt(row, "integration")),
    text("TOKEN_ID", lambda row: _of_attempt(row, "token")),
    text("CLIENT_IP", lambda row: _of_attempt(row, "client_ip")),
    number("ATTEMPT_ID", lambda row: row.change.number),
    text("REQUEST_ID", lambda row: row.change.request),
)

ROLE_HOLDERS: Fields[Holder] = (
    text("USER_ID", lambda row: row.user),
    text("USER_NAME", lambda row: row.name),
    boolean("ACTIVE", lambda row: row.active),
    text("HELD_ROLE", lambda row: row.path[0]),
    text("ROLE_PATH", lambda row: " > ".join(name or "?" for name in row.path)),
    time("GRANTED_ON", lambda row: row.granted_at),
)
