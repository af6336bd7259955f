"""The SQL front: a worksheet runs statements, each one a command or a question to the account.

Each statement is one attempt in the history, refused ones too; a script stops at its first
refusal. What a statement may do is judged by the domain alone.
"""

import re
from collections.abc import Iterator
from typing import TypeVar, assert_never

import msgspec

from rolecall.domain.access import ACCOUNTADMIN, label
from rolecall.domain.account import Account
from rolecall.domain.commands import ChangeSession, IssueToken
from rolecall.domain.effects import Effect, Moved
from rolecall.domain.errors import NotFound, Refusal, StoreFailure
from rolecall.domain.model import Kind
from rolecall.domain.names import Id, Name
from rolecall.domain.queries import CurrentSession, Query, RoleInSession, SimilarNames
from rolecall.domain.session import ALL_ROLES
from rolecall.domain.tables import ColumnType, Table
from rolecall.fronts.relations import INFORMATION_SCHEMA
from rolecall.fronts.results import Results
from rolecall.fronts.sql_accounts import create_account, drop_account, undrop_account
from rolecall.fronts.sql_commands import DONE, Change, commands_of, message_of
from rolecall.fronts.sql_held import held_changes_decided
from rolecall.fronts.sql_names import meant, name_of
from rolecall.fronts.sql_network import session_changes
from rolecall.fronts.sql_notes import Noting, Subject, fix_of, refusal_of, subject_of
from rolecall.fronts.sql_purges import purge_history
from rolecall.fronts.sql_refusals import (
    SqlRefusal,
    did_you_mean,
    misread_within,
    missing,
)
from rolecall.fronts.sql_selects import Execute, selected
from rolecall.fronts.sql_session import (
    Bearer,
    BearerSeat,
    LocalSeat,
    LoginSeat,
    Moment,
    Place,
    Seat,
    able_to_move,
)
from rolecall.fronts.sql_shows import Show, shown
from rolecall.fronts.sql_users import Making, Secretive
from rolecall.fronts.sql_variables import variables_changed
from rolecall.fronts.tables import status_table
from rolecall.fronts.world import World
from rolecall.sql.cursor import StatementText, split_script
from rolecall.sql.errors import SqlCompilationError, SqlSyntaxError, UnsupportedFeature
from rolecall.sql.flow import split_flow
from rolecall.sql.parser import parse
from rolecall.sql.select import plan_select
from rolecall.sql.statements import (
    AlterSession,
    AlterUser,
    Begin,
    Commit,
    Flow,
    Rollback,
    Select,
    Statement,
    UseDatabase,
    UseRole,
    UseSchema,
    UseSecondaryRoles,
    UseWarehouse,
)
from rolecall.sql.statements_accounts import CreateAccount, DropAccount, PurgeHistory, UndropAccount
from rolecall.sql.statements_held import AlterHeldChanges
from rolecall.sql.statements_immediate import ExecuteImmediate
from rolecall.sql.statements_variables import SetVariables, UnsetVariables

__all__ = [
    "Answer",
    "SqlRefusal",
    "Worksheet",
    "World",
    "bearer_worksheet",
    "local_worksheet",
    "login_worksheet",
]

Asked = TypeVar("Asked")

Use = (
    UseRole
    | UseSecondaryRoles
    | UseDatabase
    | UseSchema
    | UseWarehouse
    | AlterSession
    | SetVariables
    | UnsetVariables
)
"""The statements that change the session alone."""

PUBLIC_SCHEMA = Name("PUBLIC")
SCHEMAS = frozenset({INFORMATION_SCHEMA, PUBLIC_SCHEMA})
"""The schemas of every database; Rolecall keeps no tables in them."""


DESCRIBED = status_table("")
"""What every statement answers with that is no query."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one statement answers; `message` is its sentence when it is no query."""

    table: Table
    message: str | None
    statement: str
    query_id: Id
    zone: str = "UTC"
    """The session's time zone, said where the table has a time."""


