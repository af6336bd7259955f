"""The resource endpoints: users, roles and network policies as JSON (reference section 10c).

A request becomes statements, in the language's own words, and runs on the caller's worksheet:
what is allowed, what is refused and what the history says is decided where SQL is.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from rolecall.domain.access import quoted
from rolecall.domain.tables import Cell, Table
from rolecall.fronts.sql import Answer, Worksheet
from rolecall.fronts.sql_refusals import SqlRefusal
from rolecall.sql.binding import literal

Json = Any
Query = Mapping[str, str]

BAD_REQUEST = "390142"
IDENTIFIER = re.compile(r'"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*')
WORDS = re.compile(r"[A-Za-z]+(?:[ _][A-Za-z]+)*")
LIMIT_MAX = 10_000
NOT_HERE = "Unsupported feature: {} are not supported here."


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked: the name in the path, the query's words, the body."""

    name: str = ""
    query: Query
    body: dict[str, Json] = {}

    def __repr__(self) -> str:
        return f"Request({self.name})"


def bad(why: str) -> SqlRefusal:
    """A request that can't become a statement."""
    return SqlRefusal(BAD_REQUEST, "22023", why)


STATUSES: Mapping[str, int] = {
    "002003": 404,
    "002002": 409,
    "003001": 403,
    "003013": 403,
    "390422": 403,
    "000002": 501,
}
"""The HTTP status of a statement's refusal; any other is 400."""


# ---- words of the language ---------------------------------------------------------------------


def identifier(value: object, what: str = "name") -> str:
    """A name as SQL writes it: bare, or in double quotes. Raises SqlRefusal."""
    if not isinstance(value, str) or IDENTIFIER.fullmatch(value) is None:
        raise bad(f"'{what}' must be an identifier: letters and digits, or text in double quotes.")
    return value


def exact(name: str) -> str:
    """The name that an identifier stands for."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.upper()


def words(value: object, what: str) -> str:
    """A kind of object or a privilege, in words that are the language's. Raises SqlRefusal."""
    if not isinstance(value, str) or WORDS.fullmatch(value) is None:
        raise bad(f"'{what}' must be words.")
    return value.replace("_", " ")


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise bad(f"'{what}' must be a text.")
    return literal(value)


def _truth(value: object, what: str) -> str:
    if not isinstance(value, bool):
        raise bad(f"'{what}' must be true or false.")
    return literal(value)


def _whole(value: object, what: str) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad(f"'{what}' must be a whole number.")
    return literal(value)


def _texts(value: object, what: str) -> str:
    if not isinstance(value, list):
        raise bad(f"'{what}' must be a list of texts.")
    return "(" + ", ".join(_text(each, what) for each in value) + ")"


def _secondary(value: object, what: str) -> str:
    """ALL or NONE."""
    word = str(value).strip("()'\" ").upper()
    if word not in {"ALL", "NONE", ""}:
        raise bad(f"'{what}' is ALL or NONE.")
    return "('ALL')" if word == "ALL" else "()"


USER_PROPERTIES: Mapping[str, Callable[[object, str], str]] = {
    "password": _text,
    "login_name": _text,
    "display_name": _text,
    "first_name": _text,
    "middle_name": _text,
    "last_name": _text,
    "email": _text,
    "must_change_password": _truth,
    "disabled": _truth,
    "days_to_expiry": _whole,
    "mins_to_unlock": _whole,
    "default_warehouse": _text,
    "default_namespace": _text,
    "default_role": _text,
    "default_secondary_roles": _secondary,
    "mins_to_bypass_mfa": _whole,
    "rsa_public_key": _text,
    "rsa_public_key_2": _text,
    "comment": _text,
    "type": _text,
    "network_policy": identifier,
}
POLICY_PROPERTIES: Mapping[str, Callable[[object, str], str]] = {
    "allowed_network_rule_list": _texts,
    "blocked_network_rule_list": _texts,
    "allowed_ip_list": _texts,
    "blocked_ip_list": _texts,
    "comment": _text,
}
ROLE_PROPERTIES: Mapping[str, Callable[[object, str], str]] = {"comment": _text}


