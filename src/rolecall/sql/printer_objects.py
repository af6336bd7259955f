"""How statements that create, alter and drop objects are printed."""

from rolecall.sql.printer_parts import (
    if_exists,
    print_action,
    print_comment,
    print_create,
    print_name,
    print_properties,
    print_show,
    print_statement,
    print_string,
    words,
)
from rolecall.sql.statements import (
    AlterAccount,
    AlterRole,
    AlterSecurityIntegration,
    AlterUser,
    CreateDatabase,
    CreateRole,
    CreateSecurityIntegration,
    CreateUser,
    DropDatabase,
    DropIntegration,
    DropRole,
    DropUser,
)
from rolecall.sql.statements_accounts import CreateAccount, DropAccount, PurgeHistory, UndropAccount
from rolecall.sql.statements_network import (
    AlterNetworkPolicy,
    AlterNetworkRule,
    CreateNetworkPolicy,
    CreateNetworkRule,
    DropNetworkPolicy,
    DropNetworkRule,
    ShowNetworkPolicies,
    ShowNetworkRules,
)


@print_statement.register
def _create_role(statement: CreateRole) -> str:
    return words(print_create(statement), print_comment(statement.comment))


@print_statement.register
def _alter_role(statement: AlterRole) -> str:
    present = if_exists(given=statement.if_exists)
    return words("ALTER ROLE", present, print_name(statement.name), print_action(statement.action))


@print_statement.register
def _drop_role(statement: DropRole) -> str:
    present = if_exists(given=statement.if_exists)
    return words("DROP ROLE", present, print_name(statement.name))


@print_statement.register
def _create_user(statement: CreateUser) -> str:
    return words(print_create(statement), print_properties(statement.properties))


@print_statement.register
def _alter_user(statement: AlterUser) -> str:
    present = if_exists(given=statement.if_exists)
    name = None if statement.name is None else print_name(statement.name)
    return words("ALTER USER", present, name, print_action(statement.action))


@print_statement.register
def _drop_user(statement: DropUser) -> str:
    present = if_exists(given=statement.if_exists)
    return words("DROP USER", present, print_name(statement.name))


@print_statement.register
def _create_security_integration(statement: CreateSecurityIntegration) -> str:
    return words(print_create(statement), print_properties(statement.properties))


@print_statement.register
def _alter_security_integration(statement: AlterSecurityIntegration) -> str:
    present = if_exists(given=statement.if_exists)
    name = print_name(statement.name)
    return words("ALTER SECURITY INTEGRATION", present, name, print_action(statement.action))


@print_statement.register
def _drop_integration(statement: DropIntegration) -> str:
    present = if_exists(given=statement.if_exists)
    return words("DROP", statement.kind, "INTEGRATION", present, print_name(statement.name))


@print_statement.register
def _create_database(statement: CreateDatabase) -> str:
    return words(print_create(statement), print_comment(statement.comment))


@print_statement.register
def _drop_database(statement: DropDatabase) -> str:
    present = if_exists(given=statement.if_exists)
    return words("DROP DATABASE", present, print_name(statement.name))


@print_statement.register
def _create_account(statement: CreateAccount) -> str:
    return words(
        "CREATE ACCOUNT", print_name(statement.name), print_properties(statement.properties)
    )


@print_statement.register
def _drop_account(statement: DropAccount) -> str:
    present = if_exists(given=statement.if_exists)
    days = f"GRACE_PERIOD_IN_DAYS = {statement.days}"
    return words("DROP ACCOUNT", present, print_name(statement.name), days)


@print_statement.register
def _undrop_account(statement: UndropAccount) -> str:
    return f"UNDROP ACCOUNT {print_name(statement.name)}"


@print_statement.register
def _purge_history(statement: PurgeHistory) -> str:
    return f"ALTER ACCOUNT PURGE HISTORY FOR {print_string(statement.person)}"


@print_statement.register
def _alter_account(statement: AlterAccount) -> str:
    return f"ALTER ACCOUNT {print_action(statement.action)}"


# --- the network ----------------------------------------------------------------------------


@print_statement.register
def _create_network(statement: CreateNetworkPolicy | CreateNetworkRule) -> str:
    return words(print_create(statement), print_properties(statement.properties))


@print_statement.register
def _alter_network(statement: AlterNetworkPolicy | AlterNetworkRule) -> str:
    kind = "POLICY" if isinstance(statement, AlterNetworkPolicy) else "RULE"
    present = if_exists(given=statement.if_exists)
    name = print_name(statement.name)
    return words(f"ALTER NETWORK {kind}", present, name, print_action(statement.action))


@print_statement.register
def _drop_network(statement: DropNetworkPolicy | DropNetworkRule) -> str:
    kind = "POLICY" if isinstance(statement, DropNetworkPolicy) else "RULE"
    present = if_exists(given=statement.if_exists)
    return words(f"DROP NETWORK {kind}", present, print_name(statement.name))


@print_statement.register
def _show_network(statement: ShowNetworkPolicies | ShowNetworkRules) -> str:
    kind = "POLICIES" if isinstance(statement, ShowNetworkPolicies) else "RULES"
    return print_show(f"NETWORK {kind}", statement.options)
