"""How statements that only look are printed."""

from rolecall.sql.parts import (
    GrantsScope,
    Identifier,
    ParameterScope,
)
from rolecall.sql.printer_parts import (
    print_name,
    print_show,
    print_statement,
    words,
)
from rolecall.sql.statements import (
    Describe,
    Flow,
    Select,
    ShowDatabases,
    ShowGrants,
    ShowIntegrations,
    ShowParameters,
    ShowRoles,
    ShowScimResources,
    ShowScimTokens,
    ShowUsers,
)
from rolecall.sql.statements_accounts import ShowAccounts
from rolecall.sql.statements_users import (
    ShowAccessTokens,
)
from rolecall.sql.statements_variables import ShowVariables


@print_statement.register
def _show_all(
    statement: ShowUsers | ShowRoles | ShowDatabases | ShowVariables,
) -> str:
    return print_show(type(statement).__name__.removeprefix("Show").upper(), statement.options)


@print_statement.register
def _show_accounts(statement: ShowAccounts) -> str:
    return print_show("ACCOUNTS HISTORY" if statement.history else "ACCOUNTS", statement.options)


@print_statement.register
def _show_access_tokens(statement: ShowAccessTokens) -> str:
    whose = "" if statement.user is None else f"FOR USER {print_name(statement.user)}"
    return words("SHOW USER PROGRAMMATIC ACCESS TOKENS", whose)


@print_statement.register
def _show_integrations(statement: ShowIntegrations) -> str:
    return print_show(words(statement.kind, "INTEGRATIONS"), statement.options)


@print_statement.register
def _show_grants(statement: ShowGrants) -> str:
    name = "" if statement.name is None else print_name(statement.name)
    about = {
        GrantsScope.CURRENT_USER: "",
        GrantsScope.ON: words("ON", statement.kind, name),
        GrantsScope.TO_ROLE: f"TO ROLE {name}",
        GrantsScope.TO_USER: f"TO USER {name}",
        GrantsScope.OF_ROLE: f"OF ROLE {name}",
    }[statement.scope]
    return print_show(words("GRANTS", about), statement.options)


@print_statement.register
def _show_scim_tokens(statement: ShowScimTokens) -> str:
    return print_show("SCIM TOKENS", statement.options, _in_integration(statement.integration))


@print_statement.register
def _show_scim_resources(statement: ShowScimResources) -> str:
    return print_show("SCIM_RESOURCES", statement.options, _in_integration(statement.integration))


def _in_integration(name: Identifier | None) -> str:
    return "" if name is None else f"IN INTEGRATION {print_name(name)}"


@print_statement.register
def _show_parameters(statement: ShowParameters) -> str:
    within = f"IN {statement.scope.value}"
    if statement.scope is ParameterScope.USER and statement.name is not None:
        within = f"{within} {print_name(statement.name)}"
    return print_show("PARAMETERS", statement.options, within)


@print_statement.register
def _describe(statement: Describe) -> str:
    return f"DESCRIBE {statement.kind.value} {print_name(statement.name)}"


@print_statement.register
def _flow(statement: Flow) -> str:
    return " ->> ".join(print_statement(stage) for stage in statement.stages)


@print_statement.register
def _select(statement: Select) -> str:
    return statement.text
