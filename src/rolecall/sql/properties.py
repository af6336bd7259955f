"""Which properties each kind of object has, and how a list of `NAME = value` is read."""

from collections.abc import Callable, Mapping
from enum import Enum

import msgspec

from rolecall.sql.cursor import Cursor, Kind
from rolecall.sql.errors import SqlSyntaxError
from rolecall.sql.parts import (
    Identifier,
    Pairs,
    Property,
    RenameTo,
    SetProperties,
    UnsetProperties,
    Value,
)


class Shape(Enum):
    """How the value of a property is written."""

    TEXT = "a string in single quotes"
    NAME = "a name, or a string in single quotes"
    WORD = "a word, or a string in single quotes"
    BOOLEAN = "TRUE or FALSE"
    SECRET = "a secret in single quotes"
    INTEGER = "a whole number"
    LIST = "a list of strings in parentheses"
    PAIRS = "pairs of strings in parentheses: ('from' = 'to', …)"
    LITERAL = "a value"


class PropertyTable(msgspec.Struct, frozen=True, kw_only=True):
    """The properties that one statement knows; no shapes means that any name will do."""

    what: str
    shapes: Mapping[str, Shape] | None
    nullable: bool = False


def read_properties(cursor: Cursor, table: PropertyTable) -> tuple[Property, ...]:
    """Take properties until the statement ends; commas between them are allowed."""
    properties: list[Property] = []
    seen: set[str] = set()
    while not cursor.at_end():
        if properties:
            cursor.accept_symbol(",")
        token = cursor.token
        name, shape = _known(cursor, table)
        if name in seen:
            cursor.fail("each property once", token)
        seen.add(name)
        cursor.advance()
        cursor.expect_symbol("=")
        line, column = cursor.place(token)
        value = _value(cursor, shape, nullable=table.nullable)
        properties.append(Property(name=name, value=value, line=line, column=column))
    return tuple(properties)


def read_set(cursor: Cursor, table: PropertyTable) -> SetProperties:
    """SET, with at least one property."""
    cursor.expect("SET")
    if cursor.at_end():
        cursor.fail(table.what)
    return SetProperties(properties=read_properties(cursor, table))


def read_unset(cursor: Cursor, table: PropertyTable) -> UnsetProperties:
    """UNSET, with the names of properties that the table knows."""
    cursor.expect("UNSET")
    names: list[Identifier] = []
    while not names or cursor.accept_symbol(","):
        _known(cursor, table)
        names.append(cursor.identifier())
    return UnsetProperties(names=tuple(names))


def read_rename(cursor: Cursor) -> RenameTo:
    """RENAME TO <name>."""
    cursor.expect("RENAME", "TO")
    return RenameTo(name=cursor.identifier())


def read_parameters(cursor: Cursor) -> SetProperties | UnsetProperties:
    """SET or UNSET of parameters, whose names the account knows."""
    if cursor.peek("UNSET"):
        return read_unset(cursor, PARAMETERS)
    if cursor.peek("SET"):
        return read_set(cursor, PARAMETERS)
    return cursor.fail("SET or UNSET")


def _known(cursor: Cursor, table: PropertyTable) -> tuple[str, Shape]:
    token = cursor.token
    if token.kind is not Kind.WORD:
        cursor.fail(table.what)
    name = token.text.upper()
    if table.shapes is None:
        return name, Shape.LITERAL
    if name not in table.shapes:
        cursor.fail_among(sorted(table.shapes), table.what, token)
    return name, table.shapes[name]


def _value(cursor: Cursor, shape: Shape, *, nullable: bool) -> Value:
    if nullable and cursor.accept("NULL"):
        return None
    return READERS[shape](cursor)


def _name(cursor: Cursor) -> Value:
    if cursor.token.kind is Kind.STRING:
        return cursor.string()
    first = cursor.identifier()
    parts = [first]
    while cursor.accept_symbol("."):
        parts.append(cursor.identifier())
    if len(parts) == 1:
        return first
    return ".".join(_written(part.text, quoted=part.quoted) for part in parts)


def _written(text: str, *, quoted: bool) -> str:
    if not quoted:
        return text.upper()
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _word(cursor: Cursor) -> Value:
    if cursor.token.kind is Kind.STRING:
        return cursor.string()
    if cursor.token.kind is not Kind.WORD:
        cursor.fail(Shape.WORD.value)
    return cursor.advance().text.upper()


def _secret(cursor: Cursor) -> Value:
    if cursor.token.kind is not Kind.STRING:
        # What stands here may be the secret without its quotes: it is not repeated.
        line, column = cursor.place()
        raise SqlSyntaxError(
            "unexpected value.\nExpected a string in single quotes.", line=line, column=column
        )
    return cursor.string()


def _list(cursor: Cursor) -> Value:
    if cursor.token.kind is Kind.STRING:
        return (cursor.string(),)
    cursor.expect_symbol("(")
    entries: list[str] = []
    if cursor.accept_symbol(")"):
        return ()
    while not entries or cursor.accept_symbol(","):
        entries.append(cursor.string())
    cursor.expect_symbol(")")
    return tuple(entries)


