"""SET, UNSET and SHOW VARIABLES: an expression is evaluated as the query that it would be."""

import msgspec

from rolecall.domain.commands import ChangeSession, IssueToken
from rolecall.domain.errors import InvalidValue
from rolecall.domain.model import Variable
from rolecall.domain.names import Id
from rolecall.domain.tables import ColumnType
from rolecall.domain.variables import changed
from rolecall.fronts.sql_names import name_of
from rolecall.fronts.sql_refusals import unsupported
from rolecall.fronts.sql_selects import selected
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables import Fields, text
from rolecall.sql.select import plan_select
from rolecall.sql.statements_variables import SetVariables, UnsetVariables

TYPES = (ColumnType.TEXT, ColumnType.FIXED, ColumnType.REAL, ColumnType.BOOLEAN)


class VariableRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of SHOW VARIABLES."""

    name: str
    value: Variable


SHOW_VARIABLES: Fields[VariableRow] = (
    text("name", lambda row: row.name),
    text("value", lambda row: str(row.value)),
    text("type", lambda row: KINDS[type(row.value)]),
)
KINDS: dict[type, str] = {bool: "boolean", int: "fixed", float: "real", str: "text"}


def variables_changed(
    statement: SetVariables | UnsetVariables, session: Id, moment: Moment
) -> ChangeSession:
    """What becomes of the session's variables. Raises a Refusal or a SqlRefusal."""
    changes: dict[str, Variable | None] = {}
    for position, name in enumerate(statement.names):
        value = None
        if isinstance(statement, SetVariables):
            value = _value(name_of(name), statement.expressions[position], moment)
        changes[name_of(name)] = value
    changed(moment.place.variables, changes)
    return ChangeSession(session=session, at=moment.at, variables=changes)


def _value(name: str, expression: str, moment: Moment) -> Variable:
    plan = plan_select(f"SELECT {expression}", moment.place.variables)
    table = selected(plan, moment, _refuse)
    if len(table.columns) != 1 or len(table.rows) != 1:
        raise InvalidValue(name, "it takes one value")
    value = table.rows[0][0]
    if value is None or table.columns[0].type not in TYPES:
        raise InvalidValue(name, "it takes a text, a number, or TRUE or FALSE")
    return value


def _refuse(_: IssueToken) -> None:
    raise unsupported("a variable that holds a token")


def variable_rows(moment: Moment) -> list[VariableRow]:
    """The session's variables."""
    return [VariableRow(name=name, value=value) for name, value in moment.place.variables.items()]
