"""Logins, sessions that USE changes, and databases (reference section 7: activation)."""

import msgspec
import pytest

from builders import IDS, NOW, add_role, add_user, by, carried_out, put, user_session
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    ChangeRole,
    ChangeSession,
    ChangeUser,
    CloseSession,
    CreateDatabase,
    DropDatabase,
    DropRole,
    DropUser,
    GrantRole,
    OpenSession,
    RemoveMembers,
)
from rolecall.domain.effects import Moved
from rolecall.domain.errors import (
    AlreadyExists,
    LoginRefused,
    NotAuthorized,
    NotFound,
    RoleNotGranted,
    TokenRefused,
)
from rolecall.domain.events import DatabaseCreated, DatabaseDropped, SessionOpened, SessionsEnded
from rolecall.domain.model import Kind, Privilege, SqlSession
from rolecall.domain.names import Id, Name
from rolecall.domain.queries import CurrentSession, Databases, RoleInSession, StoredSession
from rolecall.domain.session import Session

LIFE = 1_000


@pytest.fixture
def bob(account: Account, local: Session) -> Id:
    return add_user(account, local, "BOB")


def opened(account: Account, local: Session, user: Id) -> SqlSession:
    id = IDS.new()
    command = OpenSession(id=id, user=user, verifier=f"v-{id}", at=NOW, expires_at=NOW + LIFE)
    effect = carried_out(account, local, command)
    assert effect.events == (SessionOpened(id=user, session=id),)
    assert isinstance(effect.answer, SqlSession)
    return effect.answer


def acting(account: Account, stored: SqlSession, role: str = "PUBLIC", at: int = NOW) -> Session:
    session = user_session(account, "BOB", role, at=at)
    return msgspec.structs.replace(session, login=stored.id)


def role_of(account: Account, session: Session) -> str | None:
    return account.ask(session, CurrentSession()).role


# ---- logging in ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "granted", "chosen"),
    [
        (None, True, "PUBLIC"),
        ("CLERK", True, "CLERK"),
        ("clerk", True, "CLERK"),
        ('"CLERK"', True, "CLERK"),
        ("CLERK", False, "PUBLIC"),
        ("NOBODY", True, "PUBLIC"),
    ],
)
def test_a_login_acts_as_the_default_role_if_it_is_granted_else_public(
    account: Account, local: Session, default: str | None, *, granted: bool, chosen: str
) -> None:
    bob = add_user(account, local, "BOB", DEFAULT_ROLE=default)
    add_role(account, local, "CLERK", *([bob] if granted else []))
    stored = opened(account, local, bob)
    assert role_of(account, acting(account, stored, chosen)) == chosen
    assert stored.role == acting(account, stored, chosen).role


def test_a_default_role_that_everyone_has_is_taken(account: Account, local: Session) -> None:
    bob = add_user(account, local, "BOB", DEFAULT_ROLE="X")
    role = add_role(account, local, "X")
    everyone = GrantRole(role=role, grantee_kind=Kind.ROLE, grantee=by("PUBLIC"), at=NOW)
    carried_out(account, local, everyone)
    assert opened(account, local, bob).role == role


@pytest.mark.parametrize(
    ("default", "secondary"), [(None, ("ALL",)), ("ALL", ("ALL",)), ("NONE", ())]
)
def test_a_login_has_the_default_secondary_roles(
    account: Account, local: Session, default: str | None, secondary: tuple[str, ...]
) -> None:
    bob = add_user(account, local, "BOB", DEFAULT_SECONDARY_ROLES=default)
    assert opened(account, local, bob).secondary == secondary


def test_a_user_gone_or_disabled_since_the_password_was_read_is_refused(
    account: Account, local: Session
) -> None:
    off = add_user(account, local, "OFF", DISABLED=True)
    for user, why in ((off, "disabled"), (Id("gone"), "unknown user")):
        command = OpenSession(id=IDS.new(), user=user, verifier="v", at=NOW, expires_at=NOW + 1)
        with pytest.raises(LoginRefused) as refused:
            carried_out(account, local, command)
        assert refused.value.why == why


