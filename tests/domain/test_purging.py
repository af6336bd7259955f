"""After a purge the histories say nothing of who a person was, and still add up."""

import msgspec
import pytest

from builders import NOW, SECOND, a_token, admin, an_attempt, an_id, integration_session
from rolecall.domain.account import Account
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.commands_accounts import PurgeHistory
from rolecall.domain.effects import Effect
from rolecall.domain.errors import NotAuthorized, NotFound
from rolecall.domain.events import HistoryPurged, Recorded, RoleChanged, UserChanged
from rolecall.domain.names import Id
from rolecall.domain.past import Change, Changes
from rolecall.domain.purging import STEP_ROWS, Purged
from rolecall.domain.queries import OneUser
from scim_client import ScimClientInProcess, group_of, user_of
from sql_world import Desk

MINUTE = 60 * SECOND
OUT = {"op": "replace", "path": "active", "value": False}
TRACES = ("grace", "hopper", "00u-9")


class Office:
    """An account with a provider and a desk, whose clock goes on by itself."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.account = self.desk.account
        self.scim = ScimClientInProcess(self.account)
        self.at = NOW

    def later(self) -> None:
        self.at += MINUTE
        self.scim.at = self.desk.clock.at = self.at

    def run(self, text: str) -> str | None:
        self.later()
        return self.desk.said(text)

    def hire(self, user_name: str, **more: object) -> Id:
        self.later()
        answer = self.scim.post("/Users", {**user_of(user_name), **more})
        assert answer.status == 201, answer.text
        return Id(answer.id)

    def purge(self, id: Id) -> str | None:
        return self.run(f"alter account purge history for '{id}'")

    def history(self) -> str:
        """All that the two histories hold, as text in small letters."""
        store = self.account.store
        store.flush()
        attempts = store.read(1, lambda r: r.attempts_after(0, 99_999))
        events = store.read(1, lambda r: r.events_after(0, 99_999))
        return msgspec.json.encode([attempts, events]).decode().lower()

    def changes(self) -> tuple[Change, ...]:
        return self.account.ask(admin(self.account, self.at), Changes(after=0, count=9_999))


@pytest.fixture
def office() -> Office:
    return Office()


def a_career(office: Office) -> Id:
    """Somebody comes, is renamed, is spoken of in many places, acts, and leaves."""
    grace = office.hire(
        "grace@example.com",
        externalId="00u-9",
        displayName="Grace Hopper",
        name={"givenName": "Grace", "familyName": "Hopper"},
        emails=[{"value": "grace@example.com", "type": "work", "primary": True}],
    )
    office.scim.post("/Users", user_of("GRACE@example.com"))  # refused: taken
    office.scim.get("/Users?filter=userName%20eq%20%22grace%40example.com%22")
    office.later()
    members = [{"value": grace, "display": "Grace Hopper"}]
    office.scim.post("/Groups", group_of("Sailors", members=members))
    office.run('alter user "GRACE@EXAMPLE.COM" rename to "HOPPER@EXAMPLE.COM"')
    office.run("""alter user "HOPPER@EXAMPLE.COM" set email = 'hopper@navy.example'""")
    office.run("create role crew comment = 'asked for by hopper@navy.example'")
    office.run('grant role crew to user "HOPPER@EXAMPLE.COM"')
    office.run("alter role crew set comment = 'of HOPPER@example.com, mostly'")
    office.desk.refusal("alter user \"Grace@Example.com\" set comment = 'x'")
    office.later()
    office.scim.delete(f"/Users/{grace}")
    office.later()
    office.scim.get("/Users?filter=userName+eq+%22hopper@example.com%22")
    return grace


def test_no_trace_of_who_it_was_stays_in_the_histories(office: Office) -> None:
    grace = a_career(office)
    assert all(trace in office.history() for trace in TRACES)
    office.purge(grace)
    assert [trace for trace in TRACES if trace in office.history()] == []


def test_ids_times_and_kinds_stay(office: Office) -> None:
    grace = a_career(office)
    before = office.changes()
    office.purge(grace)
    after = office.changes()[: len(before)]
    assert [(one.seq, one.at, one.change, one.object.id, one.number) for one in after] == [
        (one.seq, one.at, one.change, one.object.id, one.number) for one in before
    ]
    assert {one.object.name for one in after if one.object.id == grace} == {None}
    assert "DISABLE USER" not in {one.change for one in after}


def test_a_purge_says_how_many_rows_and_is_in_the_history_itself(office: Office) -> None:
    grace = a_career(office)
    said = office.purge(grace)
    last = office.changes()[-1]
    rows = last.after["ROWS"] if last.after else None
    assert said == f"{rows} rows of the histories hold no data of {grace} any more."
    assert isinstance(rows, int)
    assert rows > 10
    assert (last.change, last.object.id, last.actor) == ("PURGE HISTORY", grace, "ann")
    attempt = office.desk.attempts()[-1]
    assert (attempt.method, attempt.resource_id) == ("PURGE HISTORY", grace)
    assert str(grace) in (attempt.details or "")


def test_a_second_purge_finds_nothing(office: Office) -> None:
    grace = a_career(office)
    office.purge(grace)
    assert str(office.purge(grace)).startswith("0 rows")


def test_others_keep_their_history(office: Office) -> None:
    ada = office.hire("ada@example.com", displayName="Ada")
    grace = a_career(office)
    office.run("alter user \"ADA@EXAMPLE.COM\" set comment = 'after hopper@navy.example'")
    told = [one for one in office.changes() if one.object.id == ada][:1]
    office.purge(grace)
    assert [one for one in office.changes() if one.object.id == ada][:1] == told
    assert "ada@example.com" in office.history()
    changed = [e.event for e in _events(office.account) if isinstance(e.event, UserChanged)]
    assert changed[-1].after == {"COMMENT": "after …"}


def test_a_namesake_who_is_here_now_keeps_the_name(office: Office) -> None:
    first = office.hire("grace@example.com")
    office.later()
    office.scim.delete(f"/Users/{first}")
    second = office.hire("grace@example.com")
    office.run("""alter user "GRACE@EXAMPLE.COM" set comment = 'the second'""")
    office.purge(first)
    names = {one.object.name for one in office.changes() if one.object.id == second}
    assert names == {"GRACE@EXAMPLE.COM"}
    seen = [one for one in office.desk.attempts() if one.resource_id == second]
    assert {one.resource_name for one in seen} == {"grace@example.com", "GRACE@EXAMPLE.COM"}
    assert all(one.resource_name is None for one in _attempts_of(office, first))


def test_a_living_person_s_row_is_not_touched(office: Office) -> None:
    grace = office.hire("grace@example.com", displayName="Grace Hopper")
    before = office.account.ask(admin(office.account, NOW), OneUser(user=grace))
    office.purge(grace)
    assert office.account.ask(admin(office.account, NOW), OneUser(user=grace)) == before
    assert "hopper" not in office.history()


def test_what_somebody_did_is_told_of_their_id(office: Office) -> None:
    """Only while they bore the name: another user had it before, and an integration has one too."""
    office.run("create user boss default_role = accountadmin")
    boss = Id(str(office.desk.attempts()[-1].resource_id))
    for at, actor, kind in (
        (office.at + 1, "BOSS", "USER"),
        (office.at + 1, "BOSS", "LOCAL"),
        (NOW - 1, "BOSS", "USER"),
    ):
        office.account.store.note(1, _did(at, actor, kind))
    login = msgspec.structs.replace(
        _did(office.at + 2, "BOSS", "USER"),
        kind=AttemptKind.LOGIN,
        resource_kind="USER",
        resource_id=boss,
        resource_name="BOSS",
        details='{"factor":"PASSWORD","client_type":"BOSS-LAPTOP"}',
    )
    office.account.store.note(1, login)
    office.run("alter user boss rename to chief; drop user chief")
    office.purge(boss)
    found = [one for one in office.desk.attempts() if one.endpoint == "sql-of-boss"]
    assert [(one.actor, one.client_ip) for one in found] == [
        (boss, None),
        ("BOSS", "192.0.2.1"),
        ("BOSS", "192.0.2.1"),
        (boss, None),
    ]
    assert (found[-1].resource_name, found[-1].details) == (None, '{"factor":"PASSWORD"}')


def test_access_tokens_lose_their_names(office: Office) -> None:
    grace = office.hire("grace@example.com")
    user = 'alter user "GRACE@EXAMPLE.COM"'
    office.run(f"{user} add programmatic access token grace_laptop")
    office.run(f"{user} modify programmatic access token grace_laptop set comment = 'of grace'")
    office.run(f"{user} modify programmatic access token grace_laptop rename to lovely")
    office.purge(grace)
    assert not any(word in office.history() for word in ("grace", "lovely"))


def test_a_name_that_is_half_of_a_word_is_no_mention(office: Office) -> None:
    al = office.hire("al")
    bob = office.hire("bob")
    office.run("create role analysts comment = 'bobsled, bob@example.com and Bob. All al.'")
    office.run("alter role analysts set comment = 'bob'")
    office.purge(al)
    office.purge(bob)
    (changed,) = [e.event for e in _events(office.account) if isinstance(e.event, RoleChanged)]
    assert changed.before == {"COMMENT": "bobsled, bob@example.com and …. All al."}
    assert changed.after == {"COMMENT": "…"}


def test_a_dropped_role_s_comment_loses_the_mention(office: Office) -> None:
    grace = office.hire("grace@example.com")
    office.run("create role crew comment = 'of grace@example.com'; create role other; ")
    office.run("drop role crew; drop role other")
    office.purge(grace)
    assert "grace" not in office.history()


def test_long_histories_are_purged_in_steps(office: Office) -> None:
    grace = a_career(office)
    last = len(office.desk.attempts())
    account, command = office.account, PurgeHistory(person=grace)
    for _ in range(STEP_ROWS):
        account.store.note(1, _did(NOW, "nobody", "LOCAL"))
    account.store.flush()
    first = _purged(account.execute(admin(account, NOW), command))
    assert (first.reached_end, first.after_attempt) == (False, STEP_ROWS)
    again = PurgeHistory(
        person=grace, after_attempt=STEP_ROWS, after_event=first.after_event, rows=first.rows
    )
    second = _purged(account.execute(admin(account, NOW), again))
    assert (second.reached_end, second.after_attempt) == (True, STEP_ROWS + last)
    # The names are known until the last step, so that an end in between can be made good.
    assert "hopper" in office.history()
    office.purge(grace)
    assert "hopper" not in office.history()


def test_administrators_alone_purge(office: Office) -> None:
    grace = office.hire("grace@example.com")
    session = integration_session(office.account, "AAD", "AAD_PROVISIONER")
    with pytest.raises(NotAuthorized):
        office.account.execute(session, PurgeHistory(person=grace))
    assert not any(isinstance(e.event, HistoryPurged) for e in _events(office.account))


def test_whoever_was_no_user_has_no_history(office: Office) -> None:
    role = a_token(office.account, "OKTA", NOW).id
    for id in (an_id(77), role):
        with pytest.raises(NotFound):
            office.account.execute(admin(office.account), PurgeHistory(person=Id(id)))


def _did(at: int, actor: str, kind: str) -> Attempt:
    return an_attempt(
        kind=AttemptKind.STATEMENT,
        at=at,
        method="SHOW",
        endpoint="sql-of-boss",
        status=0,
        actor=actor,
        actor_kind=kind,
        client_ip="192.0.2.1",
    )


def _purged(effects: tuple[Effect, ...]) -> Purged:
    answer = effects[0].answer
    assert isinstance(answer, Purged)
    return answer


def _events(account: Account) -> tuple[Recorded, ...]:
    return account.store.read(1, lambda r: r.events_after(0, 99_999))


def _attempts_of(office: Office, id: Id) -> list[Attempt]:
    return [one for one in office.desk.attempts() if one.resource_id == id]


# ---- what the brake holds ----------------------------------------------------------------------


def test_a_held_change_of_the_living_stays_without_the_name(office: Office) -> None:
    grace = office.hire("grace@example.com")
    office.run("alter security integration okta set deprovisioning_limit = 0")
    assert office.scim.patch(f"/Users/{grace}", OUT).status == 429
    office.purge(grace)
    (change,) = office.account.store.read(1, lambda r: r.held_changes(None))
    assert (change.resource, change.name) == (grace, "")


def test_a_held_change_of_who_is_gone_goes_too(office: Office) -> None:
    grace = office.hire("grace@example.com")
    office.run("alter security integration okta set deprovisioning_limit = 0")
    assert office.scim.patch(f"/Users/{grace}", OUT).status == 429
    office.run('drop user "GRACE@EXAMPLE.COM"')
    office.purge(grace)
    assert office.account.store.read(1, lambda r: r.held_changes(None)) == ()
