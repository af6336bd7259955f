"""Parameters: settings of the account, its users and its sessions, one row each.

A parameter that is not set has the value of the level above it, at last its default. Values are
kept as text, truths as `true` and `false`, a network policy as its id.
"""

from enum import StrEnum

import msgspec

from rolecall.domain import access, policies
from rolecall.domain.commands import ChangeParameters, Set
from rolecall.domain.effects import Effect
from rolecall.domain.errors import InvalidValue, NotAuthorized, NotFound
from rolecall.domain.events import ParametersChanged
from rolecall.domain.grants import object_meant, user_meant
from rolecall.domain.model import SCIM_CONFORMANCE, Conformance, Json, Kind, Privilege
from rolecall.domain.names import Id
from rolecall.domain.policies import NETWORK_POLICY
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.properties import TEXT_LENGTH_MAX
from rolecall.domain.queries import ParameterRow, ShownParameters
from rolecall.domain.session import Session

MAP_SCIM_USERNAME = "MAP_SCIM_USERNAME_TO_ENTERPRISE_ATTR"
PRECEDENCE = "NETWORK_POLICY_PRECEDENCE"
REQUESTS_MAX = "SCIM_MAX_CONCURRENT_REQUESTS"
TOKEN_OVERLAP = "SCIM_TOKEN_OVERLAP_IN_HOURS"
HISTORY_RETENTION = "HISTORY_RETENTION_IN_DAYS"
DAY = 86_400 * 1_000_000
NUMBER_MAX = 2**31 - 1
OVERLAP_HOURS_MAX = 8_760


class Level(StrEnum):
    """Where a parameter can be set; the later one counts."""

    ACCOUNT = "ACCOUNT"
    USER = "USER"
    SESSION = "SESSION"


LEVELS = tuple(Level)
"""From the account to the session."""


