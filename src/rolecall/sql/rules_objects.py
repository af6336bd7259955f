"""Rules that make, change and drop what an account holds."""

from collections.abc import Mapping

from rolecall.sql import properties, rules_network
from rolecall.sql.cursor import Cursor
from rolecall.sql.errors import SqlSyntaxError
from rolecall.sql.parts import Identifier, RenameTo, RevokeToken, SetProperties, UnsetProperties
from rolecall.sql.properties import (
    read_parameters,
    read_properties,
    read_rename,
    read_set,
    read_unset,
)
from rolecall.sql.rules import INTEGRATION_KINDS, Head, Rule, dispatch
from rolecall.sql.statements import (
    AlterAccount,
    AlterRole,
    AlterSecurityIntegration,
    CreateDatabase,
    CreateRole,
    CreateSecurityIntegration,
    CreateUser,
    DropDatabase,
    DropIntegration,
    DropRole,
    DropUser,
    Statement,
)
from rolecall.sql.statements_accounts import PurgeHistory
from rolecall.sql.statements_held import AlterHeldChanges


def _create(cursor: Cursor, _: Head) -> Statement:
    or_replace = cursor.accept("OR", "REPLACE")
    or_alter = not or_replace and cursor.accept("OR", "ALTER")
    if or_alter and cursor.peek("SECURITY", "INTEGRATION"):
        cursor.fail(
            "NETWORK or ROLE or USER: SCIM_CLIENT and RUN_AS_ROLE of an integration can't be "
            "altered. CREATE SECURITY INTEGRATION IF NOT EXISTS makes it, ALTER SECURITY "
            "INTEGRATION … SET changes the rest"
        )
    rules = ALTERABLE_RULES if or_alter else CREATE_RULES
    return dispatch(cursor, rules, Head(or_replace=or_replace, or_alter=or_alter))


def _if_not_exists(cursor: Cursor, head: Head) -> bool:
    # Each says by itself what happens when it is there (CREATE SECURITY INTEGRATION).
    if (head.or_replace or head.or_alter) and cursor.peek("IF", "NOT", "EXISTS"):
        said = "OR REPLACE" if head.or_replace else "OR ALTER"
        cursor.fail(f"a name; {said} and IF NOT EXISTS exclude each other")
    return cursor.accept("IF", "NOT", "EXISTS")


def _comment(cursor: Cursor) -> str | None:
    items = read_properties(cursor, properties.COMMENT)
    return str(items[0].value) if items else None


def _create_role(cursor: Cursor, head: Head) -> CreateRole:
    return CreateRole(
        or_replace=head.or_replace,
        or_alter=head.or_alter,
        if_not_exists=_if_not_exists(cursor, head),
        name=cursor.identifier(),
        comment=_comment(cursor),
    )


def _create_user(cursor: Cursor, head: Head) -> CreateUser:
    return CreateUser(
        or_replace=head.or_replace,
        or_alter=head.or_alter,
        if_not_exists=_if_not_exists(cursor, head),
        name=cursor.identifier(),
        properties=read_properties(cursor, properties.USER_SET),
    )


def _create_database(cursor: Cursor, head: Head) -> CreateDatabase:
    return CreateDatabase(
        or_replace=head.or_replace,
        if_not_exists=_if_not_exists(cursor, head),
        name=cursor.identifier(),
        comment=_comment(cursor),
    )


def _create_security_integration(cursor: Cursor, head: Head) -> CreateSecurityIntegration:
    oauth = _says_oauth(cursor)
    statement = CreateSecurityIntegration(
        or_replace=head.or_replace,
        if_not_exists=_if_not_exists(cursor, head),
        name=cursor.identifier(),
        properties=read_properties(
            cursor, properties.OAUTH_CREATED if oauth else properties.SCIM_CREATED
        ),
    )
    given = {item.name: item for item in statement.properties}
    if oauth:
        for name in OAUTH_NEEDED:
            if name not in given:
                cursor.fail(f"{name} = …: an EXTERNAL_OAUTH integration is not complete without it")
        return statement
    for name in ("TYPE", "SCIM_CLIENT", "RUN_AS_ROLE"):
        if name not in given:
            cursor.fail(f"{name} = …: a SCIM integration is not complete without it")
    if str(given["TYPE"].value).upper() != "SCIM":
        raise SqlSyntaxError(
            f"unexpected TYPE = {given['TYPE'].value}.\nExpected TYPE = SCIM.",
            line=given["TYPE"].line,
            column=given["TYPE"].column,
        )
    return statement


OAUTH_NEEDED = (
    "EXTERNAL_OAUTH_TYPE",
    "EXTERNAL_OAUTH_ISSUER",
    "EXTERNAL_OAUTH_AUDIENCE_LIST",
    "EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM",
    "EXTERNAL_OAUTH_SNOWFLAKE_USER_MAPPING_ATTRIBUTE",
)