# ---- a session that has ended ----------------------------------------------------------------


def test_a_session_ends_at_its_time(account: Account, local: Session, bob: Id) -> None:
    stored = opened(account, local, bob)
    assert role_of(account, acting(account, stored, at=NOW + LIFE - 1)) == "PUBLIC"
    with pytest.raises(TokenRefused) as refused:
        role_of(account, acting(account, stored, at=NOW + LIFE))
    assert (refused.value.why, refused.value.remedy) == ("expired", "Log in again.")


def test_a_disabled_user_s_session_is_over(account: Account, local: Session, bob: Id) -> None:
    session = acting(account, opened(account, local, bob))
    off = ChangeUser(user=bob, changes=(put("DISABLED", value=True),), at=NOW)
    carried_out(account, local, off)
    with pytest.raises(TokenRefused):
        role_of(account, session)


def test_enabling_a_user_does_not_revive_the_session(
    account: Account, local: Session, bob: Id
) -> None:
    session = acting(account, opened(account, local, bob))
    for off in (True, False):
        carried_out(account, local, ChangeUser(user=bob, changes=(put("DISABLED", off),), at=NOW))
    with pytest.raises(TokenRefused):
        role_of(account, session)


def test_a_user_without_a_stored_session_must_still_be_there_and_enabled(
    account: Account, local: Session, bob: Id
) -> None:
    session = user_session(account, "BOB")
    off = ChangeUser(user=bob, changes=(put("DISABLED", value=True),), at=NOW)
    for command in (off, DropUser(user=bob, at=NOW)):
        carried_out(account, local, command)
        with pytest.raises(LoginRefused):
            role_of(account, session)


def test_a_role_dropped_under_a_session_is_refused(
    account: Account, local: Session, bob: Id
) -> None:
    role = add_role(account, local, "CLERK", bob)
    session = user_session(account, "BOB", "CLERK")
    carried_out(account, local, DropRole(role=role, at=NOW))
    with pytest.raises(RoleNotGranted) as refused:
        role_of(account, session)
    assert refused.value.name == role


def test_a_role_dropped_under_a_local_session_is_refused(
    account: Account, local: Session, okta: Session
) -> None:
    session = msgspec.structs.replace(local, role=okta.role)
    carried_out(account, local, DropRole(role=okta.role, at=NOW))
    with pytest.raises(RoleNotGranted):
        add_user(account, session, "BOB")


def test_a_membership_removed_is_gone_at_the_next_statement(
    account: Account, local: Session, bob: Id
) -> None:
    role = add_role(account, local, "CLERK", bob)
    primary, secondary = (
        user_session(account, "BOB", "CLERK"),
        user_session(account, "BOB", secondary=True),
    )
    assert account.ask(secondary, RoleInSession(role=Name("CLERK")))
    carried_out(account, local, ChangeRole(role=role, changes=(RemoveMembers((bob,)),), at=NOW))
    assert not account.ask(secondary, RoleInSession(role=Name("CLERK")))
    with pytest.raises(RoleNotGranted) as refused:
        role_of(account, primary)
    assert refused.value.name == "CLERK"


def test_a_session_ends_once_by_its_own_user(account: Account, local: Session, bob: Id) -> None:
    stored = opened(account, local, bob)
    other = user_session(account, "ADMIN")
    with pytest.raises(NotFound):
        carried_out(account, other, CloseSession(session=stored.id, at=NOW))
    close = CloseSession(session=stored.id, at=NOW)
    effect = carried_out(account, acting(account, stored), close)
    assert effect.events == (SessionsEnded(id=bob, count=1, why="logout"),)
    assert carried_out(account, local, close).events == ()


def test_local_ends_any_session(account: Account, local: Session, bob: Id) -> None:
    close = CloseSession(session=opened(account, local, bob).id, at=NOW)
    assert carried_out(account, local, close).events != ()


# ---- USE -------------------------------------------------------------------------------------