def _said(body: Mapping[str, Json], properties: Mapping[str, Callable[[object, str], str]]) -> str:
    """`name = value` for each property that the body has; read-only ones are passed over."""
    return " ".join(
        f"{name} = {write(body[name], name)}"
        for name, write in properties.items()
        if body.get(name) is not None
    )


CREATE_MODES = {
    "": "create {kind} {name}",
    "errorifexists": "create {kind} {name}",
    "orreplace": "create or replace {kind} {name}",
    "ifnotexists": "create {kind} if not exists {name}",
}


def _create(kind: str, properties: Mapping[str, Callable[[object, str], str]]) -> "Act":
    def act(request: Request, run: "Run") -> Json:
        mode = request.query.get("createMode", "").lower()
        if mode not in CREATE_MODES:
            raise bad("createMode is errorIfExists, orReplace or ifNotExists.")
        name = identifier(request.body.get("name"))
        begin = CREATE_MODES[mode].format(kind=kind, name=name)
        return _done(run(f"{begin} {_said(request.body, properties)}"))

    return act


def _drop(kind: str) -> "Act":
    def act(request: Request, run: "Run") -> Json:
        lenient = _flag(request, "ifExists")
        return _done(run(f"drop {kind} {'if exists ' if lenient else ''}{request.name}"))

    return act


def _flag(request: Request, name: str) -> bool:
    return request.query.get(name, "").lower() == "true"


def _limit(request: Request) -> str:
    text = request.query.get("showLimit", "")
    if text and not (text.isdecimal() and 0 < int(text[:9]) <= LIMIT_MAX):
        raise bad(f"showLimit is a number from 1 to {LIMIT_MAX}.")
    return text


def _show(kind: str, request: Request) -> str:
    """SHOW, narrowed: like, startsWith, showLimit, fromName."""
    like, begin = request.query.get("like"), request.query.get("startsWith")
    after, limit = request.query.get("fromName"), _limit(request)
    said = f"show {kind}"
    said += f" like {literal(like)}" if like else ""
    said += f" starts with {literal(begin)}" if begin else ""
    if limit or after:
        said += f" limit {limit or LIMIT_MAX}"
    return said + (f" from {literal(after)}" if after else "")


def _done(answer: Answer) -> Json:
    return {"status": answer.message or "Statement executed successfully."}


# ---- tables as objects -------------------------------------------------------------------------

Row = dict[str, Cell]
Run = Callable[[str], Answer]
Act = Callable[[Request, Run], Json]


