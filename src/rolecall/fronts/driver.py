"""What the vendor's drivers hear of their statements: answers and refusals as they expect them.

Reference section 10b. A refusal is an answer like others, with `success` false: the drivers try
again whatever HTTP calls an error.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from rolecall.domain.names import Id
from rolecall.domain.tables import Table
from rolecall.fronts.driver_logins import BAD_REQUEST, parameters_said
from rolecall.fronts.driver_rows import rows_said
from rolecall.fronts.sql import Answer
from rolecall.fronts.sql_refusals import SqlRefusal
from rolecall.fronts.sql_session import Place
from rolecall.fronts.tables import status_table
from rolecall.sql.binding import Bound, Date, Number, Timestamp

IN_PROGRESS = "333333"
IN_PROGRESS_ASYNC = "333334"
MULTIPLE = "Multiple statements executed successfully."


# ---- answers -------------------------------------------------------------------------------------


def success(data: object) -> dict[str, Any]:
    """It went well."""
    return {"data": data, "code": None, "message": None, "success": True}


def failure(refusal: SqlRefusal, query: Id | None = None) -> dict[str, Any]:
    """A statement's refusal, where the drivers look for its code, state, place and query."""
    data = {
        "internalError": False,
        "errorCode": refusal.code,
        "sqlState": refusal.sqlstate,
        "queryId": query,
        "line": refusal.line or -1,
        "pos": max(refusal.column - 1, 0) if refusal.line else -1,
        "type": "COMPILATION" if refusal.message.startswith("SQL comp") else "EXECUTION",
    }
    message = refusal.message if refusal.fix is None else f"{refusal.message}\n{refusal.fix}"
    return {"data": data, "code": refusal.code, "message": message, "success": False}


def unfinished(query: Id, *, asynchronous: bool) -> dict[str, Any]:
    """The statement goes on: where to ask for its answer."""
    data = {
        "queryId": query,
        "getResultUrl": f"/queries/{query}/result",
        "queryAbortsAfterSecs": 300,
        "progressDesc": None,
    }
    code = IN_PROGRESS_ASYNC if asynchronous else IN_PROGRESS
    message = "Query execution in progress. A GET of getResultUrl answers when it is done."
    return {"data": data, "code": code, "message": message, "success": True}


def answer_said(
    answer: Answer, place: Place | None, role: str | None, *, binds: int = 0
) -> dict[str, Any]:
    """A statement's answer, without its chunks. `place` is None where the session can't say."""
    words = _words(answer.statement)
    data = {
        **rows_said(answer.table),
        "queryId": answer.query_id,
        "sqlState": "00000",
        "databaseProvider": None,
        "finalDatabaseName": None if place is None else place.database,
        "finalSchemaName": None if place is None else place.schema,
        "finalWarehouseName": None if place is None else place.warehouse,
        "finalRoleName": role,
        "numberOfBinds": binds,
        "arrayBindSupported": False,
        "statementTypeId": statement_type(words, is_query=answer.message is None),
        "version": 1,
        # Some drivers learn here, and only here, how to read and print the rows.
        "parameters": parameters_said({} if place is None else place.parameters),
    }
    return success(data)


def several_said(query: Id, children: Sequence[Answer]) -> dict[str, Any]:
    """The answer to several statements in one request: which to ask for, one by one."""
    types = [
        statement_type(_words(child.statement), is_query=child.message is None)
        for child in children
    ]
    table: Table = status_table(MULTIPLE)
    return success(
        {
            **rows_said(table),
            "queryId": query,
            "sqlState": "00000",
            "statementTypeId": SEVERAL,
            "resultIds": ",".join(child.query_id for child in children),
            "resultTypes": ",".join(str(each) for each in types),
            "numberOfBinds": 0,
            "arrayBindSupported": False,
            "version": 1,
            "parameters": [],
        }
    )


