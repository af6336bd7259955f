"""The printer: a statement as text that the parser reads back to the same statement."""

import re
from functools import singledispatch
from typing import assert_never

from msgspec.structs import replace

from rolecall.sql.parts import (
    GrantsScope,
    Identifier,
    Pairs,
    ParameterScope,
    Property,
    RenameTo,
    RevokeToken,
    SetProperties,
    ShowOptions,
    UnsetProperties,
    Value,
)
from rolecall.sql.properties import ACCOUNT_SHAPES, USER_SHAPES, Shape
from rolecall.sql.statements import (
    AlterAccount,
    AlterRole,
    AlterSecurityIntegration,
    AlterSession,
    AlterUser,
    Begin,
    Commit,
    CreateDatabase,
    CreateRole,
    CreateSecurityIntegration,
    CreateUser,
    Describe,
    DropDatabase,
    DropIntegration,
    DropRole,
    DropUser,
    GrantOwnership,
    GrantOwnershipOfAll,
    GrantPrivilege,
    GrantRole,
    RevokePrivilege,
    RevokeRole,
    Rollback,
    Select,
    ShowDatabases,
    ShowGrants,
    ShowIntegrations,
    ShowParameters,
    ShowRoles,
    ShowScimResources,
    ShowScimTokens,
    ShowUsers,
    Statement,
    UseDatabase,
    UseRole,
    UseSchema,
    UseSecondaryRoles,
    UseWarehouse,
)
from rolecall.sql.statements_accounts import CreateAccount, ShowAccounts
from rolecall.sql.statements_network import (
    AddToLists,
    AlterNetworkPolicy,
    AlterNetworkRule,
    CreateNetworkPolicy,
    CreateNetworkRule,
    DropNetworkPolicy,
    DropNetworkRule,
    RemoveFromLists,
    ShowNetworkPolicies,
    ShowNetworkRules,
)
from rolecall.sql.statements_users import (
    AbortAllQueries,
    AddAccessToken,
    ModifyAccessToken,
    RemoveAccessToken,
    ResetPassword,
    RotateAccessToken,
    ShowAccessTokens,
    UserAction,
)
from rolecall.sql.statements_variables import SetVariables, ShowVariables, UnsetVariables

