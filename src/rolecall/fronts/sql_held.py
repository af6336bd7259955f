"""Held changes in SQL: SHOW HELD CHANGES, and the decisions, each with an outcome of its own."""

from rolecall.domain.commands import Command
from rolecall.domain.commands_held import RejectHeldChange, ReleaseHeldChange
from rolecall.domain.errors import NotFound, Refusal
from rolecall.domain.held import HeldChange, HeldState
from rolecall.domain.model import Kind
from rolecall.domain.names import Id
from rolecall.domain.releasing import HeldChanges
from rolecall.domain.tables import Table
from rolecall.fronts.sql_names import meant
from rolecall.fronts.sql_refusals import refused
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables import table_of
from rolecall.fronts.tables_held import DECIDED_CHANGES, Outcome
from rolecall.sql.statements_held import AlterHeldChanges, ShowHeldChanges

TOGETHER = 500
"""How many decisions are handed to the account at once: others have their turn in between."""


def found_held_changes(statement: ShowHeldChanges, moment: Moment) -> tuple[HeldChange, ...]:
    """What SHOW HELD CHANGES lists. Raises NotFound, NotAuthorized."""
    integration = None if statement.integration is None else meant(statement.integration)
    return moment.ask(HeldChanges(integration=integration))


def held_changes_decided(statement: AlterHeldChanges, moment: Moment) -> Table:
    """Decide about each, in the order in which they were asked for, and say what became of it.

    One that is refused leaves the others alone. Raises NotFound, NotAuthorized.
    """
    chosen = _chosen(statement, moment)
    outcomes: list[Outcome] = []
    for begin in range(0, len(chosen), TOGETHER):
        part = chosen[begin : begin + TOGETHER]
        bodies = [((_decision(statement, change.id, moment.at),), None) for change in part]
        answers = moment.account.execute_each(moment.session, bodies)
        for change, answer in zip(part, answers, strict=True):
            if not isinstance(answer, Exception):
                done = "RELEASED" if statement.release else "REJECTED"
                outcomes.append(Outcome(change=change, outcome=done))
            elif isinstance(answer, Refusal):
                outcomes.append(_refused(change, answer))
            else:
                raise answer
    return table_of(DECIDED_CHANGES, outcomes)


def _decision(statement: AlterHeldChanges, change: Id, at: int) -> Command:
    if statement.release:
        return ReleaseHeldChange(change=change, at=at)
    return RejectHeldChange(change=change, at=at)


def _refused(change: HeldChange, refusal: Refusal) -> Outcome:
    why = refused(refusal).message.partition("\n")[2] or refused(refusal).message
    return Outcome(change=change, outcome="REFUSED", why=why)


def _chosen(statement: AlterHeldChanges, moment: Moment) -> list[HeldChange]:
    """All that wait, or those named: a release may name what was rejected."""
    try:
        found = moment.ask(HeldChanges(integration=meant(statement.name)))
    except NotFound:
        if statement.if_exists:
            return []
        raise
    if not statement.ids:
        return [change for change in found if change.state is HeldState.HELD]
    by_id = {change.id: change for change in found}
    for each in statement.ids:
        if Id(each) not in by_id:
            raise NotFound(Kind.HELD_CHANGE, each)
    return [by_id[Id(each)] for each in dict.fromkeys(statement.ids)]