SELECT, SHOW, DESCRIBE, USE, TRANSACTION, DDL = 0x1000, 0x4400, 0x4500, 0x4300, 0x5000, 0x6000
SEVERAL = 0xA000
TYPES: Mapping[str, int] = {
    "USE": USE,
    "BEGIN": TRANSACTION,
    "START": TRANSACTION,
    "COMMIT": TRANSACTION,
    "ROLLBACK": TRANSACTION,
}
QUERY_TYPES: Mapping[str, int] = {"SHOW": SHOW, "DESC": DESCRIBE, "DESCRIBE": DESCRIBE}
COMMENTS = re.compile(r"(?:\s|--[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)


def statement_type(words: Sequence[str], *, is_query: bool) -> int:
    """The vendor's number for a kind of statement (reference section 10b)."""
    first = words[0] if words else ""
    if is_query:
        return QUERY_TYPES.get(first, SELECT)
    return TYPES.get(first, DDL)


def is_query(text: str) -> bool:
    """Whether a statement is a SELECT, by its first word."""
    return _words(text)[:1] in (["SELECT"], ["WITH"])


def _words(text: str) -> list[str]:
    """A statement's first two words."""
    start = COMMENTS.match(text)
    assert start is not None, "it matches nothing too"
    return text[start.end() : start.end() + 100].upper().split()[:2]


def statements_wanted(parameters: object) -> int | None:
    """How many statements a request says it has; 0 is any number, None says nothing."""
    said = parameters.get("MULTI_STATEMENT_COUNT") if isinstance(parameters, dict) else None
    text = str(said)
    return int(text) if text.isdecimal() and len(text) < 10 else None


# ---- bindings ------------------------------------------------------------------------------------


SETS_MAX = 10_000
"""So many times one request may have its statement carried out."""


def bindings_of(said: object) -> tuple[tuple[Bound, ...], ...]:
    """The sets of values that a client binds, in order, most often one. Raises SqlRefusal.

    A variable with a list has a value in each set.
    """
    if said is None:
        return ((),)
    if not isinstance(said, dict):
        raise _unreadable("bindings must be an object")
    columns: list[list[Bound]] = []
    lists = 0
    for index in range(1, len(said) + 1):
        given = said.get(str(index))
        if not isinstance(given, dict) or "value" not in given:
            raise _unreadable(f"binding {index} is missing")
        type_, value = str(given.get("type", "TEXT")).upper(), given["value"]
        lists += isinstance(value, list)
        values = value if isinstance(value, list) else [value]
        columns.append([_binding(type_, each, index) for each in values])
    counts = {len(column) for column in columns}
    if lists not in {0, len(columns)} or len(counts) > 1:
        raise _unreadable("lists of values must have one length, and every variable one")
    if counts and not 1 <= min(counts) <= SETS_MAX:
        raise _unreadable(f"send from 1 to {SETS_MAX} sets of values")
    return tuple(zip(*columns, strict=True)) if columns else ((),)


def _binding(type_: str, value: object, index: int) -> Bound:
    if value is None:
        return None
    if isinstance(value, list | dict):
        raise _unreadable(f"binding {index} is nested")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return _read(type_, text)
    except (ValueError, KeyError, InvalidOperation, OverflowError):
        raise _unreadable(f"binding {index} is no {type_}: {text[:40]!r}") from None


def _read(type_: str, text: str) -> Bound:
    """A value on the wire, as its type writes it. Raises ValueError, InvalidOperation."""
    match type_:
        case "FIXED" | "REAL" | "DECFLOAT":
            if not Decimal(text).is_finite():
                raise ValueError(text)
            return Number(text)
        case "BOOLEAN":
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        case "DATE":  # milliseconds
            return Date(int(text) // 86_400_000)
        case "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" | "TIMESTAMP_TZ":  # nanoseconds, and a zone
            nanoseconds = int(text.split(maxsplit=1)[0])
            type_ = "TIMESTAMP_LTZ" if type_ == "TIMESTAMP_TZ" else type_
            return Timestamp(nanoseconds // 1_000, type_)
        case _:
            return text


def _unreadable(why: str) -> SqlRefusal:
    return SqlRefusal(BAD_REQUEST, "22023", f"Invalid request: {why}.")
