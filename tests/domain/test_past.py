"""The past is told with the names and owners of its time, and so is who could use a role then."""

import pytest

from builders import IDS, NOW, admin, an_account, an_id, by, integration_session, put, user_session
from rolecall.domain.account import Account
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.commands import (
    AddAccessToken,
    ChangeRole,
    ChangeUser,
    Command,
    CreateDatabase,
    CreateGoverned,
    CreateRole,
    CreateUser,
    DropDatabase,
    DropRole,
    DropUser,
    GrantOwnership,
    GrantPrivileges,
    GrantRole,
    RevokeRole,
)
from rolecall.domain.errors import NotAuthorized
from rolecall.domain.events import Event
from rolecall.domain.holders import Holder, RoleHolders
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Id, Name
from rolecall.domain.past import WORDS, Change, Changes
from rolecall.domain.ports import Transaction
from rolecall.domain.queries import AttemptsAfter, EventsAfter, History

BOB, EVE, GUIDES, HEIRS = an_id(1), an_id(2), an_id(3), an_id(4)
STEP = 1_000_000


class Story:
    """An account to which things happen, one a second."""

    def __init__(self) -> None:
        self.account: Account = an_account()
        self.at = NOW

    def does(self, *commands: Command) -> int:
        self.at += STEP
        self.account.execute(admin(self.account, self.at), *commands)
        return self.at

    def told(self) -> list[Change]:
        return list(self.account.ask(admin(self.account), Changes(after=0, count=1_000)))

    def last(self) -> Change:
        return self.told()[-1]

    def holders(self, role: str, at: int) -> list[Holder]:
        asked = RoleHolders(role=role, at=at)
        return [one for one in self.account.ask(admin(self.account), asked) if one.name != "ADMIN"]

    def user(self, id: Id, name: str) -> Command:
        return CreateUser(id=id, name=Name(name), login_name=name, at=self.at)

    def role(self, id: Id, name: str) -> Command:
        return CreateRole(id=id, name=Name(name), at=self.at)

    def grant(self, role: Id, to: Id, kind: Kind = Kind.USER) -> Command:
        return GrantRole(role=role, grantee_kind=kind, grantee=to, at=self.at + STEP)

    def rename(self, id: Id, name: str) -> Command:
        return ChangeUser(user=id, changes=(put("NAME", name),), at=self.at)


@pytest.fixture
def story() -> Story:
    told = Story()
    told.does(told.user(BOB, "BOB"), told.user(EVE, "EVE"))
    told.does(told.role(GUIDES, "GUIDES"), told.role(HEIRS, "HEIRS"))
    return told


def test_every_event_has_its_words() -> None:
    assert set(WORDS) == set(Event.__args__)


def test_a_change_is_told_with_the_names_of_its_time(story: Story) -> None:
    story.does(story.grant(GUIDES, BOB))
    story.does(story.rename(BOB, "ROBERT"))
    story.does(ChangeRole(role=GUIDES, changes=(put("NAME", "LEADERS"),), at=NOW))
    story.does(story.grant(GUIDES, EVE))
    story.does(DropUser(user=BOB, at=NOW))
    granted = [one for one in story.told() if one.change == "GRANT ROLE"]
    named = [(one.object.name, one.others[0].name) for one in granted if one.object.id == GUIDES]
    assert named == [("GUIDES", "BOB"), ("LEADERS", "EVE")]
    renamed = next(one for one in story.told() if one.change == "ALTER USER")
    assert (renamed.object.name, renamed.before, renamed.after) == (
        "ROBERT",
        {"NAME": "BOB"},
        {"NAME": "ROBERT"},
    )
    assert (story.last().change, story.last().object.name) == ("DROP USER", "ROBERT")
    assert story.last().before is not None


def test_a_change_says_whose_the_object_was(story: Story) -> None:
    story.does(
        GrantOwnership(kind=Kind.USER, object=BOB, role=GUIDES, at=NOW),
        GrantOwnership(kind=Kind.USER, object=BOB, role=HEIRS, at=NOW),
    )
    story.does(DropRole(role=HEIRS, at=NOW))
    story.does(story.rename(BOB, "ROBERT"))
    owners = [one.owner for one in story.told() if one.object.id == BOB]
    assert owners == ["ACCOUNTADMIN", "GUIDES", "HEIRS", "ACCOUNTADMIN"]