def _pairs(cursor: Cursor) -> Value:
    cursor.expect_symbol("(")
    pairs: list[tuple[str, str]] = []
    if cursor.accept_symbol(")"):
        return Pairs(pairs=())
    while not pairs or cursor.accept_symbol(","):
        left = cursor.string()
        cursor.expect_symbol("=")
        pairs.append((left, cursor.string()))
    cursor.expect_symbol(")")
    return Pairs(pairs=tuple(pairs))


def _literal(cursor: Cursor) -> Value:
    token = cursor.token
    if token.kind is Kind.STRING:
        return cursor.string()
    if cursor.peek("TRUE") or cursor.peek("FALSE"):
        return cursor.boolean()
    if token.kind is Kind.NUMBER or token.text == "-":
        return cursor.number()
    return _list(cursor) if token.text == "(" else _name(cursor)


READERS: Mapping[Shape, Callable[[Cursor], Value]] = {
    Shape.TEXT: Cursor.string,
    Shape.NAME: _name,
    Shape.WORD: _word,
    Shape.BOOLEAN: Cursor.boolean,
    Shape.INTEGER: Cursor.number,
    Shape.SECRET: _secret,
    Shape.LIST: _list,
    Shape.PAIRS: _pairs,
    Shape.LITERAL: _literal,
}

# reference/snowflake.md section 7.
USER_SHAPES: Mapping[str, Shape] = {
    "ALLOWED_INTERFACES": Shape.LIST,
    "COMMENT": Shape.TEXT,
    "CUSTOM_LANDING_PAGE_URL": Shape.TEXT,
    "CUSTOM_LANDING_PAGE_URL_FLUSH_NEXT_UI_LOAD": Shape.BOOLEAN,
    "DAYS_TO_EXPIRY": Shape.INTEGER,
    "DEFAULT_MFA_METHOD": Shape.WORD,
    "DEFAULT_NAMESPACE": Shape.NAME,
    "DEFAULT_ROLE": Shape.NAME,
    "DEFAULT_SECONDARY_ROLES": Shape.LIST,
    "DEFAULT_WAREHOUSE": Shape.NAME,
    "DISABLED": Shape.BOOLEAN,
    "DISABLE_MFA": Shape.BOOLEAN,
    "DISPLAY_NAME": Shape.TEXT,
    "EMAIL": Shape.TEXT,
    "EXT_AUTHN_DUO": Shape.BOOLEAN,
    "EXT_AUTHN_UID": Shape.TEXT,
    "FIRST_NAME": Shape.TEXT,
    "LAST_NAME": Shape.TEXT,
    "LOGIN_NAME": Shape.TEXT,
    "MIDDLE_NAME": Shape.TEXT,
    "MINS_TO_BYPASS_MFA": Shape.INTEGER,
    "MINS_TO_BYPASS_NETWORK_POLICY": Shape.INTEGER,
    "MINS_TO_UNLOCK": Shape.INTEGER,
    "MUST_CHANGE_PASSWORD": Shape.BOOLEAN,
    "NETWORK_POLICY": Shape.NAME,
    "PASSWORD": Shape.SECRET,
    # Public, but a private key pasted here by mistake must not reach the audit.
    "RSA_PUBLIC_KEY": Shape.SECRET,
    "RSA_PUBLIC_KEY_2": Shape.SECRET,
    "SNOWFLAKE_LOCK": Shape.BOOLEAN,
    "SNOWFLAKE_SUPPORT": Shape.BOOLEAN,
    "TYPE": Shape.WORD,
}
# NULL is the vendor's other way to say UNSET.
USER = PropertyTable(what="a property of a user", nullable=True, shapes=USER_SHAPES)

# The vendor's user object takes session parameters beside its properties: ALTER USER sets them.
SESSION_PARAMETERS = frozenset(
    [
        "ABORT_DETACHED_QUERY",
        "AUTOCOMMIT",
        "BINARY_INPUT_FORMAT",
        "BINARY_OUTPUT_FORMAT",
        "CLIENT_MEMORY_LIMIT",
        "CLIENT_METADATA_REQUEST_USE_CONNECTION_CTX",
        "CLIENT_PREFETCH_THREADS",
        "CLIENT_RESULT_CHUNK_SIZE",
        "CLIENT_RESULT_COLUMN_CASE_INSENSITIVE",
        "CLIENT_SESSION_KEEP_ALIVE",
        "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY",
        "CLIENT_TELEMETRY_ENABLED",
        "CLIENT_TIMESTAMP_TYPE_MAPPING",
        "DATE_INPUT_FORMAT",
        "DATE_OUTPUT_FORMAT",
        "JSON_INDENT",
        "LOCK_TIMEOUT",
        "MULTI_STATEMENT_COUNT",
        "QUERY_TAG",
        "QUOTED_IDENTIFIERS_IGNORE_CASE",
        "ROWS_PER_RESULTSET",
        "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS",
        "STATEMENT_TIMEOUT_IN_SECONDS",
        "TIMESTAMP_INPUT_FORMAT",
        "TIMESTAMP_LTZ_OUTPUT_FORMAT",
        "TIMESTAMP_NTZ_OUTPUT_FORMAT",
        "TIMESTAMP_OUTPUT_FORMAT",
        "TIMESTAMP_TYPE_MAPPING",
        "TIMESTAMP_TZ_OUTPUT_FORMAT",
        "TIMEZONE",
        "TIME_INPUT_FORMAT",
        "TIME_OUTPUT_FORMAT",
        "TRANSACTION_DEFAULT_ISOLATION_LEVEL",
        "TWO_DIGIT_CENTURY_START",
        "USE_CACHED_RESULT",
        "WEEK_OF_YEAR_POLICY",
        "WEEK_START",
    ]
)
USER_SET = PropertyTable(
    what=USER.what,
    nullable=True,
    shapes={**USER_SHAPES, **dict.fromkeys(SESSION_PARAMETERS, Shape.LITERAL)},
)

