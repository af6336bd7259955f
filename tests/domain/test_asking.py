"""Answers hold what the session may see, and say so in their totals (DESIGN contract 10)."""

import pytest

from builders import (
    IDS,
    NOW,
    a_token,
    add_role,
    add_user,
    by,
    carried_out,
    role_id,
    token_session,
    user_session,
)
from rolecall.domain.account import Account
from rolecall.domain.asking import ANSWERS
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.commands import CreateIntegration, DropRole, GrantPrivileges, GrantRole
from rolecall.domain.errors import NotAuthorized, NotFound
from rolecall.domain.model import Kind, Membership, Privilege, ScimClient
from rolecall.domain.names import Id, Name
from rolecall.domain.predicate import Compare, Field, Operator
from rolecall.domain.queries import (
    AttemptsAfter,
    CurrentSession,
    EventsAfter,
    GrantRow,
    GrantsOfRole,
    GrantsOn,
    GrantsToRole,
    GrantsToUser,
    History,
    Integrations,
    OneIntegration,
    OneRole,
    OneUser,
    Query,
    Roles,
    RoleSummaries,
    StoredSession,
    Users,
    UserSummaries,
)
from rolecall.domain.session import Session


@pytest.fixture
def bob(account: Account, okta: Session) -> Id:
    return add_user(account, okta, "BOB")


def monitors(account: Account, local: Session, role: Id, *privileges: Privilege) -> None:
    grant = GrantPrivileges(
        privileges=privileges, kind=Kind.ACCOUNT, object=None, role=role, at=NOW
    )
    carried_out(account, local, grant)


def test_every_question_has_an_answer() -> None:
    assert set(ANSWERS) == set(Query.__subclasses__())


# ---- users -----------------------------------------------------------------------------------


def test_scim_sees_its_own_users_and_the_total_says_so(
    account: Account, okta: Session, azure: Session, bob: Id
) -> None:
    add_user(account, azure, "SECRET")
    page = account.ask(okta, Users(count=1))
    assert (page.total, [card.user.id for card in page.items]) == (1, [bob])


def test_another_s_user_is_absent(account: Account, okta: Session, azure: Session) -> None:
    secret = add_user(account, azure, "SECRET")
    for ref in (secret, by("SECRET"), by("NOBODY")):
        with pytest.raises(NotFound) as refused:
            account.ask(okta, OneUser(user=ref))
        assert refused.value.name == (ref if ref == secret else getattr(ref, "name", None))


def test_monitor_user_sees_everybody_s(
    account: Account, local: Session, okta: Session, azure: Session
) -> None:
    secret = add_user(account, azure, "SECRET")
    monitors(account, local, okta.role, Privilege.MONITOR_USER)
    assert account.ask(okta, OneUser(user=secret)).user.name == "SECRET"
    assert account.ask(okta, Users()).total == 2


def test_manage_grants_lets_sql_see_and_scim_not(
    account: Account, local: Session, okta: Session, azure: Session
) -> None:
    secret = add_user(account, azure, "SECRET")
    monitors(account, local, okta.role, Privilege.MANAGE_GRANTS)
    with pytest.raises(NotFound):
        account.ask(okta, OneUser(user=secret))


@pytest.mark.usefixtures("bob")
def test_a_user_sees_itself(account: Account) -> None:
    session = user_session(account, "BOB")
    assert account.ask(session, OneUser(user=by("BOB"))).user.name == "BOB"
    with pytest.raises(NotFound):
        account.ask(session, OneUser(user=by("ADMIN")))


def test_scim_hears_of_no_groups_beyond_its_own(
    account: Account, local: Session, okta: Session, bob: Id
) -> None:
    mine = add_role(account, okta, "MINE", bob)
    add_role(account, local, "SECRET", bob)
    admin = GrantRole(role=by("ACCOUNTADMIN"), grantee_kind=Kind.USER, grantee=bob, at=NOW)
    carried_out(account, local, admin)
    shown = (Membership(role=mine, name=Name("MINE")),)
    assert account.ask(okta, OneUser(user=bob)).groups == shown
    assert account.ask(okta, Users()).items[0].groups == shown
    assert len(account.ask(local, OneUser(user=bob)).groups) == 3


def test_monitor_role_shows_the_groups_of_others_but_no_system_role(
    account: Account, local: Session, okta: Session, bob: Id
) -> None:
    other = add_role(account, local, "OTHER", bob)
    admin = GrantRole(role=by("ACCOUNTADMIN"), grantee_kind=Kind.USER, grantee=bob, at=NOW)
    carried_out(account, local, admin)
    monitors(account, local, okta.role, Privilege.MONITOR_ROLE)
    assert account.ask(okta, OneUser(user=bob)).groups == (
        Membership(role=other, name=Name("OTHER")),
    )


def test_groups_can_be_left_out(account: Account, okta: Session, bob: Id) -> None:
    add_role(account, okta, "MINE", bob)
    assert account.ask(okta, OneUser(user=bob, with_groups=False)).groups == ()
    assert account.ask(okta, Users(with_groups=False)).items[0].groups == ()


