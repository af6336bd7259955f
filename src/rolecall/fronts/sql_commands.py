"""A statement that changes something becomes commands, and their effects become a sentence.

Ids, times and password hashes are made here, before the transaction (DESIGN contract 3). What the
vendor has and this account has not yet is refused by name, never ignored.
"""

from typing import assert_never

from rolecall.domain import commands
from rolecall.domain.access import quoted
from rolecall.domain.commands import At, Command, Ref
from rolecall.domain.effects import Effect, Ended
from rolecall.domain.errors import NotFound
from rolecall.domain.grants import GRANTABLE
from rolecall.domain.model import Json, Kind, Privilege, ScimClient
from rolecall.domain.properties import USER_PROPERTIES
from rolecall.fronts.sql_integrations import (
    alter_integration,
    create_integration,
    drop_integration,
)
from rolecall.fronts.sql_names import json_of, meant, name_of
from rolecall.fronts.sql_refusals import unsupported
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables import moment as at_moment
from rolecall.sql.parts import (
    Identifier,
    Property,
    RenameTo,
    SetProperties,
    UnsetProperties,
    Value,
)
from rolecall.sql.statements import (
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
    GrantOwnership,
    GrantPrivilege,
    GrantRole,
    RevokePrivilege,
    RevokeRole,
)

Change = (
    CreateRole
    | AlterRole
    | DropRole
    | CreateUser
    | AlterUser
    | DropUser
    | GrantRole
    | RevokeRole
    | GrantPrivilege
    | RevokePrivilege
    | GrantOwnership
    | CreateSecurityIntegration
    | AlterSecurityIntegration
    | DropIntegration
    | CreateDatabase
    | DropDatabase
)
"""The statements that change the account."""

DONE = "Statement executed successfully."


def commands_of(  # noqa: C901  one line a statement
    statement: Change, moment: Moment
) -> tuple[Command, ...]:
    """What the statement asks of the account, in order. Raises a Refusal or a SqlRefusal."""
    match statement:
        case CreateRole():
            return (_create_role(statement, moment),)
        case AlterRole():
            return (_alter_role(statement, moment),)
        case DropRole():
            return (
                commands.DropRole(
                    role=meant(statement.name), at=moment.at, if_exists=statement.if_exists
                ),
            )
        case CreateUser():
            return (_create_user(statement, moment),)
        case AlterUser():
            return (_alter_user(statement, moment),)
        case DropUser():
            return (
                commands.DropUser(
                    user=meant(statement.name), at=moment.at, if_exists=statement.if_exists
                ),
            )
        case GrantRole() | RevokeRole():
            return (_grant_role(statement, moment),)
        case GrantPrivilege() | RevokePrivilege():
            return (_grant_privilege(statement, moment),)
        case GrantOwnership():
            return (_grant_ownership(statement, moment),)
        case CreateSecurityIntegration():
            return (create_integration(statement, moment),)
        case AlterSecurityIntegration():
            return alter_integration(statement, moment)
        case DropIntegration():
            return drop_integration(statement, moment)
        case CreateDatabase():
            return _create_database(statement, moment)
        case DropDatabase():
            return (
                commands.DropDatabase(
                    database=meant(statement.name), at=moment.at, if_exists=statement.if_exists
                ),
            )
        case _:
            assert_never(statement)


# ---- roles -----------------------------------------------------------------------------------


def _create_role(statement: CreateRole, moment: Moment) -> Command:
    return commands.CreateRole(
        id=moment.world.ids.new(),
        name=name_of(statement.name),
        at=moment.at,
        comment=statement.comment,
        or_replace=statement.or_replace,
        if_not_exists=statement.if_not_exists,
    )


def _alter_role(statement: AlterRole, moment: Moment) -> Command:
    changes: tuple[commands.RoleChange, ...]
    match statement.action:
        case RenameTo(name=name):
            changes = (commands.Set(At("NAME"), name_of(name)),)
        case SetProperties(properties=items):
            changes = tuple(commands.Set(At(item.name), json_of(item.value)) for item in items)
        case UnsetProperties(names=names):
            changes = tuple(commands.Unset(At(name.text.upper())) for name in names)
        case _:
            assert_never(statement.action)
    return commands.ChangeRole(
        role=meant(statement.name), changes=changes, at=moment.at, if_exists=statement.if_exists
    )


