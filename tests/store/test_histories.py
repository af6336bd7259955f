"""What every store promises of its two histories beyond appending to them."""

from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace

from builders import NOW, an_attempt, an_id
from rolecall.domain.attempts import Attempt, Noted
from rolecall.domain.events import (
    Event,
    OwnershipTransferred,
    RoleChanged,
    UserChanged,
    UserCreated,
    UserDropped,
)
from rolecall.domain.model import Kind
from rolecall.domain.names import Id
from rolecall.domain.ports import Store, Transaction
from rolecall.domain.wanted import Wanted
from rolecall.store import statements, statements_history
from rolecall.store.migrations import MIGRATIONS, bring_up
from rolecall.store.sqlite import SqliteStore

BOB, EVE, GUIDES = an_id(1), an_id(2), an_id(3)


def tried(at: int = NOW, integration: str | None = "OKTA", **fields: object) -> Attempt:
    return an_attempt(at=at, integration=integration, **fields)


def happens(store: Store, *events: Event, at: int = NOW, attempt: Attempt | None = None) -> None:
    def body(tx: Transaction) -> None:
        for event in events:
            tx.record(event, at=at, actor="OKTA", request="r")

    kept = tried(at) if attempt is None else attempt
    store.transact(1, body, lambda _, __: kept)


def created(user: Id = BOB, name: str = "BOB") -> Event:
    return UserCreated(id=user, name=name, owner=None)


def test_an_event_names_the_attempt_that_caused_it(store: Store) -> None:
    happens(store)
    happens(store, created(), created(EVE, "EVE"))
    events = store.read(1, lambda r: r.events_after(0, 9))
    assert [each.attempt for each in events] == [2, 2]


def test_an_event_without_an_attempt_names_none(store: Store) -> None:
    store.transact(1, lambda tx: tx.record(created(), at=NOW, actor="SYSTEM", request="r"))
    (event,) = store.read(1, lambda r: r.events_after(0, 9))
    assert event.attempt is None


def test_one_integration_s_attempts_are_found_by_time_the_newest_last(store: Store) -> None:
    for at, integration in ((NOW, "OKTA"), (NOW + 1, "AAD"), (NOW + 2, "OKTA"), (NOW + 3, "OKTA")):
        happens(store, attempt=tried(at, integration))
    happens(store, attempt=tried(NOW + 4, None))

    def seen(since: int, until: int, count: int) -> list[int]:
        found = store.read(1, lambda r: r.attempts_of_integration("OKTA", since, until, count))
        return [noted.seq for noted in found]

    assert seen(NOW, NOW + 9, 9) == [1, 3, 4]
    assert seen(NOW + 1, NOW + 2, 9) == [3]
    assert seen(NOW, NOW + 9, 2) == [3, 4]
    assert store.read(1, lambda r: r.attempts_of_integration("X", 0, NOW + 9, 9)) == ()


def test_attempts_and_events_are_found_by_number(store: Store) -> None:
    for user in (BOB, EVE, GUIDES):
        happens(store, created(user))
    numbers = [3, 1, 99]
    attempts = store.read(1, lambda r: r.attempts_numbered(numbers))
    events = store.read(1, lambda r: r.events_numbered(numbers))
    assert [each.seq for each in attempts] == [1, 3]
    assert [each.event.id for each in events] == [BOB, GUIDES]


def test_what_mentions_a_text_is_found_in_any_case(store: Store) -> None:
    happens(store, created(BOB, "BOB@EXAMPLE.COM"), attempt=tried(resource_name="Zoë"))
    happens(store, created(EVE, "EVE"), attempt=tried(details='{"query":"bob@example.com"}'))
    attempts = store.read(1, lambda r: r.attempts_mentioning(["Bob@Example.com", "zoë"], 0, 9))
    events = store.read(1, lambda r: r.events_mentioning(["bob@example.com"], 0, 9))
    assert [each.seq for each in attempts] == [1, 2]
    assert [each.event.id for each in events] == [BOB]
    assert len(store.read(1, lambda r: r.events_mentioning(["okta"], 0, 9))) == 2
    assert store.read(1, lambda r: r.attempts_mentioning(["nobody"], 0, 9)) == ()


def test_events_are_paged_by_time_and_then_by_number(store: Store) -> None:
    for at in (NOW + 2, NOW, NOW + 2, NOW + 3, NOW + 1):
        happens(store, created(), at=at)

    def seen(after: tuple[int, int], until: int, count: int) -> list[int]:
        wanted = Wanted(since=after[0], until=until)
        return [e.seq for e in store.read(1, lambda r: r.events_wanted(wanted, after, count))]

    assert seen((NOW, -1), NOW + 9, 9) == [2, 5, 1, 3, 4]
    assert seen((NOW + 2, 1), NOW + 2, 9) == [3]
    assert seen((NOW + 1, -1), NOW + 3, 2) == [5, 1]


def test_mentions_are_looked_for_between_numbers(store: Store) -> None:
    for _ in range(4):
        happens(store, created())
    attempts = store.read(1, lambda r: r.attempts_mentioning(["okta"], 1, 3))
    events = store.read(1, lambda r: r.events_mentioning(["bob"], 1, 3))
    assert [each.seq for each in attempts] == [2, 3]
    assert [each.seq for each in events] == [2, 3]