def _says_oauth(cursor: Cursor) -> bool:
    """Whether TYPE = EXTERNAL_OAUTH stands anywhere in the statement."""
    said = [cursor.text[token.start : token.end].upper() for token in cursor.tokens]
    return any(
        said[at : at + 2] == ["TYPE", "="] and said[at + 2].strip("'") == "EXTERNAL_OAUTH"
        for at in range(len(said) - 2)
    )


def _alter_role(cursor: Cursor, _: Head) -> AlterRole:
    if_exists = cursor.accept("IF", "EXISTS")
    name = cursor.identifier()
    action = _action(cursor, properties.COMMENT)
    return AlterRole(if_exists=if_exists, name=name, action=action)


def _action(
    cursor: Cursor, table: properties.PropertyTable
) -> SetProperties | UnsetProperties | RenameTo:
    if cursor.peek("SET"):
        return read_set(cursor, table)
    if cursor.peek("UNSET"):
        return read_unset(cursor, table)
    if cursor.peek("RENAME"):
        return read_rename(cursor)
    return cursor.fail("SET or UNSET or RENAME TO")


def _alter_integration(cursor: Cursor, _: Head) -> AlterSecurityIntegration | AlterHeldChanges:
    if_exists = cursor.accept("IF", "EXISTS")
    name = cursor.identifier()
    if cursor.peek("RELEASE") or cursor.peek("REJECT"):
        return _alter_held_changes(cursor, name, if_exists=if_exists)
    return AlterSecurityIntegration(
        if_exists=if_exists, name=name, action=_integration_action(cursor)
    )


def _alter_held_changes(cursor: Cursor, name: Identifier, *, if_exists: bool) -> AlterHeldChanges:
    release = cursor.choice("RELEASE", "REJECT") == "RELEASE"
    cursor.expect("HELD", "CHANGES")
    ids: list[str] = []
    while (ids and cursor.accept_symbol(",")) or (not ids and not cursor.at_end()):
        ids.append(cursor.string())
    return AlterHeldChanges(name=name, release=release, ids=tuple(ids), if_exists=if_exists)


def _integration_action(cursor: Cursor) -> SetProperties | UnsetProperties | RevokeToken:
    if cursor.peek("SET"):
        return read_set(cursor, properties.SCIM_ALTERED)
    if cursor.accept("UNSET"):
        # scim-custom page, "Managing SCIM Network Policies": `unset <scim_network_policy>`.
        return UnsetProperties(names=cursor.identifiers())
    if cursor.accept("REVOKE", "TOKEN"):
        return RevokeToken(token=cursor.string())
    return cursor.fail("SET or UNSET or REVOKE TOKEN or RELEASE or REJECT")


def _alter_account(cursor: Cursor, _: Head) -> AlterAccount | PurgeHistory:
    if cursor.accept("PURGE"):
        cursor.expect("HISTORY", "FOR")
        return PurgeHistory(person=cursor.string())
    return AlterAccount(action=read_parameters(cursor))


def _drop_role(cursor: Cursor, _: Head) -> DropRole:
    return DropRole(if_exists=cursor.accept("IF", "EXISTS"), name=cursor.identifier())


def _drop_user(cursor: Cursor, _: Head) -> DropUser:
    return DropUser(if_exists=cursor.accept("IF", "EXISTS"), name=cursor.identifier())


def _drop_database(cursor: Cursor, _: Head) -> DropDatabase:
    statement = DropDatabase(if_exists=cursor.accept("IF", "EXISTS"), name=cursor.identifier())
    if not cursor.accept("CASCADE"):
        cursor.accept("RESTRICT")
    return statement


def _drop_integration(kind: str | None) -> Rule:
    def rule(cursor: Cursor, _: Head) -> DropIntegration:
        if_exists = cursor.accept("IF", "EXISTS")
        return DropIntegration(kind=kind, if_exists=if_exists, name=cursor.identifier())

    return rule


CREATE_RULES: Mapping[tuple[str, ...], Rule] = {
    ("ROLE",): _create_role,
    ("USER",): _create_user,
    ("DATABASE",): _create_database,
    **rules_network.CREATE_RULES,
    ("SECURITY", "INTEGRATION"): _create_security_integration,
}

ALTERABLE_RULES: Mapping[tuple[str, ...], Rule] = {
    ("ROLE",): _create_role,
    ("USER",): _create_user,
    **rules_network.CREATE_RULES,
}
"""What CREATE OR ALTER knows."""


RULES: Mapping[tuple[str, ...], Rule] = {
    ("CREATE",): _create,
    ("ALTER", "ROLE"): _alter_role,
    ("ALTER", "INTEGRATION"): _alter_integration,
    ("ALTER", "SECURITY", "INTEGRATION"): _alter_integration,
    ("ALTER", "ACCOUNT"): _alter_account,
    ("DROP", "ROLE"): _drop_role,
    ("DROP", "USER"): _drop_user,
    ("DROP", "DATABASE"): _drop_database,
    ("DROP", "INTEGRATION"): _drop_integration(None),
    **{
        ("DROP", *kind.split(), "INTEGRATION"): _drop_integration(kind)
        for kind in INTEGRATION_KINDS
    },
}
