"""Table functions beside REST_EVENT_HISTORY: their arguments, in order, and their rows."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rolecall.domain.attempts import AttemptKind, Noted
from rolecall.domain.commands import ByName
from rolecall.domain.names import Name
from rolecall.domain.queries import PolicyReference, PolicyReferences, Trail
from rolecall.domain.tables import Cell, Table
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables import Fields, table_of, text, unknown
from rolecall.fronts.tables_trail import LOGIN_HISTORY, QUERY_HISTORY, detail
from rolecall.sql.errors import InvalidArgument

DAY = 86_400 * 1_000_000
TRAIL_DAYS = 7
TRAIL_ROWS = 100
TRAIL_ROWS_MAX = 10_000

Given = dict[str, Cell]


class TableFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A table function: its arguments in order, what it says, its columns, and its rows."""

    name: str
    says: str
    arguments: tuple[str, ...]
    rows: Callable[[Given, Moment], Table]
    fields: Fields[Any] = ()


def time(function: str, value: Cell, default: int) -> int:
    """A moment that was given, or the default. Raises InvalidArgument."""
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidArgument(function, "a time range begins and ends with timestamps.")
    return value


def rows_wanted(function: str, given: Given) -> int:
    """RESULT_LIMIT. Raises InvalidArgument."""
    count = given.get("RESULT_LIMIT", TRAIL_ROWS)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= TRAIL_ROWS_MAX:
        raise InvalidArgument(function, f"RESULT_LIMIT is a number from 1 to {TRAIL_ROWS_MAX}.")
    return count


def _name(function: str, argument: str, value: Cell) -> Name:
    if not isinstance(value, str):
        raise InvalidArgument(function, f"{argument} is a text.")
    return (
        Name(value[1:-1]) if value.startswith('"') and value.endswith('"') else Name(value.upper())
    )


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """A function's time range of the last seven days, and how many rows are wanted of it."""

    since: int
    until: int
    count: int


def _range(function: str, prefix: str, given: Given, moment: Moment) -> Range:
    earliest = moment.at - TRAIL_DAYS * DAY
    since = time(function, given.get(f"{prefix}_START"), earliest)
    until = time(function, given.get(f"{prefix}_END"), moment.at)
    if since < earliest:
        raise InvalidArgument(function, f"{prefix}_START lies more than {TRAIL_DAYS} days back.")
    return Range(since=since, until=until, count=rows_wanted(function, given))


def _trail(
    kind: AttemptKind, wanted: Range, moment: Moment, user_name: Name | None = None
) -> tuple[Noted, ...]:
    return moment.ask(
        Trail(
            kind=kind,
            since=wanted.since,
            until=wanted.until,
            count=wanted.count,
            user_name=user_name,
        )
    )


def _newest_first(fields: Fields[Noted], noted: Sequence[Noted]) -> Table:
    return table_of(fields, reversed(noted))


def _login_history(given: Given, moment: Moment) -> Table:
    wanted = _range("LOGIN_HISTORY", "TIME_RANGE", given, moment)
    return _newest_first(LOGIN_HISTORY, _trail(AttemptKind.LOGIN, wanted, moment))


def _login_history_by_user(given: Given, moment: Moment) -> Table:
    function = "LOGIN_HISTORY_BY_USER"
    wanted = _range(function, "TIME_RANGE", given, moment)
    user = _user(function, given, moment)
    return _newest_first(LOGIN_HISTORY, _trail(AttemptKind.LOGIN, wanted, moment, user))


def _user(function: str, given: Given, moment: Moment) -> Name:
    """USER_NAME, or who asks."""
    value = given.get("USER_NAME")
    return Name(moment.place.user_name) if value is None else _name(function, "USER_NAME", value)


def _query_history(given: Given, moment: Moment) -> Table:
    wanted = _range("QUERY_HISTORY", "END_TIME_RANGE", given, moment)
    return _newest_first(QUERY_HISTORY, _trail(AttemptKind.STATEMENT, wanted, moment))


def _query_history_by_user(given: Given, moment: Moment) -> Table:
    function = "QUERY_HISTORY_BY_USER"
    wanted = _range(function, "END_TIME_RANGE", given, moment)
    user = _user(function, given, moment)
    return _newest_first(QUERY_HISTORY, _trail(AttemptKind.STATEMENT, wanted, moment, user))


def _query_history_by_session(given: Given, moment: Moment) -> Table:
    """Of the newest statements in the range those of one session."""
    function = "QUERY_HISTORY_BY_SESSION"
    wanted = _range(function, "END_TIME_RANGE", given, moment)
    session = given.get("SESSION_ID", moment.session.login)
    everything = msgspec.structs.replace(wanted, count=TRAIL_ROWS_MAX)
    said = detail("session")
    found = [
        noted
        for noted in _trail(AttemptKind.STATEMENT, everything, moment)
        if said(noted) == session
    ]
    return _newest_first(QUERY_HISTORY, found[-wanted.count :])


