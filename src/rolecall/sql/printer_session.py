"""How statements about the session are printed."""

from rolecall.sql.printer_parts import (
    print_action,
    print_name,
    print_statement,
    print_string,
)
from rolecall.sql.statements import (
    AlterSession,
    Begin,
    Commit,
    Rollback,
    UseDatabase,
    UseRole,
    UseSchema,
    UseSecondaryRoles,
    UseWarehouse,
)
from rolecall.sql.statements_immediate import ExecuteImmediate
from rolecall.sql.statements_variables import SetVariables, UnsetVariables


@print_statement.register
def _use_role(statement: UseRole) -> str:
    return f"USE ROLE {print_name(statement.name)}"


@print_statement.register
def _use_secondary_roles(statement: UseSecondaryRoles) -> str:
    if statement.all_roles:
        return "USE SECONDARY ROLES ALL"
    names = ", ".join(print_name(role) for role in statement.roles)
    return f"USE SECONDARY ROLES {names or 'NONE'}"


@print_statement.register
def _use_database(statement: UseDatabase) -> str:
    return f"USE DATABASE {print_name(statement.name)}"


@print_statement.register
def _use_schema(statement: UseSchema) -> str:
    name = print_name(statement.name)
    if statement.database is not None:
        name = f"{print_name(statement.database)}.{name}"
    return f"USE SCHEMA {name}"


@print_statement.register
def _use_warehouse(statement: UseWarehouse) -> str:
    return f"USE WAREHOUSE {print_name(statement.name)}"


@print_statement.register
def _alter_session(statement: AlterSession) -> str:
    return f"ALTER SESSION {print_action(statement.action)}"


@print_statement.register
def _begin(statement: Begin) -> str:
    return "BEGIN" if statement.name is None else f"BEGIN NAME {print_name(statement.name)}"


@print_statement.register
def _end(statement: Commit | Rollback) -> str:
    return type(statement).__name__.upper()


@print_statement.register
def _execute_immediate(statement: ExecuteImmediate) -> str:
    return f"EXECUTE IMMEDIATE {print_string(statement.text)}"


@print_statement.register
def _set_variables(statement: SetVariables) -> str:
    names = ", ".join(print_name(name) for name in statement.names)
    values = ", ".join(statement.expressions)
    return f"SET {names} = {values}" if len(statement.names) == 1 else f"SET ({names}) = ({values})"


@print_statement.register
def _unset_variables(statement: UnsetVariables) -> str:
    names = ", ".join(print_name(name) for name in statement.names)
    return f"UNSET {names}" if len(statement.names) == 1 else f"UNSET ({names})"
