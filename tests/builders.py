"""Builders make what tests need, with defaults, so that a test says only what it is about.

An account is founded in a real store; the clock stands still and ids are counted.
"""

from itertools import count

import msgspec

from rolecall.domain.account import Account
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.commands import (
    At,
    ByName,
    Command,
    CreateIntegration,
    CreateRole,
    CreateUser,
    GrantPrivileges,
    GrantRole,
    IssueToken,
    Set,
)
from rolecall.domain.commands_accounts import FoundAccount
from rolecall.domain.effects import Effect
from rolecall.domain.founding import SYSTEM_ROLES
from rolecall.domain.model import (
    Conformance,
    Json,
    Kind,
    Privilege,
    Role,
    ScimClient,
    Token,
    User,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Store
from rolecall.domain.session import ALL_ROLES, ActorKind, Session
from rolecall.store.memory import MemoryStore

SECOND = 1_000_000
NOW = 1_767_225_600 * SECOND
"""2026-01-01T00:00:00Z."""
SIX_MONTHS = 181 * 86_400 * SECOND


class FixedClock(msgspec.Struct):
    """A clock that stands still until a test moves it, or moves `each` time that it is asked."""

    at: int = NOW
    each: int = 0

    def now(self) -> int:
        self.at += self.each
        return self.at


class CountedIds:
    """Ids that can be read: the first is …-000000000001."""

    def __init__(self, first: int = 1) -> None:
        self._numbers = count(first)

    def new(self) -> Id:
        return an_id(next(self._numbers))


def an_id(number: int) -> Id:
    """The id with this number; ids sort as their numbers do."""
    return Id(f"018f0000-0000-7000-8000-{number:012x}")


IDS = CountedIds(1_000)
"""For what a test doesn't name: far from the ids that it does."""


# ---- values ----------------------------------------------------------------------------------


def a_user(name: str = "BOB", **fields: object) -> User:
    """A user whose login name is the name."""
    plain = User(id=an_id(1), name=Name(name), login_name=name, owner=None, created_at=NOW)
    return msgspec.structs.replace(plain, **fields)


def a_role(name: str = "ANALYST", **fields: object) -> Role:
    """A role without an owner."""
    plain = Role(id=an_id(2), name=Name(name), owner=None, created_at=NOW)
    return msgspec.structs.replace(plain, **fields)


def an_attempt(**fields: object) -> Attempt:
    """A request of SCIM that was carried out, but for the fields that are given."""
    plain = Attempt(
        kind=AttemptKind.SCIM,
        at=NOW,
        request="r",
        method="POST",
        endpoint="scim/v2/Users",
        status=201,
        succeeded=True,
    )
    return msgspec.structs.replace(plain, **fields)


# ---- an account and who asks it --------------------------------------------------------------


def an_account(store: Store | None = None, number: int = 1, name: str = "DEMO") -> Account:
    """An account, founded with its administrator ADMIN."""
    account = Account(store if store is not None else MemoryStore(), number)
    account.execute(
        Session(
            number=number,
            actor="rolecall",
            actor_kind=ActorKind.SYSTEM,
            role=Id(""),
            at=NOW,
            request=IDS.new(),
        ),
        FoundAccount(
            id=IDS.new(),
            organization=Name("ACME"),
            name=Name(name),
            role_ids={role: IDS.new() for role in SYSTEM_ROLES},
            database=IDS.new(),
            administrator=IDS.new(),
            administrator_name=Name("ADMIN"),
            password="argon2id-of-the-first-password",
            at=NOW,
        ),
    )
    return account


def admin(account: Account, at: int = NOW) -> Session:
    """Whoever holds the data folder: ACCOUNTADMIN."""
    return account.local("local", at, IDS.new())


def user_session(
    account: Account, user: str, role: str = "PUBLIC", *, secondary: bool = False, at: int = NOW
) -> Session:
    """A user's session with this primary role, whether or not it is granted."""
    found = account.store.read(account.number, lambda r: r.user_named(Name(user)))
    assert found is not None, "the test makes the user first"
    return Session(
        number=account.number,
        actor=user,
        actor_kind=ActorKind.USER,
        role=role_id(account, role),
        user=found.id,
        secondary=ALL_ROLES if secondary else (),
        at=at,
        request=IDS.new(),
    )


def integration_session(
    account: Account,
    name: str = "OKTA",
    role: str = "OKTA_PROVISIONER",
    *,
    scim_client: ScimClient = ScimClient.GENERIC,
    conformance: Conformance | None = None,
    at: int = NOW,
) -> Session:
    """What a fresh token of an integration stands for; role and integration are made if absent.

    The role is set up as the documents say: CREATE USER, CREATE ROLE, granted to ACCOUNTADMIN.
    """
    local = admin(account, at)
    if account.store.read(account.number, lambda r: r.integration_named(Name(name))) is None:
        a_provisioner(account, role)
        integrate = CreateIntegration(
            id=IDS.new(),
            endpoint=IDS.new(),
            name=Name(name),
            scim_client=scim_client,
            run_as_role=ByName(Name(role)),
            conformance=conformance,
            at=at,
        )
        account.execute(local, integrate)
    token = a_token(account, name, at)
    return token_session(account, token, at)


def a_provisioner(account: Account, role: str = "OKTA_PROVISIONER") -> None:
    """A run-as role as the documents set it up, unless it is there."""
    if account.store.read(account.number, lambda r: r.role_named(Name(role))) is not None:
        return
    meant = ByName(Name(role))
    account.execute(
        admin(account),
        CreateRole(id=IDS.new(), name=Name(role), at=NOW),
        GrantPrivileges(
            privileges=(Privilege.CREATE_USER, Privilege.CREATE_ROLE),
            kind=Kind.ACCOUNT,
            object=None,
            role=meant,
            at=NOW,
        ),
        GrantRole(role=meant, grantee_kind=Kind.ROLE, grantee=ByName(Name("ACCOUNTADMIN")), at=NOW),
    )


def a_token(
    account: Account, integration: str = "OKTA", at: int = NOW, purpose: str | None = None
) -> Token:
    """A token, issued now for six months."""
    id = IDS.new()
    issue = IssueToken(
        id=id,
        integration=ByName(Name(integration)),
        verifier=f"verifier-of-{id}",
        at=at,
        expires_at=at + SIX_MONTHS,
        purpose=purpose,
    )
    (effect,) = account.execute(admin(account, at), issue)
    assert isinstance(effect.answer, Token), "issuing answers with the token"
    return effect.answer


def token_session(account: Account, token: Token, at: int = NOW) -> Session:
    """The session that a request with this token has."""
    found = account.store.read(account.number, lambda r: r.integration(token.integration))
    assert found is not None, "the test takes the session while the integration is there"
    return Session(
        number=account.number,
        actor=found.name,
        actor_kind=ActorKind.INTEGRATION,
        role=found.run_as_role,
        integration=found.name,
        integration_id=found.id,
        token=token.id,
        at=at,
        request=IDS.new(),
    )


def add_user(account: Account, session: Session, name: str, **properties: Json) -> Id:
    """A user comes to be: its id."""
    id = IDS.new()
    command = CreateUser(id=id, name=Name(name), login_name=name, at=NOW, properties=properties)
    account.execute(session, command)
    return id


def add_role(account: Account, session: Session, name: str, *members: Id) -> Id:
    """A role comes to be, with members: its id."""
    id = IDS.new()
    account.execute(session, CreateRole(id=id, name=Name(name), at=NOW, members=members))
    return id


def role_id(account: Account, name: str) -> Id:
    """The id of the role with this name."""
    found = account.store.read(account.number, lambda r: r.role_named(Name(name)))
    assert found is not None, "the test makes the role first"
    return found.id


def carried_out(account: Account, session: Session, command: Command) -> Effect:
    """The effect of one command."""
    (effect,) = account.execute(session, command)
    return effect


def by(name: str) -> ByName:
    """The object with this name."""
    return ByName(Name(name))


def put(attribute: str, value: Json) -> Set:
    """The property or attribute has this value from now on."""
    return Set(At(attribute), value)
