"""SELECT: what a query asks of the account is answered here, the rest by the engine.

A query that issues a token needs no engine and is carried out as a command; table functions get
the session's rows only (DESIGN contract 10).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import msgspec

from rolecall import __version__
from rolecall.domain.attempts import AttemptKind
from rolecall.domain.commands import ByName, IssueToken
from rolecall.domain.holders import RoleHolders
from rolecall.domain.model import SCIM_CONFORMANCE, Conformance
from rolecall.domain.names import Name
from rolecall.domain.parameters import HISTORY_RETENTION, Level
from rolecall.domain.ports import MintedToken
from rolecall.domain.queries import (
    CurrentSession,
    EvaluateNetworkPolicy,
    History,
    Integrations,
    RoleInSession,
    ShownParameters,
    WhoAmI,
)
from rolecall.domain.selecting import Paged, Relation
from rolecall.domain.session import ALL_ROLES, ActorKind
from rolecall.domain.tables import Cell, ColumnType, Table
from rolecall.fronts.histories import ENOUGH_ROWS, EVER, MORE, Asked, Range
from rolecall.fronts.relations import INFORMATION_SCHEMA, stands_in, view_relation
from rolecall.fronts.sql_ddl import ddl_of
from rolecall.fronts.sql_refusals import SqlRefusal
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.table_functions import MORE_FUNCTIONS, TableFunction
from rolecall.fronts.tables import REST_EVENT_HISTORY, column_of, table_of
from rolecall.fronts.tables_audit import ROLE_HOLDERS
from rolecall.sql.calls import Constant, FunctionCall, RelationCall
from rolecall.sql.errors import InvalidArgument, UnknownIdentifier, UnknownRelation

if TYPE_CHECKING:
    from rolecall.sql.query_plan import SelectPlan

DAY = 86_400 * 1_000_000
HISTORY_DAYS = 7
HISTORY_ROWS = 100
HISTORY_ROWS_MAX = 10_000

QUERY_SECONDS_MAX = 300
"""A longer STATEMENT_TIMEOUT_IN_SECONDS ends here."""
COMPILATION = "001044"
"""The vendor's code of arguments that don't fit a function."""

Execute = Callable[[IssueToken], None]
"""Carries out what a function does to the account."""


@runtime_checkable
class EngineRefusal(Protocol):
    """What the SELECT engine raises when it says no; `identifier` is a name that it misses."""

    message: str
    identifier: str | None
    code: str
    sqlstate: str


def selected(plan: "SelectPlan", moment: Moment, execute: Execute) -> Table:
    """The query's table. Raises a Refusal, a SqlCompilationError or a SqlRefusal."""
    asked = Answers(moment, execute)
    if plan.trivial_types is not None:
        asked.require_session()
    values = [asked.answer(call) for call in plan.functions]
    if plan.trivial_types is not None:
        names = plan.columns
        assert names is not None, "a trivial query names its columns"
        columns = tuple(
            column_of(name, ColumnType(type.value))
            for name, type in zip(names, plan.trivial_types, strict=True)
        )
        return Table(columns=columns, rows=[plan.trivial_values(values)])

    constant_sql = plan.constant_sql(values)
    constants: Sequence[Cell] = ()
    if constant_sql is not None:
        constants = _engine(moment, constant_sql, {}).rows[0]
    try:
        return _answered(plan, plan.query_sql(values), constants, moment)
    except UnknownIdentifier as error:
        error.line, error.column = plan.place_of(error.name)
        raise


def _answered(plan: "SelectPlan", sql: str, constants: Sequence[Cell], moment: Moment) -> Table:
    """Where first rows are wanted, more are read until there are enough of them, or no more."""
    first = plan.first
    enough = 0 if first is None else max(ENOUGH_ROWS, 2 * (first.limit + first.offset))
    while True:
        relations = {
            call.placeholder: _relation(call, constants, moment, plan, enough)
            for call in plan.relations
        }
        table = _engine(moment, sql, relations)
        cut = any(isinstance(each, Paged) and each.cut() for each in relations.values())
        if first is None or not cut or len(table.rows) >= first.limit:
            return table
        enough *= MORE