def rows_of(table: Table) -> list[Row]:
    """Each row with its columns' names."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def _moment(cell: Cell) -> str | None:
    if not isinstance(cell, int):
        return None
    return datetime.fromtimestamp(cell / 1_000_000, UTC).isoformat()


def _is(cell: Cell) -> bool:
    return str(cell).lower() in {"true", "y"}


def _identified(cell: Cell) -> str | None:
    return None if cell in {None, ""} else quoted(str(cell))


def _plain(row: Row, *names: str) -> dict[str, Json]:
    return {name: row[name] for name in names if row.get(name) is not None}


def user_of(row: Row) -> Json:
    """A row of SHOW USERS; what the session may not see is missing."""
    secondary = str(row.get("default_secondary_roles") or "")
    return {
        **_plain(row, "login_name", "display_name", "first_name", "last_name", "email", "comment"),
        **_plain(row, "default_warehouse", "default_namespace", "default_role", "type"),
        "name": _identified(row["name"]),
        "created_on": _moment(row["created_on"]),
        "disabled": _is(row["disabled"]),
        "must_change_password": _is(row["must_change_password"]),
        "snowflake_lock": _is(row["snowflake_lock"]),
        "default_secondary_roles": "ALL" if "ALL" in secondary else "NONE",
        "ext_authn_duo": _is(row["ext_authn_duo"]),
        "owner": _identified(row["owner"]),
        "last_successful_login": _moment(row["last_success_login"]),
        "expires_at": _moment(row["expires_at_time"]),
        "locked_until": _moment(row["locked_until_time"]),
        "has_password": _is(row["has_password"]),
        "has_rsa_public_key": _is(row["has_rsa_public_key"]),
    }


def role_of(row: Row) -> Json:
    """A row of SHOW ROLES."""
    return {
        **_plain(row, "assigned_to_users", "granted_to_roles", "granted_roles", "comment"),
        "name": _identified(row["name"]),
        "created_on": _moment(row["created_on"]),
        "owner": _identified(row["owner"]),
        "is_default": _is(row["is_default"]),
        "is_current": _is(row["is_current"]),
        "is_inherited": _is(row["is_inherited"]),
    }


def policy_of(row: Row) -> Json:
    """A row of SHOW NETWORK POLICIES."""
    return {
        **_plain(row, "comment"),
        "name": _identified(row["name"]),
        "created_on": _moment(row["created_on"]),
    }


def grant_of(row: Row) -> Json:
    """A row of SHOW GRANTS TO, as a grant of privileges on a securable."""
    return {
        "securable": {"name": _identified(row["name"])},
        "securable_type": row["granted_on"],
        "privileges": [row["privilege"]],
        "grant_option": _is(row["grant_option"]),
        "created_on": _moment(row["created_on"]),
        "granted_by": _identified(row["granted_by"]),
    }


def grantee_of(row: Row) -> Json:
    """A row of SHOW GRANTS OF ROLE, or ON ROLE."""
    named = ("role", "name", "grantee_name", "granted_by")
    return {
        **_plain(row, "privilege", "granted_on", "granted_to", "grant_option"),
        **_plain(row, "granted_by_role_type"),
        "created_on": _moment(row["created_on"]),
        **{name: _identified(row[name]) for name in named if name in row},
    }


def _all(kind: str, make: Callable[[Row], Json]) -> Act:
    return lambda request, run: [make(row) for row in rows_of(run(_show(kind, request)).table)]


def _listed(statement: str, make: Callable[[Row], Json]) -> Act:
    def act(request: Request, run: Run) -> Json:
        limit = int(_limit(request) or LIMIT_MAX)
        table = run(statement.format(name=request.name)).table
        return [make(row) for row in rows_of(table)[:limit]]

    return act


def _one(kind: str, what: str, request: Request, run: Run) -> Row:
    """The row of SHOW with exactly this name. Raises SqlRefusal for none."""
    name = exact(request.name)
    narrowed = " limit 1" if kind == "users" else ""
    for row in rows_of(run(f"show {kind} starts with {literal(name)}{narrowed}").table):
        if row["name"] == name:
            return row
    message = f"SQL compilation error:\n{what} '{name}' does not exist or not authorized."
    raise SqlRefusal("002003", "02000", message)


DESCRIBED = ("MIDDLE_NAME", "RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_FP", "RSA_PUBLIC_KEY_2")
DESCRIBED_TOO = ("RSA_PUBLIC_KEY_2_FP",)


def _user(request: Request, run: Run) -> Json:
    user = user_of(_one("users", "User", request, run))
    try:
        described = rows_of(run(f"describe user {request.name}").table)
    except SqlRefusal:  # who may see the user, and no more
        return user
    values = {row["property"]: row["value"] for row in described}
    for name in (*DESCRIBED, *DESCRIBED_TOO):
        if values.get(name) not in {None, "null"}:
            user[name.lower()] = values[name]
    return user


def _role(request: Request, run: Run) -> Json:
    return role_of(_one("roles", "Role", request, run))


def _policy(request: Request, run: Run) -> Json:
    described = rows_of(run(f"describe network policy {request.name}").table)
    shown = rows_of(run("show network policies").table)
    name = exact(request.name)
    policy: Json = next(
        (policy_of(row) for row in shown if row["name"] == name), {"name": request.name}
    )
    for row in described:
        policy[str(row["name"]).lower()] = [each for each in str(row["value"]).split(",") if each]
    return policy


# ---- grants ------------------------------------------------------------------------------------


def _alter_user(request: Request, run: Run) -> Json:
    said = _said(request.body, USER_PROPERTIES)
    return _done(run(f"create or alter user {request.name} {said}"))


def _given(request: Request) -> str:
    """What a grant's body names: a role, or privileges on an object."""
    kind = words(request.body.get("securable_type"), "securable_type")
    securable = request.body.get("securable")
    named = securable.get("name") if isinstance(securable, dict) else None
    privileges = request.body.get("privileges")
    if "containing_scope" in request.body:
        raise SqlRefusal("000002", "0A000", NOT_HERE.format("grants on all objects of a scope"))
    if not privileges:
        if kind.upper() != "ROLE":
            raise bad("'privileges' says what is granted.")
        return f"role {identifier(named, 'securable.name')}"
    if not isinstance(privileges, list):
        raise bad("'privileges' must be a list.")
    listed = ", ".join(words(each, "privileges") for each in privileges)
    if kind.upper() == "ACCOUNT":
        return f"{listed} on account"
    return f"{listed} on {kind} {identifier(named, 'securable.name')}"


