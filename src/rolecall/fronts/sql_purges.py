"""ALTER ACCOUNT PURGE HISTORY: in steps, so that others get their turn, and whole when it answers.

An end in the middle loses nothing: what is left can be found until the last step, and the
statement can be run again.
"""

from rolecall.domain import commands_accounts
from rolecall.domain.effects import Effect
from rolecall.domain.names import Id
from rolecall.domain.ports import Describe
from rolecall.domain.purging import Purged
from rolecall.fronts.sql_session import Moment
from rolecall.sql.statements_accounts import PurgeHistory


def purge_history(
    statement: PurgeHistory, moment: Moment, describe: Describe[tuple[Effect, ...]]
) -> str:
    """How many rows were blanked. Raises a Refusal."""
    store = moment.account.store
    store.flush()
    command = commands_accounts.PurgeHistory(person=Id(statement.person))
    while True:
        kept = describe if command.last else None
        (effect,) = moment.account.execute(moment.session, command, describe=kept)
        purged = effect.answer
        assert isinstance(purged, Purged), "a purge answers with how far it came"
        if command.last:
            break
        command = commands_accounts.PurgeHistory(
            person=command.person,
            after_attempt=purged.after_attempt,
            after_event=purged.after_event,
            rows=purged.rows,
            last=purged.reached_end,
        )
    store.scrub()
    return f"{purged.rows} rows of the histories hold no data of {command.person} any more."