class ParameterType(StrEnum):
    """What a parameter holds, in the words of SHOW PARAMETERS."""

    BOOLEAN = "BOOLEAN"
    NUMBER = "NUMBER"
    STRING = "STRING"


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter; `choices` are its only values, in any case; a number is `least` to `most`."""

    name: str
    type: ParameterType
    default: str
    description: str
    levels: frozenset[Level] = frozenset(Level)
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = NUMBER_MAX


def _text(name: str, default: str, description: str, *choices: str) -> Parameter:
    return Parameter(
        name=name,
        type=ParameterType.STRING,
        default=default,
        description=description,
        choices=choices,
    )


def _number(name: str, default: int, description: str) -> Parameter:
    return Parameter(
        name=name, type=ParameterType.NUMBER, default=str(default), description=description
    )


def _truth(name: str, default: str, description: str, *choices: str) -> Parameter:
    return Parameter(
        name=name,
        type=ParameterType.BOOLEAN,
        default=default,
        description=description,
        choices=choices,
    )


_PARAMETERS = (
    Parameter(
        name=NETWORK_POLICY,
        type=ParameterType.STRING,
        default="",
        description="Network policy of requests to the account, or by the user",
        levels=frozenset({Level.ACCOUNT, Level.USER}),
    ),
    Parameter(
        name=MAP_SCIM_USERNAME,
        type=ParameterType.BOOLEAN,
        default="false",
        description="SCIM's userName sets LOGIN_NAME alone; the extension's attribute sets NAME",
        levels=frozenset({Level.ACCOUNT}),
    ),
    Parameter(
        name=PRECEDENCE,
        type=ParameterType.STRING,
        default="INTEGRATION",
        description="Whose network policy counts where an integration and its caller have one",
        levels=frozenset({Level.ACCOUNT}),
        choices=("INTEGRATION", "USER"),
    ),
    Parameter(
        name=REQUESTS_MAX,
        type=ParameterType.NUMBER,
        default="500",
        description="SCIM requests in flight at an endpoint, Users and Groups apart",
        levels=frozenset({Level.ACCOUNT}),
        least=1,
    ),
    Parameter(
        name=TOKEN_OVERLAP,
        type=ParameterType.NUMBER,
        default="24",
        description="Hours that a SCIM token in use works on when its purpose has a newer one",
        levels=frozenset({Level.ACCOUNT}),
        most=OVERLAP_HOURS_MAX,
    ),
    Parameter(
        name=SCIM_CONFORMANCE,
        type=ParameterType.STRING,
        default=Conformance.RFC.value,
        description="Whose SCIM integrations speak, unless their CONFORMANCE says",
        levels=frozenset({Level.ACCOUNT}),
        choices=tuple(word.value for word in Conformance),
    ),
    Parameter(
        name=HISTORY_RETENTION,
        type=ParameterType.NUMBER,
        default="365",
        description="Days that events and attempts are kept; 0 is for ever",
        levels=frozenset({Level.ACCOUNT}),
    ),
    _truth("ABORT_DETACHED_QUERY", "false", "Queries end with their client's connection"),
    _truth("AUTOCOMMIT", "true", "Every statement commits by itself", "true"),
    _text("BINARY_INPUT_FORMAT", "HEX", "How text becomes binary"),
    _text("BINARY_OUTPUT_FORMAT", "HEX", "How binary becomes text"),
    _number("CLIENT_MEMORY_LIMIT", 1536, "Megabytes that a driver may use"),
    _truth("CLIENT_METADATA_REQUEST_USE_CONNECTION_CTX", "false", "Drivers ask of one database"),
    _number("CLIENT_PREFETCH_THREADS", 4, "Threads that fetch a driver's results"),
    _number("CLIENT_RESULT_CHUNK_SIZE", 160, "Megabytes of a part of a driver's result"),
    _truth("CLIENT_RESULT_COLUMN_CASE_INSENSITIVE", "false", "Drivers find columns in any case"),
    _truth("CLIENT_SESSION_KEEP_ALIVE", "false", "Drivers keep an idle session alive"),
    _number("CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY", 3600, "Seconds between signs of life"),
    _truth("CLIENT_TELEMETRY_ENABLED", "true", "Drivers send telemetry"),
    _text("CLIENT_TIMESTAMP_TYPE_MAPPING", "TIMESTAMP_LTZ", "What a driver's TIMESTAMP is"),
    _text("DATE_INPUT_FORMAT", "AUTO", "How text becomes a date"),
    _text("DATE_OUTPUT_FORMAT", "YYYY-MM-DD", "How a date becomes text"),
    _number("JSON_INDENT", 2, "Blanks a level of JSON"),
    _number("LOCK_TIMEOUT", 43_200, "Seconds that a statement waits for a lock"),
    _number("MULTI_STATEMENT_COUNT", 1, "Statements of one request; 0 is any number"),
    _text("QUERY_TAG", "", "A text that marks a session's statements"),
    _truth(
        "QUOTED_IDENTIFIERS_IGNORE_CASE", "false", "Quoted names fold to upper case too", "false"
    ),
    _number("ROWS_PER_RESULTSET", 0, "Rows of a result at most; 0 is no limit"),
    _number("STATEMENT_QUEUED_TIMEOUT_IN_SECONDS", 0, "Seconds that a statement waits its turn"),
    _number("STATEMENT_TIMEOUT_IN_SECONDS", 172_800, "Seconds that a statement runs"),
    _text("TIMESTAMP_INPUT_FORMAT", "AUTO", "How text becomes a timestamp"),
    _text("TIMESTAMP_LTZ_OUTPUT_FORMAT", "", "How a TIMESTAMP_LTZ becomes text"),
    _text("TIMESTAMP_NTZ_OUTPUT_FORMAT", "", "How a TIMESTAMP_NTZ becomes text"),
    _text(
        "TIMESTAMP_OUTPUT_FORMAT", "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM", "How timestamps become text"
    ),
    _text("TIMESTAMP_TYPE_MAPPING", "TIMESTAMP_NTZ", "Which type TIMESTAMP is"),
    _text("TIMESTAMP_TZ_OUTPUT_FORMAT", "", "How a TIMESTAMP_TZ becomes text"),
    _text("TIMEZONE", "UTC", "The time zone of the session"),
    _text("TIME_INPUT_FORMAT", "AUTO", "How text becomes a time"),
    _text("TIME_OUTPUT_FORMAT", "HH24:MI:SS", "How a time becomes text"),
    _text("TRANSACTION_DEFAULT_ISOLATION_LEVEL", "READ COMMITTED", "What transactions see"),
    _number("TWO_DIGIT_CENTURY_START", 1970, "The first year of two digits"),
    _truth("USE_CACHED_RESULT", "true", "A query may answer with an earlier result"),
    _number("WEEK_OF_YEAR_POLICY", 0, "How weeks of a year are counted"),
    _number("WEEK_START", 0, "The first day of the week"),
)

PARAMETERS = {parameter.name: parameter for parameter in _PARAMETERS}

EFFECTIVE = frozenset(
    {
        MAP_SCIM_USERNAME,
        NETWORK_POLICY,
        PRECEDENCE,
        REQUESTS_MAX,
        SCIM_CONFORMANCE,
        TOKEN_OVERLAP,
    }
)
"""Parameters that something in Rolecall asks; the others are kept and shown to clients."""


# ---- reading values ----------------------------------------------------------------------------


def known(name: str, level: Level) -> Parameter:
    """The parameter of this name that can be set there. Raises InvalidValue."""
    parameter = PARAMETERS.get(name)
    if parameter is None or level not in parameter.levels:
        raise InvalidValue(name, f"there is no such parameter of {level.lower()} level")
    return parameter


def read_value(parameter: Parameter, value: Json) -> str:
    """The text that is kept of a value. Raises InvalidValue."""
    text = _READERS[parameter.type](parameter.name, value)
    if parameter.least and int(text) < parameter.least:
        raise InvalidValue(parameter.name, f"it takes at least {parameter.least}")
    if parameter.most < NUMBER_MAX and int(text) > parameter.most:
        raise InvalidValue(parameter.name, f"it takes at most {parameter.most}")
    if not parameter.choices:
        return text
    for choice in parameter.choices:
        if choice.lower() == text.lower():
            return choice
    if len(parameter.choices) == 1:
        raise InvalidValue(parameter.name, f"only {parameter.choices[0]} is carried out")
    choices = ", ".join(f"'{choice}'" for choice in parameter.choices)
    raise InvalidValue(parameter.name, f"it takes one of {choices}")


def _read_text(name: str, value: Json) -> str:
    if not isinstance(value, str):
        raise InvalidValue(name, "it takes text")
    if len(value) > TEXT_LENGTH_MAX:
        raise InvalidValue(name, f"at most {TEXT_LENGTH_MAX} characters")
    return value


def _read_truth(name: str, value: Json) -> str:
    text = str(value).lower()
    if text not in {"true", "false"}:
        raise InvalidValue(name, "it takes TRUE or FALSE")
    return text


def _read_number(name: str, value: Json) -> str:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= NUMBER_MAX):
        raise InvalidValue(name, f"it takes a whole number from 0 to {NUMBER_MAX}")
    return str(int(text))


_READERS = {
    ParameterType.BOOLEAN: _read_truth,
    ParameterType.NUMBER: _read_number,
    ParameterType.STRING: _read_text,
}


def session_values(present: dict[str, str], changes: dict[str, Json]) -> dict[str, str]:
    """A session's own parameters after a change; None unsets. Raises InvalidValue."""
    after = dict(present)
    for name, value in changes.items():
        parameter = known(name, Level.SESSION)
        if value is None:
            after.pop(name, None)
        else:
            after[name] = read_value(parameter, value)
    return after


