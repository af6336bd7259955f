"""What is taken back, by whom, and what ends with it (reference section 7)."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from builders import NOW, add_role, add_user, admin, an_account, by, carried_out, user_session
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    DropRole,
    DropUser,
    GrantOwnership,
    GrantPrivileges,
    GrantRole,
    Ref,
    RevokePrivileges,
    RevokeRole,
)
from rolecall.domain.errors import CircularGrant, NotAuthorized, PassedOn, Refusal
from rolecall.domain.events import (
    GrantOptionRevoked,
    MembersRemoved,
    PrivilegeGranted,
    PrivilegeRevoked,
    RoleDropped,
    RoleGranted,
    RoleRevoked,
)
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Id
from rolecall.domain.queries import GrantsToRole, OneRole
from rolecall.domain.session import Session
from rolecall.store.sqlite import SqliteStore


def to_role(role: Ref, heir: Ref, *, option: bool = False) -> GrantRole:
    return GrantRole(role=role, grantee_kind=Kind.ROLE, grantee=heir, at=NOW, grant_option=option)


def to_user(role: Ref, user: Ref) -> GrantRole:
    return GrantRole(role=role, grantee_kind=Kind.USER, grantee=user, at=NOW)


def from_role(role: Ref, heir: Ref, **options: bool) -> RevokeRole:
    return RevokeRole(role=role, grantee_kind=Kind.ROLE, grantee=heir, at=NOW, **options)


def monitor(user: Ref, role: Ref, *, option: bool = False) -> GrantPrivileges:
    return GrantPrivileges(
        privileges=(Privilege.MONITOR,),
        kind=Kind.USER,
        object=user,
        role=role,
        at=NOW,
        grant_option=option,
    )


def no_monitor(user: Ref, role: Ref, **options: bool) -> RevokePrivileges:
    return RevokePrivileges(
        privileges=(Privilege.MONITOR,), kind=Kind.USER, object=user, role=role, at=NOW, **options
    )


@pytest.fixture
def bob(account: Account, local: Session) -> Id:
    return add_user(account, local, "BOB")


@pytest.fixture
def lead(account: Account, local: Session, bob: Id) -> Session:
    """BOB as LEAD, which may pass on the role DATA and MONITOR on EVE."""
    role, data = add_role(account, local, "LEAD", bob), add_role(account, local, "DATA")
    eve = add_user(account, local, "EVE")
    add_role(account, local, "TEAM")
    carried_out(account, local, to_role(data, role, option=True))
    carried_out(account, local, monitor(eve, role, option=True))
    return user_session(account, "BOB", "LEAD")


# ---- the grant option ------------------------------------------------------------------------


def test_a_grant_given_again_with_the_option_is_news(account: Account, local: Session) -> None:
    low, high = add_role(account, local, "LOW"), add_role(account, local, "HIGH")
    carried_out(account, local, to_role(low, high))
    again = to_role(low, high, option=True)
    assert carried_out(account, local, again).events == (
        RoleGranted(id=low, to=high, grant_option=True, granted_by=local.role),
    )
    assert carried_out(account, local, again).events == ()
    (row,) = account.ask(local, GrantsToRole(role=high))
    assert row.grant_option


def test_a_privilege_given_again_with_the_option_is_news(
    account: Account, local: Session, bob: Id
) -> None:
    role = add_role(account, local, "X")
    carried_out(account, local, monitor(bob, role))
    (told,) = carried_out(account, local, monitor(bob, role, option=True)).events
    assert isinstance(told, PrivilegeGranted)
    assert told.grant_option
    assert carried_out(account, local, monitor(bob, role)).events == ()


def test_the_option_alone_is_taken_back_once(account: Account, local: Session, bob: Id) -> None:
    role, low = add_role(account, local, "X"), add_role(account, local, "LOW")
    carried_out(account, local, monitor(bob, role, option=True))
    carried_out(account, local, to_role(low, role, option=True))
    for revoke, kind, on in (
        (no_monitor(bob, role, option_only=True), Kind.USER, bob),
        (from_role(low, role, option_only=True), Kind.ROLE, low),
    ):
        privilege = Privilege.MONITOR if kind is Kind.USER else Privilege.USAGE
        assert carried_out(account, local, revoke).events == (
            GrantOptionRevoked(id=on, kind=kind, privilege=privilege, to=role),
        )
        assert carried_out(account, local, revoke).events == ()
    rows = account.ask(local, GrantsToRole(role=role))
    assert [row.grant_option for row in rows] == [False, False]


# ---- what was passed on ----------------------------------------------------------------------


def test_what_was_passed_on_stops_a_revoke_unless_it_cascades(
    account: Account, local: Session, lead: Session, bob: Id
) -> None:
    data, team = by("DATA"), by("TEAM")
    carried_out(account, lead, to_role(data, team, option=True))
    carried_out(account, lead, to_user(data, bob))
    with pytest.raises(PassedOn):
        carried_out(account, local, from_role(data, by("LEAD")))
    events = carried_out(account, local, from_role(data, by("LEAD"), cascade=True)).events
    assert [type(event) for event in events] == [RoleRevoked, RoleRevoked, MembersRemoved]
    assert account.ask(local, OneRole(role=data)).revision.version == 3


def test_a_privilege_passed_on_ends_at_any_distance(
    account: Account, local: Session, lead: Session, bob: Id
) -> None:
    add_role(account, local, "FAR")
    carried_out(account, local, to_user(by("TEAM"), bob))
    carried_out(account, lead, monitor(by("EVE"), by("TEAM"), option=True))
    team = user_session(account, "BOB", "TEAM")
    carried_out(account, team, monitor(by("EVE"), by("FAR")))
    with pytest.raises(PassedOn):
        carried_out(account, local, no_monitor(by("EVE"), by("LEAD"), option_only=True))
    events = carried_out(account, local, no_monitor(by("EVE"), by("LEAD"), cascade=True)).events
    assert [type(event) for event in events] == [PrivilegeRevoked] * 3


def test_what_an_owner_granted_rests_on_its_ownership(
    account: Account, local: Session, lead: Session, bob: Id
) -> None:
    for kind, what in ((Kind.ROLE, "DATA"), (Kind.USER, "EVE")):
        give = GrantOwnership(
            kind=kind, object=by(what), role=by("LEAD"), at=NOW, current_grants="COPY"
        )
        carried_out(account, local, give)
    carried_out(account, lead, to_user(by("DATA"), bob))
    carried_out(account, lead, monitor(by("EVE"), by("TEAM")))
    carried_out(account, local, from_role(by("DATA"), by("LEAD")))
    carried_out(account, local, no_monitor(by("EVE"), by("LEAD")))
    assert [row.privilege for row in account.ask(local, GrantsToRole(role=by("TEAM")))] == [
        "MONITOR"
    ]


def test_with_the_option_alone_others_grants_stay(
    account: Account, local: Session, lead: Session, bob: Id
) -> None:
    carried_out(account, local, to_user(by("DATA"), bob))
    carried_out(account, local, monitor(by("EVE"), by("TEAM")))
    revoke = RevokeRole(role=by("DATA"), grantee_kind=Kind.USER, grantee=bob, at=NOW)
    for command in (revoke, no_monitor(by("EVE"), by("TEAM"))):
        with pytest.raises(NotAuthorized):
            carried_out(account, lead, command)


# ---- what ends with a role or a user ---------------------------------------------------------


def test_a_dropped_role_takes_with_it_what_it_granted(
    account: Account, local: Session, lead: Session, bob: Id
) -> None:
    carried_out(account, lead, to_role(by("DATA"), by("TEAM"), option=True))
    carried_out(account, lead, to_user(by("DATA"), bob))
    carried_out(account, lead, monitor(by("EVE"), by("TEAM"), option=True))
    data = account.ask(local, OneRole(role=by("DATA")))
    events = carried_out(account, local, DropRole(role=by("LEAD"), at=NOW)).events
    assert [type(event) for event in events] == [
        RoleRevoked,
        MembersRemoved,
        PrivilegeRevoked,
        RoleDropped,
    ]
    after = account.ask(local, OneRole(role=by("DATA"), members_max=9))
    assert (after.members, after.revision.version) == ((), data.revision.version + 1)
    assert account.ask(local, GrantsToRole(role=by("TEAM"))) == ()


def test_a_dropped_role_takes_with_it_what_others_passed_on(
    account: Account, local: Session, lead: Session, bob: Id
) -> None:
    far = add_role(account, local, "FAR")
    carried_out(account, local, to_user(by("TEAM"), bob))
    carried_out(account, lead, to_role(by("DATA"), by("TEAM"), option=True))
    carried_out(account, lead, monitor(by("EVE"), by("TEAM"), option=True))
    team = user_session(account, "BOB", "TEAM")
    carried_out(account, team, to_role(by("DATA"), far))
    carried_out(account, team, monitor(by("EVE"), far))
    carried_out(account, local, DropRole(role=by("LEAD"), at=NOW))
    assert account.ask(local, GrantsToRole(role=far)) == ()


def test_privileges_on_a_dropped_user_are_nobody_s(
    account: Account, local: Session, bob: Id
) -> None:
    role = add_role(account, local, "X")
    carried_out(account, local, monitor(bob, role))
    carried_out(account, local, DropUser(user=bob, at=NOW))
    assert account.ask(local, GrantsToRole(role=role)) == ()


# ---- escalation, and races -------------------------------------------------------------------


def test_manage_grants_alone_takes_over_no_role_that_administers(
    account: Account, local: Session, bob: Id
) -> None:
    helper, heir = add_role(account, local, "HELPER", bob), add_role(account, local, "HEIR")
    manage = GrantPrivileges(
        privileges=(Privilege.MANAGE_GRANTS,), kind=Kind.ACCOUNT, object=None, role=helper, at=NOW
    )
    carried_out(account, local, manage)
    carried_out(account, local, to_role(by("ACCOUNTADMIN"), heir))
    session = user_session(account, "BOB", "HELPER")
    take = GrantOwnership(kind=Kind.ROLE, object=heir, role=helper, at=NOW)
    with pytest.raises(NotAuthorized) as refused:
        carried_out(account, session, take)
    assert refused.value.remedy == "use role accountadmin"


def test_of_two_grants_that_would_close_a_circle_one_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "race.db")
    account = an_account(store)
    local = admin(account)

    def attempt(command: GrantRole) -> str:
        try:
            account.execute(local, command)
        except CircularGrant:
            return "refused"
        return "granted"

    with ThreadPoolExecutor(2) as both:
        for number in range(10):
            one = add_role(account, local, f"A{number}")
            other = add_role(account, local, f"B{number}")
            outcomes = both.map(attempt, (to_role(one, other), to_role(other, one)))
            assert sorted(outcomes) == ["granted", "refused"]
    store.close()


def test_a_refused_revoke_changes_nothing(account: Account, local: Session, lead: Session) -> None:
    carried_out(account, lead, to_role(by("DATA"), by("TEAM")))
    before = account.ask(local, GrantsToRole(role=by("TEAM")))
    with pytest.raises(Refusal):
        carried_out(account, local, from_role(by("DATA"), by("LEAD")))
    assert account.ask(local, GrantsToRole(role=by("TEAM"))) == before