@pytest.mark.usefixtures("bob")
def test_show_users_lists_all_and_says_whose_properties_may_be_read(account: Account) -> None:
    rows = account.ask(user_session(account, "BOB"), UserSummaries())
    assert {row.user.name: (row.owner, row.readable) for row in rows} == {
        "ADMIN": ("ACCOUNTADMIN", False),
        "BOB": ("OKTA_PROVISIONER", True),
    }


# ---- roles -----------------------------------------------------------------------------------


def test_scim_sees_its_own_roles_and_the_total_says_so(
    account: Account, okta: Session, azure: Session
) -> None:
    mine, theirs = add_role(account, okta, "MINE"), add_role(account, azure, "SECRET")
    page = account.ask(okta, Roles())
    assert (page.total, [card.role.id for card in page.items]) == (1, [mine])
    with pytest.raises(NotFound):
        account.ask(okta, OneRole(role=theirs))


def test_monitor_role_sees_everybody_s_but_no_system_role(
    account: Account, local: Session, okta: Session
) -> None:
    monitors(account, local, okta.role, Privilege.MONITOR_ROLE)
    page = account.ask(okta, Roles(count=100))
    assert (page.total, [card.role.name for card in page.items]) == (1, ["OKTA_PROVISIONER"])
    named = Compare(Field.NAME, Operator.EQ, "ACCOUNTADMIN")
    assert account.ask(okta, Roles(where=named)).total == 0
    with pytest.raises(NotFound):
        account.ask(okta, OneRole(role=role_id(account, "ACCOUNTADMIN")))


def test_an_integration_that_runs_as_accountadmin_meets_no_system_role(
    account: Account, local: Session
) -> None:
    integrate = CreateIntegration(
        id=IDS.new(),
        endpoint=IDS.new(),
        name=Name("TOP"),
        scim_client=ScimClient.OKTA,
        run_as_role=by("ACCOUNTADMIN"),
        at=NOW,
    )
    carried_out(account, local, integrate)
    top = token_session(account, a_token(account, "TOP"))
    assert account.ask(top, Roles()).total == 0


def test_sql_sees_system_roles(account: Account, local: Session) -> None:
    assert account.ask(local, Roles()).total == 6
    assert account.ask(local, OneRole(role=by("PUBLIC"))).role.system


@pytest.mark.parametrize(("most", "shown"), [(0, None), (1, None), (2, 2), (9, 2)])
def test_members_are_given_when_they_are_at_most_as_many_as_asked(
    account: Account, okta: Session, bob: Id, most: int, shown: int | None
) -> None:
    role = add_role(account, okta, "CLERKS", bob, add_user(account, okta, "EVE"))
    for card in (
        account.ask(okta, OneRole(role=role, members_max=most)),
        account.ask(okta, Roles(members_max=most)).items[0],
    ):
        assert (None if card.members is None else len(card.members)) == shown


def test_show_roles_counts(account: Account, local: Session, bob: Id) -> None:
    add_role(account, local, "CLERKS", bob)
    rows = {str(row.role.name): row for row in account.ask(local, RoleSummaries())}
    clerks, top = rows["CLERKS"], rows["ACCOUNTADMIN"]
    assert (clerks.owner, clerks.assigned_to_users, clerks.is_inherited) == (
        "ACCOUNTADMIN",
        1,
        False,
    )
    assert (top.owner, top.granted_roles, top.is_current) == (None, 3, True)
    assert rows["USERADMIN"].is_inherited


# ---- grants ----------------------------------------------------------------------------------


def row(privilege: str, on: Kind, name: str, grantee: str, by: str, **more: object) -> GrantRow:
    fields: dict[str, object] = {"created_at": NOW, "granted_to": Kind.ROLE, "grant_option": False}
    fields |= {"privilege": privilege, "granted_on": on, "name": name, "grantee_name": grantee}
    return GrantRow(**{**fields, "granted_by": by, **more})  # type: ignore[arg-type]  # as named


def owned(on: Kind, name: str, owner: str) -> GrantRow:
    return row("OWNERSHIP", on, name, owner, owner, grant_option=True)


def test_grants_on_an_object_begin_with_its_owner(account: Account, local: Session) -> None:
    monitor = GrantPrivileges(
        privileges=(Privilege.MONITOR,),
        kind=Kind.USER,
        object=by("ADMIN"),
        role=by("PUBLIC"),
        at=NOW,
    )
    carried_out(account, local, monitor)
    assert account.ask(local, GrantsOn(kind=Kind.USER, object=by("ADMIN"))) == (
        owned(Kind.USER, "ADMIN", "ACCOUNTADMIN"),
        row("MONITOR", Kind.USER, "ADMIN", "PUBLIC", "ACCOUNTADMIN"),
    )


def test_a_system_role_has_no_owner(account: Account, local: Session) -> None:
    assert account.ask(local, GrantsOn(kind=Kind.ROLE, object=by("PUBLIC"))) == ()


