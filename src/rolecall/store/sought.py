"""The SQL of what is wanted of a history: conditions, the index that serves them, and the order.

An index is named where the engine couldn't know which conditions select much. What has none is
compared row by row, inside the engine, so that other threads run meanwhile.
"""

from collections.abc import Sequence

from rolecall.domain.attempts import USER_NAMES, AttemptKind
from rolecall.domain.events import OF_TOKENS, SELDOM
from rolecall.domain.wanted import END, Fact, Place, Wanted
from rolecall.store.rows import list_of

Value = int | str
USER = "iif(kind = 'LOGIN', body ->> '$.resource_name', body ->> '$.actor')"
"""As in the index `attempts_of_users`."""
TOKEN_KINDS = list_of([kind.__name__ for kind in OF_TOKENS])

# One row, so that other threads run while the engine looks: every row is a turn of the interpreter.
ATTEMPTS = """
SELECT '[' || group_concat('[' || seq || ',' || body || ']') || ']' FROM (
    SELECT seq, body FROM attempts {index} WHERE {conditions} ORDER BY {order} LIMIT {count}
)
"""
EVENTS = """
SELECT seq, at, actor, request, body, attempt FROM events {index}
WHERE {conditions} ORDER BY {order} LIMIT {count}
"""
OBJECTS = """seq IN (
    SELECT seq FROM events INDEXED BY events_by_subject
    WHERE account = ?1 AND subject IN (SELECT value FROM json_each({ids}))
    UNION ALL
    SELECT seq FROM events INDEXED BY events_seldom
    WHERE account = ?1 AND marks > 0 AND kind IN (SELECT value FROM json_each({kinds}))
    AND coalesce(body ->> '$.user', body ->> '$.integration') IN (
        SELECT value FROM json_each({ids})
    )
)"""
SUBJECTS = """seq IN (
    SELECT seq FROM events INDEXED BY events_by_subject
    WHERE account = ?1 AND subject IN (SELECT value FROM json_each({ids}))
)"""
KINDS_SELDOM = """seq IN (
    SELECT seq FROM events INDEXED BY events_seldom
    WHERE account = ?1 AND marks > 0 AND kind IN (SELECT value FROM json_each({kinds}))
)"""
MENTIONS = """EXISTS (
    SELECT 1 FROM json_each({texts}) AS text WHERE instr(body, text.value) > 0
)"""
AMONG = "(SELECT value FROM json_each({values}))"
EVENT_COLUMNS = ("actor", "attempt", "kind", "request")


class Sought:
    """A statement that grows by its conditions; `values` are its parameters, the account first."""

    def __init__(self, account: int) -> None:
        """Rows of one account."""
        self.values: list[Value] = [account]
        self.conditions = ["account = ?1"]

    def value(self, value: Value) -> str:
        """The parameter's name."""
        self.values.append(value)
        return f"?{len(self.values)}"

    def list(self, values: Sequence[Value]) -> str:
        """Several values in one parameter."""
        return self.value(list_of(values))

    def add(self, condition: str) -> None:
        """One more condition, which must hold as well."""
        self.conditions.append(condition)

    def among(self, what: str, values: Sequence[Value]) -> None:
        """It is one of these."""
        if len(values) == 1:
            self.add(f"{what} = {self.value(values[0])}")
        else:
            self.add(f"{what} IN {AMONG.format(values=self.list(values))}")

    def place(self, wanted: Wanted, after: Place | None, *, by_index: bool) -> None:
        """The ranges, and what lies behind a place. A `+` keeps a column's index out of it."""
        at = "at" if by_index else "+at"
        for condition, bound, unbounded in (
            (f"{at} >= ", wanted.since, 0),
            (f"{at} <= ", wanted.until, END),
            ("seq >= ", wanted.first, 0),
            ("seq <= ", wanted.last, END),
        ):
            if bound != unbounded:
                self.add(condition + self.value(bound))
        if after is not None:
            than = "<" if wanted.newest_first else ">"
            if wanted.by_number:
                self.add(f"seq {than} {self.value(after[1])}")
            else:
                self.add(f"({at}, seq) {than} ({self.value(after[0])}, {self.value(after[1])})")

    def text(self, template: str, wanted: Wanted, index: str, count: int) -> str:
        """The whole statement."""
        way = " DESC" if wanted.newest_first else ""
        order = f"seq{way}" if wanted.by_number else f"at{way}, seq{way}"
        return template.format(
            index=f"INDEXED BY {index}" if index else "",
            conditions=" AND ".join(self.conditions),
            order=order,
            count=self.value(count),
        )


def attempts_sought(
    account: int, kind: AttemptKind, wanted: Wanted, after: Place | None, count: int
) -> tuple[str, list[Value]]:
    """The statement and its parameters."""
    sought = Sought(account)
    index = "" if wanted.by_number else _index_of(kind, wanted.facts)
    sought.add(f"{'kind' if index else '+kind'} = {sought.value(kind)}")
    for name, values in wanted.facts:
        if index == "attempts_of_users" and name == USER_NAMES[kind]:
            sought.add("kind <> 'SCIM'")
            sought.among(USER, values)
        elif index == "attempts_failed" and name == "succeeded":
            sought.add("body ->> '$.succeeded' = 0")
        elif name == "integration":
            sought.among("integration", values)
        else:
            sought.among(f"body ->> '$.{name}'", values)
    sought.place(wanted, after, by_index=bool(index))
    return sought.text(ATTEMPTS, wanted, index, count), sought.values


def _index_of(kind: AttemptKind, facts: Sequence[Fact]) -> str:
    """Of one value alone the rows stand in the order of time."""
    for name, values in facts:
        if len(values) == 1:
            if name == "integration":
                return "attempts_by_integration"
            if kind is not AttemptKind.SCIM and name == USER_NAMES[kind]:
                return "attempts_of_users"
            if name == "succeeded" and not values[0]:
                return "attempts_failed"
    return "attempts_by_time"


def events_sought(
    account: int, wanted: Wanted, after: Place | None, count: int
) -> tuple[str, list[Value]]:
    """The statement and its parameters."""
    sought = Sought(account)
    keyed = False
    for name, values in wanted.facts:
        keyed |= _narrow_events(sought, name, values)
    index = "" if keyed or wanted.by_number else "events_by_time"
    sought.place(wanted, after, by_index=bool(index))
    return sought.text(EVENTS, wanted, index, count), sought.values


def _narrow_events(sought: Sought, name: str, values: Sequence[Value]) -> bool:
    """Whether few rows are found by an index of what is asked."""
    match name:
        case "subject":
            sought.add(SUBJECTS.format(ids=sought.list(values)))
        case "object":
            ids, kinds = sought.list(values), sought.value(TOKEN_KINDS)
            sought.add(OBJECTS.format(ids=ids, kinds=kinds))
        case "kind" if SELDOM.issuperset(map(str, values)):
            sought.add(KINDS_SELDOM.format(kinds=sought.list(values)))
        case "mentions":
            sought.add(MENTIONS.format(texts=sought.list(values)))
            return False
        case _:
            assert name in EVENT_COLUMNS, "a fact that events have"
            sought.among(name, values)
            return False
    return True
