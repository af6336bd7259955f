"""Sessions: what a login may ask for, how they are renewed, and what ends them."""

import msgspec
import pytest

from builders import IDS, NOW, add_role, add_user, by, carried_out, put, user_session
from rolecall.domain import access
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    AddAccessToken,
    ChangeAccessToken,
    ChangeSession,
    ChangeUser,
    DropUser,
    OpenSession,
    RenewSession,
    RevokeRole,
)
from rolecall.domain.errors import LoginRefused, NotFound, RoleNotGranted, TokenRefused
from rolecall.domain.model import AccessToken, Kind, SqlSession
from rolecall.domain.names import Id, Name
from rolecall.domain.queries import CurrentSession, OneUser
from rolecall.domain.session import ALL_ROLES, Session

LIFE = 1_000


@pytest.fixture
def bob(account: Account, local: Session) -> Id:
    return add_user(account, local, "BOB")


def opening(user: Id, **asked: object) -> OpenSession:
    id = IDS.new()
    command = OpenSession(id=id, user=user, verifier=f"v-{id}", at=NOW, expires_at=NOW + LIFE)
    return msgspec.structs.replace(
        command, master=f"m-{id}", master_expires_at=NOW + 4 * LIFE, **asked
    )


def opened(account: Account, local: Session, user: Id, **asked: object) -> SqlSession:
    answer = carried_out(account, local, opening(user, **asked)).answer
    assert isinstance(answer, SqlSession)
    return answer


def acting(account: Account, stored: SqlSession, role: str, at: int = NOW) -> Session:
    return msgspec.structs.replace(
        user_session(account, "BOB", role, at=at),
        login=stored.id,
        secondary=stored.secondary,
        access_token=stored.access_token,
        restricted_to=stored.restricted_to,
    )


# ---- what a login asks for ---------------------------------------------------------------------


def test_a_login_acts_as_the_role_that_it_asks_for(
    account: Account, local: Session, bob: Id
) -> None:
    clerk = add_role(account, local, "CLERK", bob)
    assert opened(account, local, bob, role=by("CLERK")).role == clerk
    assert opened(account, local, bob, role=clerk).role == clerk


@pytest.mark.parametrize("name", ["CLERK", "NOBODY"])
def test_a_login_with_a_role_that_is_not_the_users_is_refused(
    account: Account, local: Session, bob: Id, name: str
) -> None:
    add_role(account, local, "CLERK")
    with pytest.raises(RoleNotGranted) as refused:
        opened(account, local, bob, role=by(name))
    assert refused.value.name == name


def test_a_login_may_ask_for_its_secondary_roles(account: Account, local: Session, bob: Id) -> None:
    clerk = add_role(account, local, "CLERK", bob)
    add_role(account, local, "OTHER")
    asked = (by("CLERK"), by("OTHER"), by("NOBODY"))
    assert opened(account, local, bob, secondary=asked).secondary == (clerk,)
    assert opened(account, local, bob, secondary=()).secondary == ()
    assert opened(account, local, bob, secondary=ALL_ROLES).secondary == ALL_ROLES


def test_a_database_that_is_not_there_is_none_and_no_reason_to_refuse(
    account: Account, local: Session, bob: Id
) -> None:
    there = opened(account, local, bob, database=Name("DEMO_DB"), schema=Name("PUBLIC"))
    assert (there.database, there.schema) == ("DEMO_DB", "PUBLIC")
    gone = opened(account, local, bob, database=Name("GONE"), schema=Name("PUBLIC"))
    assert (gone.database, gone.schema) == (None, None)


def test_parameters_that_a_session_does_not_have_are_passed_over(
    account: Account, local: Session, bob: Id
) -> None:
    said = {"QUERY_TAG": "x", "CLIENT_OWN_SETTING": 1}
    assert opened(account, local, bob, parameters=said).parameters == {"QUERY_TAG": "x"}


# ---- passwords ---------------------------------------------------------------------------------


def test_a_password_changed_since_it_was_compared_opens_nothing(
    account: Account, local: Session, bob: Id
) -> None:
    carried_out(account, local, ChangeUser(user=bob, changes=(put("PASSWORD", "new"),), at=NOW))
    with pytest.raises(LoginRefused):
        opened(account, local, bob, password="old")
    assert opened(account, local, bob, password="new").user == bob


def test_a_password_that_must_be_changed_opens_only_with_a_new_one(
    account: Account, local: Session, bob: Id
) -> None:
    must = (put("PASSWORD", "old"), put("MUST_CHANGE_PASSWORD", value=True))
    carried_out(account, local, ChangeUser(user=bob, changes=must, at=NOW))
    with pytest.raises(LoginRefused) as refused:
        opened(account, local, bob, password="old")
    assert refused.value.why == "the password must be changed first"
    stored = opened(account, local, bob, password="old", new_password="new")
    assert account.ask(acting(account, stored, "PUBLIC"), CurrentSession()).role == "PUBLIC"
    user = account.ask(local, OneUser(user=bob)).user
    assert (user.password, user.must_change_password, user.last_login_at) == ("new", False, NOW)


# ---- renewing ----------------------------------------------------------------------------------


def renewing(stored: SqlSession, at: int, verifier: str | None = "fresh") -> RenewSession:
    return RenewSession(
        session=stored.id,
        verifier=verifier,
        at=at,
        expires_at=at + LIFE,
        master_expires_at=at + 4 * LIFE,
    )


def test_a_renewed_session_lives_on_under_another_token(
    account: Account, local: Session, bob: Id
) -> None:
    stored = opened(account, local, bob)
    later = NOW + 2 * LIFE
    door = msgspec.structs.replace(local, user=bob, at=later)
    effect = carried_out(account, door, renewing(stored, later))
    assert effect.events == ()
    found = account.login_session("fresh")
    assert found is not None
    assert (found[0].id, found[0].expires_at) == (stored.id, later + LIFE)
    assert account.login_session(stored.verifier) is None
    assert account.renewable_session(stored.master or "") == found
    assert account.renewable_session("unknown") is None