def known_session_values(said: dict[str, Json]) -> dict[str, str]:
    """Those of a client's parameters that a session has; clients send others of their own."""
    values: dict[str, str] = {}
    for name, value in said.items():
        try:
            values = session_values(values, {name: value})
        except InvalidValue:
            continue
    return values


def is_true(reading: Reading, name: str) -> bool:
    """Whether a parameter of the account that holds a truth is true."""
    return text_of(reading, name) == "true"


def number_of(reading: Reading, name: str) -> int:
    """What a parameter of the account that holds a number holds, or its default."""
    return int(text_of(reading, name))


def text_of(reading: Reading, name: str) -> str:
    """What a parameter of the account holds, or its default."""
    account = access.account_id(reading)
    text = reading.memo(("parameter", name), lambda: reading.parameters(account).get(name))
    return text or PARAMETERS[name].default


def forget_what_is_old(tx: Transaction, at: int, count: int) -> int:
    """One small step of forgetting what is older than the account keeps: how many rows."""
    set_days = tx.parameters(access.account_id(tx)).get(HISTORY_RETENTION)
    days = int(set_days or PARAMETERS[HISTORY_RETENTION].default)
    return tx.forget_history(at - days * DAY, count) if days else 0


# ---- changing ----------------------------------------------------------------------------------


