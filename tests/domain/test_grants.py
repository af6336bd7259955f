"""Who may grant what, in whose name, and who owns what (reference section 7)."""

from itertools import pairwise

import pytest

from builders import IDS, NOW, add_role, add_user, by, carried_out, role_id, user_session
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    CreateDatabase,
    DropRole,
    GrantOwnership,
    GrantPrivileges,
    GrantRole,
    Ref,
    RevokePrivileges,
    RevokeRole,
)
from rolecall.domain.errors import (
    CircularGrant,
    DependentGrants,
    InvalidValue,
    NotAuthorized,
    NotFound,
    SystemObject,
)
from rolecall.domain.events import (
    MembersAdded,
    MembersRemoved,
    OwnershipTransferred,
    PrivilegeGranted,
    PrivilegeRevoked,
    RoleGranted,
    RoleRevoked,
)
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Id, Name
from rolecall.domain.queries import GrantsOfRole, GrantsOn, OneRole, OneUser, RoleInSession
from rolecall.domain.session import Session


def to_role(role: Ref, heir: Ref) -> GrantRole:
    return GrantRole(role=role, grantee_kind=Kind.ROLE, grantee=heir, at=NOW)


def to_user(role: Ref, user: Ref) -> GrantRole:
    return GrantRole(role=role, grantee_kind=Kind.USER, grantee=user, at=NOW)


def from_role(role: Ref, heir: Ref) -> RevokeRole:
    return RevokeRole(role=role, grantee_kind=Kind.ROLE, grantee=heir, at=NOW)


def power(
    privilege: Privilege, role: Ref, kind: Kind = Kind.ACCOUNT, on: Ref | None = None, **more: bool
) -> GrantPrivileges:
    return GrantPrivileges(privileges=(privilege,), kind=kind, object=on, role=role, at=NOW, **more)


def no_power(
    privilege: Privilege, role: Ref, kind: Kind = Kind.ACCOUNT, on: Ref | None = None
) -> RevokePrivileges:
    return RevokePrivileges(privileges=(privilege,), kind=kind, object=on, role=role, at=NOW)


def give(kind: Kind, what: Ref, heir: Ref, current_grants: str | None = None) -> GrantOwnership:
    return GrantOwnership(kind=kind, object=what, role=heir, at=NOW, current_grants=current_grants)


@pytest.fixture
def bob(account: Account, local: Session) -> Id:
    return add_user(account, local, "BOB")


@pytest.fixture
def helper(account: Account, local: Session, bob: Id) -> Session:
    """BOB as HELPER, a role with MANAGE GRANTS and nothing else."""
    role = add_role(account, local, "HELPER", bob)
    carried_out(account, local, power(Privilege.MANAGE_GRANTS, role))
    return user_session(account, "BOB", "HELPER")


def grantors(account: Account, local: Session, role: str) -> list[str]:
    return [row.granted_by for row in account.ask(local, GrantsOfRole(role=by(role)))]


# ---- roles to users --------------------------------------------------------------------------


def test_a_role_granted_to_a_user_makes_a_member_once(
    account: Account, local: Session, bob: Id
) -> None:
    role = add_role(account, local, "X")
    effect = carried_out(account, local, to_user(role, by("BOB")))
    assert effect.events == (MembersAdded(id=role, users=(bob,), granted_by=local.role),)
    assert carried_out(account, local, to_user(role, bob)).events == ()
    assert account.ask(local, OneRole(role=role)).revision.version == 2


def test_a_role_revoked_from_a_user_unmakes_it(account: Account, local: Session, bob: Id) -> None:
    role = add_role(account, local, "X", bob)
    revoke = RevokeRole(role=role, grantee_kind=Kind.USER, grantee=bob, at=NOW)
    assert carried_out(account, local, revoke).events == (MembersRemoved(id=role, users=(bob,)),)


def test_who_is_absent_is_granted_nothing(account: Account, local: Session) -> None:
    role = add_role(account, local, "X")
    with pytest.raises(NotFound) as refused:
        carried_out(account, local, to_user(role, by("NOBODY")))
    assert (refused.value.kind, refused.value.name) == (Kind.USER, "NOBODY")


# ---- roles to roles --------------------------------------------------------------------------


def test_a_role_granted_to_a_role_is_inherited_until_revoked(
    account: Account, local: Session
) -> None:
    low, high = add_role(account, local, "LOW"), add_role(account, local, "HIGH")
    granted = carried_out(account, local, to_role(low, high))
    assert granted.events == (RoleGranted(id=low, to=high, granted_by=local.role),)
    assert carried_out(account, local, to_role(low, high)).events == ()
    revoked = carried_out(account, local, from_role(low, high))
    assert revoked.events == (RoleRevoked(id=low, to=high),)
    assert carried_out(account, local, from_role(low, high)).events == ()


