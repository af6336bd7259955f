"""A worksheet far away: log in with a password, send statements one by one over the SQL API."""

from collections.abc import Callable
from datetime import date

import httpx
import msgspec

from rolecall.domain.tables import Cell, Column, ColumnType, Table

SECONDS_MAX = 120.0
SESSION_EXPIRED = "390112"
EPOCH_DAY = date(1970, 1, 1).toordinal()


class RemoteRefusal(Exception):
    """The server's no: its sentence, its code, and where in the statement."""

    def __init__(
        self, message: str, code: str = "", sqlstate: str = "", place: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.sqlstate = sqlstate
        self.line, self.column = place
        self.fix: str | None = None


class RemoteAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One statement's table; `message` is its sentence when it is no query."""

    table: Table
    message: str | None
    statement: str
    zone: str = "UTC"


class RemoteWorksheet:
    """A login at a Rolecall server."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        account: str | None = None,
        choose: Callable[[str], str] | None = None,
    ) -> None:
        """Log in. Raises RemoteRefusal, also when nobody answers there.

        `choose` is told that the password must be changed, and answers with another one.
        """
        # Nothing is read from the environment: a proxy must not see the password.
        self._client = httpx.Client(
            base_url=base_of(url), timeout=SECONDS_MAX, trust_env=False, follow_redirects=False
        )
        self._client.headers["user-agent"] = "rolecall-sql"
        data = {"LOGIN_NAME": user, "PASSWORD": password, "ACCOUNT_NAME": account or ""}
        body = self._post("/session/v1/login-request", {"data": data})
        if choose is not None and _wants_new_password(body):
            data["CHOSEN_NEW_PASSWORD"] = choose(str(body.get("message")))
            body = self._post("/session/v1/login-request", {"data": data})
        if not body.get("success"):
            raise RemoteRefusal(str(body.get("message")), str(body.get("code")))
        self._granted(body, "token")

    def _granted(self, body: dict[str, object], name: str) -> None:
        """Keep what a login, or a renewal, has granted."""
        granted = body["data"]
        assert isinstance(granted, dict), "a login is answered with an object"
        self._client.headers["authorization"] = f"Bearer {granted[name]}"
        self._master = str(granted.get("masterToken"))

    def run(self, statement: str) -> RemoteAnswer:
        """One statement's answer. Raises RemoteRefusal."""
        body = self._post("/api/v2/statements", {"statement": statement})
        if body.get("code") == SESSION_EXPIRED and self._renewed():
            body = self._post("/api/v2/statements", {"statement": statement})
        if "resultSetMetaData" not in body:
            raise _refusal_of(body)
        said = body.get("said")
        return RemoteAnswer(
            table=table_of(body),
            message=said if isinstance(said, str) else None,
            statement=statement,
            zone=str(body.get("zone", "UTC")),
        )

    def _renewed(self) -> bool:
        """Whether the session goes on under a new token."""
        old = self._client.headers["authorization"].removeprefix("Bearer ")
        asked = {"oldSessionToken": old, "requestType": "RENEW"}
        self._client.headers["authorization"] = f'Snowflake Token="{self._master}"'
        body = self._post("/session/token-request", asked)
        if body.get("success"):
            self._granted(body, "sessionToken")
        return bool(body.get("success"))

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def _post(self, path: str, body: object) -> dict[str, object]:
        try:
            answer = self._client.post(path, json=body)
        except httpx.HTTPError as error:
            place, why = self._client.base_url, str(error)
            advice = "Is `rolecall serve` running there?"
            if "SSL" in why:
                advice = "Is it https:// there, by a certificate that this machine trusts?"
            raise RemoteRefusal(f"Nobody answers at {place} ({why}). {advice}") from None
        try:
            read = msgspec.json.decode(answer.content)
        except msgspec.DecodeError:
            read = None
        if not isinstance(read, dict):
            raise RemoteRefusal(
                f"{answer.url} answered {answer.status_code} and no JSON: "
                "give --url the account's URL, as `rolecall serve` prints it."
            )
        return read


def _wants_new_password(body: dict[str, object]) -> bool:
    data = body.get("data")
    return isinstance(data, dict) and data.get("nextAction") == "PWD_CHANGE"


def base_of(url: str) -> str:
    """The account's URL, whether or not the SCIM path was pasted with it."""
    return url.rstrip("/").removesuffix("/scim/v2")


def table_of(body: dict[str, object]) -> Table:
    """The table in an answer (reference section 10a: jsonv2)."""
    described = msgspec.convert(body["resultSetMetaData"], _MetaData)
    columns = tuple(
        Column(name=row.name, type=ColumnType(row.type.upper()), nullable=row.nullable)
        for row in described.row_type
    )
    data = msgspec.convert(body["data"], list[list[str | None]])
    rows = [
        tuple(_cell(text, column.type) for text, column in zip(cells, columns, strict=True))
        for cells in data
    ]
    return Table(columns=columns, rows=rows)


class _RowType(msgspec.Struct):
    name: str
    type: str
    nullable: bool = True


class _MetaData(msgspec.Struct, rename="camel"):
    row_type: list[_RowType]


def _cell(text: str | None, type_: ColumnType) -> Cell:
    if text is None:
        return None
    match type_:
        case ColumnType.BOOLEAN:
            return text == "true"
        case ColumnType.FIXED:
            return int(text)
        case ColumnType.REAL:
            return float(text)
        case ColumnType.TIMESTAMP_LTZ | ColumnType.TIMESTAMP_NTZ:
            seconds, _, fraction = text.lstrip("-").partition(".")
            whole = int(seconds) * 1_000_000 + int(fraction.ljust(6, "0")[:6])
            return -whole if text.startswith("-") else whole
        case ColumnType.DATE if text.lstrip("-").isdecimal():
            return date.fromordinal(EPOCH_DAY + int(text)).isoformat()
        case _:
            return text


def _refusal_of(body: dict[str, object]) -> RemoteRefusal:
    place = (_whole(body.get("line")), _whole(body.get("column")))
    state = str(body.get("sqlState") or "")
    refusal = RemoteRefusal(str(body.get("message")), str(body.get("code")), state, place)
    refusal.fix = str(body["fix"]) if body.get("fix") else None
    return refusal


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