def test_that_somebody_can_log_in_no_more_has_its_own_words(story: Story) -> None:
    for value in (True, False):
        story.does(ChangeUser(user=BOB, changes=(put("DISABLED", value=value),), at=NOW))
    words = [one.change for one in story.told() if one.object.id == BOB]
    assert words == ["CREATE USER", "DISABLE USER", "ENABLE USER"]


def test_a_privilege_and_ownership_name_who_has_it_now(story: Story) -> None:
    story.does(
        GrantPrivileges(
            privileges=(Privilege.CREATE_USER,),
            kind=Kind.ACCOUNT,
            object=None,
            role=GUIDES,
            at=NOW,
        )
    )
    one = story.last()
    assert (one.object.name, one.privilege, one.others[0].name) == ("DEMO", "CREATE USER", "GUIDES")
    story.does(GrantOwnership(kind=Kind.USER, object=BOB, role=GUIDES, at=NOW))
    assert (story.last().privilege, story.last().others[0].name) == ("OWNERSHIP", "GUIDES")


def test_everything_that_is_has_a_name(story: Story) -> None:
    integration_session(story.account)
    database = CreateDatabase(id=an_id(50), name=Name("LAKE"), at=NOW)
    story.does(database)
    assert story.last().object.name == "LAKE"
    story.does(DropDatabase(database=an_id(50), at=NOW))
    rule = CreateGoverned(
        kind=Kind.NETWORK_POLICY, id=an_id(51), name=Name("OFFICE"), properties={}, at=NOW
    )
    token = AddAccessToken(
        id=an_id(52), user=EVE, name=Name("T"), verifier="v", at=NOW, expires_at=NOW + 9 * STEP
    )
    story.does(rule, token)
    names = {one.change: one.object.name for one in story.told()}
    assert names["CREATE NETWORK POLICY"] == "OFFICE"
    assert names["ADD ACCESS TOKEN"] == "EVE"
    assert names["CREATE INTEGRATION"] == names["ISSUE TOKEN"] == "OKTA"
    assert names["CREATE DATABASE"] == "LAKE"


def test_who_held_a_role_is_told_by_what_is_and_by_what_was(story: Story) -> None:
    story.does(story.grant(GUIDES, BOB))
    both = story.does(story.grant(GUIDES, EVE))
    one = story.does(RevokeRole(role=GUIDES, grantee_kind=Kind.USER, grantee=BOB, at=NOW))
    story.does(DropUser(user=EVE, at=NOW))
    assert [each.name for each in story.holders("GUIDES", both)] == ["BOB", "EVE"]
    assert [each.name for each in story.holders("GUIDES", one)] == ["EVE"]
    assert story.holders("GUIDES", story.at) == []
    assert story.holders("NOBODY", both) == []


def test_inheritance_counts_as_it_was(story: Story) -> None:
    story.does(story.grant(HEIRS, BOB))
    before = story.at
    during = story.does(story.grant(GUIDES, HEIRS, Kind.ROLE))
    story.does(RevokeRole(role=GUIDES, grantee_kind=Kind.ROLE, grantee=HEIRS, at=NOW))
    story.does(ChangeRole(role=HEIRS, changes=(put("NAME", "OTHERS"),), at=NOW))
    assert story.holders("GUIDES", before) == story.holders("GUIDES", story.at) == []
    (bob,) = story.holders("GUIDES", during)
    assert (bob.name, bob.path) == ("BOB", ("HEIRS", "GUIDES"))


def test_a_dropped_role_is_known_by_its_name_of_then(story: Story) -> None:
    held = story.does(story.grant(GUIDES, BOB))
    story.does(DropRole(role=GUIDES, at=NOW))
    story.does(story.role(an_id(9), "GUIDES"))
    assert [each.user for each in story.holders("GUIDES", held)] == [BOB]
    assert story.holders("GUIDES", story.at) == []