def test_a_circle_of_grants_is_refused_at_any_length(account: Account, local: Session) -> None:
    chain = [add_role(account, local, f"R{number}") for number in range(5)]
    for low, high in pairwise(chain):
        carried_out(account, local, to_role(low, high))
    for low in chain:
        with pytest.raises(CircularGrant):
            carried_out(account, local, to_role(chain[-1], low))


def test_what_public_is_granted_everyone_has(account: Account, local: Session, bob: Id) -> None:
    add_role(account, local, "X")
    carried_out(account, local, to_role(by("X"), by("PUBLIC")))
    session = user_session(account, "BOB", "X")
    assert account.ask(session, RoleInSession(role=Name("X")))
    assert bob == session.user


def test_public_is_not_granted_to_itself(account: Account, local: Session) -> None:
    with pytest.raises(CircularGrant):
        carried_out(account, local, to_role(by("PUBLIC"), by("PUBLIC")))


def test_the_system_s_own_hierarchy_stays(account: Account, local: Session) -> None:
    with pytest.raises(SystemObject):
        carried_out(account, local, from_role(by("SYSADMIN"), by("ACCOUNTADMIN")))


def test_a_system_role_granted_later_can_be_taken_back(account: Account, local: Session) -> None:
    carried_out(account, local, to_role(by("SYSADMIN"), by("SECURITYADMIN")))
    effect = carried_out(account, local, from_role(by("SYSADMIN"), by("SECURITYADMIN")))
    assert [type(event) for event in effect.events] == [RoleRevoked]


# ---- who may grant, and in whose name --------------------------------------------------------


def test_to_grant_a_role_needs_its_ownership_or_manage_grants(
    account: Account, local: Session, bob: Id
) -> None:
    add_role(account, local, "X")
    session = user_session(account, "BOB")
    for command in (to_user(by("X"), bob), from_role(by("X"), by("PUBLIC"))):
        with pytest.raises(NotFound) as unseen:
            carried_out(account, session, command)
        assert (unseen.value.kind, unseen.value.name) == (Kind.ROLE, "X")
    carried_out(account, local, power(Privilege.MONITOR, by("PUBLIC"), Kind.ROLE, by("X")))
    with pytest.raises(NotAuthorized) as refused:
        carried_out(account, session, to_user(by("X"), bob))
    assert refused.value.privilege is Privilege.MANAGE_GRANTS


def test_scim_grants_what_it_owns(account: Account, okta: Session) -> None:
    low, high = add_role(account, okta, "LOW"), add_role(account, okta, "HIGH")
    told = carried_out(account, okta, to_role(low, high)).events
    assert told == (RoleGranted(id=low, to=high, granted_by=okta.role),)


def test_scim_does_not_learn_of_roles_that_it_does_not_own(
    account: Account, okta: Session, azure: Session
) -> None:
    theirs = add_role(account, azure, "SECRET")
    with pytest.raises(NotFound) as refused:
        carried_out(account, okta, to_role(theirs, okta.role))
    assert refused.value.name == theirs


def test_manage_grants_grants_in_the_owner_s_name(
    account: Account, local: Session, helper: Session, bob: Id
) -> None:
    role = add_role(account, local, "X")
    carried_out(account, helper, to_user(role, bob))
    carried_out(account, helper, to_role(role, by("PUBLIC")))
    assert grantors(account, local, "X") == ["ACCOUNTADMIN", "ACCOUNTADMIN"]


def test_a_role_without_owner_is_granted_in_the_session_s_name(
    account: Account, local: Session, helper: Session, bob: Id
) -> None:
    carried_out(account, helper, to_user(by("SYSADMIN"), bob))
    assert "HELPER" in grantors(account, local, "SYSADMIN")


@pytest.mark.parametrize("role", ["ACCOUNTADMIN", "ORGADMIN", "HEIR"])
def test_manage_grants_alone_hands_out_no_administration(
    account: Account, local: Session, helper: Session, bob: Id, role: str
) -> None:
    add_role(account, local, "HEIR")
    carried_out(account, local, to_role(by("ACCOUNTADMIN"), by("HEIR")))
    with pytest.raises(NotAuthorized) as refused:
        carried_out(account, helper, to_user(by(role), bob))
    assert refused.value.remedy == "use role accountadmin"