def test_grants_to_a_role_are_ownership_privileges_and_roles(
    account: Account, local: Session
) -> None:
    role = add_role(account, local, "X")
    add_role(account, local, "LOW")
    carried_out(
        account, local, GrantRole(role=by("LOW"), grantee_kind=Kind.ROLE, grantee=role, at=NOW)
    )
    monitors(account, local, role, Privilege.CREATE_USER)
    usage = GrantPrivileges(
        privileges=(Privilege.USAGE,), kind=Kind.DATABASE, object=by("DEMO_DB"), role=role, at=NOW
    )
    carried_out(account, local, usage)
    found = account.ask(local, GrantsToRole(role=role))
    assert found == (
        row("CREATE USER", Kind.ACCOUNT, "DEMO", "X", "ACCOUNTADMIN"),
        row("USAGE", Kind.DATABASE, "DEMO_DB", "X", "ACCOUNTADMIN"),
        row("USAGE", Kind.ROLE, "LOW", "X", "ACCOUNTADMIN"),
    )
    top = account.ask(local, GrantsToRole(role=by("ACCOUNTADMIN")))
    assert owned(Kind.ROLE, "X", "ACCOUNTADMIN") in top


def test_grants_to_a_user_are_its_own_unless_named(
    account: Account, local: Session, okta: Session, bob: Id
) -> None:
    add_role(account, okta, "CLERKS", bob)
    expected = (row("USAGE", Kind.ROLE, "CLERKS", "BOB", "OKTA_PROVISIONER", granted_to=Kind.USER),)
    assert account.ask(local, GrantsToUser(user=by("BOB"))) == expected
    assert account.ask(user_session(account, "BOB"), GrantsToUser(user=None)) == expected
    assert account.ask(local, GrantsToUser(user=None)) == ()


def test_grants_of_a_role_are_to_users_and_roles(account: Account, okta: Session, bob: Id) -> None:
    role = add_role(account, okta, "CLERKS", bob)
    carried_out(
        account, okta, GrantRole(role=role, grantee_kind=Kind.ROLE, grantee=okta.role, at=NOW)
    )
    assert account.ask(okta, GrantsOfRole(role=role)) == (
        row("USAGE", Kind.ROLE, "CLERKS", "BOB", "OKTA_PROVISIONER", granted_to=Kind.USER),
        row("USAGE", Kind.ROLE, "CLERKS", "OKTA_PROVISIONER", "OKTA_PROVISIONER"),
    )


# ---- integrations, histories, the session ----------------------------------------------------


@pytest.mark.usefixtures("okta", "bob")
def test_integrations_are_shown_to_owners_and_those_with_usage(
    account: Account, local: Session
) -> None:
    session = user_session(account, "BOB")
    assert [found.name for found in account.ask(local, Integrations())] == ["OKTA"]
    assert account.ask(session, Integrations()) == ()
    usage = GrantPrivileges(
        privileges=(Privilege.USAGE,),
        kind=Kind.INTEGRATION,
        object=by("OKTA"),
        role=by("PUBLIC"),
        at=NOW,
    )
    carried_out(account, local, usage)
    assert [found.name for found in account.ask(session, Integrations())] == ["OKTA"]
    with pytest.raises(NotAuthorized):
        account.ask(session, OneIntegration(integration=by("OKTA")))


def test_the_histories_are_accountadmin_s(account: Account, local: Session, okta: Session) -> None:
    everything = History(kind=AttemptKind.SCIM, since=0, until=NOW)
    for query in (everything, AttemptsAfter(after=0), EventsAfter(after=0)):
        with pytest.raises(NotAuthorized) as refused:
            account.ask(okta, query)
        assert refused.value.remedy == "use role accountadmin"
    assert account.ask(local, EventsAfter(after=0, count=1))[0].seq == 1


def test_a_negative_number_means_the_last_attempts(account: Account, local: Session) -> None:
    for number in range(3):
        attempt = Attempt(
            kind=AttemptKind.SCIM,
            at=NOW,
            request=str(number),
            method="GET",
            endpoint="/",
            status=200,
            succeeded=True,
        )
        account.store.note(account.number, attempt)
    account.store.flush()
    last = account.ask(local, AttemptsAfter(after=-2))
    assert [noted.attempt.request for noted in last] == ["1", "2"]
    assert [noted.seq for noted in account.ask(local, AttemptsAfter(after=2))] == [3]
    assert len(account.ask(local, History(kind=AttemptKind.SCIM, since=NOW, until=NOW))) == 3


def test_a_session_knows_its_account_and_roles(account: Account, okta: Session, bob: Id) -> None:
    add_role(account, okta, "CLERKS", bob)
    me = account.ask(user_session(account, "BOB", "CLERKS"), CurrentSession())
    assert (me.account.name, me.role, me.roles) == ("DEMO", "CLERKS", ("CLERKS", "PUBLIC"))


def test_a_stored_session_is_its_user_s(account: Account, local: Session) -> None:
    with pytest.raises(NotFound):
        account.ask(local, StoredSession(session=Id("none")))


def test_a_dropped_role_s_objects_are_seen_by_the_heir(
    account: Account, local: Session, okta: Session, bob: Id
) -> None:
    carried_out(account, local, DropRole(role=okta.role, at=NOW))
    assert account.ask(local, OneUser(user=bob)).user.owner == local.role
