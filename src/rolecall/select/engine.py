"""DuckDB as a closed box: in memory, one thread, no files, no network, its settings locked."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

import duckdb

from rolecall.domain.selecting import Rows
from rolecall.domain.tables import Cell, Column, ColumnType, Table
from rolecall.select.messages import Page

# How a column of each type comes in: a list parameter, unnested (executemany takes 300 times as
# long), and what makes its cells the type. Timestamps are microseconds since the epoch.
INCOMING: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "unnest(?::VARCHAR[])",
    ColumnType.FIXED: "unnest(?::BIGINT[])",
    ColumnType.REAL: "unnest(?::DOUBLE[])",
    ColumnType.BOOLEAN: "unnest(?::BOOLEAN[])",
    ColumnType.TIMESTAMP_LTZ: "make_timestamptz(unnest(?::BIGINT[]))",
    ColumnType.TIMESTAMP_NTZ: "make_timestamp(unnest(?::BIGINT[]))",
    ColumnType.DATE: "unnest(?::DATE[])",
    ColumnType.VARIANT: "unnest(?::JSON[])",
}

# How a result column of each of the engine's types goes out; {0} is the column. Times go out as
# numbers: reading a TIMESTAMPTZ as an object would need pytz.
OUTGOING: Mapping[str, tuple[ColumnType, str]] = {
    "VARCHAR": (ColumnType.TEXT, "{0}"),
    "NULL": (ColumnType.TEXT, "{0}"),
    "BOOLEAN": (ColumnType.BOOLEAN, "{0}"),
    "TINYINT": (ColumnType.FIXED, "{0}"),
    "SMALLINT": (ColumnType.FIXED, "{0}"),
    "INTEGER": (ColumnType.FIXED, "{0}"),
    "BIGINT": (ColumnType.FIXED, "{0}"),
    "UTINYINT": (ColumnType.FIXED, "{0}"),
    "USMALLINT": (ColumnType.FIXED, "{0}"),
    "UINTEGER": (ColumnType.FIXED, "{0}"),
    "UBIGINT": (ColumnType.FIXED, "{0}"),
    "HUGEINT": (ColumnType.FIXED, "{0}"),
    "UHUGEINT": (ColumnType.FIXED, "{0}"),
    "DECIMAL": (ColumnType.FIXED, "{0}"),
    "FLOAT": (ColumnType.REAL, "{0}"),
    "DOUBLE": (ColumnType.REAL, "{0}"),
    "TIMESTAMP WITH TIME ZONE": (ColumnType.TIMESTAMP_LTZ, "epoch_us({0})"),
    "TIMESTAMP": (ColumnType.TIMESTAMP_NTZ, "epoch_us({0})"),
    "TIMESTAMP_NS": (ColumnType.TIMESTAMP_NTZ, "epoch_us({0})"),
    "TIMESTAMP_MS": (ColumnType.TIMESTAMP_NTZ, "epoch_us({0})"),
    "TIMESTAMP_S": (ColumnType.TIMESTAMP_NTZ, "epoch_us({0})"),
    "DATE": (ColumnType.DATE, "CAST({0} AS VARCHAR)"),
    "JSON": (ColumnType.VARIANT, "CAST({0} AS VARCHAR)"),
}
SCALES = {ColumnType.TIMESTAMP_LTZ: 6, ColumnType.TIMESTAMP_NTZ: 6}
"""Digits of a second."""
NESTED = (ColumnType.VARIANT, "CAST(to_json({0}) AS VARCHAR)")
OTHER = (ColumnType.TEXT, "CAST({0} AS VARCHAR)")

DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
UNKNOWN_COLUMN = re.compile(
    r'[Rr]eferenced (?:column|table) "([^"]+)" not found'
    r'|Column "([^"]+)" referenced that exists in the SELECT clause'
    r'|Table "[^"]+" does not have a column named "([^"]+)"'
)
QUOTE = "'"
HINT = re.compile(r"\n\s*(?:LINE |Candidate|Did you mean|Possible solutions)")
INTEGER_BITS = 63

CHUNK_ROWS = 10_000
RESULT_ROWS_MAX = 1_000_000
RESULT_CHARACTERS_MAX = 134_217_728


KINDS: Mapping[type[duckdb.Error], str] = {
    duckdb.ConversionException: "conversion",
    duckdb.OutOfRangeException: "range",
    duckdb.BinderException: "types",
}
"""What kind of mistake an error is."""


class QueryFailed(Exception):
    """The engine's own refusal, cleaned: no echo of the query, no candidates, no internals."""

    def __init__(
        self, message: str, *, identifier: str | None = None, kind: str | None = None
    ) -> None:
        """Keep the sentence, the name that was not found, if that was it, and what went wrong."""
        super().__init__(message)
        self.message = message
        self.identifier = identifier
        self.kind = kind


def run(
    sql: str,
    relations: Mapping[str, Table],
    *,
    memory_megabytes: int,
    zone: str = "UTC",
    pages: Iterable[Page] = (),
    box: duckdb.DuckDBPyConnection | None = None,
) -> Table:
    """Answer the query over the tables, in a database made for it and dropped after it.

    `pages` are further rows of them; `box` is a database that is there already, and new.
    """
    with _closed(box or opened_box(memory_megabytes), zone) as connection:
        try:
            for name, table in relations.items():
                _load(connection, name, table)
            for name, rows in _gathered(pages):
                _append(connection, name, relations[name].columns, rows)
            statements = connection.extract_statements(sql)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise QueryFailed("The statement is not a query.")
            return _result(connection, connection.sql(sql))
        except duckdb.Error as error:
            raise _cleaned(error) from None