def change_parameters(tx: Transaction, session: Session, command: ChangeParameters) -> Effect:
    """Parameters of the account or a user are set and unset.

    Raises NotFound, NotAuthorized, InvalidValue, AddressNotAdmitted.
    """
    try:
        target = object_meant(tx, command.kind, command.object)
    except NotFound:
        if command.if_exists:
            return Effect()
        raise
    level = Level(command.kind.value)
    present = tx.parameters(target.id)
    before: dict[str, str | None] = {}
    after: dict[str, str | None] = {}
    for change in command.changes:
        parameter = known(change.at.attribute, level)
        if command.object is None:
            _require_settable(tx, session, parameter)
        elif target.id != session.user or parameter.name == NETWORK_POLICY:
            # Vendor: users set their own session parameters.
            access.require_owned(tx, session, target, command.object)
        value = None
        if isinstance(change, Set) and change.value is not None:
            text = read_value(parameter, change.value)
            value = (
                _policy(tx, session, text, target.id) if parameter.name == NETWORK_POLICY else text
            )
        if tx.save_parameter(target.id, parameter.name, value):
            before[parameter.name], after[parameter.name] = present.get(parameter.name), value
    if not after:
        return Effect()
    tx.bump_generation()
    said = ParametersChanged(id=target.id, kind=command.kind, before=before, after=after)
    return Effect((said,))


def _require_settable(tx: Reading, session: Session, parameter: Parameter) -> None:
    """ACCOUNTADMIN sets them all; NETWORK_POLICY is for ATTACH POLICY (reference section 6)."""
    if parameter.name == NETWORK_POLICY:
        access.require(tx, session, Privilege.ATTACH_POLICY)
        return
    admin = access.system_role(tx, access.ACCOUNTADMIN)
    if admin.id not in access.active_roles(tx, session):
        account = tx.account().name
        remedy = "use role accountadmin"
        raise NotAuthorized(Privilege.OWNERSHIP, Kind.ACCOUNT, account, remedy=remedy)


def _policy(tx: Reading, session: Session, name: str, scope: Id) -> str:
    """The policy's id; refused if it would keep the session itself out."""
    policy = policies.policy_to_attach(tx, session, name)
    if scope in {access.account_id(tx), session.user}:
        policies.require_admitted(tx, session, policy)
    return policy.id


# ---- showing -----------------------------------------------------------------------------------


def shown_parameters(
    reading: Reading, session: Session, query: ShownParameters
) -> tuple[ParameterRow, ...]:
    """SHOW PARAMETERS: what counts at a level and where it was set, by name.

    A network policy is shown to those who may attach or see it.
    """
    level = Level(query.level)
    account = reading.parameters(access.account_id(reading))
    user = reading.parameters(_user_shown(reading, session, query)) if query.user else {}
    layers = {Level.ACCOUNT: account, Level.USER: user, Level.SESSION: query.session}
    rows = []
    for name in sorted(PARAMETERS):
        parameter = PARAMETERS[name]
        if level not in parameter.levels:
            continue
        value, where = parameter.default, ""
        for at in LEVELS[: LEVELS.index(level) + 1]:
            values = layers[at]
            if at in parameter.levels and name in values:
                value, where = values[name], at.value
        if name == NETWORK_POLICY and where:
            policy = policies.policy_with(reading, value)
            if policy is None or not policies.may_know(reading, session, policy):
                continue
            value = policy.name
        rows.append(
            ParameterRow(
                key=name,
                value=value,
                default=parameter.default,
                level=where,
                description=parameter.description,
                type=parameter.type.value,
            )
        )
    return tuple(rows)


def _user_shown(reading: Reading, session: Session, query: ShownParameters) -> Id:
    """The user whose parameters are asked for, if the session may see them; NotFound."""
    assert query.user is not None, "asked for only with a user"
    user = user_meant(reading, query.user)
    readable = (
        user.id == session.user
        or access.owns(reading, session, user.owner)
        or access.sees(reading, session, Kind.USER)
    )
    if not readable:
        raise NotFound(Kind.USER, access.label(query.user))
    return user.id