def _grant(grantee: str) -> Act:
    def act(request: Request, run: Run) -> Json:
        given = _given(request)
        option = " with grant option" if request.body.get("grant_option") is True else ""
        return _done(run(f"grant {given} to {grantee} {request.name}{option}"))

    return act


def _revoke(grantee: str) -> Act:
    def act(request: Request, run: Run) -> Json:
        given = _given(request)
        option = "grant option for " if request.body.get("grant_option") is True else ""
        mode = request.query.get("mode", "").lower()
        if mode not in {"", "cascade", "restrict"}:
            raise bad("mode is cascade or restrict.")
        said = f"revoke {option}{given} from {grantee} {request.name} {mode}"
        return _done(run(said.rstrip()))

    return act


def _unsupported(what: str) -> Act:
    def act(_: Request, __: Run) -> Json:
        raise SqlRefusal("000002", "0A000", NOT_HERE.format(what))

    return act


TAGS, FUTURE = _unsupported("tags"), _unsupported("grants on future objects")

ROUTES: Mapping[tuple[str, str, str], Act] = {
    ("users", "", "GET"): _all("users", user_of),
    ("users", "", "POST"): _create("user", USER_PROPERTIES),
    ("users", "{name}", "GET"): _user,
    ("users", "{name}", "PUT"): _alter_user,
    ("users", "{name}", "DELETE"): _drop("user"),
    ("users", "{name}/grants", "GET"): _listed("show grants to user {name}", grant_of),
    ("users", "{name}/grants", "POST"): _grant("user"),
    ("users", "{name}/grants:revoke", "POST"): _revoke("user"),
    ("roles", "", "GET"): _all("roles", role_of),
    ("roles", "", "POST"): _create("role", ROLE_PROPERTIES),
    ("roles", "{name}", "GET"): _role,
    ("roles", "{name}", "DELETE"): _drop("role"),
    ("roles", "{name}/grants", "GET"): _listed("show grants to role {name}", grant_of),
    ("roles", "{name}/grants", "POST"): _grant("role"),
    ("roles", "{name}/grants:revoke", "POST"): _revoke("role"),
    ("roles", "{name}/grants-of", "GET"): _listed("show grants of role {name}", grantee_of),
    ("roles", "{name}/grants-on", "GET"): _listed("show grants on role {name}", grantee_of),
    ("roles", "{name}/future-grants", "GET"): FUTURE,
    ("roles", "{name}/future-grants", "POST"): FUTURE,
    ("roles", "{name}/future-grants:revoke", "POST"): FUTURE,
    ("network-policies", "", "GET"): _all("network policies", policy_of),
    ("network-policies", "", "POST"): _create("network policy", POLICY_PROPERTIES),
    ("network-policies", "{name}", "GET"): _policy,
    ("network-policies", "{name}", "DELETE"): _drop("network policy"),
    **{
        (kind, f"{{name}}:{verb}", method): TAGS
        for kind in ("users", "roles", "network-policies")
        for verb, method in (("get-tags", "GET"), ("set-tags", "POST"), ("unset-tags", "POST"))
    },
}
"""Collection, path below it, method: what is done."""


def answered(act: Act, request: Request, worksheet: Worksheet) -> Json:
    """What a request is answered with. Raises SqlRefusal."""
    if request.name:
        identifier(request.name)

    def run(statement: str) -> Answer:
        (answer,) = worksheet.run(statement)
        return answer

    return act(request, run)


def paths() -> Sequence[tuple[str, str]]:
    """Every collection and path below it, once, the longer ones first."""
    return sorted({(kind, path) for kind, path, _ in ROUTES}, key=lambda each: -len(each[1]))