class Worksheet:
    """One client's statements, one after the other, each judged as of its own moment."""

    def __init__(self, account: Account, world: World, seat: Seat) -> None:
        """Sit down: the seat knows who asks and what USE has set."""
        self._account = account
        self._world = world
        self._seat = seat
        # What a seat of its own has asked is forgotten with it.
        self._own_results = Results()

    def run(self, text: str) -> Iterator[Answer]:
        """The answers to a script's statements, one by one. Raises SqlRefusal at the first no."""
        try:
            pieces = split_script(text)
        except SqlSyntaxError as error:
            raise self._refused(error, self._noting(text), None) from None
        for piece in pieces:
            yield self._carry_out(piece)

    def run_one(self, piece: StatementText, query: Id) -> Answer:
        """One statement's answer, under an id that its client knows already. Raises SqlRefusal."""
        return self._carry_out(piece, query)

    def describe(self, piece: StatementText) -> Table:
        """The columns that a statement would answer with; nothing is changed, nothing recorded."""
        noting = self._noting(piece.text)
        moment: Moment | None = None
        try:
            moment = self._moment(noting, piece)
            statement, piece = _read(piece, moment)
            if isinstance(statement, Select):
                # A function that changes the account makes up an answer, and does nothing.
                table = self._selected(piece, moment, lambda _: None)
            else:
                table = shown(statement, moment) if isinstance(statement, Show) else DESCRIBED
        except KNOWN as error:
            noting.kept = True
            raise self._refused(error, noting, moment) from None
        return Table(columns=table.columns, rows=[])

    def place(self) -> tuple[Place, Name | None]:
        """Where the session is now, and its role. Raises TokenRefused."""
        noting = self._noting("")
        session, place = self._seat.sit(noting.at, noting.request)
        return place, self._account.ask(session, CurrentSession()).role

    def ask(self, query: Query[Asked]) -> Asked:
        """A question that no statement asks, as whoever sits here now. Raises SqlRefusal."""
        try:
            session, _ = self._seat.sit(self._world.clock.now(), self._world.ids.new())
            return self._account.ask(session, query)
        except Refusal as refusal:
            said = refusal_of(refusal)
            assert said is not None, "every refusal has its words"
            raise said from None

    def _noting(self, text: str, query: Id | None = None) -> Noting:
        return Noting(
            at=self._world.clock.now(),
            clock=self._world.clock,
            request=query or self._world.ids.new(),
            text=text,
            client_ip=self._seat.client_ip,
        )

    def _moment(self, noting: Noting, piece: StatementText) -> Moment:
        session, place = self._seat.sit(noting.at, noting.request)
        role = self._account.moment(lambda reading: reading.role(session.role))
        noting.session, noting.place = session, place
        noting.role = None if role is None else role.name
        return Moment(
            account=self._account,
            world=self._world,
            session=session,
            place=place,
            statement=piece.text,
            results=self._results,
            results_of=self._seat.session_id,
        )

    def _carry_out(self, piece: StatementText, query: Id | None = None) -> Answer:
        """One statement, one attempt."""
        noting = self._noting(piece.text, query)
        moment: Moment | None = None
        try:
            moment = self._moment(noting, piece)
            statement, piece = _read(piece, moment)
            noting.statement = _hidden(statement, piece, moment)
            noting.subject = subject_of(statement)
            table, message = self._answered(statement, piece, moment, noting)
            zone = _zone_for(table, moment)
        except KNOWN as error:
            raise self._refused(error, noting, moment) from None
        except Exception as error:
            self._keep(noting, error)
            raise
        lasting = isinstance(statement, Select | Flow | Show) and not noting.kept
        self._keep(noting, None)
        where = (self._account.number, self._seat.session_id)
        self._results.note(where, noting.request, table if lasting else None)
        return Answer(
            table=table,
            message=message,
            statement=piece.text,
            query_id=noting.request,
            zone=zone,
        )

    @property
    def _results(self) -> Results:
        return self._world.results if self._seat.session_id else self._own_results

    def _keep(self, noting: Noting, error: Exception | None) -> None:
        """Note what no transaction has kept: reads, and refusals before there was one."""
        if not noting.kept:
            self._account.store.note(self._account.number, noting.attempt((), error))

    def _refused(self, error: Exception, noting: Noting, moment: Moment | None) -> SqlRefusal:
        """The refusal as this client may hear it; its attempt is kept."""
        self._keep(noting, error)
        said = refusal_of(error)
        assert said is not None, "every refusal has its words"
        message = said.message + "".join(f"\n{hint}" for hint in _hints(error, noting, moment))
        fix = fix_of(error) if moment is not None and _administers(moment) else None
        return SqlRefusal(
            said.code, said.sqlstate, message, line=said.line, column=said.column, fix=fix
        )

    # ---- what a statement does ----

    def _answered(
        self, statement: Statement, piece: StatementText, moment: Moment, noting: Noting
    ) -> tuple[Table, str | None]:
        """The statement's table, and its sentence when it is no query."""
        if isinstance(statement, Use):
            return _said(self._use(statement, moment, noting))
        match statement:
            case Begin() | Commit() | Rollback():
                moment.ask(CurrentSession())  # nothing else would miss a role taken away
                return _said(DONE)
            case CreateAccount() | DropAccount() | UndropAccount() | PurgeHistory():
                return _said(_of_the_account(statement, moment, noting))
            case Flow():
                return self._flow(statement, piece, moment, noting)
            case Select():
                return self._select(piece, moment, noting), None
            case ExecuteImmediate():
                raise UnsupportedFeature("EXECUTE IMMEDIATE as a part of a pipe")
            case AlterHeldChanges():
                return held_changes_decided(statement, moment), None
            case AlterUser(action=action) if isinstance(action, Secretive):
                return self._make(Making(statement, action, moment), moment, noting), None
            case _ if isinstance(statement, Show):
                return shown(statement, moment), None
            case _:
                return _said(self._change(statement, moment, noting))

    def _flow(
        self, flow: Flow, piece: StatementText, moment: Moment, noting: Noting
    ) -> tuple[Table, str | None]:
        """Each stage sees what those before it have answered; the last one answers."""
        answers: tuple[Table, ...] = ()
        message = None
        pieces = split_flow(piece.text, line=piece.line, column=piece.column)
        for stage, its_piece in zip(flow.stages, pieces, strict=True):
            seen = msgspec.structs.replace(moment, flow=answers)
            table, message = self._answered(stage, its_piece, seen, noting)
            answers = (*answers, table)
        return answers[-1], message

    def _change(self, statement: Change, moment: Moment, noting: Noting) -> str:
        commands = commands_of(statement, moment)
        effects: tuple[Effect, ...] = ()
        if commands:
            effects = self._account.execute(moment.session, *commands, describe=noting.describe)
        return message_of(statement, effects)

    def _make(self, making: Making, moment: Moment, noting: Noting) -> Table:
        """The secret that was made: it is answered, and kept nowhere."""
        command = making.command
        (effect,) = self._account.execute(moment.session, command, describe=noting.describe)
        return making.table(effect)

    def _select(self, piece: StatementText, moment: Moment, noting: Noting) -> Table:
        def execute(command: IssueToken) -> None:
            noting.subject = Subject(kind=Kind.INTEGRATION, name=label(command.integration))
            self._account.execute(moment.session, command, describe=noting.describe)

        return self._selected(piece, moment, execute)

    def _selected(self, piece: StatementText, moment: Moment, execute: Execute) -> Table:
        try:
            return selected(plan_select(piece.text, moment.place.variables), moment, execute)
        except SqlCompilationError as error:
            raise misread_within(error, piece.line, piece.column) from None

    def _use(self, statement: Use, moment: Moment, noting: Noting) -> str:
        session = moment.session
        if isinstance(statement, UseRole):
            session = able_to_move(self._account, session)
        change = _move(statement, self._seat.session_id, moment)
        (effect,) = self._account.execute(session, change, describe=noting.describe)
        assert isinstance(effect.answer, Moved), "USE answers with what it has made of the session"
        self._seat.moved(change, effect.answer)
        return DONE