def test_the_first_event_about_something_is_its_beginning(store: Store) -> None:
    happens(store, created(), UserDropped(id=BOB, name="BOB"))
    first = store.read(1, lambda r: r.first_event_about(BOB))
    assert first is not None
    assert first.event == created()
    assert store.read(1, lambda r: r.first_event_about(EVE)) is None


def test_marks_are_renames_transfers_and_ends(store: Store) -> None:
    marks: list[Event] = [
        UserChanged(id=BOB, before={"NAME": "B"}, after={"NAME": "C"}),
        OwnershipTransferred(id=BOB, kind=Kind.USER, before=None, after=GUIDES),
        RoleChanged(id=GUIDES, before={"NAME": "G"}, after={"NAME": "H"}),
        UserDropped(id=BOB, name="C"),
    ]
    title = UserChanged(id=BOB, before={"title": None}, after={"title": "x"})
    happens(store, created(), title, *marks)
    happens(store, UserDropped(id=EVE, name="EVE"))
    found = store.read(1, lambda r: r.marks_of([BOB, GUIDES]))
    assert [each.event for each in found] == marks
    assert store.read(1, lambda r: r.marks_of([])) == ()


def test_a_row_of_a_history_is_replaced_in_its_place(store: Store) -> None:
    happens(store, created())
    happens(store, created(EVE))
    blank = Noted(seq=1, attempt=tried(integration=None, method="?"))
    (event, other) = store.read(1, lambda r: r.events_after(0, 9))
    erased = replace(event, event=created(BOB, ""), actor="?")

    def body(tx: Transaction) -> None:
        tx.replace_attempts([blank, replace(blank, seq=99)])
        tx.replace_events([erased, replace(erased, seq=99)])

    store.transact(1, body)
    attempts = store.read(1, lambda r: r.attempts_after(0, 9))
    assert [each.attempt.method for each in attempts] == ["?", "POST"]
    assert store.read(1, lambda r: r.events_after(0, 9)) == (erased, other)
    assert len(store.read(1, lambda r: r.attempts_of_integration("OKTA", 0, NOW, 9))) == 1


def test_a_step_of_forgetting_takes_the_oldest_and_keeps_the_rest(store: Store) -> None:
    for day in range(5):
        happens(store, created(an_id(10 + day)), at=NOW + day)
    assert store.transact(1, lambda tx: tx.forget_history(NOW + 3, 2)) == 4
    assert [each.seq for each in store.read(1, lambda r: r.attempts_after(0, 9))] == [3, 4, 5]
    assert [each.at - NOW for each in store.read(1, lambda r: r.events_after(0, 9))] == [2, 3, 4]
    assert store.transact(1, lambda tx: tx.forget_history(NOW + 3, 9)) == 2
    assert store.transact(1, lambda tx: tx.forget_history(NOW + 3, 9)) == 0


def test_numbers_go_on_when_all_that_was_is_forgotten(store: Store) -> None:
    happens(store, created())
    happens(store, created(EVE))
    store.transact(1, lambda tx: tx.forget_history(NOW + 9, 9))
    happens(store, created(GUIDES))
    assert store.read(1, lambda r: (r.last_attempt(), r.last_event())) == (3, 3)
    assert store.transact(1, lambda tx: tx.forget_history(NOW + 9, 9)) == 2


def test_an_empty_history_has_nothing_to_forget(store: Store) -> None:
    assert store.transact(1, lambda tx: tx.forget_history(NOW, 9)) == 0
    assert store.read(1, lambda r: r.last_event()) == 0


@pytest.mark.parametrize("version", [2])
def test_an_older_file_s_events_learn_their_attempts_and_marks(file: Path, version: int) -> None:
    connection = apsw.Connection(str(file))
    bring_up(connection, file, MIGRATIONS[:version])
    connection.execute(
        """
        INSERT INTO events (account, seq, at, actor, request, kind, subject, body) VALUES
        (1, 1, 0, 'A', 'r', 'UserCreated', 'b', '{"type":"UserCreated","id":"b","name":"B",
         "owner":null}'),
        (1, 2, 0, 'A', 'r', 'UserDropped', 'b', '{"type":"UserDropped","id":"b","name":"B"}'),
        (1, 5, 0, 'A', 'r', 'UserCreated', 'c', '{"type":"UserCreated","id":"c","name":"C",
         "owner":null}');
        INSERT INTO attempts (account, seq, kind, at, body) VALUES
        (1, 7, 'SCIM', 0, '{"kind":"SCIM","at":0,"request":"r","method":"POST","endpoint":"e",
         "status":201,"succeeded":true,"integration":"OKTA","events":[1,2]}');
        """
    )
    connection.close()
    store = SqliteStore(file)
    try:
        events = store.read(1, lambda r: r.events_after(0, 9))
        assert [each.attempt for each in events] == [7, 7, None]
        assert [each.seq for each in store.read(1, lambda r: r.marks_of([Id("b"), Id("c")]))] == [2]
        assert len(store.read(1, lambda r: r.attempts_of_integration("OKTA", 0, 9, 9))) == 1
    finally:
        store.close()


def test_whoever_makes_a_file_plans_as_whoever_opens_it(file: Path) -> None:
    made = apsw.Connection(str(file))
    bring_up(made, file, MIGRATIONS)
    opened = apsw.Connection(str(file))
    for statement in (statements.LAST_SEQUENCES, statements_history.LAST_EVENT):
        plans = [
            [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", (1,))]
            for connection in (made, opened)
        ]
        assert plans[0] == plans[1]
        assert not [step for step in plans[0] if "events_by" in str(step)]