# reference: CREATE ACCOUNT. EDITION and the regions say nothing of a server of one's own.
ACCOUNT_SHAPES: Mapping[str, Shape] = {
    "ADMIN_NAME": Shape.NAME,
    "ADMIN_PASSWORD": Shape.SECRET,
    "ADMIN_RSA_PUBLIC_KEY": Shape.SECRET,
    "ADMIN_USER_TYPE": Shape.WORD,
    "COMMENT": Shape.TEXT,
    "EDITION": Shape.WORD,
    "EMAIL": Shape.TEXT,
    "FIRST_NAME": Shape.TEXT,
    "LAST_NAME": Shape.TEXT,
    "MUST_CHANGE_PASSWORD": Shape.BOOLEAN,
    "REGION": Shape.NAME,
    "REGION_GROUP": Shape.NAME,
}
ACCOUNT = PropertyTable(what="a property of an account", shapes=ACCOUNT_SHAPES)

COMMENT = PropertyTable(what="COMMENT", shapes={"COMMENT": Shape.TEXT})

_SCIM_CHANGEABLE = {
    "ATTRIBUTE_ALIASES": Shape.PAIRS,
    "COMMENT": Shape.TEXT,
    "CONFORMANCE": Shape.WORD,
    "DEPROVISIONING_EXEMPT_USERS": Shape.LIST,
    "DEPROVISIONING_LIMIT": Shape.INTEGER,
    "DEPROVISIONING_LIMIT_IN_PERCENT": Shape.INTEGER,
    "DEPROVISIONING_WINDOW_IN_MINUTES": Shape.INTEGER,
    "ENABLED": Shape.BOOLEAN,
    "NETWORK_POLICY": Shape.NAME,
    "SYNC_PASSWORD": Shape.BOOLEAN,
    "TOLERATED_QUIRKS": Shape.LIST,
    "UNKNOWN_ATTRIBUTES": Shape.WORD,
}

# reference/snowflake.md section 4: SCIM_CLIENT and RUN_AS_ROLE are fixed for life, and
# REJECT_TOKENS_ISSUED_BEFORE belongs to ALTER alone.
SCIM_CREATED = PropertyTable(
    what="a property of a SCIM integration",
    shapes={
        **_SCIM_CHANGEABLE,
        "RUN_AS_ROLE": Shape.NAME,
        "SCIM_CLIENT": Shape.TEXT,
        "TYPE": Shape.WORD,
    },
)
_OAUTH_CHANGEABLE = {
    "EXTERNAL_OAUTH_AUDIENCE_LIST": Shape.LIST,
    "EXTERNAL_OAUTH_ISSUER": Shape.TEXT,
    "EXTERNAL_OAUTH_JWS_KEYS_URL": Shape.TEXT,
    "EXTERNAL_OAUTH_RSA_PUBLIC_KEY": Shape.TEXT,
    "EXTERNAL_OAUTH_SCOPE_MAPPING_ATTRIBUTE": Shape.WORD,
    "EXTERNAL_OAUTH_SNOWFLAKE_USER_MAPPING_ATTRIBUTE": Shape.WORD,
    "EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM": Shape.TEXT,
    "EXTERNAL_OAUTH_TYPE": Shape.WORD,
}
OAUTH_CREATED = PropertyTable(
    what="a property of an EXTERNAL_OAUTH integration",
    shapes={
        **_OAUTH_CHANGEABLE,
        "COMMENT": Shape.TEXT,
        "ENABLED": Shape.BOOLEAN,
        "TYPE": Shape.WORD,
    },
)
SCIM_ALTERED = PropertyTable(
    what="a property of a SCIM integration that can be altered",
    shapes={
        **_SCIM_CHANGEABLE,
        **_OAUTH_CHANGEABLE,
        "REJECT_TOKENS_ISSUED_BEFORE": Shape.TEXT,
    },
)

# Which parameters there are is the account's to say.
PARAMETERS = PropertyTable(what="the name of a parameter", shapes=None, nullable=True)
