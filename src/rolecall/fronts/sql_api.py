"""What the SQL API says: tables cut in partitions, statements under way, refusals (section 10a)."""

import base64
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from rolecall.domain.names import Id
from rolecall.domain.tables import Cell, Column, ColumnType, Table
from rolecall.fronts.sql import Answer
from rolecall.fronts.sql_refusals import SqlRefusal
from rolecall.fronts.tables import status_table

PATH = "/api/v2/statements"
PARTITION_ROWS = 10_000
MULTIPLE = "Multiple statements executed successfully."
EXECUTED = ("090001", "00000", "Statement executed successfully.")
RUNNING = "333334"
RUNNING_SENTENCE = (
    "Asynchronous execution in progress. Use provided query id to perform query monitoring and "
    "management."
)
CANCELED = SqlRefusal("000604", "57014", "SQL execution canceled")
BAD_REQUEST = "390142"
SESSION_CODES = frozenset(
    {"390103", "390104", "390111", "390112", "390114", "390144", "390303", "394400", "390318"}
)
"""What is wrong with the credential, not with the statement."""
ADDRESS_CODE = "390422"
TIMEOUT_CODE = "000630"
EPOCH_DAY = date(1970, 1, 1).toordinal()
TYPES = ("KEYPAIR_JWT", "OAUTH", "PROGRAMMATIC_ACCESS_TOKEN")
"""X-Snowflake-Authorization-Token-Type."""

_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer repeats of its request."""

    handle: Id
    request: str
    created_on: int
    nullable: bool = True


def status_of(refusal: SqlRefusal) -> int:
    """The HTTP status of a refusal."""
    if refusal.code in SESSION_CODES:
        return 401
    return {ADDRESS_CODE: 403, TIMEOUT_CODE: 408, BAD_REQUEST: 400}.get(refusal.code, 422)


def refusal_said(refusal: SqlRefusal, asked: Asked | None = None) -> bytes:
    """A refusal; line, column and fix are ours."""
    body: dict[str, Any] = {
        "code": refusal.code,
        "message": refusal.message,
        "sqlState": refusal.sqlstate,
        "line": refusal.line,
        "column": refusal.column,
        "fix": refusal.fix,
    }
    if asked is not None:
        body |= _where(asked)
    return _encode(body)


def running_said(asked: Asked) -> bytes:
    """The statement goes on: where to ask for its answer."""
    return _encode({"code": RUNNING, "message": RUNNING_SENTENCE, **_where(asked)})


def canceled_said(asked: Asked) -> bytes:
    """The statement was ended."""
    return refusal_said(CANCELED, asked)


def timed_out(seconds: int) -> SqlRefusal:
    """The statement took longer than its request allows."""
    return SqlRefusal(
        TIMEOUT_CODE,
        "57014",
        f"Statement reached its statement or warehouse timeout of {seconds} second(s) and was "
        "canceled.",
    )


def _where(asked: Asked) -> dict[str, Any]:
    return {
        "statementHandle": asked.handle,
        "statementStatusUrl": f"{PATH}/{asked.handle}?requestId={asked.request}",
        "requestId": asked.request,
        "createdOn": asked.created_on,
    }


def answer_said(answer: Answer, asked: Asked) -> tuple[bytes, tuple[bytes, ...]]:
    """A statement's answer with the first partition, and the other partitions."""
    return _said(answer.table, asked, {"said": answer.message, "zone": answer.zone})


def several_said(children: Sequence[Answer], asked: Asked) -> tuple[bytes, tuple[bytes, ...]]:
    """The answer to several statements: the handles to ask one by one."""
    handles = [child.query_id for child in children]
    return _said(status_table(MULTIPLE), asked, {"statementHandles": handles})


def _said(table: Table, asked: Asked, more: dict[str, Any]) -> tuple[bytes, tuple[bytes, ...]]:
    parts = [
        _cells(table, first, nullable=asked.nullable)
        for first in range(0, max(len(table.rows), 1), PARTITION_ROWS)
    ]
    others = tuple(_encode({"data": part}) for part in parts[1:])
    sizes = [len(_encode(parts[0])), *(len(other) for other in others)]
    code, state, message = EXECUTED
    body = {
        "resultSetMetaData": {
            "numRows": len(table.rows),
            "format": "jsonv2",
            "partitionInfo": [
                {"rowCount": len(part), "uncompressedSize": size}
                for part, size in zip(parts, sizes, strict=True)
            ],
            "rowType": [_row_type(column) for column in table.columns],
        },
        "data": parts[0],
        "code": code,
        "sqlState": state,
        "message": message,
        **_where(asked),
        **more,
    }
    return _encode(body), others


def link_of(asked: Asked, partition: int, count: int) -> str:
    """The Link header (RFC 8288): where the first, next, previous and last partitions are."""
    turns = {"first": 0, "next": partition + 1, "prev": partition - 1, "last": count - 1}
    url = f"{PATH}/{asked.handle}?requestId={asked.request}"
    return ", ".join(
        f'<{url}&partition={number}>; rel="{name}"'
        for name, number in turns.items()
        if 0 <= number < count
    )


def _row_type(column: Column) -> dict[str, Any]:
    length = column.length
    return {
        "name": column.name,
        "database": "",
        "schema": "",
        "table": "",
        "type": column.type.value.lower(),
        "nullable": column.nullable,
        "length": length,
        "byteLength": None if length is None else length * 4,
        "precision": column.precision,
        "scale": 9 if column.type in MOMENTS else column.scale,
        "collation": None,
    }


MOMENTS = frozenset({ColumnType.TIMESTAMP_LTZ, ColumnType.TIMESTAMP_NTZ})


def _cells(table: Table, first: int, *, nullable: bool) -> list[list[str | None]]:
    types = [column.type for column in table.columns]
    nothing = None if nullable else "null"
    return [
        [
            nothing if value is None else _cell(value, type_)
            for value, type_ in zip(row, types, strict=True)
        ]
        for row in table.rows[first : first + PARTITION_ROWS]
    ]


def _cell(value: Cell, type_: ColumnType) -> str:
    """A value as jsonv2 has it: a date is days since the epoch, a time seconds with nanoseconds."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if type_ in MOMENTS and isinstance(value, int):
        sign = "-" if value < 0 else ""
        return f"{sign}{abs(value) // 1_000_000}.{abs(value) % 1_000_000:06}000"
    if type_ is ColumnType.DATE:
        try:
            return str(date.fromisoformat(str(value)).toordinal() - EPOCH_DAY)
        except ValueError:  # a year that no calendar of ours has
            return str(value)
    return str(value)


# ---- requests -------------------------------------------------------------


def exactly(body: dict[str, Any], name: str) -> str | None:
    """A name in the body, which is case-sensitive there (vendor): as SQL would quote it."""
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise SqlRefusal(BAD_REQUEST, "08001", f"'{name}' must be a text.")
    return f'"{value}"'


def seconds_of(body: dict[str, Any]) -> int | None:
    """`timeout`: 0 is as long as the server allows."""
    value = body.get("timeout")
    if value is None or value == 0:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SqlRefusal(BAD_REQUEST, "08001", "'timeout' must be a whole number of seconds.")
    return min(value, 604_800)


def is_jwt(token: str) -> bool:
    """Whether a token has the three parts of a JSON Web Token.

    >>> is_jwt("eyJhbGciOiJSUzI1NiJ9.e30.c2ln"), is_jwt("rolecall_x")
    (True, False)
    """
    head, *rest = token.split(".")
    if len(rest) != 2:
        return False
    try:
        return base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))[:1] == b"{"
    except ValueError:
        return False