@pytest.mark.parametrize("role", ["ACCOUNTADMIN", "ORGADMIN"])
def test_accountadmin_hands_out_administration(
    account: Account, local: Session, bob: Id, role: str
) -> None:
    assert carried_out(account, local, to_user(by(role), bob)).events != ()


# ---- privileges ------------------------------------------------------------------------------


def test_a_privilege_is_granted_once_and_revoked_once(account: Account, local: Session) -> None:
    role, on = add_role(account, local, "X"), account.store.accounts()[0].id
    grant, revoke = power(Privilege.CREATE_USER, role), no_power(Privilege.CREATE_USER, role)
    assert carried_out(account, local, grant).events == (
        PrivilegeGranted(
            id=on,
            kind=Kind.ACCOUNT,
            privilege=Privilege.CREATE_USER,
            to=role,
            granted_by=local.role,
        ),
    )
    assert carried_out(account, local, grant).events == ()
    assert carried_out(account, local, revoke).events == (
        PrivilegeRevoked(id=on, kind=Kind.ACCOUNT, privilege=Privilege.CREATE_USER, to=role),
    )
    assert carried_out(account, local, revoke).events == ()


@pytest.mark.parametrize(
    ("privilege", "kind"),
    [
        (Privilege.OWNERSHIP, Kind.ACCOUNT),
        (Privilege.CREATE_USER, Kind.USER),
        (Privilege.USAGE, Kind.ACCOUNT),
    ],
)
def test_a_privilege_that_the_kind_does_not_know_is_refused(
    account: Account, local: Session, privilege: Privilege, kind: Kind
) -> None:
    with pytest.raises(InvalidValue):
        carried_out(account, local, power(privilege, by("PUBLIC"), kind, by("ADMIN")))


def test_nothing_can_be_granted_on_a_token(account: Account, local: Session) -> None:
    with pytest.raises(NotFound):
        carried_out(account, local, power(Privilege.USAGE, by("PUBLIC"), Kind.TOKEN, by("x")))


def test_what_a_system_role_is_born_with_stays(account: Account, local: Session) -> None:
    with pytest.raises(SystemObject):
        carried_out(account, local, no_power(Privilege.MANAGE_GRANTS, by("SECURITYADMIN")))


def test_what_a_system_role_got_later_can_be_taken_back(account: Account, local: Session) -> None:
    carried_out(account, local, power(Privilege.CREATE_ROLE, by("SYSADMIN")))
    effect = carried_out(account, local, no_power(Privilege.CREATE_ROLE, by("SYSADMIN")))
    assert [type(event) for event in effect.events] == [PrivilegeRevoked]


def test_an_owner_grants_on_what_it_owns_without_manage_grants(
    account: Account, local: Session, okta: Session, bob: Id
) -> None:
    theirs = add_user(account, okta, "EVE")
    carried_out(account, local, to_user(okta.role, bob))
    owner = user_session(account, "BOB", "OKTA_PROVISIONER")
    carried_out(account, owner, power(Privilege.MONITOR, by("PUBLIC"), Kind.USER, theirs))
    (ownership, row) = account.ask(local, GrantsOn(kind=Kind.USER, object=theirs))
    assert (ownership.grantee_name, row.granted_by) == ("OKTA_PROVISIONER", "OKTA_PROVISIONER")


def test_without_the_grant_option_a_privilege_is_not_passed_on(
    account: Account, local: Session, bob: Id
) -> None:
    add_role(account, local, "X", bob)
    carried_out(account, local, power(Privilege.CREATE_USER, by("X")))
    session = user_session(account, "BOB", "X")
    with pytest.raises(NotAuthorized):
        carried_out(account, session, power(Privilege.CREATE_USER, by("PUBLIC")))


def test_with_the_grant_option_a_privilege_is_passed_on_in_the_holder_s_name(
    account: Account, local: Session, bob: Id
) -> None:
    add_role(account, local, "X", bob)
    carried_out(account, local, power(Privilege.CREATE_USER, by("X"), grant_option=True))
    session = user_session(account, "BOB", "X")
    carried_out(account, session, power(Privilege.CREATE_USER, by("PUBLIC")))
    rows = account.ask(local, GrantsOn(kind=Kind.ACCOUNT, object=None))
    assert [row.granted_by for row in rows if row.grantee_name == "PUBLIC"] == ["X"]
    carried_out(account, local, DropRole(role=by("X"), at=NOW))
    rows = account.ask(local, GrantsOn(kind=Kind.ACCOUNT, object=None))
    assert "PUBLIC" not in {row.grantee_name for row in rows}


