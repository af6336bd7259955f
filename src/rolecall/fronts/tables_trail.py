"""What LOGIN_HISTORY and QUERY_HISTORY answer with: one row a column, and its getter.

Names and order are the vendor's; of its many measurements of a query those are there that this
account makes.
"""

from collections.abc import Callable

import msgspec

from rolecall.domain.attempts import Attempt, Noted
from rolecall.domain.tables import ColumnType
from rolecall.fronts.tables import Field, Fields, number, text, time, unknown

_decode = msgspec.json.Decoder(dict[str, str | msgspec.Raw]).decode
SUCCESS, FAILURE = "SUCCESS", "FAILED_WITH_ERROR"


def detail(name: str) -> Callable[[Noted], str | None]:
    """What DETAILS of the attempt says under a name, where that is a text."""

    def read(noted: Noted) -> str | None:
        details = noted.attempt.details
        value = None if details is None else _decode(details).get(name)
        return value if isinstance(value, str) else None

    return read


def _said(name: str, read: Callable[[Attempt], str | None]) -> Field[Noted]:
    return text(name, lambda noted: read(noted.attempt))


def _elapsed(noted: Noted) -> int | None:
    """In whole milliseconds; None for what was recorded without its end."""
    attempt = noted.attempt
    return None if attempt.ended is None else (attempt.ended - attempt.at) // 1_000


LOGIN_HISTORY: Fields[Noted] = (
    time("EVENT_TIMESTAMP", lambda noted: noted.attempt.at),
    number("EVENT_ID", lambda noted: noted.seq),
    _said("EVENT_TYPE", lambda attempt: attempt.kind.value),
    _said("USER_NAME", lambda attempt: attempt.resource_name),
    _said("CLIENT_IP", lambda attempt: attempt.client_ip),
    text("REPORTED_CLIENT_TYPE", detail("client_type")),
    text("REPORTED_CLIENT_VERSION", detail("client_version")),
    text("FIRST_AUTHENTICATION_FACTOR", detail("factor")),
    text("SECOND_AUTHENTICATION_FACTOR", unknown),
    _said("IS_SUCCESS", lambda attempt: "YES" if attempt.succeeded else "NO"),
    number(
        "ERROR_CODE",
        lambda noted: None if noted.attempt.error_code is None else int(noted.attempt.error_code),
    ),
    _said("ERROR_MESSAGE", lambda attempt: attempt.why),
    number("RELATED_EVENT_ID", lambda _: 0),
    text("CONNECTION", unknown),
    text("CLIENT_PRIVATE_LINK_ID", unknown),
    text("FIRST_AUTHENTICATION_FACTOR_ID", unknown),
    text("SECOND_AUTHENTICATION_FACTOR_ID", unknown),
    Field(name="LOGIN_DETAILS", read=lambda noted: noted.attempt.details, type=ColumnType.VARIANT),
    text("AUTHORIZING_INTEGRATION_NAME", unknown),
    text("AUTHENTICATING_INTEGRATION_NAME", unknown),
)

QUERY_HISTORY: Fields[Noted] = (
    _said("QUERY_ID", lambda attempt: attempt.request),
    text("QUERY_TEXT", detail("statement")),
    text("DATABASE_NAME", detail("database")),
    text("SCHEMA_NAME", detail("schema")),
    _said("QUERY_TYPE", lambda attempt: attempt.method.replace(" ", "_")),
    text("SESSION_ID", detail("session")),
    _said("USER_NAME", lambda attempt: attempt.actor),
    text("ROLE_NAME", detail("role")),
    text("WAREHOUSE_NAME", detail("warehouse")),
    text("QUERY_TAG", detail("query_tag")),
    _said("EXECUTION_STATUS", lambda attempt: SUCCESS if attempt.succeeded else FAILURE),
    _said("ERROR_CODE", lambda attempt: attempt.error_code),
    _said("ERROR_MESSAGE", lambda attempt: attempt.why),
    time("START_TIME", lambda noted: noted.attempt.at),
    time("END_TIME", lambda noted: noted.attempt.ended),
    number("TOTAL_ELAPSED_TIME", _elapsed),
    _said("CLIENT_IP", lambda attempt: attempt.client_ip),
)
