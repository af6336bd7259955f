"""Rules for looking: SHOW and DESCRIBE."""

from collections.abc import Mapping

from rolecall.sql import rules_users
from rolecall.sql.cursor import Cursor, Kind
from rolecall.sql.parts import GrantsScope, Identifier, ObjectKind, ParameterScope, ShowOptions
from rolecall.sql.rules import INTEGRATION_KINDS, Head, Rule, dispatch, object_on
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
    Statement,
)
from rolecall.sql.statements_accounts import ShowAccounts
from rolecall.sql.statements_held import ShowHeldChanges
from rolecall.sql.statements_network import ShowNetworkPolicies, ShowNetworkRules
from rolecall.sql.statements_variables import ShowVariables


def _show(cursor: Cursor, _: Head) -> Statement:
    return dispatch(cursor, SHOW_RULES, Head(terse=cursor.accept("TERSE")))


def _show_options(cursor: Cursor, head: Head) -> ShowOptions:
    return _narrowed(cursor, head, like=_like(cursor))


def _like(cursor: Cursor) -> str | None:
    return cursor.string() if cursor.accept("LIKE") else None


def _narrowed(cursor: Cursor, head: Head, *, like: str | None) -> ShowOptions:
    starts_with = cursor.string() if cursor.accept("STARTS", "WITH") else None
    limit, limit_from = None, None
    if cursor.accept("LIMIT"):
        token = cursor.token
        limit = cursor.number()
        if limit < 0:
            cursor.fail("a number of rows", token)
        limit_from = cursor.string() if cursor.accept("FROM") else None
    return ShowOptions(
        terse=head.terse, like=like, starts_with=starts_with, limit=limit, limit_from=limit_from
    )


def _show_users(cursor: Cursor, head: Head) -> ShowUsers:
    return ShowUsers(options=_show_options(cursor, head))


def _show_roles(cursor: Cursor, head: Head) -> ShowRoles:
    return ShowRoles(options=_show_options(cursor, head))


def _show_databases(cursor: Cursor, head: Head) -> ShowDatabases:
    like = _like(cursor)
    cursor.accept("IN", "ACCOUNT")
    return ShowDatabases(options=_narrowed(cursor, head, like=like))


def _show_network_policies(cursor: Cursor, head: Head) -> ShowNetworkPolicies:
    return ShowNetworkPolicies(options=_show_options(cursor, head))


def _show_network_rules(cursor: Cursor, head: Head) -> ShowNetworkRules:
    like = _like(cursor)
    cursor.accept("IN", "ACCOUNT")
    return ShowNetworkRules(options=_narrowed(cursor, head, like=like))


def _show_accounts(cursor: Cursor, head: Head) -> ShowAccounts:
    history = cursor.accept("HISTORY")
    return ShowAccounts(options=_show_options(cursor, head), history=history)


def _show_variables(cursor: Cursor, head: Head) -> ShowVariables:
    return ShowVariables(options=_show_options(cursor, head))


def _show_integrations(kind: str | None) -> Rule:
    def rule(cursor: Cursor, head: Head) -> ShowIntegrations:
        return ShowIntegrations(kind=kind, options=_show_options(cursor, head))

    return rule


def _show_grants(cursor: Cursor, head: Head) -> ShowGrants:
    scope = GrantsScope.CURRENT_USER
    kind: ObjectKind | None = None
    name: Identifier | None = None
    if cursor.accept("ON"):
        scope = GrantsScope.ON
        kind, name = object_on(cursor)
    elif cursor.accept("TO"):
        to_user = cursor.choice("ROLE", "USER") == "USER"
        scope = GrantsScope.TO_USER if to_user else GrantsScope.TO_ROLE
        name = cursor.identifier()
    elif cursor.accept("OF"):
        cursor.expect("ROLE")
        scope, name = GrantsScope.OF_ROLE, cursor.identifier()
    options = _narrowed(cursor, head, like=None)
    return ShowGrants(scope=scope, kind=kind, name=name, options=options)