def _engine(moment: Moment, sql: str, relations: Mapping[str, Relation]) -> Table:
    parameters = moment.parameters()
    seconds = int(parameters["STATEMENT_TIMEOUT_IN_SECONDS"]) or QUERY_SECONDS_MAX
    try:
        return moment.world.selecting.select(
            sql,
            relations,
            seconds_max=min(seconds, QUERY_SECONDS_MAX),
            zone=parameters["TIMEZONE"],
            query=moment.session.request,
            who=(moment.session.number, moment.session.user),
        )
    except Exception as error:
        if not isinstance(error, EngineRefusal):
            raise
        if error.identifier is not None:
            raise UnknownIdentifier(error.identifier.upper()) from None
        if error.code == COMPILATION:
            raise SqlRefusal(
                error.code, error.sqlstate, f"SQL compilation error:\n{error.message}"
            ) from None
        raise SqlRefusal(
            error.code, error.sqlstate, f"SQL execution error:\n{error.message}"
        ) from None


# ---- functions of the account ----------------------------------------------------------------


class Answers:
    """Answers one query's functions; asks the account who it is at most once."""

    def __init__(self, moment: Moment, execute: Execute) -> None:
        """Answer for this moment; tokens are issued through `execute`."""
        self._moment = moment
        self._execute = execute
        self._known: WhoAmI | None = None

    @property
    def _who(self) -> WhoAmI:
        if self._known is None:
            self._known = self._moment.ask(CurrentSession())
        return self._known

    def require_session(self) -> None:
        """The session still has its role, which whatever reads or calculates asks anyway."""
        self._known = self._who

    def answer(self, call: FunctionCall) -> Constant:
        """The function's value."""
        return FUNCTIONS[call.name](self, call.arguments)

    def account(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_ACCOUNT and CURRENT_ACCOUNT_NAME."""
        return self._who.account.name

    def organization(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_ORGANIZATION_NAME."""
        return self._who.account.organization

    def role(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_ROLE."""
        return self._who.role

    def secondary_roles(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_SECONDARY_ROLES, as the vendor's JSON text."""
        chosen = self._moment.session.secondary
        roles = ",".join(self._who.secondary)
        value = "ALL" if chosen == ALL_ROLES else roles or "NONE"
        return msgspec.json.encode({"roles": roles, "value": value}).decode()

    def available_roles(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_AVAILABLE_ROLES, as the vendor's JSON text."""
        return msgspec.json.encode(self._who.roles).decode()

    def client(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_CLIENT: known of a local session alone."""
        local = self._moment.session.actor_kind is ActorKind.LOCAL
        return f"rolecall {__version__}" if local else None

    def ip_address(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_IP_ADDRESS; a local session has none."""
        return self._moment.session.client_ip

    def region(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_REGION: a server of one's own is in none of the vendor's."""
        return "LOCAL"

    def statement(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_STATEMENT."""
        return self._moment.statement

    def last_query(self, arguments: tuple[Constant, ...]) -> Constant:
        """LAST_QUERY_ID: of this session; before its first statement there is none."""
        if not arguments:
            return self._moment.query(-1)
        position = arguments[0]
        if isinstance(position, bool) or not isinstance(position, int) or position == 0:
            raise InvalidArgument("LAST_QUERY_ID", "it takes a whole number, not 0.")
        return self._moment.query(position)

    def ddl(self, arguments: tuple[Constant, ...]) -> Constant:
        """GET_DDL."""
        return ddl_of(str(arguments[0]), str(arguments[1]), self._moment)

    def user(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_USER."""
        return self._moment.place.user_name

    def database(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_DATABASE."""
        return self._moment.place.database

    def schema(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_SCHEMA."""
        return self._moment.place.schema

    def warehouse(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_WAREHOUSE."""
        return self._moment.place.warehouse

    def session(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_SESSION: the login's id; a local session has the statement's."""
        session = self._moment.session
        return session.login or session.request

    def timestamp(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_TIMESTAMP: when the statement began, wherever it stands."""
        return self._moment.at

    def version(self, _: tuple[Constant, ...]) -> Constant:
        """CURRENT_VERSION."""
        return __version__

    def client_versions(self, _: tuple[Constant, ...]) -> Constant:
        """SYSTEM$CLIENT_VERSION_INFO: no client is too old, none has to be newer."""
        return "[]"

    def role_in_session(self, arguments: tuple[Constant, ...]) -> Constant:
        """IS_ROLE_IN_SESSION."""
        return self._moment.ask(RoleInSession(role=Name(str(arguments[0]))))

    def network_policy(self, arguments: tuple[Constant, ...]) -> Constant:
        """SYSTEM$EVALUATE_NETWORK_POLICY: who would decide of an address, and how."""
        named = arguments[1] if len(arguments) > 1 else None
        integration = None if named is None else Name(str(named))
        query = EvaluateNetworkPolicy(
            address=str(arguments[0]),
            integration=None
            if integration is None
            else ByName(_integration_meant(integration, self._moment)),
        )
        return msgspec.json.encode(self._moment.ask(query)).decode()

    def scim_token(self, arguments: tuple[Constant, ...]) -> Constant:
        """SYSTEM$GENERATE_SCIM_ACCESS_TOKEN: the text, which is shown this once."""
        name = _integration_meant(Name(str(arguments[0])), self._moment)
        purpose = None if len(arguments) == 1 or arguments[1] is None else str(arguments[1])
        minted: MintedToken = self._moment.world.secrets.mint_token(self._moment.at)
        issue = IssueToken(
            id=self._moment.world.ids.new(),
            integration=ByName(name),
            verifier=minted.verifier,
            at=self._moment.at,
            expires_at=minted.expires_at,
            purpose=purpose,
        )
        self._execute(issue)
        return minted.text


def _integration_meant(name: Name, moment: Moment) -> Name:
    """The name is exact (vendor); where only its upper case is there, that one is meant."""
    present = {found.name for found in moment.ask(Integrations())}
    upper = Name(name.upper())
    return upper if name not in present and upper in present else name


FUNCTIONS: dict[str, Callable[[Answers, tuple[Constant, ...]], Constant]] = {
    "CURRENT_ACCOUNT": Answers.account,
    "CURRENT_ACCOUNT_NAME": Answers.account,
    "CURRENT_AVAILABLE_ROLES": Answers.available_roles,
    "CURRENT_CLIENT": Answers.client,
    "CURRENT_DATABASE": Answers.database,
    "CURRENT_IP_ADDRESS": Answers.ip_address,
    "CURRENT_ORGANIZATION_NAME": Answers.organization,
    "CURRENT_REGION": Answers.region,
    "CURRENT_ROLE": Answers.role,
    "CURRENT_SCHEMA": Answers.schema,
    "CURRENT_SECONDARY_ROLES": Answers.secondary_roles,
    "CURRENT_SESSION": Answers.session,
    "CURRENT_STATEMENT": Answers.statement,
    "CURRENT_TIMESTAMP": Answers.timestamp,
    "CURRENT_USER": Answers.user,
    "CURRENT_VERSION": Answers.version,
    "CURRENT_WAREHOUSE": Answers.warehouse,
    "GET_DDL": Answers.ddl,
    "LAST_QUERY_ID": Answers.last_query,
    "IS_ROLE_IN_SESSION": Answers.role_in_session,
    "SYSTEM$CLIENT_VERSION_INFO": Answers.client_versions,
    "SYSTEM$EVALUATE_NETWORK_POLICY": Answers.network_policy,
    "SYSTEM$GENERATE_SCIM_ACCESS_TOKEN": Answers.scim_token,
}
"""Every account function of `sql.functions`, and its answer."""


# ---- relations -------------------------------------------------------------------------------


def _relation(
    call: RelationCall,
    constants: Sequence[Cell],
    moment: Moment,
    plan: "SelectPlan",
    enough: int,
) -> Relation:
    """The rows of a view or a table function, for who may read it."""
    if not call.is_function:
        stage = moment.stage(call.name)
        return stage or view_relation(call.name, moment, _asked(call, constants, plan, enough))
    *qualifier, name = call.name
    function = TABLE_FUNCTIONS.get(name)
    anywhere = name == "RESULT_SCAN" and not qualifier
    if function is None or not (
        anywhere or stands_in(INFORMATION_SCHEMA, tuple(qualifier), moment)
    ):
        raise UnknownRelation(".".join(call.name))
    given = _arguments(call, function, constants)
    return function.rows(given, moment)


def _asked(call: RelationCall, constants: Sequence[Cell], plan: "SelectPlan", enough: int) -> Asked:
    """What the query asks of a view."""
    times: dict[str, Range] = {}
    numbers: dict[str, Range] = {}
    for bound in call.bounds:
        ranges = times if bound.number is None else numbers
        value = bound.number if bound.position is None else constants[bound.position]
        if isinstance(value, int):
            found = ranges.get(bound.column, EVER)
            ranges[bound.column] = found.within(at_least=bound.at_least, value=value)
    among = {
        each.column: (*each.values, *(constants[position] for position in each.positions))
        for each in call.among
    }
    return Asked(
        mentioned=plan.mentioned,
        times=times,
        numbers=numbers,
        among=among,
        first=plan.first,
        enough=enough,
    )


HISTORY_ARGUMENTS = (
    "REST_SERVICE_TYPE",
    "TIME_RANGE_START",
    "TIME_RANGE_END",
    "RESULT_LIMIT",
)


def _arguments(
    call: RelationCall, function: TableFunction, constants: Sequence[Cell]
) -> dict[str, Cell]:
    """The arguments by name; by position those that have none."""
    names = function.arguments
    if len(call.arguments) > len(names):
        raise InvalidArgument(function.name, f"it takes at most {len(names)} arguments.")
    given: dict[str, Cell] = {}
    for name, argument in zip(names, call.arguments, strict=False):
        wanted = argument.name or name
        if wanted not in names:
            raise InvalidArgument(function.name, f"it has no argument {wanted}.")
        if wanted in given:
            raise InvalidArgument(function.name, f"{wanted} is given twice.")
        given[wanted] = constants[argument.position]
    return given


def _rest_event_history(given: dict[str, Cell], moment: Moment) -> Table:
    """REST_EVENT_HISTORY: the newest rows in a range that is kept; the last 7 days unless told."""
    name = "REST_EVENT_HISTORY"
    service = given.get("REST_SERVICE_TYPE")
    if not isinstance(service, str) or service.upper() != AttemptKind.SCIM:
        raise InvalidArgument(name, "REST_SERVICE_TYPE is 'scim'.")
    until = _time(name, given.get("TIME_RANGE_END"), moment.at)
    since = _time(name, given.get("TIME_RANGE_START"), moment.at - HISTORY_DAYS * DAY)
    if since > until:
        raise InvalidArgument(name, "TIME_RANGE_START lies after TIME_RANGE_END.")
    days = _days_told(moment)
    if days is not None and since < moment.at - days * DAY:
        raise InvalidArgument(name, f"TIME_RANGE_START lies more than {days} days back.")
    count = given.get("RESULT_LIMIT", HISTORY_ROWS)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= HISTORY_ROWS_MAX:
        raise InvalidArgument(name, f"RESULT_LIMIT is a number from 1 to {HISTORY_ROWS_MAX}.")
    query = History(kind=AttemptKind.SCIM, since=since, until=until, count=count)
    return table_of(REST_EVENT_HISTORY, moment.ask(query))


def _days_told(moment: Moment) -> int | None:
    """How far back the function reaches; None: without end (decision 51)."""
    told = {row.key: row.value for row in moment.ask(ShownParameters(level=Level.ACCOUNT.value))}
    if told[SCIM_CONFORMANCE] == Conformance.SNOWFLAKE:
        return HISTORY_DAYS
    return int(told[HISTORY_RETENTION]) or None


def _role_holders(given: dict[str, Cell], moment: Moment) -> Table:
    """ROLE_HOLDERS: who could use a role at a moment, by a grant or by inheritance. Ours."""
    name = "ROLE_HOLDERS"
    role = given.get("ROLE")
    if not isinstance(role, str):
        raise InvalidArgument(name, "ROLE is the name that the role had, as text.")
    at = _time(name, given.get("AT"), moment.at)
    return table_of(ROLE_HOLDERS, moment.ask(RoleHolders(role=role, at=at)))


def _time(function: str, value: Cell, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidArgument(function, "a time range begins and ends with timestamps.")
    return value


TABLE_FUNCTIONS: dict[str, TableFunction] = {
    function.name: function
    for function in (
        TableFunction(
            name="REST_EVENT_HISTORY",
            says="Requests of identity providers, newest kept, to ACCOUNTADMIN.",
            arguments=HISTORY_ARGUMENTS,
            rows=_rest_event_history,
            fields=REST_EVENT_HISTORY,
        ),
        TableFunction(
            name="ROLE_HOLDERS",
            says="Who could use a role at a moment, by a grant or by inheritance. Ours.",
            arguments=("ROLE", "AT"),
            rows=_role_holders,
            fields=ROLE_HOLDERS,
        ),
        *MORE_FUNCTIONS,
    )
}
"""Every table function, and its rows."""
