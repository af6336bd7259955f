"""SHOW and DESCRIBE: each statement asks one question and fills one table of `tables`."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar, assert_never

from rolecall.domain import organization
from rolecall.domain.access import ACCOUNTADMIN, PUBLIC, fold_role
from rolecall.domain.held import HeldChange
from rolecall.domain.model import ExternalOauth, Kind
from rolecall.domain.names import Id, Name, key_of
from rolecall.domain.narrowing import LISTED_MAX, Narrowing, matcher
from rolecall.domain.queries import (
    AttachedPolicy,
    Databases,
    GrantRow,
    GrantsOfRole,
    GrantsOn,
    GrantsToRole,
    GrantsToUser,
    Integrations,
    OneIntegration,
    OneRole,
    OneUser,
    RoleNames,
    RoleSummaries,
    ScimConformance,
    ScimResources,
    Tokens,
    UserSummaries,
)
from rolecall.domain.tables import Table
from rolecall.fronts import sql_oauth, tables, tables_network
from rolecall.fronts.sql_accounts import SHOW_ACCOUNTS, SHOW_ACCOUNTS_HISTORY
from rolecall.fronts.sql_held import found_held_changes
from rolecall.fronts.sql_names import meant
from rolecall.fronts.sql_network import (
    described_network,
    found_parameters,
    found_policies,
    found_rules,
)
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.sql_users import show_access_tokens
from rolecall.fronts.sql_variables import SHOW_VARIABLES, variable_rows
from rolecall.fronts.tables import Fields, table_of
from rolecall.fronts.tables_held import SHOW_HELD_CHANGES
from rolecall.fronts.tables_scim import SHOW_SCIM_RESOURCES
from rolecall.fronts.tables_users import (
    SHOW_TERSE_USERS,
    SHOW_USERS,
    described_user,
    user_row,
)
from rolecall.sql.parts import GrantsScope, Identifier, ObjectKind, ShowOptions
from rolecall.sql.statements import (
    Describe,
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
from rolecall.sql.statements_held import ShowHeldChanges
from rolecall.sql.statements_network import ShowNetworkPolicies, ShowNetworkRules
from rolecall.sql.statements_users import ShowAccessTokens
from rolecall.sql.statements_variables import ShowVariables

Show = (
    ShowUsers
    | ShowAccounts
    | ShowVariables
    | ShowAccessTokens
    | ShowRoles
    | ShowDatabases
    | ShowIntegrations
    | ShowGrants
    | ShowScimTokens
    | ShowScimResources
    | ShowHeldChanges
    | ShowParameters
    | ShowNetworkPolicies
    | ShowNetworkRules
    | Describe
)
"""The statements that only look."""

Item = TypeVar("Item")


def shown(  # noqa: C901  one line a statement
    statement: Show, moment: Moment
) -> Table:
    """The statement's table. Raises a Refusal or a SqlRefusal."""
    match statement:
        case ShowUsers():
            return _users(statement, moment)
        case ShowAccounts():
            return _accounts(statement, moment)
        case ShowVariables():
            rows = narrowed(statement.options, variable_rows(moment), lambda row: row.name)
            return table_of(SHOW_VARIABLES, rows)
        case ShowAccessTokens():
            return show_access_tokens(statement, moment)
        case ShowRoles():
            return _roles(statement, moment)
        case ShowDatabases():
            return _databases(statement, moment)
        case ShowIntegrations():
            return _integrations(statement, moment)
        case ShowGrants():
            return _grants(statement, moment)
        case ShowScimResources():
            return _resources(statement, moment)
        case ShowHeldChanges():
            held = narrowed(statement.options, found_held_changes(statement, moment), _held_name)
            return table_of(SHOW_HELD_CHANGES, held)
        case ShowScimTokens():
            return _tokens(statement, moment)
        case ShowParameters() | ShowNetworkPolicies() | ShowNetworkRules():
            return _governed(statement, moment)
        case Describe():
            return _described(statement, moment)
        case _:
            assert_never(statement)


# ---- LIKE, STARTS WITH, LIMIT ----------------------------------------------------------------