def _show_scim_tokens(cursor: Cursor, head: Head) -> ShowScimTokens:
    like, integration = _like(cursor), _in_integration(cursor)
    like = _like(cursor) if like is None else like
    return ShowScimTokens(integration=integration, options=_narrowed(cursor, head, like=like))


def _show_scim_resources(cursor: Cursor, head: Head) -> ShowScimResources:
    like, integration = _like(cursor), _in_integration(cursor)
    like = _like(cursor) if like is None else like
    return ShowScimResources(integration=integration, options=_narrowed(cursor, head, like=like))


def _show_held_changes(cursor: Cursor, head: Head) -> ShowHeldChanges:
    like, integration = _like(cursor), _in_integration(cursor)
    like = _like(cursor) if like is None else like
    return ShowHeldChanges(integration=integration, options=_narrowed(cursor, head, like=like))


def _in_integration(cursor: Cursor) -> Identifier | None:
    if not cursor.accept("IN"):
        return None
    if not cursor.accept("SECURITY", "INTEGRATION"):
        cursor.accept("INTEGRATION")
    return cursor.identifier()


def _show_parameters(cursor: Cursor, head: Head) -> ShowParameters:
    like = _like(cursor)
    scope, name = ParameterScope.SESSION, None
    if cursor.accept("IN") or cursor.accept("FOR"):
        scope = ParameterScope(cursor.choice(*ParameterScope))
        words = cursor.token.kind in {Kind.WORD, Kind.QUOTED}
        options_follow = cursor.peek("STARTS", "WITH") or cursor.peek("LIMIT")
        if scope is ParameterScope.USER and words and not options_follow:
            name = cursor.identifier()
    return ShowParameters(scope=scope, name=name, options=_narrowed(cursor, head, like=like))


def _describe(kind: ObjectKind) -> Rule:
    def rule(cursor: Cursor, _: Head) -> Describe:
        return Describe(kind=kind, name=cursor.identifier())

    return rule


def _describe_any(cursor: Cursor, head: Head) -> Statement:
    return dispatch(cursor, DESCRIBE_RULES, head)


SHOW_RULES: Mapping[tuple[str, ...], Rule] = {
    ("USERS",): _show_users,
    ("ACCOUNTS",): _show_accounts,
    ("ORGANIZATION", "ACCOUNTS"): _show_accounts,
    **rules_users.SHOW_RULES,
    ("ROLES",): _show_roles,
    ("DATABASES",): _show_databases,
    ("GRANTS",): _show_grants,
    ("VARIABLES",): _show_variables,
    ("PARAMETERS",): _show_parameters,
    ("SCIM", "TOKENS"): _show_scim_tokens,
    ("NETWORK", "POLICIES"): _show_network_policies,
    ("NETWORK", "RULES"): _show_network_rules,
    ("SCIM_RESOURCES",): _show_scim_resources,
    ("HELD", "CHANGES"): _show_held_changes,
    ("INTEGRATIONS",): _show_integrations(None),
    **{(*kind.split(), "INTEGRATIONS"): _show_integrations(kind) for kind in INTEGRATION_KINDS},
}

DESCRIBE_RULES: Mapping[tuple[str, ...], Rule] = {
    ("USER",): _describe(ObjectKind.USER),
    ("ROLE",): _describe(ObjectKind.ROLE),
    ("INTEGRATION",): _describe(ObjectKind.INTEGRATION),
    ("NETWORK", "POLICY"): _describe(ObjectKind.NETWORK_POLICY),
    ("NETWORK", "RULE"): _describe(ObjectKind.NETWORK_RULE),
    ("SECURITY", "INTEGRATION"): _describe(ObjectKind.INTEGRATION),
}


RULES: Mapping[tuple[str, ...], Rule] = {
    ("SHOW",): _show,
    ("DESC",): _describe_any,
    ("DESCRIBE",): _describe_any,
}
