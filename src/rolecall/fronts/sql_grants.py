"""Statements about roles and grants become commands."""

from typing import assert_never

from rolecall.domain import commands
from rolecall.domain.commands import At, Command
from rolecall.domain.effects import Effect, Transferred
from rolecall.domain.grants import GRANTABLE
from rolecall.domain.model import Kind, Privilege
from rolecall.fronts.sql_names import json_of, meant, name_of
from rolecall.fronts.sql_session import Moment
from rolecall.sql.parts import RenameTo, SetProperties, UnsetProperties
from rolecall.sql.statements import AlterRole, CreateRole
from rolecall.sql.statements_grants import (
    GrantOwnership,
    GrantOwnershipOfAll,
    GrantPrivilege,
    GrantRole,
    RevokePrivilege,
    RevokeRole,
)

# ---- roles -----------------------------------------------------------------------------------


def create_role(statement: CreateRole, moment: Moment) -> Command:
    """CREATE ROLE."""
    return commands.CreateRole(
        id=moment.world.ids.new(),
        name=name_of(statement.name),
        at=moment.at,
        comment=statement.comment,
        or_replace=statement.or_replace,
        or_alter=statement.or_alter,
        if_not_exists=statement.if_not_exists,
    )


def alter_role(statement: AlterRole, moment: Moment) -> Command:
    """ALTER ROLE."""
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


# ---- grants ----------------------------------------------------------------------------------


def grant_role(statement: GrantRole, moment: Moment) -> Command:
    """GRANT ROLE."""
    return commands.GrantRole(
        role=meant(statement.role),
        grantee_kind=Kind.USER if statement.to_user else Kind.ROLE,
        grantee=meant(statement.grantee),
        at=moment.at,
        grant_option=statement.grant_option,
    )


def revoke_role(statement: RevokeRole, moment: Moment) -> Command:
    """REVOKE ROLE."""
    return commands.RevokeRole(
        role=meant(statement.role),
        grantee_kind=Kind.USER if statement.to_user else Kind.ROLE,
        grantee=meant(statement.grantee),
        at=moment.at,
        option_only=statement.grant_option,
        cascade=statement.cascade,
    )


def grant_privilege(statement: GrantPrivilege, moment: Moment) -> Command:
    """GRANT of privileges."""
    return commands.GrantPrivileges(
        privileges=_privileges(statement),
        kind=Kind(statement.on_kind),
        object=None if statement.on_name is None else meant(statement.on_name),
        role=meant(statement.role),
        at=moment.at,
        grant_option=statement.grant_option,
    )


def revoke_privilege(statement: RevokePrivilege, moment: Moment) -> Command:
    """REVOKE of privileges."""
    return commands.RevokePrivileges(
        privileges=_privileges(statement),
        kind=Kind(statement.on_kind),
        object=None if statement.on_name is None else meant(statement.on_name),
        role=meant(statement.role),
        at=moment.at,
        option_only=statement.grant_option,
        cascade=statement.cascade,
    )


def _privileges(statement: GrantPrivilege | RevokePrivilege) -> tuple[Privilege, ...]:
    """ALL is what can be granted on the kind: OWNERSHIP is transferred instead."""
    if statement.all_privileges:
        return tuple(sorted(GRANTABLE[Kind(statement.on_kind)]))
    return tuple(Privilege(word) for word in dict.fromkeys(statement.privileges))


def grant_ownership(statement: GrantOwnership, moment: Moment) -> Command:
    """GRANT OWNERSHIP of one object."""
    return commands.GrantOwnership(
        kind=Kind(statement.on_kind),
        object=meant(statement.on_name),
        role=meant(statement.role),
        at=moment.at,
        current_grants=statement.current_grants,
    )


def grant_ownership_of_all(statement: GrantOwnershipOfAll, moment: Moment) -> Command:
    """GRANT OWNERSHIP of all that a role owns."""
    return commands.GrantOwnershipOfAll(
        kind=Kind(statement.on_kind),
        owner=meant(statement.owner),
        role=meant(statement.role),
        at=moment.at,
    )


def transferred_message(statement: GrantOwnershipOfAll, effects: tuple[Effect, ...]) -> str:
    """How many objects were given away, and whether to say it again."""
    (effect,) = effects
    assert isinstance(effect.answer, Transferred), "a transfer of all answers with its count"
    count, remaining = effect.answer.count, effect.answer.remaining
    what = f"{statement.on_kind.value.lower()}{'' if count == 1 else 's'}"
    said = f"Statement executed successfully. Ownership of {count} {what} transferred."
    if remaining:
        said += f" {remaining} remain: run the statement again."
    return said
