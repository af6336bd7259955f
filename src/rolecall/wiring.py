"""Wiring: the parts are put together here and nowhere else."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import msgspec

from rolecall import settings
from rolecall.domain import organization
from rolecall.domain.access import ACCOUNTADMIN
from rolecall.domain.account import Account, Effects
from rolecall.domain.attempts import Attempt, AttemptKind, Noted
from rolecall.domain.commands import (
    At,
    ByName,
    ChangeGoverned,
    ChangeUser,
    Command,
    CreateGoverned,
    CreateIntegration,
    CreateRole,
    GrantPrivileges,
    GrantRole,
    IssueToken,
    RevokeToken,
    Set,
)
from rolecall.domain.credentials import password_reset
from rolecall.domain.errors import NotFound, Refusal
from rolecall.domain.model import Conformance, Kind, NetworkRule, Privilege, ScimClient, Token
from rolecall.domain.names import Id, Name, fold
from rolecall.domain.organization import Order
from rolecall.domain.ports import Clock, Describe
from rolecall.domain.queries import GovernedObjects, Tokens
from rolecall.domain.scim_tokens import is_live
from rolecall.domain.session import Session
from rolecall.fronts.sql_refusals import refused
from rolecall.fronts.world import World
from rolecall.oauth import TokenChecks
from rolecall.select.duck import DuckSelecting
from rolecall.store.held import Hold
from rolecall.store.sqlite import SqliteStore
from rolecall.vault import RandomIds, SystemClock, Vault, kept_key
from rolecall.web.accounts import Places

ORGANIZATION = Name("ROLECALL")
ACCOUNT = Name("DEMO")
ADMINISTRATOR = Name("ADMIN")
PROVISIONER = Name("GENERIC_SCIM_PROVISIONER")
INTEGRATION = Name("GENERIC_SCIM_PROVISIONING")
SERVE_PURPOSE = "serve"
SERVE_TOKEN_SECONDS = 24 * 60 * 60

PROVISIONING = {
    ScimClient.OKTA: (Name("OKTA_PROVISIONER"), Name("OKTA_PROVISIONING")),
    ScimClient.AZURE: (Name("AAD_PROVISIONER"), Name("AAD_PROVISIONING")),
    ScimClient.GENERIC: (PROVISIONER, INTEGRATION),
}
"""The role and the integration that the documents' scripts make for each dialect."""

AttemptsSeen = Callable[[int, Sequence[Noted]], None]


class NewPassword(msgspec.Struct, frozen=True, kw_only=True):
    """A password and what is kept of it. Its repr shows neither."""

    text: str
    verifier: str

    def __repr__(self) -> str:
        return "NewPassword(…)"


class Founded(msgspec.Struct, frozen=True, kw_only=True):
    """A new account and what is said of it once. Its repr doesn't show the password."""

    number: int
    name: Name
    administrator: Name
    password: str

    def __repr__(self) -> str:
        return f"Founded({self.name}, …)"


