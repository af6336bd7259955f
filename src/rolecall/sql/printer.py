"""The printer: a statement as text that the parser reads back to the same statement."""

from msgspec.structs import replace

from rolecall.sql import (
    printer_grants,
    printer_held,
    printer_objects,
    printer_session,
    printer_show,
)
from rolecall.sql.parts import Property, SetProperties
from rolecall.sql.printer_parts import print_statement
from rolecall.sql.properties import ACCOUNT_SHAPES, USER_SHAPES, Shape
from rolecall.sql.statements import AlterUser, CreateUser, Flow, Statement
from rolecall.sql.statements_accounts import CreateAccount
from rolecall.sql.statements_immediate import ExecuteImmediate
from rolecall.sql.statements_variables import SetVariables

__all__ = ["print_redacted", "print_statement"]

ROWS = (printer_session, printer_objects, printer_grants, printer_show, printer_held)
"""Whose rows fill the table of `print_statement`: one for each class of statement."""

SECRETS = frozenset(
    name
    for shapes in (USER_SHAPES, ACCOUNT_SHAPES)
    for name, shape in shapes.items()
    if shape is Shape.SECRET
)


def print_redacted(statement: Statement) -> str:
    """The statement for a log or an audit row: every secret in it is stars."""
    match statement:
        case CreateUser() | CreateAccount():
            hidden = _hidden(statement.properties)
            return print_statement(replace(statement, properties=hidden))
        case Flow(stages=stages):
            return " ->> ".join(print_redacted(stage) for stage in stages)
        case ExecuteImmediate():
            return print_statement(replace(statement, text="********"))
        case SetVariables(expressions=expressions):
            return print_statement(
                replace(statement, expressions=("'********'",) * len(expressions))
            )
        case AlterUser(action=SetProperties(properties=properties)):
            action = SetProperties(properties=_hidden(properties))
            return print_statement(replace(statement, action=action))
        case _:
            return print_statement(statement)


def _hidden(properties: tuple[Property, ...]) -> tuple[Property, ...]:
    return tuple(
        replace(item, value="********") if item.name in SECRETS else item for item in properties
    )