SECRETS = frozenset(
    name
    for shapes in (USER_SHAPES, ACCOUNT_SHAPES)
    for name, shape in shapes.items()
    if shape is Shape.SECRET
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


def print_redacted(statement: Statement) -> str:
    """The statement for a log or an audit row: every secret in it is stars."""
    match statement:
        case CreateUser() | CreateAccount():
            hidden = _hidden(statement.properties)
            return print_statement(replace(statement, properties=hidden))
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


# --- parts ----------------------------------------------------------------------------------


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


def _words(*words: str | None) -> str:
    return " ".join(word for word in words if word)


def _value(value: Value) -> str:
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
    return f"{item.name} = {_value(item.value)}"


def _properties(properties: tuple[Property, ...]) -> str:
    return " ".join(_property(item) for item in properties)


def _action(action: Action) -> str:
    match action:
        case SetProperties():
            return f"SET {_properties(action.properties)}"
        case UnsetProperties():
            return f"UNSET {', '.join(print_name(name) for name in action.names)}"
        case RenameTo():
            return f"RENAME TO {print_name(action.name)}"
        case AddToLists():
            return f"ADD {_properties(action.properties)}"
        case RemoveFromLists():
            return f"REMOVE {_properties(action.properties)}"
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
            return _words("ADD", named, _properties(action.properties))
        case RotateAccessToken():
            return _words("ROTATE", named, _properties(action.properties))
        case ModifyAccessToken():
            return _words("MODIFY", named, _action(action.action))
        case RemoveAccessToken():
            return _words("REMOVE", named)
        case _:
            assert_never(action)


def _if_exists(*, given: bool) -> str:
    return "IF EXISTS" if given else ""


def _create(statement: Creation) -> str:
    kind = {
        CreateRole: "ROLE",
        CreateUser: "USER",
        CreateDatabase: "DATABASE",
        CreateNetworkPolicy: "NETWORK POLICY",
        CreateNetworkRule: "NETWORK RULE",
        CreateSecurityIntegration: "SECURITY INTEGRATION",
    }[type(statement)]
    return _words(
        "CREATE",
        "OR REPLACE" if statement.or_replace else "",
        "OR ALTER" if getattr(statement, "or_alter", False) else "",
        kind,
        "IF NOT EXISTS" if statement.if_not_exists else "",
        print_name(statement.name),
    )


def _comment(comment: str | None) -> str:
    return "" if comment is None else f"COMMENT = {print_string(comment)}"


def _narrowed(options: ShowOptions) -> str:
    return _words(
        None if options.starts_with is None else f"STARTS WITH {print_string(options.starts_with)}",
        None if options.limit is None else f"LIMIT {options.limit}",
        None if options.limit_from is None else f"FROM {print_string(options.limit_from)}",
    )


def _show(what: str, options: ShowOptions, between: str = "") -> str:
    return _words(
        "SHOW",
        "TERSE" if options.terse else "",
        what,
        None if options.like is None else f"LIKE {print_string(options.like)}",
        between,
        _narrowed(options),
    )


# --- the session ----------------------------------------------------------------------------


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
    return f"ALTER SESSION {_action(statement.action)}"


@print_statement.register
def _begin(statement: Begin) -> str:
    return "BEGIN" if statement.name is None else f"BEGIN NAME {print_name(statement.name)}"


@print_statement.register
def _end(statement: Commit | Rollback) -> str:
    return type(statement).__name__.upper()


@print_statement.register
def _set_variables(statement: SetVariables) -> str:
    names = ", ".join(print_name(name) for name in statement.names)
    values = ", ".join(statement.expressions)
    return f"SET {names} = {values}" if len(statement.names) == 1 else f"SET ({names}) = ({values})"


@print_statement.register
def _unset_variables(statement: UnsetVariables) -> str:
    names = ", ".join(print_name(name) for name in statement.names)
    return f"UNSET {names}" if len(statement.names) == 1 else f"UNSET ({names})"


# --- objects --------------------------------------------------------------------------------


@print_statement.register
def _create_role(statement: CreateRole) -> str:
    return _words(_create(statement), _comment(statement.comment))


@print_statement.register
def _alter_role(statement: AlterRole) -> str:
    if_exists = _if_exists(given=statement.if_exists)
    return _words("ALTER ROLE", if_exists, print_name(statement.name), _action(statement.action))


@print_statement.register
def _drop_role(statement: DropRole) -> str:
    if_exists = _if_exists(given=statement.if_exists)
    return _words("DROP ROLE", if_exists, print_name(statement.name))


@print_statement.register
def _create_user(statement: CreateUser) -> str:
    return _words(_create(statement), _properties(statement.properties))


@print_statement.register
def _alter_user(statement: AlterUser) -> str:
    if_exists = _if_exists(given=statement.if_exists)
    name = None if statement.name is None else print_name(statement.name)
    return _words("ALTER USER", if_exists, name, _action(statement.action))


@print_statement.register
def _drop_user(statement: DropUser) -> str:
    if_exists = _if_exists(given=statement.if_exists)
    return _words("DROP USER", if_exists, print_name(statement.name))


@print_statement.register
def _create_security_integration(statement: CreateSecurityIntegration) -> str:
    return _words(_create(statement), _properties(statement.properties))


@print_statement.register
def _alter_security_integration(statement: AlterSecurityIntegration) -> str:
    if_exists = _if_exists(given=statement.if_exists)
    name = print_name(statement.name)
    return _words("ALTER SECURITY INTEGRATION", if_exists, name, _action(statement.action))


@print_statement.register
def _drop_integration(statement: DropIntegration) -> str:
    if_exists = _if_exists(given=statement.if_exists)
    return _words("DROP", statement.kind, "INTEGRATION", if_exists, print_name(statement.name))


@print_statement.register
def _create_database(statement: CreateDatabase) -> str:
    return _words(_create(statement), _comment(statement.comment))


@print_statement.register
def _drop_database(statement: DropDatabase) -> str:
    if_exists = _if_exists(given=statement.if_exists)
    return _words("DROP DATABASE", if_exists, print_name(statement.name))


@print_statement.register
def _create_account(statement: CreateAccount) -> str:
    return _words("CREATE ACCOUNT", print_name(statement.name), _properties(statement.properties))


@print_statement.register
def _alter_account(statement: AlterAccount) -> str:
    return f"ALTER ACCOUNT {_action(statement.action)}"


# --- grants ---------------------------------------------------------------------------------


@print_statement.register
def _grant_role(statement: GrantRole) -> str:
    return _words(
        f"GRANT ROLE {print_name(statement.role)} TO",
        "USER" if statement.to_user else "ROLE",
        print_name(statement.grantee),
        "WITH GRANT OPTION" if statement.grant_option else "",
    )


@print_statement.register
def _revoke_role(statement: RevokeRole) -> str:
    return _words(
        "REVOKE",
        "GRANT OPTION FOR" if statement.grant_option else "",
        f"ROLE {print_name(statement.role)} FROM",
        "USER" if statement.to_user else "ROLE",
        print_name(statement.grantee),
        "CASCADE" if statement.cascade else "",
    )


def _privileges(statement: GrantPrivilege | RevokePrivilege) -> str:
    return _words(
        "ALL PRIVILEGES" if statement.all_privileges else ", ".join(statement.privileges),
        f"ON {statement.on_kind.value}",
        None if statement.on_name is None else print_name(statement.on_name),
    )


@print_statement.register
def _grant_privilege(statement: GrantPrivilege) -> str:
    return _words(
        f"GRANT {_privileges(statement)} TO ROLE {print_name(statement.role)}",
        "WITH GRANT OPTION" if statement.grant_option else "",
    )


@print_statement.register
def _revoke_privilege(statement: RevokePrivilege) -> str:
    return _words(
        "REVOKE",
        "GRANT OPTION FOR" if statement.grant_option else "",
        f"{_privileges(statement)} FROM ROLE {print_name(statement.role)}",
        "CASCADE" if statement.cascade else "",
    )


@print_statement.register
def _grant_ownership(statement: GrantOwnership) -> str:
    grants = statement.current_grants
    return _words(
        f"GRANT OWNERSHIP ON {statement.on_kind.value} {print_name(statement.on_name)}",
        f"TO ROLE {print_name(statement.role)}",
        None if grants is None else f"{grants.value} CURRENT GRANTS",
    )


@print_statement.register
def _grant_ownership_of_all(statement: GrantOwnershipOfAll) -> str:
    return _words(
        f"GRANT OWNERSHIP ON ALL {statement.on_kind.value}S",
        f"OWNED BY ROLE {print_name(statement.owner)} TO ROLE {print_name(statement.role)}",
    )


# --- the network ----------------------------------------------------------------------------


@print_statement.register
def _create_network(statement: CreateNetworkPolicy | CreateNetworkRule) -> str:
    return _words(_create(statement), _properties(statement.properties))


@print_statement.register
def _alter_network(statement: AlterNetworkPolicy | AlterNetworkRule) -> str:
    kind = "POLICY" if isinstance(statement, AlterNetworkPolicy) else "RULE"
    if_exists = _if_exists(given=statement.if_exists)
    name = print_name(statement.name)
    return _words(f"ALTER NETWORK {kind}", if_exists, name, _action(statement.action))


@print_statement.register
def _drop_network(statement: DropNetworkPolicy | DropNetworkRule) -> str:
    kind = "POLICY" if isinstance(statement, DropNetworkPolicy) else "RULE"
    if_exists = _if_exists(given=statement.if_exists)
    return _words(f"DROP NETWORK {kind}", if_exists, print_name(statement.name))


@print_statement.register
def _show_network(statement: ShowNetworkPolicies | ShowNetworkRules) -> str:
    kind = "POLICIES" if isinstance(statement, ShowNetworkPolicies) else "RULES"
    return _show(f"NETWORK {kind}", statement.options)


# --- looking --------------------------------------------------------------------------------


@print_statement.register
def _show_all(
    statement: ShowUsers | ShowRoles | ShowDatabases | ShowAccounts | ShowVariables,
) -> str:
    return _show(type(statement).__name__.removeprefix("Show").upper(), statement.options)


@print_statement.register
def _show_access_tokens(statement: ShowAccessTokens) -> str:
    whose = "" if statement.user is None else f"FOR USER {print_name(statement.user)}"
    return _words("SHOW USER PROGRAMMATIC ACCESS TOKENS", whose)


@print_statement.register
def _show_integrations(statement: ShowIntegrations) -> str:
    return _show(_words(statement.kind, "INTEGRATIONS"), statement.options)


@print_statement.register
def _show_grants(statement: ShowGrants) -> str:
    name = "" if statement.name is None else print_name(statement.name)
    about = {
        GrantsScope.CURRENT_USER: "",
        GrantsScope.ON: _words("ON", statement.kind, name),
        GrantsScope.TO_ROLE: f"TO ROLE {name}",
        GrantsScope.TO_USER: f"TO USER {name}",
        GrantsScope.OF_ROLE: f"OF ROLE {name}",
    }[statement.scope]
    return _show(_words("GRANTS", about), statement.options)


@print_statement.register
def _show_scim_tokens(statement: ShowScimTokens) -> str:
    return _show("SCIM TOKENS", statement.options, _in_integration(statement.integration))


@print_statement.register
def _show_scim_resources(statement: ShowScimResources) -> str:
    return _show("SCIM_RESOURCES", statement.options, _in_integration(statement.integration))


def _in_integration(name: Identifier | None) -> str:
    return "" if name is None else f"IN INTEGRATION {print_name(name)}"


@print_statement.register
def _show_parameters(statement: ShowParameters) -> str:
    within = f"IN {statement.scope.value}"
    if statement.scope is ParameterScope.USER and statement.name is not None:
        within = f"{within} {print_name(statement.name)}"
    return _show("PARAMETERS", statement.options, within)


@print_statement.register
def _describe(statement: Describe) -> str:
    return f"DESCRIBE {statement.kind.value} {print_name(statement.name)}"


@print_statement.register
def _select(statement: Select) -> str:
    return statement.text