class Rolecall:
    """One data folder, opened: its store, its accounts, and the world that they are given."""

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        on_attempts: AttemptsSeen | None = None,
        on_backup: Callable[[Path], None] | None = None,
        conformance: Conformance | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Open the folder, making it and its database when they are missing.

        Raises StoreTooNew when a newer version wrote it, FolderHeld while it is restored.
        `on_backup` is told of the copy made before a migration; `conformance` is what new
        accounts begin with.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self._hold = Hold(folder)
        self.store = SqliteStore(
            folder / settings.DATABASE_FILE,
            durable=durable,
            on_attempts=on_attempts,
            backup_notice=on_backup,
        )
        self.vault = Vault(kept_key(folder / settings.KEY_FILE))
        self.selecting = DuckSelecting()
        self.checks = TokenChecks()
        self.world = World(
            clock=clock or SystemClock(),
            ids=RandomIds(),
            secrets=self.vault,
            selecting=self.selecting,
            conformance=conformance,
            oauth=self.checks,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish what was taken and let go."""
        self.store.close()
        self.selecting.close()
        self._hold.release()

    # ---- accounts --------------------------------------------------------------------------

    def account(self, number: int) -> Account:
        """The account's door."""
        return Account(self.store, number)

    def account_named(self, name: str | None) -> Account:
        """The account of that name in any case, or the first one. Raises NotFound."""
        accounts = [found for found in self.store.accounts() if found.dropped_at is None]
        for found in accounts:
            if name is None or fold(found.name) == fold(name):
                return self.account(found.number)
        known = ", ".join(found.name for found in accounts) or "none: run `rolecall serve` first"
        raise NotFound(Kind.ACCOUNT, name or "(any)", remedy=f"accounts here: {known}")

    def places(self, url: str) -> Places:
        """Where each account answers; the first one at `url` itself."""
        return Places(
            lambda: [
                (found.number, found.organization, found.name)
                for found in self.store.accounts()
                if not found.erased
            ],
            url,
        )

    def new_password(self) -> NewPassword:
        """A random password."""
        text = self.vault.mint_password()
        return NewPassword(text=text, verifier=self.vault.hash_password(text))

    def found(
        self,
        name: Name,
        administrator: Name,
        *,
        integration: bool,
        password: NewPassword | None = None,
    ) -> Founded:
        """Make an account, whole or not at all, with a GENERIC integration if asked.

        Raises AlreadyExists when there is one of that name.
        """
        password = password or self.new_password()
        order = Order(
            organization=ORGANIZATION,
            name=name,
            administrator=administrator,
            password=password.verifier,
            conformance=self.world.conformance,
        )
        ids = self.world.ids
        founding = organization.born(order, ids, self.world.clock.now())
        admin = founding.role_ids[ACCOUNTADMIN]
        generic = ScimClient.GENERIC
        more = self._provisioning(generic, admin, founding.at) if integration else ()
        account = organization.found(
            self.store, founding, *more, actor="bootstrap", request=ids.new()
        )
        return Founded(
            number=account.number, name=name, administrator=administrator, password=password.text
        )

    def _provisioning(self, client: ScimClient, admin: Id, at: int) -> tuple[Command, ...]:
        """What the documents' scripts do (documents: Okta, Azure, custom SCIM)."""
        new = self.world.ids.new
        name, integration = PROVISIONING[client]
        role = ByName(name)
        return (
            CreateRole(id=new(), name=name, at=at),
            GrantPrivileges(
                privileges=(Privilege.CREATE_USER, Privilege.CREATE_ROLE),
                kind=Kind.ACCOUNT,
                object=None,
                role=role,
                at=at,
            ),
            GrantRole(role=role, grantee_kind=Kind.ROLE, grantee=admin, at=at),
            CreateIntegration(
                id=new(),
                endpoint=new(),
                name=integration,
                scim_client=client,
                run_as_role=role,
                at=at,
            ),
        )

    # ---- the operator at this machine ------------------------------------------------------

    def local(self, account: Account) -> Session:
        """A session of whoever holds the folder, recorded with the operating-system user."""
        return account.local(
            settings.operating_system_user(), self.world.clock.now(), self.world.ids.new()
        )

    def issue_token(
        self,
        account: Account,
        integration: Name,
        *,
        purpose: str | None = None,
        instead: bool = False,
        seconds: int | None = None,
    ) -> str:
        """A new token's text. Raises NotFound when there is no such integration."""
        minted = self.vault.mint_token(self.world.clock.now(), seconds)
        session = self.local(account)
        command = IssueToken(
            id=self.world.ids.new(),
            integration=ByName(integration),
            verifier=minted.verifier,
            at=session.at,
            expires_at=minted.expires_at,
            purpose=purpose,
            instead=instead,
        )
        act = Act(method="TOKEN ISSUE", kind=Kind.INTEGRATION, name=integration)
        account.execute(session, command, describe=described(session, act))
        return minted.text

    def token_of_dialect(self, account: Account, client: ScimClient) -> tuple[Name, str]:
        """A token of the dialect's integration, which is made if it is not there, and its name."""
        _, integration = PROVISIONING[client]
        try:
            text = self.issue_token(account, integration)
        except NotFound:
            session = self.local(account)
            act = Act(method="CREATE SECURITY INTEGRATION", kind=Kind.INTEGRATION, name=integration)
            made = self._provisioning(client, session.role, session.at)
            account.execute(session, *made, describe=described(session, act))
            text = self.issue_token(account, integration)
        return integration, text

    def revoke_token(self, account: Account, token: str) -> Name:
        """End a token; the name of its integration. Raises NotFound, NotAuthorized."""
        session = self.local(account)
        act = Act(method="TOKEN REVOKE", kind=Kind.TOKEN, name=token)
        revoking = RevokeToken(token=Id(token), at=session.at)
        (effect,) = account.execute(session, revoking, describe=described(session, act))
        assert isinstance(effect.answer, Token), "revoking answers with the token"
        return effect.answer.integration_name

    def revoke_tokens(self, account: Account, before: int, integration: Name | None) -> int:
        """End the live tokens issued before a time, all or none: how many. Raises a Refusal."""
        session = self.local(account)
        found = account.ask(
            session, Tokens(integration=None if integration is None else ByName(integration))
        )
        revoking = [
            RevokeToken(token=token.id, at=session.at)
            for token in found
            if token.issued_at < before and is_live(token, session.at)
        ]
        act = Act(method="TOKEN REVOKE", kind=Kind.INTEGRATION, name=integration or Name(""))
        account.execute(session, *revoking, describe=described(session, act))
        return len(revoking)

    def network_rules(self, name: str | None) -> dict[Name, NetworkRule]:
        """The network rules of an account, by name. Raises NotFound when there is no account."""
        account = self.account_named(name)
        found = account.ask(self.local(account), GovernedObjects(kind=Kind.NETWORK_RULE))
        rules = [row.governed for row in found if isinstance(row.governed, NetworkRule)]
        return {rule.name: rule for rule in rules}

    def import_ranges(
        self, name: str | None, ranges: Mapping[Name, tuple[str, tuple[str, ...]]]
    ) -> None:
        """Give each rule its type and values, new ones too, all or none. Raises a Refusal."""
        account = self.account_named(name)
        session = self.local(account)
        present = self.network_rules(name)
        commands = [
            _range_command(
                self.world.ids.new(), session.at, rule, type_, values, is_present=rule in present
            )
            for rule, (type_, values) in ranges.items()
        ]
        act = Act(method="NETWORK IMPORT", kind=Kind.NETWORK_RULE, name=", ".join(ranges))
        account.execute(session, *commands, describe=described(session, act))

    def reset_password(self, account: Account, user: str) -> str:
        """A user's new password, by name in any case; open sessions end. Raises NotFound."""
        found = account.login(user)
        if found is None:
            raise NotFound(Kind.USER, user)
        password = self.vault.mint_password()
        session = self.local(account)
        changes = password_reset(self.vault.hash_password(password), session.at)
        act = Act(method="RESET PASSWORD", kind=Kind.USER, name=found.name)
        changing = ChangeUser(user=found.id, changes=changes, at=session.at)
        account.execute(session, changing, describe=described(session, act))
        return password


def _range_command(
    new: Id, at: int, rule: Name, type_: str, values: tuple[str, ...], *, is_present: bool
) -> Command:
    if is_present:
        return ChangeGoverned(
            kind=Kind.NETWORK_RULE,
            object=ByName(rule),
            changes=(Set(At("VALUE_LIST"), list(values)),),
            at=at,
        )
    return CreateGoverned(
        id=new,
        kind=Kind.NETWORK_RULE,
        name=rule,
        at=at,
        properties={"TYPE": type_, "MODE": "INGRESS", "VALUE_LIST": list(values)},
    )


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator did at this machine, for the audit trail."""

    method: str
    kind: Kind
    name: str


def described(session: Session, act: Act) -> Describe[Effects]:
    """The attempt that an act leaves, however it ends."""

    def describe(_: Effects | None, error: Exception | None) -> Attempt:
        return Attempt(
            kind=AttemptKind.STATEMENT,
            at=session.at,
            request=session.request,
            method=act.method,
            endpoint="command line",
            status=0,
            succeeded=error is None,
            why=_why(error),
            fix=error.remedy if isinstance(error, Refusal) else None,
            actor=session.actor,
            actor_kind=session.actor_kind.value,
            resource_kind=act.kind.value,
            resource_name=act.name,
        )

    return describe


def _why(error: Exception | None) -> str | None:
    """A refusal in SQL's words, on one line; the name of anything else."""
    if isinstance(error, Refusal):
        return refused(error).message.removeprefix("SQL compilation error:").strip()
    return None if error is None else type(error).__name__


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that is gone with the process: for `serve --ephemeral` and `demo`."""
    return tempfile.TemporaryDirectory(prefix="rolecall-")
