"""Rules for GRANT and REVOKE."""

from collections.abc import Mapping

from rolecall.sql.cursor import Cursor, Token
from rolecall.sql.parts import CurrentGrants, Identifier, ObjectKind
from rolecall.sql.rules import Head, Rule, object_kind, object_on
from rolecall.sql.statements_grants import (
    GrantOwnership,
    GrantOwnershipOfAll,
    GrantPrivilege,
    GrantRole,
    RevokePrivilege,
    RevokeRole,
)


def _grant_role(cursor: Cursor, _: Head) -> GrantRole:
    role = cursor.identifier()
    cursor.expect("TO")
    to_user = cursor.choice("ROLE", "USER") == "USER"
    grantee = cursor.identifier()
    # GRANT ROLE: "No WITH GRANT OPTION to users".
    grant_option = not to_user and _with_grant_option(cursor)
    return GrantRole(role=role, grantee=grantee, to_user=to_user, grant_option=grant_option)


def _revoke_role(cursor: Cursor, head: Head) -> RevokeRole:
    role = cursor.identifier()
    cursor.expect("FROM")
    # Only a role can pass on what it holds.
    grantees = ("ROLE",) if head.grant_option else ("ROLE", "USER")
    to_user = cursor.choice(*grantees) == "USER"
    return RevokeRole(
        role=role,
        grantee=cursor.identifier(),
        to_user=to_user,
        grant_option=head.grant_option,
        cascade=_cascade(cursor),
    )


def _cascade(cursor: Cursor) -> bool:
    """RESTRICT is what no word means, too."""
    return cursor.accept("CASCADE") or (cursor.accept("RESTRICT") and False)


def _with_grant_option(cursor: Cursor) -> bool:
    if not cursor.peek("WITH"):
        return False
    cursor.expect("WITH", "GRANT", "OPTION")
    return True


def _grant_ownership(cursor: Cursor, _: Head) -> GrantOwnership | GrantOwnershipOfAll:
    cursor.expect("ON")
    if cursor.accept("ALL"):
        return _grant_ownership_of_all(cursor)
    kind = object_kind(cursor)
    if kind is ObjectKind.ACCOUNT:
        cursor.fail("the end: the account has no owner")
    name = cursor.identifier()
    cursor.expect("TO", "ROLE")
    role = cursor.identifier()
    current_grants = None
    if not cursor.at_end():
        current_grants = CurrentGrants(cursor.choice("COPY", "REVOKE"))
        cursor.expect("CURRENT", "GRANTS")
    return GrantOwnership(on_kind=kind, on_name=name, role=role, current_grants=current_grants)


def _grant_ownership_of_all(cursor: Cursor) -> GrantOwnershipOfAll:
    kind = ObjectKind.USER if cursor.choice("USERS", "ROLES") == "USERS" else ObjectKind.ROLE
    cursor.expect("OWNED", "BY", "ROLE")
    owner = cursor.identifier()
    cursor.expect("TO", "ROLE")
    return GrantOwnershipOfAll(on_kind=kind, owner=owner, role=cursor.identifier())


def _grant_privilege(cursor: Cursor, _: Head) -> GrantPrivilege:
    privileges, kind, name = _privileges(cursor)
    cursor.expect("TO")
    cursor.accept("ROLE")
    return GrantPrivilege(
        privileges=privileges,
        all_privileges=not privileges,
        on_kind=kind,
        on_name=name,
        role=cursor.identifier(),
        grant_option=_with_grant_option(cursor),
    )


def _revoke_option(cursor: Cursor, _: Head) -> RevokeRole | RevokePrivilege:
    head = Head(grant_option=True)
    return _revoke_role(cursor, head) if cursor.accept("ROLE") else _revoke_privilege(cursor, head)


def _revoke_privilege(cursor: Cursor, head: Head) -> RevokePrivilege:
    privileges, kind, name = _privileges(cursor)
    cursor.expect("FROM")
    cursor.accept("ROLE")
    role = cursor.identifier()
    return RevokePrivilege(
        privileges=privileges,
        all_privileges=not privileges,
        on_kind=kind,
        on_name=name,
        role=role,
        grant_option=head.grant_option,
        cascade=_cascade(cursor),
    )


def _privileges(cursor: Cursor) -> tuple[tuple[str, ...], ObjectKind, Identifier | None]:
    """What is granted, and on what; no privilege at all means ALL."""
    named: list[tuple[str, Token]] = []
    if cursor.accept("ALL"):
        cursor.accept("PRIVILEGES")
    else:
        while not named or cursor.accept_symbol(","):
            token = cursor.token
            named.append((_privilege(cursor), token))
    cursor.expect("ON")
    kind, name = object_on(cursor)
    for privilege, token in named:
        if privilege not in PRIVILEGES[kind]:
            names = list(PRIVILEGES[kind])
            cursor.fail(f"a privilege on {kind.lower()}: {', '.join(names)}", token)
    return tuple(privilege for privilege, _ in named), kind, name


def _privilege(cursor: Cursor) -> str:
    known = {name for names in PRIVILEGES.values() for name in names}
    for name in sorted(known, key=len, reverse=True):
        if cursor.accept(*name.split()):
            return name
    return cursor.fail_among(sorted(known), "a privilege", cursor.token)


PRIVILEGES: Mapping[ObjectKind, tuple[str, ...]] = {
    ObjectKind.ACCOUNT: (
        "ATTACH POLICY",
        "CREATE DATABASE",
        "CREATE INTEGRATION",
        "CREATE NETWORK POLICY",
        "CREATE NETWORK RULE",
        "CREATE ROLE",
        "CREATE USER",
        "MANAGE GRANTS",
        "MONITOR",
        "MONITOR ROLE",
        "MONITOR USER",
    ),
    ObjectKind.USER: ("MONITOR", "OWNERSHIP"),
    ObjectKind.ROLE: ("MONITOR", "OWNERSHIP", "USAGE"),
    ObjectKind.INTEGRATION: ("MONITOR", "OWNERSHIP", "USAGE"),
    ObjectKind.DATABASE: ("MONITOR", "OWNERSHIP", "USAGE"),
    ObjectKind.NETWORK_POLICY: ("OWNERSHIP", "USAGE"),
    ObjectKind.NETWORK_RULE: ("OWNERSHIP", "USAGE"),
}


RULES: Mapping[tuple[str, ...], Rule] = {
    ("GRANT", "ROLE"): _grant_role,
    ("GRANT", "OWNERSHIP"): _grant_ownership,
    ("GRANT",): _grant_privilege,
    ("REVOKE", "ROLE"): _revoke_role,
    ("REVOKE", "GRANT", "OPTION", "FOR"): _revoke_option,
    ("REVOKE",): _revoke_privilege,
}