# ---- users -----------------------------------------------------------------------------------

SETTABLE = USER_PROPERTIES.keys() - {"PASSWORD_SET_AT"} | {"LOGIN_NAME", "EMAIL"}
"""The user properties of this account; the parser knows the rest of the vendor's."""
NAMES = frozenset({"DEFAULT_ROLE", "DEFAULT_WAREHOUSE", "DEFAULT_NAMESPACE"})


def _create_user(statement: CreateUser, moment: Moment) -> Command:
    name = name_of(statement.name)
    # CREATE USER: DISPLAY_NAME and LOGIN_NAME default to the name, DEFAULT_SECONDARY_ROLES to ALL.
    properties: dict[str, Json] = {"DISPLAY_NAME": name, "DEFAULT_SECONDARY_ROLES": ["ALL"]}
    properties |= _user_properties(statement.properties, moment)
    login_name = properties.pop("LOGIN_NAME", None)
    return commands.CreateUser(
        id=moment.world.ids.new(),
        name=name,
        login_name=str(login_name) if login_name is not None else name,
        at=moment.at,
        properties=properties,
        or_replace=statement.or_replace,
        if_not_exists=statement.if_not_exists,
    )


def _alter_user(statement: AlterUser, moment: Moment) -> Command:
    changes: tuple[commands.UserChange, ...]
    match statement.action:
        case RenameTo(name=name):
            changes = (commands.Set(At("NAME"), name_of(name)),)
        case SetProperties(properties=items):
            given = _user_properties(items, moment)
            changes = tuple(commands.Set(At(name), value) for name, value in given.items())
        case UnsetProperties(names=names):
            changes = tuple(commands.Unset(At(name)) for name in _unset_properties(names))
        case _:
            assert_never(statement.action)
    return commands.ChangeUser(
        user=_user_meant(statement, moment),
        changes=changes,
        at=moment.at,
        if_exists=statement.if_exists,
    )


def _user_meant(statement: AlterUser, moment: Moment) -> Ref:
    if statement.name is not None:
        return meant(statement.name)
    if moment.session.user is None:
        raise NotFound(Kind.USER, moment.session.actor)
    return moment.session.user


def _user_properties(items: tuple[Property, ...], moment: Moment) -> dict[str, Json]:
    given: dict[str, Json] = {}
    for item in items:
        if item.name not in SETTABLE:
            what = f"property {item.name} of a user"
            raise unsupported(what, line=item.line, column=item.column)
        if item.name == "PASSWORD":
            given |= _password(item.value, moment)
        elif item.name in NAMES and isinstance(item.value, Identifier):
            given[item.name] = quoted(name_of(item.value))
        else:
            given[item.name] = json_of(item.value)
    return given


def _password(value: Value, moment: Moment) -> dict[str, Json]:
    """Its verifier, made before the transaction; an empty password is none."""
    if not isinstance(value, str) or not value:
        return {"PASSWORD": None, "PASSWORD_SET_AT": None}
    verifier = moment.world.secrets.hash_password(value)
    return {"PASSWORD": verifier, "PASSWORD_SET_AT": moment.at}


def _unset_properties(names: tuple[Identifier, ...]) -> tuple[str, ...]:
    wanted: list[str] = []
    for identifier in names:
        name = identifier.text.upper()
        if name not in SETTABLE:
            raise unsupported(f"property {name} of a user")
        wanted.append(name)
        if name == "PASSWORD":
            wanted.append("PASSWORD_SET_AT")
    return tuple(wanted)


# ---- grants ----------------------------------------------------------------------------------