def narrowed(
    options: ShowOptions, items: Iterable[Item], name_of: Callable[[Item], str]
) -> list[Item]:
    """The items by name, as LIKE, STARTS WITH and LIMIT … FROM leave them."""
    pattern = None if options.like is None else matcher(options.like)
    prefix = options.starts_with or ""
    kept = sorted(
        (
            item
            for item in items
            if name_of(item).startswith(prefix)
            and (pattern is None or pattern.fullmatch(key_of(name_of(item))))
        ),
        key=name_of,
    )
    return list(islice(_after(options, kept, name_of), _rows_max(options)))


def _after(
    options: ShowOptions, items: list[Item], name_of: Callable[[Item], str]
) -> Iterator[Item]:
    """What follows the first name that begins so, when LIMIT … FROM names one."""
    found = options.limit_from is None
    for item in items:
        if found:
            yield item
        found = found or name_of(item).startswith(options.limit_from or "")


def _rows_max(options: ShowOptions) -> int:
    return LISTED_MAX if options.limit is None else min(options.limit, LISTED_MAX)


def narrowing_of(options: ShowOptions) -> Narrowing:
    """The options as part of a question."""
    return Narrowing(
        like=options.like,
        starts_with=options.starts_with or "",
        limit=_rows_max(options),
        after=options.limit_from,
    )


# ---- the statements --------------------------------------------------------------------------


def _users(statement: ShowUsers, moment: Moment) -> Table:
    options = statement.options
    found = moment.ask(UserSummaries(narrowing=narrowing_of(options)))
    fields = SHOW_TERSE_USERS if options.terse else SHOW_USERS
    return table_of(fields, [user_row(summary, moment.at) for summary in found])


def _roles(statement: ShowRoles, moment: Moment) -> Table:
    default = _default_role(moment)
    options = statement.options
    rows = (
        tables.RoleRow(summary=summary, is_default=summary.role.name == default)
        for summary in moment.ask(RoleSummaries(narrowing=narrowing_of(options)))
    )
    fields = tables.SHOW_TERSE_ROLES if options.terse else tables.SHOW_ROLES
    return table_of(fields, rows)


def _default_role(moment: Moment) -> Name:
    """The role with which a session of this user begins."""
    if moment.session.user is None:
        return ACCOUNTADMIN
    user = moment.ask(OneUser(user=moment.session.user, with_groups=False)).user
    return PUBLIC if user.default_role is None else fold_role(user.default_role)


def role_names(moment: Moment) -> dict[Id | None, Name]:
    """The names of all roles; of nobody there is none."""
    return moment.ask(RoleNames())


def _databases(statement: ShowDatabases, moment: Moment) -> Table:
    names = role_names(moment)
    rows = (
        tables.DatabaseRow(
            database=found,
            owner=names.get(found.owner),
            is_current=found.name == moment.place.database,
        )
        for found in moment.ask(Databases())
    )
    options = statement.options
    fields = tables.SHOW_TERSE_DATABASES if options.terse else tables.SHOW_DATABASES
    return table_of(fields, narrowed(options, rows, lambda row: row.database.name))


def _integrations(statement: ShowIntegrations, moment: Moment) -> Table:
    ours = statement.kind in {None, "SECURITY"}  # there are no others
    found = moment.ask(Integrations()) if ours else ()
    kept = narrowed(statement.options, found, lambda row: row.name)
    return table_of(tables.SHOW_INTEGRATIONS, kept)


def _accounts(statement: ShowAccounts, moment: Moment) -> Table:
    found = organization.listed(moment.account, moment.session)
    fields = SHOW_ACCOUNTS_HISTORY if statement.history else SHOW_ACCOUNTS
    if not statement.history:
        found = tuple(each for each in found if each.dropped_at is None)
    return table_of(fields, narrowed(statement.options, found, lambda row: row.name))


def _resources(statement: ShowScimResources, moment: Moment) -> Table:
    integration = None if statement.integration is None else meant(statement.integration)
    found = moment.ask(ScimResources(integration=integration))
    return table_of(SHOW_SCIM_RESOURCES, narrowed(statement.options, found, lambda row: row.name))


def _held_name(change: HeldChange) -> str:
    return change.name


