"""What a session reaches: roles inherit, PUBLIC is everyone's (reference section 7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import (
    NOW,
    a_role,
    add_role,
    add_user,
    an_account,
    an_id,
    by,
    carried_out,
    user_session,
)
from rolecall.domain import access
from rolecall.domain.account import Account
from rolecall.domain.commands import GrantRole
from rolecall.domain.model import Kind, RoleGrant
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Transaction
from rolecall.domain.queries import RoleInSession
from rolecall.domain.session import Session

PUBLIC = an_id(99)
edges = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=15)


def reached(grants: list[tuple[int, int]], role: int) -> frozenset[Id]:
    """From any hierarchy at all, circles included, which no door lets in."""
    account = an_account()

    def body(tx: Transaction) -> frozenset[Id]:
        for low, high in grants:
            grant = RoleGrant(
                role=an_id(low),
                grantee_kind=Kind.ROLE,
                grantee=an_id(high),
                granted_by=None,
                created_at=NOW,
            )
            tx.save_role_grant(grant)
        public = access.system_role(tx, access.PUBLIC).id
        return frozenset(access.reached(tx, an_id(role)) - {public})

    return account.store.transact(1, body)


@given(edges, st.integers(0, 6))
def test_a_role_reaches_itself_and_stops(grants: list[tuple[int, int]], role: int) -> None:
    assert an_id(role) in reached(grants, role)


@given(edges, st.integers(0, 6))
def test_what_a_reached_role_reaches_is_reached(grants: list[tuple[int, int]], role: int) -> None:
    found = reached(grants, role)
    assert all(reached(grants, number) <= found for number in range(7) if an_id(number) in found)


def test_a_role_s_holder_reaches_what_it_inherits_and_public(
    account: Account, local: Session
) -> None:
    bob = add_user(account, local, "BOB")
    low, high = add_role(account, local, "LOW"), add_role(account, local, "HIGH", bob)
    carried_out(account, local, GrantRole(role=low, grantee_kind=Kind.ROLE, grantee=high, at=NOW))
    session = user_session(account, "BOB", "HIGH")
    held = [
        name
        for name in ("LOW", "HIGH", "PUBLIC", "SYSADMIN", "NOBODY")
        if account.ask(session, RoleInSession(role=Name(name)))
    ]
    assert held == ["LOW", "HIGH", "PUBLIC"]


@pytest.mark.parametrize(("secondary", "held"), [(True, True), (False, False)])
def test_secondary_roles_count_only_when_active(
    account: Account, local: Session, *, secondary: bool, held: bool
) -> None:
    add_role(account, local, "CLERK", add_user(account, local, "BOB"))
    session = user_session(account, "BOB", secondary=secondary)
    assert account.ask(session, RoleInSession(role=Name("CLERK"))) is held


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("BOB", "BOB"),
        ("bob", '"bob"'),
        ("A_1$", "A_1$"),
        ("1A", '"1A"'),
        ('a"b', '"a""b"'),
        ("É", '"É"'),
    ],
)
def test_a_name_is_quoted_when_it_does_not_fold_to_itself(name: str, written: str) -> None:
    assert access.quoted(name) == written


def test_a_target_is_its_object() -> None:
    target = access.target_of(Kind.ROLE, a_role("X", owner=an_id(3)))
    assert (target.kind, target.name, target.owner) == (Kind.ROLE, "X", an_id(3))
    assert access.label(by("X")) == "X"
