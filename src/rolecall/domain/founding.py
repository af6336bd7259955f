"""An account is born whole: system roles with all they hold, DEMO_DB and its first user."""

from msgspec.structs import replace

from rolecall.domain import properties
from rolecall.domain.commands_accounts import DropAccount, FoundAccount, RestoreAccount
from rolecall.domain.effects import Effect
from rolecall.domain.errors import NotFound
from rolecall.domain.events import AccountDropped, AccountFounded, AccountRestored
from rolecall.domain.model import (
    SCIM_CONFORMANCE,
    Account,
    Database,
    Kind,
    Privilege,
    Role,
    RoleGrant,
    User,
)
from rolecall.domain.names import Name
from rolecall.domain.ports import Transaction
from rolecall.domain.session import ActorKind, Session

SYSTEM_ROLES: dict[str, tuple[str, ...]] = {
    "ACCOUNTADMIN": (),
    "SECURITYADMIN": ("ACCOUNTADMIN",),
    "SYSADMIN": ("ACCOUNTADMIN",),
    "USERADMIN": ("SECURITYADMIN",),
    "ORGADMIN": (),
    "PUBLIC": (),
}
"""Each system role and the roles that it is granted to (vendor: system-defined roles)."""

SYSTEM_PRIVILEGES: dict[str, tuple[Privilege, ...]] = {
    "ACCOUNTADMIN": (
        Privilege.CREATE_INTEGRATION,
        Privilege.MONITOR_USER,
        Privilege.MONITOR_ROLE,
    ),
    "SECURITYADMIN": (
        Privilege.MANAGE_GRANTS,
        Privilege.CREATE_NETWORK_POLICY,
        Privilege.CREATE_NETWORK_RULE,
        Privilege.ATTACH_POLICY,
    ),
    "SYSADMIN": (Privilege.CREATE_DATABASE,),
    "USERADMIN": (Privilege.CREATE_USER, Privilege.CREATE_ROLE),
}
"""What each system role holds on the account from birth; it can't be revoked.

No rows say so: an older account has what a newer table gives (`access.account_privileges`).
"""

DEMO_DB = Name("DEMO_DB")


class NumberTaken(Exception):
    """An account has this number already: whoever founds takes another."""


def found_account(tx: Transaction, session: Session, command: FoundAccount) -> Effect:
    """The account and all that it is born with. Raises NumberTaken, InvalidValue."""
    if tx.role_named(Name("ORGADMIN")) is not None:  # every account has it, for life
        raise NumberTaken
    comment = properties.text("COMMENT", command.comment)
    tx.save_account(
        Account(
            number=session.number,
            id=command.id,
            organization=command.organization,
            name=command.name,
            created_at=command.at,
            comment=comment,
        )
    )
    ids = command.role_ids
    for name in SYSTEM_ROLES:
        tx.save_role(
            Role(id=ids[name], name=Name(name), owner=None, created_at=command.at, system=True)
        )
    if command.conformance is not None:
        tx.save_parameter(command.id, SCIM_CONFORMANCE, command.conformance.value)
    _grant(tx, command)
    admin = ids["ACCOUNTADMIN"]
    tx.save_database(
        Database(id=command.database, name=DEMO_DB, owner=admin, created_at=command.at)
    )
    tx.save_user(
        User(
            id=command.administrator,
            name=command.administrator_name,
            login_name=command.administrator_name,
            owner=admin,
            created_at=command.at,
            default_role="ACCOUNTADMIN",
            password=command.password,
            password_set_at=command.at,
        )
    )
    tx.add_members(admin, (command.administrator,), None, None, command.at)
    tx.bump_generation()
    return Effect((AccountFounded(id=command.id, name=command.name),))


def drop_account(tx: Transaction, session: Session, command: DropAccount) -> Effect:
    """The account lets nobody in any more. Raises NotFound when it is dropped already."""
    account = tx.account()
    assert session.actor_kind is ActorKind.SYSTEM, "the organization has judged who asks"
    if account.dropped_at is not None:
        raise NotFound(Kind.ACCOUNT, account.name)
    tx.save_account(replace(account, dropped_at=command.at, erased_from=command.until))
    tx.bump_generation()
    return Effect((AccountDropped(id=account.id, name=account.name, until=command.until),))


def restore_account(tx: Transaction, session: Session, command: RestoreAccount) -> Effect:
    """A dropped account lets in whom it did before. Raises NotFound when there is none to restore.

    Its sessions, tokens and grants are those that it had: none was taken from it.
    """
    account = tx.account()
    assert session.actor_kind is ActorKind.SYSTEM, "the organization has judged who asks"
    if account.dropped_at is None or account.erased:
        raise NotFound(Kind.ACCOUNT, account.name)
    tx.save_account(replace(account, dropped_at=None, erased_from=None, restored_at=command.at))
    tx.bump_generation()
    return Effect((AccountRestored(id=account.id, name=account.name),))


def _grant(tx: Transaction, command: FoundAccount) -> None:
    ids = command.role_ids
    for name, heirs in SYSTEM_ROLES.items():
        for heir in heirs:
            tx.save_role_grant(
                RoleGrant(
                    role=ids[name],
                    grantee_kind=Kind.ROLE,
                    grantee=ids[heir],
                    granted_by=None,
                    created_at=command.at,
                )
            )