def _parsed(piece: StatementText, moment: Moment) -> Statement:
    variables = moment.place.variables
    return parse(piece.text, line=piece.line, column=piece.column, variables=variables)


def _read(piece: StatementText, moment: Moment) -> tuple[Statement, StatementText]:
    """The statement and its text; of EXECUTE IMMEDIATE those of the statement that it holds."""
    statement = _parsed(piece, moment)
    if not isinstance(statement, ExecuteImmediate):
        return statement, piece
    held = split_script(statement.text)
    if not held:
        raise SqlRefusal("000900", "42601", "SQL compilation error:\nEmpty SQL statement.")
    if len(held) > 1:
        raise UnsupportedFeature("EXECUTE IMMEDIATE of a block or of several statements")
    statement = _parsed(held[0], moment)
    if isinstance(statement, ExecuteImmediate):
        raise UnsupportedFeature("EXECUTE IMMEDIATE inside EXECUTE IMMEDIATE")
    return statement, held[0]


def _hidden(statement: Statement, piece: StatementText, moment: Moment) -> Statement | None:
    """The statement for the history: what variables hold may be a secret, where it stands."""
    if "$" not in piece.text or isinstance(statement, Select | SetVariables):
        return statement
    try:
        return parse(piece.text, variables=moment.place.variables, stars=True)
    except SqlCompilationError:  # a text in the place of a word, which stars can't take
        return None


KNOWN = (Refusal, SqlCompilationError, SqlRefusal, StoreFailure)
"""What is an answer; any other exception is a bug (DESIGN contract 12)."""


