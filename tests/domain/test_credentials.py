"""What lets a user in: locks, the end of a user's time, and secondary roles that were named."""

import msgspec
import pytest

from builders import (
    IDS,
    NOW,
    SECOND,
    a_user,
    add_role,
    add_user,
    by,
    carried_out,
    put,
    user_session,
)
from rolecall.domain import access
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    ChangeSession,
    ChangeUser,
    OpenSession,
    RecordFailedLogin,
    RevokeRole,
)
from rolecall.domain.credentials import LOCK_SECONDS, why_not_let_in
from rolecall.domain.effects import Moved
from rolecall.domain.errors import LoginRefused, NotFound
from rolecall.domain.events import UserLocked
from rolecall.domain.model import Kind, User
from rolecall.domain.names import Id
from rolecall.domain.queries import OneUser
from rolecall.domain.session import Session

UNTIL = NOW + LOCK_SECONDS * SECOND


def fail(account: Account, local: Session, user: Id, times: int, at: int = NOW) -> list[object]:
    said: list[object] = []
    for _ in range(times):
        said += carried_out(account, local, RecordFailedLogin(user=user, at=at)).events
    return said


def user_of(account: Account, local: Session, user: Id) -> User:
    return account.ask(local, OneUser(user=user)).user


def open_for(user: Id, at: int = NOW) -> OpenSession:
    return OpenSession(id=IDS.new(), user=user, verifier=f"v{at}", at=at, expires_at=at + 9)


def test_the_fifth_wrong_password_locks_and_no_earlier_one(
    account: Account, local: Session
) -> None:
    bob = add_user(account, local, "BOB")
    assert fail(account, local, bob, 4) == []
    assert fail(account, local, bob, 1) == [UserLocked(id=bob, until=UNTIL)]
    with pytest.raises(LoginRefused) as refused:
        carried_out(account, local, open_for(bob, UNTIL - 1))
    assert refused.value.why == "locked"


def test_of_a_locked_user_no_wrong_password_is_counted(account: Account, local: Session) -> None:
    bob = add_user(account, local, "BOB")
    fail(account, local, bob, 5)
    assert fail(account, local, bob, 9, UNTIL - 1) == []
    assert user_of(account, local, bob).locked_until == UNTIL


def test_after_the_lock_it_is_counted_from_nought(account: Account, local: Session) -> None:
    bob = add_user(account, local, "BOB")
    fail(account, local, bob, 5)
    assert fail(account, local, bob, 4, UNTIL) == []
    assert len(fail(account, local, bob, 1, UNTIL)) == 1


def test_a_login_forgets_wrong_passwords_and_is_remembered(
    account: Account, local: Session
) -> None:
    bob = add_user(account, local, "BOB")
    fail(account, local, bob, 4)
    carried_out(account, local, open_for(bob, NOW + 1))
    after = user_of(account, local, bob)
    assert (after.failed_logins, after.locked_until, after.last_login_at) == (0, None, NOW + 1)


def test_a_wrong_password_of_nobody_is_nothing(account: Account, local: Session) -> None:
    assert fail(account, local, Id("gone"), 9) == []


def test_a_login_and_a_wrong_password_are_no_new_version(account: Account, local: Session) -> None:
    bob = add_user(account, local, "BOB")
    fail(account, local, bob, 5)
    carried_out(account, local, open_for(bob, UNTIL))
    assert account.ask(local, OneUser(user=bob)).revision.version == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, None),
        ({"disabled": True}, "disabled"),
        ({"expires_at": NOW}, "expired"),
        ({"expires_at": NOW + 1}, None),
        ({"locked_until": NOW}, None),
        ({"locked_until": NOW + 1}, "locked"),
        ({"locked_until": NOW + 1, "disabled": True}, "disabled"),
    ],
)
def test_why_a_user_is_not_let_in(fields: dict[str, object], why: str | None) -> None:
    user = msgspec.structs.replace(a_user(), **fields)
    assert why_not_let_in(user, NOW) == why


def test_nobody_is_not_let_in() -> None:
    assert why_not_let_in(None, NOW) == "unknown user"


def test_a_user_whose_time_is_over_asks_nothing_more(account: Account, local: Session) -> None:
    bob = add_user(account, local, "BOB")
    end = ChangeUser(user=bob, changes=(put("EXPIRES_AT", NOW + 5),), at=NOW)
    carried_out(account, local, end)
    account.ask(user_session(account, "BOB", at=NOW + 4), OneUser(user=bob))
    with pytest.raises(LoginRefused):
        account.ask(user_session(account, "BOB", at=NOW + 5), OneUser(user=bob))


# ---- USE SECONDARY ROLES with names ----------------------------------------------------------


def roles_of(account: Account, session: Session) -> frozenset[Id]:
    return account.store.read(1, lambda reading: access.active_roles(reading, session))


def test_named_secondary_roles_count_as_long_as_they_are_granted(
    account: Account, local: Session
) -> None:
    bob = add_user(account, local, "BOB")
    clerk, other = add_role(account, local, "CLERK", bob), add_role(account, local, "OTHER", bob)
    use = ChangeSession(session=Id("none"), at=NOW, secondary=(by("CLERK"), by("CLERK")))
    session = user_session(account, "BOB")
    moved = carried_out(account, session, use).answer
    assert moved == Moved(role=None, secondary=(clerk,))

    named = msgspec.structs.replace(session, secondary=(clerk,))
    assert clerk in roles_of(account, named)
    assert other not in roles_of(account, named)
    revoke = RevokeRole(role=clerk, grantee_kind=Kind.USER, grantee=bob, at=NOW)
    carried_out(account, local, revoke)
    assert clerk not in roles_of(account, named)


def test_a_secondary_role_must_be_there_and_granted(account: Account, local: Session) -> None:
    add_user(account, local, "BOB")
    add_role(account, local, "CLERK")
    session = user_session(account, "BOB")
    for name, refusal in (("CLERK", NotFound), ("NOBODY", NotFound)):
        use = ChangeSession(session=Id("none"), at=NOW, secondary=(by(name),))
        with pytest.raises(refusal):
            carried_out(account, session, use)
