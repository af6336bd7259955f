"""A driver's login: what its request brings, and what it hears of the session that it opens.

Reference section 10b. Drivers say the names of a connection in the request's address, the
credential and everything else in its body.
"""

from collections.abc import Mapping
from typing import Any

from rolecall import __version__
from rolecall.domain.parameters import PARAMETERS
from rolecall.fronts.login import Knock, Login, Method, PasswordMustChange
from rolecall.fronts.sql_refusals import SqlRefusal

BAD_REQUEST = "390400"
NOT_SUPPORTED = "390190"
HEALTH_SECONDS = 45

METHODS: Mapping[str, Method] = {
    "": Method.PASSWORD,
    "SNOWFLAKE": Method.PASSWORD,
    # Without a second factor set up for anybody, it is the password alone.
    "USERNAME_PASSWORD_MFA": Method.PASSWORD,
    "SNOWFLAKE_JWT": Method.SNOWFLAKE_JWT,
    "PROGRAMMATIC_ACCESS_TOKEN": Method.PROGRAMMATIC_ACCESS_TOKEN,
}
"""What drivers call the ways in."""
INSTEAD = (
    "connect with a password, a key pair (authenticator 'snowflake_jwt') or a programmatic "
    "access token (authenticator 'programmatic_access_token')."
)

SERVED: Mapping[str, str] = {
    "CLIENT_RESULT_PREFETCH_SLOTS": "2",
    "CLIENT_RESULT_PREFETCH_THREADS": "1",
    # No stage: array bindings travel with the statement.
    "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD": "0",
    # What a driver would send to the vendor is dropped here; it need not be sent.
    "CLIENT_TELEMETRY_ENABLED": "false",
    "CLIENT_VALIDATE_DEFAULT_PARAMETERS": "false",
    "ENABLE_STAGE_S3_PRIVATELINK_FOR_US_EAST_1": "false",
    "GO_QUERY_RESULT_FORMAT": "JSON",
    "JDBC_QUERY_RESULT_FORMAT": "JSON",
    "JDBC_RS_COLUMN_CASE_INSENSITIVE": "false",
    "ODBC_QUERY_RESULT_FORMAT": "JSON",
    "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "JSON",
    "QUERY_CONTEXT_CACHE_SIZE": "5",
    "SERVICE_NAME": "",
}
"""What drivers ask of their session beside the parameters of SHOW PARAMETERS."""


def knock_of(fields: Mapping[str, Any], asked: Mapping[str, str], client_ip: str | None) -> Knock:
    """The login that a request asks for. Raises SqlRefusal for one that it can't be.

    `fields` are the body's, `asked` the address's.
    """
    word = _text(fields, "AUTHENTICATOR") or ""
    method = METHODS.get(word.upper())
    if method is None:
        raise sign_on_refused(word)
    secret = _text(fields, "PASSWORD" if method is Method.PASSWORD else "TOKEN")
    name = _text(fields, "LOGIN_NAME")
    if secret is None or (name is None and method is Method.PASSWORD):
        wanted = "PASSWORD" if method is Method.PASSWORD else "TOKEN"
        raise SqlRefusal(BAD_REQUEST, "08001", f"Send data.LOGIN_NAME and data.{wanted}.")
    parameters = fields.get("SESSION_PARAMETERS")
    return Knock(
        login_name=name or "",
        secret=secret,
        method=method,
        new_password=_text(fields, "CHOSEN_NEW_PASSWORD"),
        role=asked.get("roleName"),
        secondary_roles=_text(fields, "SECONDARY_ROLES"),
        database=asked.get("databaseName"),
        schema=asked.get("schemaName"),
        warehouse=asked.get("warehouse"),
        parameters=parameters if isinstance(parameters, dict) else {},
        client_type=_text(fields, "CLIENT_APP_ID"),
        client_version=_text(fields, "CLIENT_APP_VERSION"),
        client_ip=client_ip,
    )


def _seconds(microseconds: int) -> int:
    return round(microseconds / 1_000_000)


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def sign_on_refused(word: str) -> SqlRefusal:
    """A way in that there is not: what there is instead."""
    what = f"Authenticator {word[:60]!r}" if word else "Single sign-on through a browser"
    return SqlRefusal(NOT_SUPPORTED, "08001", f"{what} is not available here: {INSTEAD}")


def login_said(login: Login, session_number: int, at: int) -> dict[str, Any]:
    """The answer to a login."""
    return {
        "token": login.token,
        "masterToken": login.master_token,
        "validityInSeconds": _seconds(login.expires_at - at),
        "masterValidityInSeconds": _seconds(login.master_expires_at - at),
        "sessionId": session_number,
        "displayUserName": login.user_name,
        "serverVersion": __version__,
        "firstLogin": login.is_first,
        "remMeToken": None,
        "remMeValidityInSeconds": 0,
        "healthCheckInterval": HEALTH_SECONDS,
        "newClientForUpgrade": None,
        "parameters": parameters_said(login.parameters),
        "sessionInfo": {
            "databaseName": login.database,
            "schemaName": login.schema,
            "warehouseName": login.warehouse,
            "roleName": login.role,
        },
    }


def renewal_said(login: Login, session_number: int, at: int) -> dict[str, Any]:
    """The answer to a renewal."""
    return {
        "sessionToken": login.token,
        "validityInSecondsST": _seconds(login.expires_at - at),
        "masterToken": login.master_token,
        "validityInSecondsMT": _seconds(login.master_expires_at - at),
        "sessionId": session_number,
    }


def change_wanted(refusal: PasswordMustChange) -> dict[str, Any]:
    """The password is right and has to be changed: drivers that can, ask for another."""
    return {
        "data": {"nextAction": "PWD_CHANGE", "inFlightCtx": ""},
        "code": refusal.code,
        "message": refusal.message,
        "success": False,
    }


def parameters_said(values: Mapping[str, str]) -> list[dict[str, Any]]:
    """The session's parameters, each as the type that it is."""
    said = {name: parameter.default for name, parameter in PARAMETERS.items()}
    said = {**said, **SERVED, **{name: values[name] for name in values if name not in SERVED}}
    return [{"name": name, "value": _typed(said[name])} for name in sorted(said)]


def _typed(value: str) -> bool | int | str:
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if value.isdecimal() and len(value) < 10 else value
