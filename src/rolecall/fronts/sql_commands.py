"""A statement that changes something becomes commands, and their effects become a sentence.

Ids, times and password hashes are made here, before the transaction (DESIGN contract 3). What the
vendor has and this account has not yet is refused by name, never ignored.
"""

from typing import assert_never

from rolecall.domain import commands
from rolecall.domain.commands import Command
from rolecall.domain.effects import Effect, Ended
from rolecall.domain.events import RoleCreated, UserCreated
from rolecall.domain.model import ScimClient
from rolecall.fronts.sql_grants import (
    alter_role,
    create_role,
    grant_ownership,
    grant_ownership_of_all,
    grant_privilege,
    grant_role,
    revoke_privilege,
    revoke_role,
    transferred_message,
)
from rolecall.fronts.sql_integrations import (
    alter_integration,
    create_integration,
    drop_integration,
)
from rolecall.fronts.sql_names import meant, name_of
from rolecall.fronts.sql_network import (
    NetworkChange,
    altered_with_policy,
    created_with_policy,
    network_command,
    network_message,
)
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.sql_users import alter_user, create_user
from rolecall.fronts.tables import moment as at_moment
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
)
from rolecall.sql.statements_grants import (
    GrantOwnership,
    GrantOwnershipOfAll,
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
    | GrantOwnershipOfAll
    | CreateSecurityIntegration
    | AlterSecurityIntegration
    | DropIntegration
    | CreateDatabase
    | DropDatabase
    | NetworkChange
)
"""The statements that change the account."""

DONE = "Statement executed successfully."


def commands_of(  # noqa: C901  one line a statement
    statement: Change, moment: Moment
) -> tuple[Command, ...]:
    """What the statement asks of the account, in order. Raises a Refusal or a SqlRefusal."""
    if isinstance(statement, NetworkChange):
        return (network_command(statement, moment),)
    match statement:
        case CreateRole():
            return (create_role(statement, moment),)
        case AlterRole():
            return (alter_role(statement, moment),)
        case DropRole():
            return (
                commands.DropRole(
                    role=meant(statement.name), at=moment.at, if_exists=statement.if_exists
                ),
            )
        case CreateUser():
            return created_with_policy(statement, moment, create_user)
        case AlterUser():
            return altered_with_policy(statement, moment, alter_user)
        case DropUser():
            return (
                commands.DropUser(
                    user=meant(statement.name), at=moment.at, if_exists=statement.if_exists
                ),
            )
        case GrantRole():
            return (grant_role(statement, moment),)
        case RevokeRole():
            return (revoke_role(statement, moment),)
        case GrantPrivilege():
            return (grant_privilege(statement, moment),)
        case RevokePrivilege():
            return (revoke_privilege(statement, moment),)
        case GrantOwnership():
            return (grant_ownership(statement, moment),)
        case GrantOwnershipOfAll():
            return (grant_ownership_of_all(statement, moment),)
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


# ---- databases -------------------------------------------------------------------------------


def _create_database(statement: CreateDatabase, moment: Moment) -> tuple[Command, ...]:
    create = commands.CreateDatabase(
        id=moment.world.ids.new(),
        name=name_of(statement.name),
        at=moment.at,
        comment=statement.comment,
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
    if isinstance(statement, NetworkChange):
        return network_message(statement, effects)
    match statement:
        case CreateRole() | CreateUser() | CreateSecurityIntegration() | CreateDatabase():
            name = name_of(statement.name)
            if getattr(statement, "or_alter", False) and not _is_made(effects):
                return f"{KINDS[type(statement)]} {name} successfully altered."
            if isinstance(statement, CreateUser) and statement.or_alter:
                created = any(isinstance(e, UserCreated) for one in effects for e in one.events)
                return f"User {name} successfully created." if created else DONE
            if not changed:
                return f"{name} already exists, statement succeeded."
            made = f"{KINDS[type(statement)]} {name} successfully created."
            said = _ended(effects) + _without_effect(statement)
            return made + said
        case DropRole() | DropUser() | DropIntegration() | DropDatabase():
            name = name_of(statement.name)
            if not changed:
                return f"Drop statement executed successfully ({name} already dropped)."
            return f"{name} successfully dropped." + _ended(effects)
        case GrantOwnershipOfAll():
            return transferred_message(statement, effects)
        case _:
            return DONE


def _is_made(effects: tuple[Effect, ...]) -> bool:
    return any(
        isinstance(event, RoleCreated | UserCreated)
        for effect in effects
        for event in effect.events
    )


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
    azure = str(given.get("SCIM_CLIENT")).upper() == ScimClient.AZURE
    if not azure or given.get("SYNC_PASSWORD") is not True:
        return ""
    return " SYNC_PASSWORD has no effect with SCIM_CLIENT = 'AZURE'."