def test_a_heartbeat_lets_the_master_token_live_longer_and_no_other(
    account: Account, local: Session, bob: Id
) -> None:
    stored = opened(account, local, bob)
    door = msgspec.structs.replace(local, user=bob)
    carried_out(account, door, renewing(stored, NOW + 5, verifier=None))
    found = account.login_session(stored.verifier)
    assert found is not None
    assert (found[0].expires_at, found[0].master_expires_at) == (NOW + LIFE, NOW + 5 + 4 * LIFE)


def test_what_has_ended_is_not_renewed(account: Account, local: Session, bob: Id) -> None:
    stored = opened(account, local, bob)
    door = msgspec.structs.replace(local, user=bob)
    with pytest.raises(TokenRefused) as refused:
        carried_out(account, door, renewing(stored, NOW + 4 * LIFE))
    assert refused.value.why == "expired"
    with pytest.raises(TokenRefused):
        carried_out(account, local, renewing(stored, NOW))
    carried_out(account, local, DropUser(user=bob, at=NOW))
    with pytest.raises(TokenRefused):
        carried_out(account, door, renewing(stored, NOW))


def test_a_session_of_a_user_whose_time_is_over_is_not_renewed(
    account: Account, local: Session, bob: Id
) -> None:
    stored = opened(account, local, bob)
    end = ChangeUser(user=bob, changes=(put("EXPIRES_AT", NOW + 5),), at=NOW)
    carried_out(account, local, end)
    door = msgspec.structs.replace(local, user=bob, at=NOW + 5)
    with pytest.raises(LoginRefused):
        carried_out(account, door, renewing(stored, NOW + 5))


def test_a_login_sweeps_the_users_lapsed_sessions(
    account: Account, local: Session, bob: Id
) -> None:
    stored = opened(account, local, bob)
    carried_out(account, local, msgspec.structs.replace(opening(bob), at=NOW + 4 * LIFE))
    assert account.login_session(stored.verifier) is None


# ---- access tokens -----------------------------------------------------------------------------


@pytest.fixture
def token(account: Account, local: Session, bob: Id) -> AccessToken:
    add_role(account, local, "OTHER", bob)
    add_role(account, local, "CLERK", bob)
    adding = AddAccessToken(
        id=IDS.new(),
        user=bob,
        name=Name("T"),
        verifier="tv",
        at=NOW,
        expires_at=NOW + LIFE // 2,
        role_restriction=by("CLERK"),
    )
    answer = carried_out(account, local, adding).answer
    assert isinstance(answer, AccessToken)
    return answer


def test_an_access_token_is_found_by_its_verifier_with_its_user(
    account: Account, bob: Id, token: AccessToken
) -> None:
    found = account.access_token("tv")
    assert found is not None
    assert (found[0], found[1] and found[1].id) == (token, bob)
    assert account.access_token("unknown") is None


def test_a_session_of_a_restricted_token_acts_as_its_role_alone(
    account: Account, local: Session, bob: Id, token: AccessToken
) -> None:
    stored = opened(account, local, bob, access_token=token.id)
    assert (stored.role, stored.secondary) == (token.role_restriction, ())
    session = acting(account, stored, "CLERK")
    assert account.ask(session, CurrentSession()).roles == ("CLERK",)
    everything = msgspec.structs.replace(session, secondary=ALL_ROLES)
    roles = account.store.read(1, lambda r: access.secondary_roles(r, everything))
    assert roles == ()
    use = ChangeSession(session=stored.id, at=NOW, role=by("OTHER"))
    with pytest.raises(NotFound):
        carried_out(account, session, use)


def test_a_restricted_token_is_refused_another_role(
    account: Account, local: Session, bob: Id, token: AccessToken
) -> None:
    asked = opened(account, local, bob, access_token=token.id, role=by("CLERK"))
    assert asked.role == token.role_restriction
    with pytest.raises(RoleNotGranted):
        opened(account, local, bob, access_token=token.id, role=by("OTHER"))


def test_a_token_for_a_role_that_was_taken_away_lets_nobody_in(
    account: Account, local: Session, bob: Id, token: AccessToken
) -> None:
    revoke = RevokeRole(role=by("CLERK"), grantee_kind=Kind.USER, grantee=bob, at=NOW)
    carried_out(account, local, revoke)
    with pytest.raises(LoginRefused):
        opened(account, local, bob, access_token=token.id)


@pytest.mark.usefixtures("token")
def test_a_token_that_is_gone_lets_nobody_in(account: Account, local: Session, bob: Id) -> None:
    with pytest.raises(LoginRefused) as refused:
        opened(account, local, bob, access_token=Id("gone"))
    assert refused.value.why == "the access token has ended"


def test_a_session_ends_with_the_access_token_that_opened_it(
    account: Account, local: Session, bob: Id, token: AccessToken
) -> None:
    stored = opened(account, local, bob, access_token=token.id)
    assert account.ask(acting(account, stored, "CLERK"), CurrentSession()).role == "CLERK"
    with pytest.raises(TokenRefused):
        account.ask(acting(account, stored, "CLERK", token.expires_at), CurrentSession())
    off = ChangeAccessToken(
        user=bob, name=Name("T"), changes=(put("DISABLED", value=True),), at=NOW
    )
    carried_out(account, local, off)
    with pytest.raises(TokenRefused):
        account.ask(acting(account, stored, "CLERK"), CurrentSession())


def test_an_account_says_what_it_is_called(account: Account) -> None:
    assert account.row().name == "DEMO"