def local_worksheet(account: Account, world: World, actor: str) -> Worksheet:
    """A worksheet of whoever holds the data folder; `actor` is the operating system's user."""
    return Worksheet(account, world, LocalSeat(account, world, actor))


def login_worksheet(
    account: Account, world: World, verifier: str, client_ip: str | None
) -> Worksheet:
    """A worksheet of the stored login session with this verifier."""
    return Worksheet(account, world, LoginSeat(account, verifier, client_ip))


def bearer_worksheet(
    account: Account, world: World, bearer: Bearer, client_ip: str | None
) -> Worksheet:
    """A worksheet of one request that brings its own credential."""
    return Worksheet(account, world, BearerSeat(account, bearer, client_ip))


def _of_the_account(
    statement: CreateAccount | DropAccount | UndropAccount | PurgeHistory,
    moment: Moment,
    noting: Noting,
) -> str:
    match statement:
        case CreateAccount():
            return create_account(statement, moment)
        case DropAccount():
            return drop_account(statement, moment)
        case UndropAccount():
            return undrop_account(statement, moment)
        case PurgeHistory():
            return purge_history(statement, moment, noting.describe)
        case _:
            assert_never(statement)


def _zone_for(table: Table, moment: Moment) -> str:
    timed = any(column.type is ColumnType.TIMESTAMP_LTZ for column in table.columns)
    return moment.parameters()["TIMEZONE"] if timed else "UTC"


def _said(message: str) -> tuple[Table, str]:
    return status_table(message), message


# ---- USE -------------------------------------------------------------------------------------


def _move(statement: Use, session: Id, moment: Moment) -> ChangeSession:
    """What USE, or ALTER SESSION, changes. Raises SqlRefusal."""
    match statement:
        case UseRole(name=name):
            return ChangeSession(session=session, at=moment.at, role=meant(name))
        case UseSecondaryRoles(all_roles=all_roles, roles=roles):
            secondary = ALL_ROLES if all_roles else tuple(meant(role) for role in roles)
            return ChangeSession(session=session, at=moment.at, secondary=secondary)
        case UseDatabase(name=name):
            return ChangeSession(
                session=session, at=moment.at, database=name_of(name), schema=PUBLIC_SCHEMA
            )
        case UseSchema():
            return _move_to_schema(statement, session, moment)
        case UseWarehouse(name=name):
            return ChangeSession(session=session, at=moment.at, warehouse=name_of(name))
        case SetVariables() | UnsetVariables():
            return variables_changed(statement, session, moment)
        case AlterSession(action=action):
            return ChangeSession(session=session, at=moment.at, parameters=session_changes(action))
        case _:
            assert_never(statement)


def _move_to_schema(statement: UseSchema, session: Id, moment: Moment) -> ChangeSession:
    database = moment.place.database if statement.database is None else name_of(statement.database)
    if database is None:
        raise SqlRefusal(
            "090105",
            "22000",
            "Cannot perform operation. This session does not have a current database. "
            "Call 'USE DATABASE', or use a qualified name.",
        )
    schema = name_of(statement.name)
    if schema not in SCHEMAS:
        raise missing("Schema", schema)
    return ChangeSession(session=session, at=moment.at, database=database, schema=schema)


# ---- what a refusal may add ------------------------------------------------------------------

EATEN = re.compile(r"\bsystem\w*\s*\(", re.IGNORECASE)
"""What is left of `system$generate_…(` when a shell has taken `$generate_…` for a variable."""
SHELL_HINT = "If a shell ate the '$': use single quotes around the statement or -f FILE."


def _hints(error: Exception, noting: Noting, moment: Moment | None) -> Iterator[str]:
    """A name that differs only in case; a '$' that a shell took."""
    if isinstance(error, NotFound) and moment is not None:
        near = _near(error, moment)
        if near is not None:
            yield did_you_mean(near)
    if not isinstance(error, Refusal) and EATEN.search(noting.text):
        yield SHELL_HINT


def _near(error: NotFound, moment: Moment) -> Name | None:
    """A name that the session sees and that differs from the missing one only in case."""
    try:
        return next(iter(moment.ask(SimilarNames(kind=error.kind, name=error.name))), None)
    except Refusal:  # who may not look either hears nothing more
        return None


def _administers(moment: Moment) -> bool:
    """Whether the client may hear how others' objects come to be its own."""
    try:
        return moment.ask(RoleInSession(role=ACCOUNTADMIN))
    except Refusal:
        return False