def _grant_role(statement: GrantRole | RevokeRole, moment: Moment) -> Command:
    role = meant(statement.role)
    kind = Kind.USER if statement.to_user else Kind.ROLE
    grantee = meant(statement.grantee)
    if isinstance(statement, RevokeRole):
        return commands.RevokeRole(role=role, grantee_kind=kind, grantee=grantee, at=moment.at)
    return commands.GrantRole(
        role=role,
        grantee_kind=kind,
        grantee=grantee,
        at=moment.at,
        grant_option=statement.grant_option,
    )


def _grant_privilege(statement: GrantPrivilege | RevokePrivilege, moment: Moment) -> Command:
    kind = Kind(statement.on_kind)
    every = sorted(GRANTABLE[kind]) if statement.all_privileges else ()
    privileges = (*every, *(Privilege(word) for word in statement.privileges))
    on = None if statement.on_name is None else meant(statement.on_name)
    role = meant(statement.role)
    if isinstance(statement, GrantPrivilege):
        return commands.GrantPrivileges(
            privileges=privileges,
            kind=kind,
            object=on,
            role=role,
            at=moment.at,
            grant_option=statement.grant_option,
        )
    if statement.grant_option:
        raise unsupported("REVOKE GRANT OPTION FOR")
    if statement.cascade:
        raise unsupported("REVOKE … CASCADE")
    return commands.RevokePrivileges(
        privileges=privileges, kind=kind, object=on, role=role, at=moment.at
    )


def _grant_ownership(statement: GrantOwnership, moment: Moment) -> Command:
    return commands.GrantOwnership(
        kind=Kind(statement.on_kind),
        object=meant(statement.on_name),
        role=meant(statement.role),
        at=moment.at,
        current_grants=statement.current_grants,
    )


# ---- databases -------------------------------------------------------------------------------


def _create_database(statement: CreateDatabase, moment: Moment) -> tuple[Command, ...]:
    if statement.comment is not None:
        raise unsupported("property COMMENT of a database")
    create = commands.CreateDatabase(
        id=moment.world.ids.new(),
        name=name_of(statement.name),
        at=moment.at,
        if_not_exists=statement.if_not_exists,
    )
    if not statement.or_replace:
        return (create,)
    drop = commands.DropDatabase(database=meant(statement.name), at=moment.at, if_exists=True)
    return drop, create


# ---- what is said of it ----------------------------------------------------------------------

KINDS: dict[type, str] = {
    CreateRole: "Role",
    CreateUser: "User",
    CreateSecurityIntegration: "Integration",
    CreateDatabase: "Database",
}


def message_of(statement: Change, effects: tuple[Effect, ...]) -> str:
    """The vendor's sentence for what was done, and how many live tokens it ended."""
    changed = any(effect.events for effect in effects)
    match statement:
        case CreateRole() | CreateUser() | CreateSecurityIntegration() | CreateDatabase():
            name = name_of(statement.name)
            if not changed:
                return f"{name} already exists, statement succeeded."
            made = f"{KINDS[type(statement)]} {name} successfully created."
            return made + _ended(effects) + _without_effect(statement)
        case DropRole() | DropUser() | DropIntegration() | DropDatabase():
            name = name_of(statement.name)
            if not changed:
                return f"Drop statement executed successfully ({name} already dropped)."
            return f"{name} successfully dropped." + _ended(effects)
        case _:
            return DONE


def _ended(effects: tuple[Effect, ...]) -> str:
    for effect in effects:
        if isinstance(effect.answer, Ended) and effect.answer.tokens:
            count, used = effect.answer.tokens, effect.answer.last_used_at
            last = "never used" if used is None else f"last used {at_moment(used)}"
            return f" It ended {count} live token{'s' if count > 1 else ''} ({last})."
    return ""


def _without_effect(statement: Change) -> str:
    """With AZURE, SYNC_PASSWORD is accepted, shown and warned about (reference section 0)."""
    if not isinstance(statement, CreateSecurityIntegration):
        return ""
    given = {item.name: item.value for item in statement.properties}
    azure = str(given["SCIM_CLIENT"]).upper() == ScimClient.AZURE
    if not azure or given.get("SYNC_PASSWORD") is not True:
        return ""
    return " SYNC_PASSWORD has no effect with SCIM_CLIENT = 'AZURE'."