# ---- ownership -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.USER, Kind.ROLE, Kind.INTEGRATION, Kind.DATABASE])
def test_what_is_owned_can_be_given_away(
    account: Account, local: Session, okta: Session, kind: Kind
) -> None:
    add_user(account, local, "X")
    add_role(account, local, "X")
    carried_out(account, local, CreateDatabase(id=IDS.new(), name=Name("X"), at=NOW))
    what = by("OKTA" if kind is Kind.INTEGRATION else "X")
    (told,) = carried_out(account, local, give(kind, what, okta.role)).events
    assert isinstance(told, OwnershipTransferred)
    assert (told.kind, told.before, told.after) == (kind, local.role, okta.role)
    (row, *_) = account.ask(local, GrantsOn(kind=kind, object=what))
    assert row.grantee_name == "OKTA_PROVISIONER"


def test_to_give_away_needs_ownership_or_manage_grants(
    account: Account, helper: Session, bob: Id
) -> None:
    stranger = user_session(account, "BOB")
    with pytest.raises(NotAuthorized):
        carried_out(account, stranger, give(Kind.USER, bob, by("PUBLIC")))
    assert carried_out(account, helper, give(Kind.USER, bob, by("HELPER"))).events != ()


def test_a_transfer_to_the_present_owner_changes_nothing(
    account: Account, local: Session, bob: Id
) -> None:
    assert carried_out(account, local, give(Kind.USER, bob, local.role)).events == ()


def test_a_transfer_is_a_new_version(account: Account, local: Session, bob: Id) -> None:
    carried_out(account, local, give(Kind.USER, bob, by("SYSADMIN")))
    assert account.ask(local, OneUser(user=bob)).revision.version == 2


@pytest.mark.parametrize("name", ["ACCOUNTADMIN", "PUBLIC"])
def test_system_roles_are_not_given_away(account: Account, local: Session, name: str) -> None:
    with pytest.raises(SystemObject):
        carried_out(account, local, give(Kind.ROLE, by(name), by("SYSADMIN")))


def test_the_account_is_not_given_away(account: Account, local: Session) -> None:
    with pytest.raises(NotAuthorized):
        carried_out(account, local, give(Kind.ACCOUNT, by("DEMO"), by("SYSADMIN")))


def test_grants_on_an_object_must_be_copied_or_revoked(
    account: Account, local: Session, bob: Id
) -> None:
    carried_out(account, local, power(Privilege.MONITOR, by("PUBLIC"), Kind.USER, bob))
    with pytest.raises(DependentGrants):
        carried_out(account, local, give(Kind.USER, bob, by("SYSADMIN")))


def test_revoke_current_grants_says_which_ended(account: Account, local: Session, bob: Id) -> None:
    carried_out(account, local, power(Privilege.MONITOR, by("PUBLIC"), Kind.USER, bob))
    effect = carried_out(account, local, give(Kind.USER, bob, by("SYSADMIN"), "REVOKE"))
    assert [type(event) for event in effect.events] == [PrivilegeRevoked, OwnershipTransferred]
    assert len(account.ask(local, GrantsOn(kind=Kind.USER, object=bob))) == 1


def test_copy_current_grants_puts_them_in_the_new_owner_s_name(
    account: Account, local: Session, bob: Id
) -> None:
    carried_out(account, local, power(Privilege.MONITOR, by("PUBLIC"), Kind.USER, bob))
    carried_out(account, local, give(Kind.USER, bob, by("SYSADMIN"), "COPY"))
    (_, row) = account.ask(local, GrantsOn(kind=Kind.USER, object=bob))
    assert (row.grantee_name, row.granted_by) == ("PUBLIC", "SYSADMIN")


def test_a_role_s_grants_outlive_its_owner(account: Account, local: Session, bob: Id) -> None:
    add_role(account, local, "X", bob)
    carried_out(account, local, power(Privilege.MONITOR, by("PUBLIC"), Kind.ROLE, by("X")))
    carried_out(account, local, give(Kind.ROLE, by("X"), by("SYSADMIN")))
    assert grantors(account, local, "X") == ["ACCOUNTADMIN"]
    assert role_id(account, "X")


@pytest.mark.parametrize("kind", [Kind.USER, Kind.ROLE, Kind.INTEGRATION, Kind.DATABASE])
def test_what_is_absent_can_not_be_granted_on(account: Account, local: Session, kind: Kind) -> None:
    with pytest.raises(NotFound) as refused:
        carried_out(account, local, give(kind, by("NOTHING"), by("PUBLIC")))
    assert (refused.value.kind, refused.value.name) == (kind, "NOTHING")