def _governed(
    statement: ShowParameters | ShowNetworkPolicies | ShowNetworkRules, moment: Moment
) -> Table:
    options = statement.options
    match statement:
        case ShowParameters():
            keys = narrowed(options, found_parameters(statement, moment), lambda row: row.key)
            return table_of(tables_network.SHOW_PARAMETERS, keys)
        case ShowNetworkPolicies():
            policies = narrowed(options, found_policies(moment), lambda row: row.name)
            return table_of(tables_network.SHOW_NETWORK_POLICIES, policies)
        case ShowNetworkRules():
            rules = narrowed(options, found_rules(moment), lambda row: row.governed.name)
            return table_of(tables_network.SHOW_NETWORK_RULES, rules)
        case _:
            assert_never(statement)


def _tokens(statement: ShowScimTokens, moment: Moment) -> Table:
    integration = None if statement.integration is None else meant(statement.integration)
    found = moment.ask(Tokens(integration=integration))
    kept = narrowed(statement.options, found, lambda token: token.integration_name)
    rows = (tables.TokenRow(token=token, at=moment.at) for token in kept)
    return table_of(tables.SHOW_SCIM_TOKENS, rows)


def _grants(statement: ShowGrants, moment: Moment) -> Table:
    fields, rows = _asked_grants(statement, moment)
    return table_of(fields, rows[: _rows_max(statement.options)])


def _asked_grants(
    statement: ShowGrants, moment: Moment
) -> tuple[Fields[GrantRow], tuple[GrantRow, ...]]:
    match statement.scope:
        case GrantsScope.CURRENT_USER:
            return tables.SHOW_GRANTS_TO_USER, moment.ask(GrantsToUser(user=None))
        case GrantsScope.ON:
            on = None if statement.name is None else meant(statement.name)
            kind = Kind(statement.kind or ObjectKind.ACCOUNT)
            held = moment.ask(GrantsOn(kind=kind, object=on))
            # The owner first, then by name, so that LIMIT means the same in every store.
            owner_first = sorted(
                held, key=lambda row: (row.privilege != "OWNERSHIP", row.privilege)
            )
            return tables.SHOW_GRANTS_ON, tuple(owner_first)
        case GrantsScope.TO_ROLE:
            query = GrantsToRole(role=meant(_named(statement)))
            return tables.SHOW_GRANTS_TO_ROLE, moment.ask(query)
        case GrantsScope.TO_USER:
            return tables.SHOW_GRANTS_TO_USER, moment.ask(
                GrantsToUser(user=meant(_named(statement)))
            )
        case GrantsScope.OF_ROLE:
            return tables.SHOW_GRANTS_OF_ROLE, moment.ask(
                GrantsOfRole(role=meant(_named(statement)))
            )
        case _:
            assert_never(statement.scope)


def _named(statement: ShowGrants) -> Identifier:
    assert statement.name is not None, "the grammar asks for a name"
    return statement.name


def _described(statement: Describe, moment: Moment) -> Table:
    ref = meant(statement.name)
    match statement.kind:
        case ObjectKind.NETWORK_POLICY | ObjectKind.NETWORK_RULE:
            return described_network(statement, moment)
        case ObjectKind.USER:
            user = moment.ask(OneUser(user=ref, with_groups=False)).user
            return table_of(tables.DESCRIBE_OBJECT, described_user(user, moment.at))
        case ObjectKind.INTEGRATION:
            found = moment.ask(OneIntegration(integration=ref))
            if isinstance(found, ExternalOauth):
                return table_of(tables.DESCRIBE_INTEGRATION, sql_oauth.described(found))
            run_as_role = role_names(moment).get(found.run_as_role)
            policy = moment.ask(AttachedPolicy(integration=ref))
            rows = tables.described_integration(
                found, run_as_role, policy, moment.ask(ScimConformance())
            )
            return table_of(tables.DESCRIBE_INTEGRATION, rows)
        case _:
            role = moment.ask(OneRole(role=ref)).role
            owner = role_names(moment).get(role.owner)
            return table_of(tables.DESCRIBE_OBJECT, tables.described_role(role, owner))