def test_use_changes_what_is_said_and_keeps_the_rest(
    account: Account, local: Session, bob: Id
) -> None:
    role = add_role(account, local, "CLERK", bob)
    stored = opened(account, local, bob)
    session = acting(account, stored)
    use = ChangeSession(session=stored.id, at=NOW, role=by("CLERK"), database=Name("DEMO_DB"))
    carried_out(account, session, use)
    carried_out(account, session, ChangeSession(session=stored.id, at=NOW, secondary=()))
    after = account.ask(session, StoredSession(session=stored.id))
    assert (after.role, after.database, after.secondary) == (role, "DEMO_DB", ())


def test_use_of_what_is_not_granted_or_not_there_is_refused(
    account: Account, local: Session, bob: Id
) -> None:
    session = acting(account, opened(account, local, bob))
    login = session.login or Id("")
    for use, refusal in (
        (ChangeSession(session=login, at=NOW, role=by("SYSADMIN")), NotFound),
        (ChangeSession(session=login, at=NOW, role=by("NOBODY")), NotFound),
        (ChangeSession(session=login, at=NOW, database=Name("NOTHING")), NotFound),
    ):
        with pytest.raises(refusal):
            carried_out(account, session, use)


def test_nobody_uses_another_s_session(account: Account, local: Session, bob: Id) -> None:
    stored = opened(account, local, bob)
    other = user_session(account, "ADMIN")
    for command in (ChangeSession(session=stored.id, at=NOW, secondary=()),):
        with pytest.raises(NotFound):
            carried_out(account, other, command)
    with pytest.raises(NotFound):
        account.ask(other, StoredSession(session=stored.id))


def test_use_without_a_stored_session_answers_with_what_moved(
    account: Account, local: Session, okta: Session
) -> None:
    use = ChangeSession(session=Id("none"), at=NOW, role=okta.role)
    effect = carried_out(account, local, use)
    assert isinstance(effect.answer, Moved)
    assert effect.answer.role is not None
    assert (effect.answer.role.name, effect.answer.secondary) == ("OKTA_PROVISIONER", None)


# ---- databases -------------------------------------------------------------------------------


def test_a_database_is_a_name_that_comes_and_goes(account: Account, local: Session) -> None:
    id = IDS.new()
    made = CreateDatabase(id=id, name=Name("X"), at=NOW)
    assert carried_out(account, local, made).events == (
        DatabaseCreated(id=id, name="X", owner=local.role),
    )
    assert [found.name for found in account.ask(local, Databases())] == ["DEMO_DB", "X"]
    gone = carried_out(account, local, DropDatabase(database=by("X"), at=NOW))
    assert gone.events == (DatabaseDropped(id=id, name="X"),)


def test_a_database_s_name_is_taken_unless_excused(account: Account, local: Session) -> None:
    with pytest.raises(AlreadyExists):
        carried_out(account, local, CreateDatabase(id=IDS.new(), name=Name("DEMO_DB"), at=NOW))
    again = CreateDatabase(id=IDS.new(), name=Name("DEMO_DB"), at=NOW, if_not_exists=True)
    assert carried_out(account, local, again).events == ()


def test_a_database_that_is_absent_is_refused_unless_excused(
    account: Account, local: Session
) -> None:
    with pytest.raises(NotFound):
        carried_out(account, local, DropDatabase(database=by("X"), at=NOW))
    drop = DropDatabase(database=by("X"), at=NOW, if_exists=True)
    assert carried_out(account, local, drop).events == ()


@pytest.mark.usefixtures("bob")
def test_databases_need_their_privileges(account: Account) -> None:
    session = user_session(account, "BOB")
    with pytest.raises(NotAuthorized) as refused:
        carried_out(account, session, CreateDatabase(id=IDS.new(), name=Name("X"), at=NOW))
    assert refused.value.privilege is Privilege.CREATE_DATABASE
    with pytest.raises(NotAuthorized):
        carried_out(account, session, DropDatabase(database=by("DEMO_DB"), at=NOW))
