"""What every store promises of transactions, attempts and caches: the `Store` port as tests."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import get_ident
from time import sleep

import pytest

from builders import NOW, a_user, an_id
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.errors import NotFound
from rolecall.domain.events import UserCreated
from rolecall.domain.model import Account, Kind, Token, User
from rolecall.domain.names import Name
from rolecall.domain.ports import Reading, Store, Transaction
from rolecall.domain.wanted import EVERYTHING, Wanted
from rolecall.store.failures import StoreFailure

BOB = a_user("BOB", id=an_id(1))
EVE = a_user("EVE", id=an_id(2))
SECOND = 1_000_000
MINUTE = 60 * SECOND


def an_attempt(request: str, at: int = NOW, status: int = 201, actor: str | None = "O") -> Attempt:
    return Attempt(
        kind=AttemptKind.SCIM,
        at=at,
        request=request,
        method="POST",
        endpoint="/Users",
        status=status,
        succeeded=status < 400,
        client_ip="192.0.2.1",
        actor=actor,
    )


def saving(user: User) -> Callable[[Transaction], int]:
    def body(tx: Transaction) -> int:
        tx.save_user(user)
        created = UserCreated(id=user.id, name=user.name, owner=None)
        return tx.record(created, at=NOW, actor="O", request="r")

    return body


def refusing(tx: Transaction) -> None:
    saving(BOB)(tx)
    tx.bump_generation()
    raise NotFound(Kind.ROLE, "X")


def described(result: object, error: Exception | None) -> Attempt:
    status = 201 if error is None else 404
    return an_attempt(type(error).__name__ if error else str(result), status=status)


def requests(store: Store, number: int = 1) -> list[str]:
    noted = store.read(number, lambda r: r.attempts_after(0, 100))
    return [each.attempt.request for each in noted]


# ---- transactions --------------------------------------------------------------------------


def test_a_transaction_answers_with_its_body_s_result(store: Store) -> None:
    assert store.transact(1, lambda tx: tx.number) == 1
    assert store.transact(1, lambda _: None) is None


def test_a_refused_transaction_leaves_nothing_but_its_attempt(store: Store) -> None:
    with pytest.raises(NotFound):
        store.transact(1, refusing, described)
    assert store.read(1, lambda r: r.user(BOB.id)) is None
    assert store.read(1, lambda r: r.generation()) == 0
    assert store.read(1, lambda r: r.events_after(0, 9)) == ()
    assert requests(store) == ["NotFound"]


def test_a_refusal_undoes_only_itself(store: Store) -> None:
    answers: SimpleQueue[Exception | None] = SimpleQueue()
    for body in (saving(EVE), refusing, saving(BOB)):
        store.submit(1, body, None, lambda _, error: answers.put(error))
    errors = [answers.get(timeout=5) for _ in range(3)]
    assert [type(error).__name__ for error in errors] == ["NoneType", "NotFound", "NoneType"]
    assert store.read(1, lambda r: r.known_users((BOB.id, EVE.id))) == {BOB.id, EVE.id}


def test_a_bug_in_a_body_is_handed_on_and_undone(store: Store) -> None:
    def body(tx: Transaction) -> None:
        saving(BOB)(tx)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.transact(1, body)
    assert store.read(1, lambda r: r.user(BOB.id)) is None


def test_an_attempt_names_the_events_of_its_body(store: Store) -> None:
    def body(tx: Transaction) -> tuple[int, int]:
        return saving(BOB)(tx), saving(EVE)(tx)

    seqs = store.transact(1, body, described)
    store.transact(1, lambda _: "quiet", described)
    first, second = store.read(1, lambda r: r.attempts_after(0, 9))
    assert first.attempt.events == seqs
    assert second.attempt.events is None
    assert store.read(1, lambda r: r.last_attempt()) == second.seq


def test_an_attempt_that_cannot_be_described_undoes_its_body(store: Store) -> None:
    def describe(_: object, error: Exception | None) -> Attempt:
        raise KeyError(str(error))

    with pytest.raises(KeyError):
        store.transact(1, saving(BOB), describe)
    assert store.read(1, lambda r: r.user(BOB.id)) is None
    assert requests(store) == []


def test_a_transaction_reads_its_own_writes(store: Store) -> None:
    def body(tx: Transaction) -> tuple[User | None, int, int]:
        saving(BOB)(tx)
        tx.bump_generation()
        tx.bump_generation()
        return tx.user(BOB.id), tx.generation(), len(tx.events_after(0, 9))

    assert store.transact(1, body) == (BOB, 2, 1)


def test_order_is_kept(store: Store) -> None:
    done: SimpleQueue[object] = SimpleQueue()

    def submit(number: int) -> None:
        store.submit(1, lambda _: number, described, lambda result, _: done.put(result))

    for number in range(200):
        submit(number)
    assert [done.get(timeout=5) for _ in range(200)] == list(range(200))
    noted = store.read(1, lambda r: r.attempts_after(0, 300))
    assert [each.attempt.request for each in noted] == [str(n) for n in range(200)]


def test_done_is_told_after_the_commit_on_another_thread(store: Store) -> None:
    seen: Future[tuple[bool, int]] = Future()

    def done(_: object, __: object) -> None:
        present = store.read(1, lambda r: r.user(BOB.id)) is not None
        seen.set_result((present, get_ident()))

    store.submit(1, saving(BOB), None, done)
    present, thread = seen.result(timeout=5)
    assert present
    assert thread != get_ident()


def test_a_done_that_fails_harms_nobody(store: Store) -> None:
    def done(_: object, __: object) -> None:
        raise ZeroDivisionError

    store.submit(1, saving(BOB), None, done)
    store.transact(1, saving(EVE))
    assert store.read(1, lambda r: len(r.known_users((BOB.id, EVE.id)))) == 2


def test_many_threads_write_and_read(store: Store) -> None:
    def work(number: int) -> bool:
        user = a_user(f"U{number}", id=an_id(100 + number))
        store.transact(1, saving(user), described)
        return store.read(1, lambda r: r.user(user.id)) == user

    with ThreadPoolExecutor(24) as pool:
        assert all(pool.map(work, range(120)))
    events = store.read(1, lambda r: r.events_after(0, 999))
    assert len({each.seq for each in events}) == 120


def test_what_was_taken_is_finished_at_the_end_and_nothing_taken_after(store: Store) -> None:
    done: SimpleQueue[object] = SimpleQueue()
    for number in range(50):
        user = a_user(f"U{number}", id=an_id(100 + number))
        store.submit(1, saving(user), None, lambda _, error: done.put(error))
    store.close()
    assert [done.get_nowait() for _ in range(50)] == [None] * 50
    with pytest.raises(StoreFailure):
        store.transact(1, saving(BOB))


# ---- accounts --------------------------------------------------------------------------------


def test_accounts_are_listed_by_number_and_kept_apart(store: Store) -> None:
    account = Account(
        number=2, id=an_id(800), organization=Name("ORG"), name=Name("TWO"), created_at=NOW
    )

    def found(tx: Transaction) -> None:
        tx.save_account(account)
        tx.save_user(BOB)
        tx.bump_generation()

    store.transact(2, found, described)
    assert [each.number for each in store.accounts()] == [1, 2]
    assert store.read(2, lambda r: r.account()) == account
    assert store.read(1, lambda r: r.user(BOB.id)) is None
    assert store.read(1, lambda r: r.generation()) == 0
    assert (requests(store, 1), requests(store, 2)) == ([], ["None"])
    store.transact(1, saving(a_user("BOB", id=an_id(77))))


# ---- memory ----------------------------------------------------------------------------------


def test_a_memo_lives_as_long_as_the_generation(store: Store) -> None:
    calls: list[str] = []

    def compute() -> int:
        calls.append("called")
        return len(calls)

    def ask(reading: Reading) -> int:
        return reading.memo("key", compute)

    assert [store.read(1, ask) for _ in range(3)] == [1, 1, 1]
    store.transact(1, saving(BOB))
    assert store.read(1, ask) == 1
    store.transact(1, lambda tx: tx.bump_generation())
    assert [store.read(1, ask) for _ in range(3)] == [2, 2, 2]


def test_a_transaction_that_bumped_remembers_nothing(store: Store) -> None:
    def body(tx: Transaction) -> list[object]:
        before = tx.memo("key", lambda: "old")
        tx.bump_generation()
        return [before, tx.memo("key", lambda: "mid"), tx.memo("key", lambda: "new")]

    assert store.transact(1, body) == ["old", "mid", "new"]
    assert store.read(1, lambda r: r.memo("key", lambda: "fresh")) == "fresh"


# ---- notes -----------------------------------------------------------------------------------


def test_what_was_noted_is_kept_when_flushed(store: Store) -> None:
    store.note(1, an_attempt("a"))
    store.note(1, an_attempt("b"))
    store.flush()
    assert requests(store) == ["a", "b"]


def test_what_was_noted_is_kept_when_closed_or_flushed_twice(store: Store) -> None:
    store.flush()
    store.note(1, an_attempt("a"))
    store.flush()
    store.flush()
    assert requests(store) == ["a"]


def test_a_token_s_use_is_remembered_to_the_minute(store: Store) -> None:
    token = Token(
        id=an_id(5),
        integration=an_id(6),
        integration_name=Name("OKTA"),
        verifier="aa",
        issued_at=NOW,
        expires_at=NOW + 1,
    )
    store.transact(1, lambda tx: tx.save_token(token))
    for at in (NOW + 2 * MINUTE + 7, NOW + 5, NOW + 2 * MINUTE + 9):
        store.use(1, token.id, at)
    store.use(1, an_id(99), NOW)
    store.flush()
    kept = store.read(1, lambda r: r.token(token.id))
    assert kept is not None
    assert kept.last_used_at == NOW + 2 * MINUTE
    store.use(1, token.id, NOW + MINUTE)
    store.flush()
    assert store.read(1, lambda r: r.token(token.id)) == kept


def test_refused_strangers_become_one_row_beyond_ten_a_second(store: Store) -> None:
    for number in range(25):
        store.note(1, an_attempt(f"s{number}", status=401, actor=None))
    store.note(1, an_attempt("next second", at=NOW + SECOND, status=403, actor=None))
    store.note(1, an_attempt("known", status=403))
    store.flush()
    counts = [each.attempt.count for each in store.read(1, lambda r: r.attempts_after(0, 99))]
    assert sorted(counts) == [1] * 12 + [15]


def test_attempts_of_a_kind_and_time_come_newest_kept_oldest_first(store: Store) -> None:
    def keep(at: int) -> None:
        store.transact(1, lambda _: None, lambda _, __: an_attempt(f"r{at}", at=at))

    for at in (3, 1, 2, 5, 4):
        keep(at)

    def within(since: int, until: int, count: int) -> list[str]:
        noted = store.read(1, lambda r: r.attempts_in(AttemptKind.SCIM, since, until, count))
        return [each.attempt.request for each in noted]

    assert within(2, 4, 9) == ["r2", "r3", "r4"]
    assert within(0, 9, 2) == ["r4", "r5"]
    assert within(0, 9, 0) == []
    assert store.read(1, lambda r: r.attempts_in(AttemptKind.LOGIN, 0, 9, 9)) == ()


def test_a_history_is_walked_by_time_and_number(store: Store) -> None:
    def keep(at: int) -> None:
        store.transact(1, lambda _: None, lambda _, __: an_attempt(f"r{at}", at=at))

    for at in (3, 1, 2, 2, 2, 5):
        keep(at)

    def page(after: tuple[int, int], until: int, count: int) -> list[tuple[int, int]]:
        wanted = Wanted(since=after[0], until=until)
        scim = AttemptKind.SCIM
        noted = store.read(1, lambda r: r.attempts_wanted(scim, wanted, after, count))
        return [(each.attempt.at, each.seq) for each in noted]

    assert page((0, -1), 9, 3) == [(1, 2), (2, 3), (2, 4)]
    assert page((2, 4), 9, 3) == [(2, 5), (3, 1), (5, 6)]
    assert page((2, 4), 3, 3) == [(2, 5), (3, 1)]
    assert page((5, 6), 9, 3) == []
    login = AttemptKind.LOGIN
    assert store.read(1, lambda r: r.attempts_wanted(login, EVERYTHING, None, 9)) == ()


def test_a_store_at_rest_is_not_busy(store: Store) -> None:
    sleep(0.11)
    assert not store.busy()


# ---- the end of an account -------------------------------------------------------------------


def test_an_account_is_erased_bit_by_bit_and_no_other_is_touched(store: Store) -> None:
    other = Account(number=2, id=an_id(902), organization=Name("O"), name=Name("N"), created_at=NOW)
    store.transact(2, lambda tx: tx.save_account(other))
    for number in (1, 2):
        store.transact(number, saving(BOB), described)
    store.transact(1, saving(EVE))
    rounds = 0
    while store.transact(1, lambda tx: tx.erase_some(1)):
        rounds += 1
    assert rounds == 5  # two users, two events, an attempt
    assert store.read(1, lambda r: (r.user(BOB.id), r.events_after(0, 9))) == (None, ())
    assert requests(store) == []
    assert store.read(2, lambda r: r.user(BOB.id)) == BOB
    assert len(requests(store, 2)) == 1
    assert [account.number for account in store.accounts()] == [1, 2]
