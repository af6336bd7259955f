"""What printed statements are made of, and the table that has a row for each class of them."""

import re
from functools import singledispatch
from typing import assert_never

from rolecall.sql.parts import (
    Identifier,
    Pairs,
    Property,
    RenameTo,
    RevokeToken,
    SetProperties,
    ShowOptions,
    UnsetProperties,
    Value,
)
from rolecall.sql.statements import (
    CreateDatabase,
    CreateRole,
    CreateSecurityIntegration,
    CreateUser,
    Statement,
)
from rolecall.sql.statements_network import (
    AddToLists,
    CreateNetworkPolicy,
    CreateNetworkRule,
    RemoveFromLists,
)
from rolecall.sql.statements_users import (
    AbortAllQueries,
    AddAccessToken,
    ModifyAccessToken,
    RemoveAccessToken,
    ResetPassword,
    RotateAccessToken,
    UserAction,
)

KEYWORD = re.compile("[A-Z_]+")

Action = (
    SetProperties
    | UnsetProperties
    | RenameTo
    | RevokeToken
    | UserAction
    | AddToLists
    | RemoveFromLists
)

Creation = (
    CreateRole
    | CreateUser
    | CreateDatabase
    | CreateSecurityIntegration
    | CreateNetworkPolicy
    | CreateNetworkRule
)
"""What begins with CREATE, its kind and its name."""


@singledispatch
def print_statement(statement: Statement) -> str:
    """The statement as one line of SQL, keywords in capitals."""
    raise TypeError(type(statement))


def print_name(identifier: Identifier) -> str:
    """The name as it was written, its quotes put back."""
    if not identifier.quoted:
        return identifier.text
    doubled = identifier.text.replace('"', '""')
    return f'"{doubled}"'


def print_string(text: str) -> str:
    """The text as a literal in single quotes; backslash and quote are escaped."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def words(*given: str | None) -> str:
    return " ".join(word for word in given if word)


def print_value(value: Value) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case str():
            return print_string(value)
        case tuple():
            return f"({', '.join(print_string(entry) for entry in value)})"
        case Identifier():
            return print_name(value)
        case Pairs():
            pairs = (f"{print_string(a)} = {print_string(b)}" for a, b in value.pairs)
            return f"({', '.join(pairs)})"
        case _:
            assert_never(value)


def _property(item: Property) -> str:
    # TYPE is a keyword of the vendor's grammar (TYPE = SCIM), which a string says as well.
    if item.name == "TYPE" and isinstance(item.value, str) and KEYWORD.fullmatch(item.value):
        return f"TYPE = {item.value}"
    return f"{item.name} = {print_value(item.value)}"


def print_properties(properties: tuple[Property, ...]) -> str:
    return " ".join(_property(item) for item in properties)


def print_action(action: Action) -> str:
    match action:
        case SetProperties():
            return f"SET {print_properties(action.properties)}"
        case UnsetProperties():
            return f"UNSET {', '.join(print_name(name) for name in action.names)}"
        case RenameTo():
            return f"RENAME TO {print_name(action.name)}"
        case AddToLists():
            return f"ADD {print_properties(action.properties)}"
        case RemoveFromLists():
            return f"REMOVE {print_properties(action.properties)}"
        case RevokeToken():
            return f"REVOKE TOKEN {print_string(action.token)}"
        case ResetPassword():
            return "RESET PASSWORD"
        case AbortAllQueries():
            return "ABORT ALL QUERIES"
        case _:
            return _token_action(action)


def _token_action(
    action: AddAccessToken | RotateAccessToken | ModifyAccessToken | RemoveAccessToken,
) -> str:
    named = f"PROGRAMMATIC ACCESS TOKEN {print_name(action.name)}"
    match action:
        case AddAccessToken():
            return words("ADD", named, print_properties(action.properties))
        case RotateAccessToken():
            return words("ROTATE", named, print_properties(action.properties))
        case ModifyAccessToken():
            return words("MODIFY", named, print_action(action.action))
        case RemoveAccessToken():
            return words("REMOVE", named)
        case _:
            assert_never(action)


def if_exists(*, given: bool) -> str:
    return "IF EXISTS" if given else ""


def print_create(statement: Creation) -> str:
    kind = {
        CreateRole: "ROLE",
        CreateUser: "USER",
        CreateDatabase: "DATABASE",
        CreateNetworkPolicy: "NETWORK POLICY",
        CreateNetworkRule: "NETWORK RULE",
        CreateSecurityIntegration: "SECURITY INTEGRATION",
    }[type(statement)]
    return words(
        "CREATE",
        "OR REPLACE" if statement.or_replace else "",
        "OR ALTER" if getattr(statement, "or_alter", False) else "",
        kind,
        "IF NOT EXISTS" if statement.if_not_exists else "",
        print_name(statement.name),
    )


def print_comment(comment: str | None) -> str:
    return "" if comment is None else f"COMMENT = {print_string(comment)}"


def _narrowed(options: ShowOptions) -> str:
    return words(
        None if options.starts_with is None else f"STARTS WITH {print_string(options.starts_with)}",
        None if options.limit is None else f"LIMIT {options.limit}",
        None if options.limit_from is None else f"FROM {print_string(options.limit_from)}",
    )


def print_show(what: str, options: ShowOptions, between: str = "") -> str:
    return words(
        "SHOW",
        "TERSE" if options.terse else "",
        what,
        None if options.like is None else f"LIKE {print_string(options.like)}",
        between,
        _narrowed(options),
    )
