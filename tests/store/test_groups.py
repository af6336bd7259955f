"""Group commit: one commit for many, its loss costs nobody else, accounts are served in turn."""

from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import apsw
import pytest

from builders import NOW, a_user, an_id
from rolecall.domain.attempts import Attempt, AttemptKind, Noted
from rolecall.domain.errors import NotFound
from rolecall.domain.events import UserCreated
from rolecall.domain.model import Kind
from rolecall.domain.names import Id
from rolecall.domain.ports import Transaction
from rolecall.store import writer
from rolecall.store.failures import StoreFailure
from rolecall.store.sqlite import SqliteStore

Answers = SimpleQueue[tuple[object, Exception | None]]


def described(result: object, error: Exception | None) -> Attempt:
    return Attempt(
        kind=AttemptKind.SCIM,
        at=NOW,
        request=str(result),
        method="POST",
        endpoint="/Users",
        status=500 if error else 201,
        succeeded=error is None,
    )


def saving(number: int, comment: str = "") -> Callable[[Transaction], Id]:
    def body(tx: Transaction) -> Id:
        user = a_user(f"U{number}", id=an_id(number), comment=comment)
        tx.save_user(user)
        return user.id

    return body


class Held:
    """A store whose writer waits in a body until the test lets it go: what follows is a group."""

    def __init__(self, file: Path) -> None:
        self.texts: list[str] = []
        self.attempts: list[Noted] = []
        self.store = SqliteStore(
            file,
            on_statement=self.texts.append,
            on_attempts=lambda _, noted: self.attempts.extend(noted),
        )
        self.answers: Answers = SimpleQueue()
        self._reached, self._release = Event(), Event()

    def hold(self) -> None:
        def body(_: Transaction) -> None:
            self._reached.set()
            self._release.wait(10)

        self.submit(body)
        assert self._reached.wait(10)
        self.texts.clear()

    def submit(self, body: Callable[[Transaction], object], number: int = 1) -> None:
        def done(result: object, error: Exception | None) -> None:
            self.answers.put((result, error))

        self.store.submit(number, body, described, done)

    def release(self, count: int) -> list[tuple[object, Exception | None]]:
        self._release.set()
        return [self.answers.get(timeout=10) for _ in range(count + 1)][1:]


