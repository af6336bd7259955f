"""One statement carried out for each of several sets of values, as drivers send them for many rows.

Each set is a statement of its own: what ran before a refusal stays, as in a script.
"""

from collections.abc import Callable, Sequence

from rolecall.domain.names import Id
from rolecall.domain.tables import Cell, Table
from rolecall.fronts.sql import Answer
from rolecall.fronts.sql_refusals import SqlRefusal
from rolecall.sql.binding import Bound
from rolecall.sql.cursor import StatementText

Values = tuple[Bound, ...]
ROWS_MAX = 1_000_000


def repeated(
    sets: Sequence[Values],
    pieces_of: Callable[[Values], list[StatementText]],
    run: Callable[[StatementText], Answer],
    query: Id,
) -> Answer:
    """The rows of every run under one another. Raises SqlRefusal, saying how far it came."""
    first: Answer | None = None
    rows: list[tuple[Cell, ...]] = []
    for number, values in enumerate(sets, start=1):
        pieces = pieces_of(values)
        try:
            answer = run(_only(pieces))
            rows += answer.table.rows
            _require_room(len(rows))
        except SqlRefusal as refusal:
            raise _placed(refusal, number, len(sets)) from None
        first = first or answer
    assert first is not None, "there is a set"
    return Answer(
        table=Table(columns=first.table.columns, rows=rows),
        message=first.message,
        statement=first.statement,
        query_id=query,
        zone=first.zone,
    )


def _only(pieces: list[StatementText]) -> StatementText:
    if len(pieces) != 1:
        message = "Several sets of values are for one statement, not for a script."
        raise SqlRefusal("000008", "0A000", message)
    return pieces[0]


def _require_room(rows: int) -> None:
    if rows > ROWS_MAX:
        message = f"The results have more than {ROWS_MAX} rows: narrow them."
        raise SqlRefusal("100183", "22000", f"SQL execution error:\n{message}")


def _placed(refusal: SqlRefusal, number: int, total: int) -> SqlRefusal:
    """The refusal, with the set of values that it is about."""
    done = "none was carried out" if number == 1 else f"{number - 1} were carried out"
    return SqlRefusal(
        refusal.code,
        refusal.sqlstate,
        f"{refusal.message}\nIt is set {number} of {total} of the values; {done}.",
        line=refusal.line,
        column=refusal.column,
        fix=refusal.fix,
    )