POLICY_REFERENCES: Fields[PolicyReference] = (
    text("POLICY_DB", unknown),
    text("POLICY_SCHEMA", unknown),
    text("POLICY_NAME", lambda row: row.policy),
    text("POLICY_KIND", lambda _: "NETWORK_POLICY"),
    text("REF_DATABASE_NAME", unknown),
    text("REF_SCHEMA_NAME", unknown),
    text("REF_ENTITY_NAME", lambda row: row.name),
    text("REF_ENTITY_DOMAIN", lambda row: row.kind.value),
    text("REF_COLUMN_NAME", unknown),
    text("REF_ARG_COLUMN_NAMES", unknown),
    text("TAG_DATABASE", unknown),
    text("TAG_SCHEMA", unknown),
    text("TAG_NAME", unknown),
    text("POLICY_STATUS", lambda _: "ACTIVE"),
)


def _policy_references(given: Given, moment: Moment) -> Table:
    """To what a network policy is attached; or which is attached to an entity."""
    function = "POLICY_REFERENCES"
    if ("POLICY_NAME" in given) == ("REF_ENTITY_NAME" in given):
        raise InvalidArgument(function, "it takes POLICY_NAME, or REF_ENTITY_NAME and its domain.")
    kind = given.get("POLICY_KIND", "NETWORK_POLICY")
    if not isinstance(kind, str) or kind.upper() != "NETWORK_POLICY":
        raise InvalidArgument(function, "POLICY_KIND is 'NETWORK_POLICY'.")
    if "POLICY_NAME" in given:
        policy = _name(function, "POLICY_NAME", given["POLICY_NAME"])
        found = moment.ask(PolicyReferences(policy=ByName(policy)))
        return table_of(POLICY_REFERENCES, found)
    entity = _name(function, "REF_ENTITY_NAME", given["REF_ENTITY_NAME"])
    domain = given.get("REF_ENTITY_DOMAIN")
    if not isinstance(domain, str) or domain.upper() not in {"ACCOUNT", "USER", "INTEGRATION"}:
        raise InvalidArgument(function, "REF_ENTITY_DOMAIN is ACCOUNT, USER or INTEGRATION.")
    found = moment.ask(PolicyReferences())
    theirs = [row for row in found if (row.kind.value, row.name) == (domain.upper(), entity)]
    return table_of(POLICY_REFERENCES, theirs)


def _result_scan(given: Given, moment: Moment) -> Table:
    """What an earlier query of the session answered."""
    query = given.get("QUERY_ID")
    found = moment.result(query) if isinstance(query, str) else None
    if found is None:
        raise InvalidArgument(
            "RESULT_SCAN",
            "no result of that query is kept for this session: it lives in the server's memory, "
            "and statements that make a secret leave none.",
        )
    return found


SINCE = ("TIME_RANGE_START", "TIME_RANGE_END", "RESULT_LIMIT")
QUERY_SINCE = ("END_TIME_RANGE_START", "END_TIME_RANGE_END", "RESULT_LIMIT")
MORE_FUNCTIONS: tuple[TableFunction, ...] = (
    TableFunction(
        name="LOGIN_HISTORY",
        says="Logins of the last 7 days, newest first: one's own, or all to who monitors users.",
        arguments=SINCE,
        rows=_login_history,
        fields=LOGIN_HISTORY,
    ),
    TableFunction(
        name="LOGIN_HISTORY_BY_USER",
        says="Logins as one user, by default one's own.",
        arguments=("USER_NAME", *SINCE),
        rows=_login_history_by_user,
        fields=LOGIN_HISTORY,
    ),
    TableFunction(
        name="QUERY_HISTORY",
        says="Statements of the last 7 days, newest first: one's own, or all.",
        arguments=(*QUERY_SINCE, "INCLUDE_CLIENT_GENERATED_STATEMENT"),
        rows=_query_history,
        fields=QUERY_HISTORY,
    ),
    TableFunction(
        name="QUERY_HISTORY_BY_USER",
        says="Statements of one user, by default one's own.",
        arguments=("USER_NAME", *QUERY_SINCE, "INCLUDE_CLIENT_GENERATED_STATEMENT"),
        rows=_query_history_by_user,
        fields=QUERY_HISTORY,
    ),
    TableFunction(
        name="QUERY_HISTORY_BY_SESSION",
        says="Statements of one session, by default this one.",
        arguments=("SESSION_ID", *QUERY_SINCE, "INCLUDE_CLIENT_GENERATED_STATEMENT"),
        rows=_query_history_by_session,
        fields=QUERY_HISTORY,
    ),
    TableFunction(
        name="POLICY_REFERENCES",
        says="To what a network policy is attached, or which one is attached to an entity.",
        arguments=("POLICY_NAME", "POLICY_KIND", "REF_ENTITY_NAME", "REF_ENTITY_DOMAIN"),
        rows=_policy_references,
        fields=POLICY_REFERENCES,
    ),
    TableFunction(
        name="RESULT_SCAN",
        says="What an earlier query of the session answered, by its id; needs no schema.",
        arguments=("QUERY_ID",),
        rows=_result_scan,
    ),
)
