"""A driver's statement on a worker thread: bound, split, carried out, and its answer written."""

import gzip
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from rolecall.domain.errors import Refusal
from rolecall.domain.names import Id, Name
from rolecall.fronts import driver
from rolecall.fronts.driver_rows import chunks_of, encode
from rolecall.fronts.sql import Answer, Worksheet
from rolecall.fronts.sql_refusals import SqlRefusal, misread
from rolecall.fronts.sql_session import Place
from rolecall.sql.binding import bound, places_count
from rolecall.sql.cursor import StatementText, split_script
from rolecall.sql.errors import SqlCompilationError, SqlSyntaxError
from rolecall.web.driver_queries import Outcome
from rolecall.web.repeating import Values, repeated

SESSION_OVER = frozenset({"390112", "390111", "390104"})
GZIP_LEVEL = 1
SEVERAL_PARAMETER = "MULTI_STATEMENT_COUNT"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a driver asks for: a text, its values, how many statements it may hold."""

    query: Id
    text: str
    sets: tuple[Values, ...] = ((),)
    """The values of its variables; of several sets it is carried out for each."""
    count: int | None = None
    describe_only: bool = False
    base_url: str = ""
    key: str = ""
    new_id: Callable[[], Id]


def carried_out(order: Order, worksheet: Worksheet, begin: Callable[[Id], None]) -> Outcome:
    """The answer or the refusal, as the driver hears it.

    `begin` is told each statement's id before it is carried out, and may refuse it.
    """
    try:
        return _Run(order, worksheet, begin).outcome()
    except SqlRefusal as refusal:
        return refused(refusal, order.query)


def refused(refusal: SqlRefusal, query: Id | None = None) -> Outcome:
    """A refusal as an outcome."""
    body = encode(driver.failure(refusal, query))
    return Outcome(
        body=body,
        succeeded=False,
        code=refusal.code,
        message=refusal.message,
        lasting=refusal.code not in SESSION_OVER,
    )


class _Run:
    """One order on one worksheet."""

    def __init__(self, order: Order, worksheet: Worksheet, begin: Callable[[Id], None]) -> None:
        self._order = order
        self._worksheet = worksheet
        self._begin = begin

    def outcome(self) -> Outcome:
        sets = self._order.sets
        if len(sets) > 1 and not self._order.describe_only:
            return self._said(repeated(sets, self._pieces, self._run_again, self._order.query))
        pieces = self._pieces(sets[0])
        if len(pieces) != 1:
            self._require_count(len(pieces))
        if len(pieces) == 1:
            return self._one(pieces[0])
        answers, children = [], []
        for piece in pieces:
            answer = self._run_one(piece, self._order.new_id())
            answers.append(answer)
            children.append((answer.query_id, self._said(answer)))
        body = encode(driver.several_said(self._order.query, answers))
        return Outcome(body=body, succeeded=True, children=tuple(children))

    def _pieces(self, values: Values) -> list[StatementText]:
        text = self._order.text
        try:
            text = bound(text, self._values(text, values))
            pieces = split_script(text)
        except SqlSyntaxError:
            return [StatementText(text=text, line=1, column=1)]  # the worksheet words it
        except SqlCompilationError as error:
            raise misread(error) from None
        if not pieces:
            message = "SQL compilation error:\nEmpty SQL statement."
            raise SqlRefusal("000900", "42601", message)
        return pieces

    def _values(self, text: str, values: Values) -> Values:
        """What is only described needs no values yet: a query none, a name or a pattern some."""
        if self._order.describe_only and not values:
            something = None if driver.is_query(text) else "X"
            return (something,) * places_count(text)
        return values

    def _require_count(self, found: int) -> None:
        """As many statements as the request, or the session, has said. Raises SqlRefusal."""
        wanted = self._order.count
        if wanted is None:
            place, _ = self._worksheet.place()
            wanted = int(place.parameters.get(SEVERAL_PARAMETER, "1"))
        if wanted not in {0, found}:
            raise SqlRefusal(
                "000008",
                "0A000",
                f"Actual statement count {found} did not match the desired "
                f"statement count {wanted}.",
            )

    def _one(self, piece: StatementText) -> Outcome:
        order = self._order
        if order.describe_only:
            table = self._worksheet.describe(piece)
            answer = Answer(table=table, message=None, statement=piece.text, query_id=order.query)
        else:
            answer = self._run_one(piece, order.query)
        return self._said(answer)

    def _run_again(self, piece: StatementText) -> Answer:
        return self._run_one(piece, self._order.new_id())

    def _run_one(self, piece: StatementText, id: Id) -> Answer:
        self._begin(id)
        return self._worksheet.run_one(piece, id)

    def _said(self, answer: Answer) -> Outcome:
        place, role = self._place()
        binds = len(self._order.sets[0])
        body: dict[str, Any] = driver.answer_said(answer, place, role, binds=binds)
        chunks: list[bytes] = []
        listed: list[dict[str, Any]] = []
        home = f"{self._order.base_url}/queries/{answer.query_id}/chunks/{self._order.key}"
        for plain, rows in chunks_of(answer.table):
            zipped = gzip.compress(plain, GZIP_LEVEL, mtime=0)
            listed.append(
                {
                    "url": f"{home}/{len(chunks)}",
                    "rowCount": rows,
                    "uncompressedSize": len(plain),
                    "compressedSize": len(zipped),
                }
            )
            chunks.append(zipped)
        if listed:
            # Without headers of its own a driver sends those of the vendor's storage.
            body["data"] |= {"chunks": listed, "chunkHeaders": CHUNK_HEADERS}
        return Outcome(body=encode(body), succeeded=True, chunks=tuple(chunks), key=self._order.key)

    def _place(self) -> tuple[Place | None, Name | None]:
        try:
            return self._worksheet.place()
        except Refusal:  # the statement has ended its own session, or its role
            return None, None


CHUNK_HEADERS: Mapping[str, str] = {"Accept": "application/json"}
