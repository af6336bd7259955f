"""The SQL API over HTTP: log in with a password, then POST statements (reference section 10).

This is the small form that `rolecall sql --url` rides on: one statement a request, answered at
once. The session's token stands for the login; USE is remembered by the session.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecall.domain.account import Account
from rolecall.domain.tables import Cell, ColumnType, Table
from rolecall.fronts.login import MASTER_SECONDS, Login, log_in, session_of
from rolecall.fronts.sql import Answer
from rolecall.fronts.sql_refusals import SqlRefusal
from rolecall.fronts.world import World
from rolecall.sql.cursor import split_script
from rolecall.sql.errors import SqlSyntaxError
from rolecall.web.accounts import Places

LOGIN_BYTES_MAX = 64 << 10
STATEMENT_BYTES_MAX = 2 << 20
LOGINS_WAITING_MAX = 64
SESSION_CODES = frozenset({"390103", "390104", "390111", "390112", "390303", "390114"})
EXECUTED = ("090001", "00000", "Statement executed successfully.")

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class _Refused(Exception):
    """A request that never becomes a statement."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class SqlApi:
    """Logins and statements of every account."""

    def __init__(
        self,
        places: Places,
        account_of: Callable[[int], Account],
        world: World,
        workers: Executor,
        hashers: Executor,
    ) -> None:
        """Statements run on `workers`, logins on `hashers`, since a login takes a core."""
        self._places = places
        self._account_of = account_of
        self._world = world
        self._workers = workers
        self._hashers = hashers
        self._waiting = 0

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/session/v1/login-request", self.login, methods=["POST"]),
            Route("/api/v2/statements", self.statement, methods=["POST"]),
        ]

    # ---- logging in ------------------------------------------------------------------------

    async def login(self, request: Request) -> Response:
        """A session token for a password; a refusal is HTTP 200 as the vendor's drivers want it."""
        try:
            body = await _object(request, LOGIN_BYTES_MAX)
            given = body.get("data")
            fields = given if isinstance(given, dict) else {}
            account = self._meant(request, fields)
            login = await self._logged_in(account, *_credentials(fields), request)
        except SqlRefusal as refusal:
            return _json(200, {**_failure(refusal.code, refusal.message), "data": None})
        except _Refused as refused:
            return _json(refused.status, {**_failure(refused.code, refused.message), "data": None})
        seconds = (login.expires_at - self._world.clock.now()) // 1_000_000
        data = {
            "token": login.token,
            "masterToken": login.master_token,
            "validityInSeconds": seconds,
            "masterValidityInSeconds": MASTER_SECONDS,
            "displayUserName": login.user_name,
            "sessionId": login.session,
        }
        return _json(200, {"success": True, "code": None, "message": None, "data": data})

    def _meant(self, request: Request, fields: dict[str, Any]) -> Account:
        named = fields.get("ACCOUNT_NAME")
        place = self._places.named(named) if isinstance(named, str) and named else None
        found = place or self._places.at(request.headers.get("host", ""))
        return self._account_of(found.number)

    async def _logged_in(
        self, account: Account, name: str, password: str, request: Request
    ) -> Login:
        if self._waiting >= LOGINS_WAITING_MAX:
            raise _Refused(429, "390505", "Too many logins at once; try again in a moment.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._hashers, log_in, account, self._world, name, password, _address(request)
            )
        finally:
            self._waiting -= 1

    # ---- statements ------------------------------------------------------------------------

    async def statement(self, request: Request) -> Response:
        """One statement's table, or its refusal as 422; 401 when the session is over."""
        try:
            token = _bearer(request.headers.get("authorization", ""))
            body = await _object(request, STATEMENT_BYTES_MAX)
            text = _statement(body)
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._workers, self._run, request, token, text)
        except SqlRefusal as refusal:
            status = 401 if refusal.code in SESSION_CODES else 422
            return _json(status, _refusal_body(refusal))
        except _Refused as refused:
            return _json(refused.status, _failure(refused.code, refused.message))
        return _json(200, _answer_body(answer, self._world.clock.now() // 1_000))

    def _run(self, request: Request, token: str, text: str) -> Answer:
        account = self._account_of(self._places.at(request.headers.get("host", "")).number)
        verifier = self._world.secrets.verifier_of(token)
        if account.login_session(verifier) is None:
            # A host that names no account leads to the first one; the session knows better.
            for place in self._places.all():
                other = self._account_of(place.number)
                if other.login_session(verifier) is not None:
                    account = other
        worksheet = session_of(account, self._world, token, _address(request))
        (answer,) = worksheet.run(text)
        return answer


async def _object(request: Request, most: int) -> dict[str, Any]:
    """The body as a JSON object. Raises _Refused for 413 and 400."""
    size = 0
    parts = []
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _Refused(413, "390413", f"The body is larger than {most >> 10} KiB.")
        parts.append(part)
    try:
        body = _decode(b"".join(parts))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _Refused(400, "390400", "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise _Refused(400, "390400", "The body must be a JSON object.")
    return body


def _credentials(fields: dict[str, Any]) -> tuple[str, str]:
    name, password = fields.get("LOGIN_NAME"), fields.get("PASSWORD")
    if not isinstance(name, str) or not isinstance(password, str):
        raise _Refused(400, "390400", "Send data.LOGIN_NAME and data.PASSWORD.")
    return name, password


def _statement(body: dict[str, Any]) -> str:
    """The one statement of a request. Raises _Refused for none or several, before any has run."""
    text = body.get("statement")
    if not isinstance(text, str):
        raise _Refused(400, "391902", "Send a JSON object with 'statement'.")
    try:
        count = len(split_script(text))
    except SqlSyntaxError:
        return text  # the worksheet words it
    if count != 1:
        raise _Refused(422, "000008", f"Send one statement at a time; this has {count}.")
    return text


def _bearer(header: str) -> str:
    """The token in `Bearer x` or the drivers' `Snowflake Token="x"`. Raises _Refused."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer" and rest:
        return rest.strip()
    if scheme.lower() == "snowflake" and rest.lower().startswith("token="):
        return rest[6:].strip().strip('"')
    raise _Refused(401, "390303", "Log in first: POST /session/v1/login-request.")


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None


# ---- bodies ------------------------------------------------------------------------------------


def _json(status: int, body: object) -> Response:
    return Response(_encode(body), status_code=status, media_type="application/json")


def _failure(code: str, message: str) -> dict[str, Any]:
    return {"success": False, "code": code, "message": message}


def _refusal_body(refusal: SqlRefusal) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "message": refusal.message,
        "sqlState": refusal.sqlstate,
        "line": refusal.line,
        "column": refusal.column,
        "fix": refusal.fix,
    }


def _answer_body(answer: Answer, created_on: int) -> dict[str, Any]:
    code, state, message = EXECUTED
    table = answer.table
    return {
        "resultSetMetaData": {
            "numRows": len(table.rows),
            "format": "jsonv2",
            "rowType": [
                {
                    "name": column.name,
                    "type": column.type.value.lower(),
                    "nullable": column.nullable,
                    "length": column.length,
                    "precision": column.precision,
                    "scale": column.scale,
                }
                for column in table.columns
            ],
            "partitionInfo": [{"rowCount": len(table.rows)}],
        },
        "data": _cells(table),
        "code": code,
        "sqlState": state,
        "message": message,
        "statementHandle": answer.query_id,
        "createdOn": created_on,
        # Ours: whether the table is a result or only says that something was done.
        "said": answer.message,
    }


def _cells(table: Table) -> list[list[str | None]]:
    types = [column.type for column in table.columns]
    return [
        [_cell(value, type_) for value, type_ in zip(row, types, strict=True)] for row in table.rows
    ]


def _cell(value: Cell, type_: ColumnType) -> str | None:
    """A value as jsonv2 has it: text or null (reference section 10a)."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if type_ in {ColumnType.TIMESTAMP_LTZ, ColumnType.TIMESTAMP_NTZ} and isinstance(value, int):
        return f"{value // 1_000_000}.{value % 1_000_000:06}000"
    return str(value)
