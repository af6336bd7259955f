"""SHOW HELD CHANGES and what deciding about them answers: their columns, which are ours."""

import msgspec

from rolecall.domain.held import HeldChange
from rolecall.fronts.tables import Fields, number, text, time

SHOW_HELD_CHANGES: Fields[HeldChange] = (
    text("id", lambda row: row.id),
    text("integration", lambda row: row.integration),
    text("kind", lambda row: row.kind.value),
    text("resource", lambda row: row.resource),
    text("name", lambda row: row.name),
    text("action", lambda row: row.act.value),
    number("removes", lambda row: row.removes),
    time("first_asked", lambda row: row.first_asked),
    time("last_asked", lambda row: row.last_asked),
    number("times", lambda row: row.times),
    text("state", lambda row: row.state.value),
    time("decided_on", lambda row: row.decided_at),
    text("decided_by", lambda row: row.decided_by),
)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision has made of one held change; `why` says so when it could not be."""

    change: HeldChange
    outcome: str
    why: str | None = None


DECIDED_CHANGES: Fields[Outcome] = (
    text("id", lambda row: row.change.id),
    text("kind", lambda row: row.change.kind.value),
    text("name", lambda row: row.change.name),
    text("action", lambda row: row.change.act.value),
    number("removes", lambda row: row.change.removes),
    text("outcome", lambda row: row.outcome),
    text("why", lambda row: row.why),
)