def test_whether_a_holder_could_log_in_is_told_as_of_then(story: Story) -> None:
    first = story.does(story.grant(GUIDES, BOB))
    second = story.does(ChangeUser(user=BOB, changes=(put("DISABLED", value=True),), at=NOW))
    third = story.does(ChangeUser(user=BOB, changes=(put("DISABLED", value=False),), at=NOW))
    fourth = story.does(ChangeUser(user=BOB, changes=(put("DISABLED", value=True),), at=NOW))
    story.does(story.rename(BOB, "ROBERT"))
    story.does(DropUser(user=BOB, at=NOW))
    active = [story.holders("GUIDES", at)[0].active for at in (first, second, third, fourth)]
    assert active == [True, False, True, False]


def test_a_history_without_its_beginning_still_knows_names_and_owners(story: Story) -> None:
    story.does(GrantOwnership(kind=Kind.USER, object=BOB, role=GUIDES, at=NOW))

    def forget(tx: Transaction) -> None:
        while tx.events_after(0, 1)[0].seq < tx.last_event():
            tx.forget_history(2**62, 100)

    story.does(story.rename(EVE, "EVA"))
    story.account.store.transact(1, forget)
    assert [(one.object.name, one.owner) for one in story.told()] == [("EVA", "ACCOUNTADMIN")]
    story.does(
        story.rename(EVE, "EVI"), GrantOwnership(kind=Kind.USER, object=EVE, role=GUIDES, at=NOW)
    )
    owners = [(one.object.name, one.owner) for one in story.told()]
    assert owners == [("EVA", "ACCOUNTADMIN"), ("EVI", "ACCOUNTADMIN"), ("EVI", "GUIDES")]


def test_monitor_on_an_integration_shows_its_requests_alone(story: Story) -> None:
    integration_session(story.account)
    story.does(story.grant(GUIDES, BOB))
    session = user_session(story.account, "BOB", "GUIDES")
    for integration in ("OKTA", "AAD"):
        attempt = Attempt(
            kind=AttemptKind.SCIM,
            at=NOW,
            request=str(IDS.new()),
            method="GET",
            endpoint="/",
            status=200,
            succeeded=True,
            integration=integration,
        )
        story.account.store.note(1, attempt)
    story.account.store.flush()
    asked = History(kind=AttemptKind.SCIM, since=0, until=2**62)
    with pytest.raises(NotAuthorized):
        story.account.ask(session, asked)
    monitor = GrantPrivileges(
        privileges=(Privilege.MONITOR,),
        kind=Kind.INTEGRATION,
        object=by("OKTA"),
        role=GUIDES,
        at=NOW,
    )
    story.does(monitor)
    seen = story.account.ask(session, asked)
    assert [noted.attempt.integration for noted in seen] == ["OKTA"]
    with pytest.raises(NotAuthorized):
        story.account.ask(session, History(kind=AttemptKind.LOGIN, since=0, until=2**62))


def test_monitor_on_the_account_shows_every_history(story: Story) -> None:
    story.does(
        story.grant(GUIDES, BOB),
        GrantPrivileges(
            privileges=(Privilege.MONITOR,), kind=Kind.ACCOUNT, object=None, role=GUIDES, at=NOW
        ),
    )
    session = user_session(story.account, "BOB", "GUIDES")
    assert story.account.ask(session, EventsAfter(after=0))
    assert story.account.ask(session, Changes(after=0, count=5))
    assert story.account.ask(session, AttemptsAfter(after=0)) == ()


def test_of_two_ways_to_a_role_one_is_told(story: Story) -> None:
    story.does(story.role(an_id(5), "LEFT"), story.role(an_id(6), "RIGHT"))
    for way in (an_id(5), an_id(6)):
        story.does(story.grant(GUIDES, way, Kind.ROLE), story.grant(way, HEIRS, Kind.ROLE))
    at = story.does(story.grant(HEIRS, BOB))
    assert [one.path for one in story.holders("GUIDES", at)] == [("HEIRS", "LEFT", "GUIDES")]
