"""Rows for the conformance tests of stores, and short ways to write and to read them."""

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from builders import NOW, an_id
from builders import a_role as role_of
from builders import a_user as user_of
from rolecall.domain.model import (
    Database,
    Integration,
    Kind,
    Privilege,
    PrivilegeGrant,
    Role,
    RoleGrant,
    ScimClient,
    SqlSession,
    Token,
    User,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading, Store, Transaction

T = TypeVar("T")

DEMO_DB, TOKEN, SESSION = an_id(71), an_id(51), an_id(61)
BOB, ANN, EVE = an_id(11), an_id(12), an_id(13)
ANALYST, ADMIN, OWNER = an_id(21), an_id(22), an_id(23)
OKTA, OTHER = an_id(31), an_id(32)
LONG = 1_000_000


def a_user(id: Id = BOB, name: str = "BOB", **fields: object) -> User:
    return user_of(name, id=id, **fields)


def a_role(id: Id = ANALYST, name: str = "ANALYST", **fields: object) -> Role:
    return role_of(name, id=id, **fields)


def a_grant(role: Id, grantee: Id, **fields: object) -> RoleGrant:
    plain = RoleGrant(
        role=role, grantee_kind=Kind.ROLE, grantee=grantee, granted_by=None, created_at=NOW
    )
    return replace(plain, **fields)


def a_privilege(role: Id, **fields: object) -> PrivilegeGrant:
    plain = PrivilegeGrant(
        privilege=Privilege.USAGE,
        kind=Kind.INTEGRATION,
        object=OKTA,
        role=role,
        granted_by=None,
        created_at=NOW,
    )
    return replace(plain, **fields)


def an_integration(id: Id = OKTA, name: str = "OKTA", **fields: object) -> Integration:
    plain = Integration(
        id=id,
        name=Name(name),
        owner=None,
        created_at=NOW,
        scim_client=ScimClient.OKTA,
        run_as_role=OWNER,
        endpoint=an_id(41),
    )
    return replace(plain, **fields)


def a_token(id: Id = TOKEN, verifier: str = "aa", **fields: object) -> Token:
    plain = Token(
        id=id,
        integration=OKTA,
        integration_name=Name("OKTA"),
        verifier=verifier,
        issued_at=NOW,
        expires_at=NOW + LONG,
    )
    return replace(plain, **fields)


def a_session(id: Id = SESSION, verifier: str = "bb", user: Id = BOB) -> SqlSession:
    return SqlSession(id=id, user=user, verifier=verifier, created_at=NOW, expires_at=NOW + LONG)


def a_database(id: Id = DEMO_DB, name: str = "DEMO_DB", owner: Id | None = None) -> Database:
    return Database(id=id, name=Name(name), owner=owner, created_at=NOW)


def write(store: Store, *writes: Callable[[Transaction], object]) -> list[object]:
    return store.transact(1, lambda tx: [each(tx) for each in writes])


def read(store: Store, body: Callable[[Reading], T]) -> T:
    return store.read(1, body)


def people(store: Store) -> None:
    """Bob, Ann and Eve; three roles; Bob and Ann are analysts."""
    write(
        store,
        lambda tx: tx.save_user(a_user(BOB, "BOB", owner=OWNER, display_name="Bob B")),
        lambda tx: tx.save_user(a_user(ANN, "ANN", owner=OWNER)),
        lambda tx: tx.save_user(a_user(EVE, "EVE")),
        lambda tx: tx.save_role(a_role(ANALYST, "ANALYST", owner=OWNER)),
        lambda tx: tx.save_role(a_role(ADMIN, "ADMIN")),
        lambda tx: tx.save_role(a_role(OWNER, "OWNER")),
        lambda tx: tx.add_members(ANALYST, (ANN, BOB), OWNER, "OKTA", NOW),
    )