@pytest.fixture
def held(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """A group ends at its size only: how long a busy machine takes for it is no one's concern."""
    monkeypatch.setattr(writer, "WORK_SECONDS", 60.0)
    held = Held(file)
    yield held
    held.store.close()


def count(texts: list[str], beginning: str) -> int:
    return sum(text.strip().startswith(beginning) for text in texts)


def limit_pages(store: SqliteStore, more: int) -> None:
    """The engine's own way to run out of disk: no file grows beyond so many pages."""
    connection = store._connection  # noqa: SLF001  there is no other way to fill the writer's disk
    pages = connection.execute("PRAGMA page_count").get
    assert isinstance(pages, int)
    connection.execute(f"PRAGMA max_page_count = {pages + more}")


def test_bodies_that_wait_share_a_commit(held: Held) -> None:
    held.hold()
    for number in range(60):
        held.submit(saving(number))
    answers = held.release(60)
    assert answers == [(an_id(number), None) for number in range(60)]
    held.store.flush()
    assert count(held.texts, "COMMIT") <= 2
    assert [noted.attempt.request for noted in held.attempts[1:]] == [
        an_id(number) for number in range(60)
    ]


def test_a_group_ends_at_64_bodies(held: Held) -> None:
    held.hold()
    for _ in range(200):
        held.submit(lambda tx: tx.number)
    held.release(200)
    assert count(held.texts, "BEGIN IMMEDIATE") >= 3


def refused_after_writing(number: int) -> Callable[[Transaction], Id]:
    def body(tx: Transaction) -> Id:
        saving(number)(tx)
        raise NotFound(Kind.USER, f"U{number}")

    return body


def test_bodies_cost_no_savepoint(held: Held) -> None:
    held.store.transact(1, lambda tx: tx.user(an_id(1)))
    held.store.transact(1, saving(1))
    assert count(held.texts, "SAVEPOINT") == 0


def test_a_refusal_before_the_first_write_spoils_no_group(held: Held) -> None:
    held.hold()
    held.submit(saving(1))
    held.submit(lambda tx: tx.add_user(a_user("U1", id=an_id(7))))
    answers = held.release(2)
    assert answers == [(an_id(1), None), (False, None)]
    assert count(held.texts, "ROLLBACK") == 0


def test_a_body_refused_after_writing_takes_only_itself_back(held: Held) -> None:
    held.hold()
    for body in (saving(1), refused_after_writing(2), saving(3)):
        held.submit(body)
    answers = held.release(3)
    assert [(result, type(error)) for result, error in answers] == [
        (an_id(1), type(None)),
        (None, NotFound),
        (an_id(3), type(None)),
    ]
    kept = held.store.read(1, lambda r: r.known_users([an_id(n) for n in (1, 2, 3)]))
    assert kept == {an_id(1), an_id(3)}
    assert count(held.texts, "SAVEPOINT") == 3
    assert count(held.texts, "COMMIT") <= 2  # the holding body may have one of its own


def test_a_spoiled_group_leaves_one_attempt_and_one_event_a_body(held: Held) -> None:
    def recording(tx: Transaction) -> int:
        saving(1)(tx)
        created = UserCreated(id=an_id(1), name="U1", owner=None)
        return tx.record(created, at=NOW, actor="A", request="R")

    held.hold()
    held.submit(recording)
    held.submit(refused_after_writing(2))
    held.release(2)
    held.store.flush()
    events = held.store.read(1, lambda r: r.events_after(0, 10))
    assert [recorded.event.id for recorded in events] == [an_id(1)]
    assert [noted.attempt.status for noted in held.attempts[1:]] == [201, 500]


def test_accounts_are_served_in_turn(held: Held) -> None:
    held.hold()
    for number in (1, 1, 1, 1, 2, 2, 3):
        held.submit(lambda tx: tx.number, number)
    order = [result for result, _ in held.release(7)]
    assert order == [1, 2, 3, 1, 2, 1, 1]


def test_a_lost_commit_costs_only_the_body_that_does_not_fit(held: Held) -> None:
    limit_pages(held.store, 40)
    runs: list[int] = []

    def counted(tx: Transaction) -> str:
        runs.append(1)
        tx.bump_generation()
        return "counted"

    held.hold()
    held.submit(saving(1))
    held.submit(counted)
    held.submit(saving(2, comment="x" * 1_000_000))
    held.submit(saving(3))
    answers = held.release(4)
    assert [result for result, _ in answers] == [an_id(1), "counted", None, an_id(3)]
    assert isinstance(answers[2][1], StoreFailure)
    assert isinstance(answers[2][1].__cause__, apsw.FullError)
    assert len(runs) == 2
    assert held.store.read(1, lambda r: r.generation()) == 1
    assert held.store.read(1, lambda r: r.known_users([an_id(n) for n in (1, 2, 3)])) == {
        an_id(1),
        an_id(3),
    }


def test_the_attempt_of_a_lost_change_is_kept_when_there_is_room(held: Held) -> None:
    limit_pages(held.store, 40)
    with pytest.raises(StoreFailure):
        held.store.transact(1, saving(2, comment="x" * 1_000_000), described)
    held.store.flush()
    (noted,) = held.store.read(1, lambda r: r.attempts_after(0, 9))
    assert noted.attempt.status == 500
    assert [each.seq for each in held.attempts] == [noted.seq]


def test_notes_that_find_no_room_are_tried_again(held: Held) -> None:
    limit_pages(held.store, 0)
    big = described("x" * 200_000, None)
    held.store.note(1, big)
    with pytest.raises(StoreFailure):
        held.store.flush()
    limit_pages(held.store, 1_000)
    held.store.flush()
    (noted,) = held.store.read(1, lambda r: r.attempts_after(0, 9))
    assert noted.attempt == big


def test_a_note_is_kept_without_being_asked_for(file: Path) -> None:
    """The writer sleeps until the note's second is nearly over: no polling before."""
    kept = Event()
    store = SqliteStore(file, on_attempts=lambda _, __: kept.set())
    store.note(1, described("note", None))
    assert kept.wait(5)
    store.close()


def test_a_failing_follower_of_attempts_harms_nobody(file: Path) -> None:
    def fail(_: int, __: object) -> None:
        raise ZeroDivisionError

    store = SqliteStore(file, on_attempts=fail)
    store.transact(1, saving(1), described)
    store.transact(1, saving(2), described)
    assert store.read(1, lambda r: r.last_attempt()) == 2
    store.close()


def test_a_memo_of_a_lost_commit_is_forgotten(held: Held) -> None:
    limit_pages(held.store, 40)

    def bump(tx: Transaction) -> None:
        tx.bump_generation()

    held.hold()
    held.submit(bump)
    held.submit(lambda tx: tx.memo("key", lambda: "of the lost group"))
    held.submit(saving(2, comment="x" * 1_000_000))
    held.release(3)
    assert held.store.read(1, lambda r: r.generation()) == 1


def test_when_another_process_keeps_the_lock_callers_hear_of_it(
    held: Held, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolecall.store.engine.BUSY_TRIES", 3)
    other = apsw.Connection(str(file))
    other.execute("BEGIN IMMEDIATE")
    held.store.note(1, described("note", None))
    with pytest.raises(StoreFailure):
        held.store.transact(1, saving(1), described)
    with pytest.raises(StoreFailure):
        held.store.flush()
    other.execute("ROLLBACK")
    other.close()
    held.store.transact(1, saving(1), described)
    held.store.flush()
    assert held.store.read(1, lambda r: len(r.attempts_after(0, 9))) == 3


def test_a_heavy_body_ends_its_group(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rolecall.store.writer.WORK_SECONDS", 0.0)
    held.hold()
    for number in range(5):
        held.submit(saving(number))
    held.release(5)
    assert count(held.texts, "BEGIN IMMEDIATE") >= 5


def test_an_attempt_that_cannot_be_described_is_missed_alone(held: Held) -> None:
    def describe(_: object, __: object) -> Attempt:
        raise KeyError

    def refuse(_: Transaction) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        held.store.transact(1, refuse, describe)
    assert held.store.read(1, lambda r: r.last_attempt()) == 0