def opened_box(memory_megabytes: int) -> duckdb.DuckDBPyConnection:
    """An empty database for one query; making it takes longer than most queries."""
    return duckdb.connect(
        ":memory:",
        config={
            "allow_community_extensions": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "enable_external_access": "false",
            "ieee_floating_point_ops": "false",  # so that a division by zero is an error
            "max_temp_directory_size": "0GB",
            "temp_directory": "",
            "memory_limit": f"{memory_megabytes}MB",
            "threads": "1",
        },
    )


def _closed(connection: duckdb.DuckDBPyConnection, zone: str) -> duckdb.DuckDBPyConnection:
    try:
        connection.execute(f"SET TimeZone = '{zone.replace(QUOTE, QUOTE * 2)}'")
    except duckdb.Error:
        connection.close()
        raise QueryFailed(f"'{zone}' is no time zone: set TIMEZONE to another.") from None
    connection.execute("SET lock_configuration = true")
    return connection


def _gathered(pages: Iterable[Page]) -> Iterator[tuple[str, Rows]]:
    """The rows of some pages at once: each load costs the engine a plan."""
    for name, several in groupby(pages, lambda page: page.relation):
        rows: list[tuple[Cell, ...]] = []
        for page in several:
            rows.extend(page.rows)
            if len(rows) >= CHUNK_ROWS:
                yield name, rows
                rows = []
        yield name, rows


def _load(connection: duckdb.DuckDBPyConnection, name: str, table: Table) -> None:
    columns = ", ".join(
        f"{_incoming(column)} AS {_quoted(column.name)}" for column in table.columns
    )
    connection.execute(
        f"CREATE TEMP TABLE {_quoted(name)} AS SELECT {columns}",
        _turned(table.columns, table.rows),
    )


def _append(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[Column], rows: Rows
) -> None:
    incoming = ", ".join(map(_incoming, columns))
    connection.execute(f"INSERT INTO {_quoted(name)} SELECT {incoming}", _turned(columns, rows))


def _turned(columns: Sequence[Column], rows: Rows) -> list[list[Cell]]:
    return [[row[index] for row in rows] for index in range(len(columns))]


def _incoming(column: Column) -> str:
    """Digits after the point travel as text."""
    if column.type is ColumnType.FIXED and column.scale:
        return f"unnest(?::VARCHAR[])::DECIMAL({column.precision or 38}, {column.scale or 0})"
    return INCOMING[column.type]


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _result(connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation) -> Table:
    columns = []
    projections = []
    for position, (name, type_name) in enumerate(
        zip(relation.columns, map(str, relation.types), strict=True), start=1
    ):
        column, expression = _outgoing(name, type_name)
        columns.append(column)
        projections.append(expression.format(f"#{position}"))
    outgoing = relation.project(", ".join(projections)).sql_query()
    return Table(columns=tuple(columns), rows=_bounded_rows(connection.execute(outgoing)))


def _bounded_rows(result: duckdb.DuckDBPyConnection) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    size = 0
    while chunk := result.fetchmany(CHUNK_ROWS):
        cells = [tuple(map(_cell, row)) for row in chunk]
        size += sum(len(cell) for row in cells for cell in row if isinstance(cell, str))
        rows.extend(cells)
        if len(rows) > RESULT_ROWS_MAX or size > RESULT_CHARACTERS_MAX:
            raise QueryFailed(
                f"The result has more than {RESULT_ROWS_MAX} rows or {RESULT_CHARACTERS_MAX} "
                "characters: narrow it."
            )
    return rows


def _outgoing(name: str, type_name: str) -> tuple[Column, str]:
    decimal = DECIMAL.fullmatch(type_name)
    nested = type_name.startswith(("STRUCT", "MAP")) or type_name.endswith("]")
    key = "DECIMAL" if decimal else type_name
    column_type, expression = OUTGOING.get(key, NESTED if nested else OTHER)
    precision, scale = (int(digits) for digits in decimal.groups()) if decimal else (38, 0)
    is_number = column_type is ColumnType.FIXED
    column = Column(
        name=name,
        type=column_type,
        precision=precision if is_number else None,
        scale=scale if is_number else SCALES.get(column_type),
    )
    return column, expression


def _cell(value: object) -> Cell:
    match value:
        case None | bool() | str() | float():
            return value
        case int():
            # Beyond 64 bits a number travels as its digits.
            return value if value.bit_length() <= INTEGER_BITS else str(value)
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)


def _cleaned(error: duckdb.Error) -> QueryFailed:
    text = HINT.split(str(error), maxsplit=1)[0]
    sentence = text.split("Error: ", 1)[-1].strip()
    unknown = UNKNOWN_COLUMN.search(sentence)
    if unknown is not None:
        identifier = str(unknown[unknown.lastindex or 0])
        return QueryFailed(f"invalid identifier '{identifier.upper()}'", identifier=identifier)
    # What does not fit at a commit is told as a failed commit.
    if isinstance(error, duckdb.OutOfMemoryException) or "could not allocate" in sentence:
        sentence = "The query needs more memory than it may have: narrow it."
        return QueryFailed(sentence, kind="memory")
    if sentence.startswith("Division by zero"):
        return QueryFailed("Division by zero", kind="division")
    if isinstance(error, duckdb.PermissionException):
        sentence = "The query reaches outside the account."
    elif isinstance(error, duckdb.InternalException | duckdb.FatalException):
        sentence = "The engine could not carry out the query."
    kinds = (kind for errors, kind in KINDS.items() if isinstance(error, errors))
    return QueryFailed(sentence, kind=next(kinds, None))
