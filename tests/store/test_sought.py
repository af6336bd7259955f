"""What is wanted of a history is what is found, in its order, by every store and by every index."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW, an_attempt, an_id
from rolecall.domain.attempts import Attempt, AttemptKind, Noted
from rolecall.domain.events import (
    AccessTokenAdded,
    Event,
    MembersAdded,
    Recorded,
    RoleCreated,
    RoleDropped,
    TokenEnded,
    UserCreated,
    UserDropped,
    object_of,
)
from rolecall.domain.ports import Store, Transaction
from rolecall.domain.wanted import END, Fact, Place, Wanted
from store.conftest import an_account
from stores import STORES

BOB, EVE, GUIDES, OKTA = (an_id(number) for number in range(1, 5))
TIMES = st.integers(NOW, NOW + 9)
AN_ATTEMPT = an_attempt(kind=AttemptKind.STATEMENT, method="CREATE USER", endpoint="", status=0)
Row = TypeVar("Row", Noted, Recorded)

ATTEMPTS = st.lists(
    st.builds(
        Attempt,
        kind=st.sampled_from(AttemptKind),
        at=TIMES,
        request=st.sampled_from(["r1", "r2"]),
        method=st.just("GET"),
        endpoint=st.sampled_from(["scim/v2/Users", "scim/v2/Groups"]),
        status=st.sampled_from([200, 404]),
        succeeded=st.booleans(),
        actor=st.sampled_from(["BOB", "EVE", None]),
        integration=st.sampled_from(["OKTA", "AAD", None]),
        resource_name=st.sampled_from(["BOB", "Zoë", None]),
    ),
    max_size=12,
)
ATTEMPT_FACTS: dict[str, list[str | int]] = {
    "actor": ["BOB", "EVE"],
    "endpoint": ["scim/v2/Users", "scim/v2/Groups"],
    "integration": ["OKTA", "AAD", "X"],
    "request": ["r1", "r2"],
    "resource_name": ["BOB", "Zoë"],
    "status": [200, 404],
    "succeeded": [0, 1],
}
EVENTS: st.SearchStrategy[list[tuple[int, str, Event]]] = st.lists(
    st.tuples(
        TIMES,
        st.sampled_from(["OKTA", "ANN"]),
        st.sampled_from(
            [
                UserCreated(id=BOB, name="BOB", owner=None),
                UserDropped(id=BOB, name="BOB"),
                RoleCreated(id=GUIDES, name="GUIDES", owner=None),
                RoleDropped(id=GUIDES, name="GUIDES", heir=OKTA),
                MembersAdded(id=GUIDES, users=(BOB, EVE)),
                AccessTokenAdded(id=an_id(7), user=BOB, name="T", expires_at=1),
                TokenEnded(id=an_id(8), integration=OKTA, why="revoked"),
            ]
        ),
    ),
    max_size=12,
)
EVENT_FACTS: dict[str, list[str | int]] = {
    "actor": ["OKTA", "ANN"],
    "attempt": [1, 2, 3],
    "kind": ["UserCreated", "RoleDropped", "TokenEnded", "UserDropped"],
    "mentions": [BOB, EVE, OKTA],
    "object": [BOB, OKTA, GUIDES],
    "request": ["r", "s"],
    "subject": [BOB, an_id(7), GUIDES],
}


def facts_of(known: dict[str, list[str | int]]) -> st.SearchStrategy[tuple[Fact, ...]]:
    def fact(name: str) -> st.SearchStrategy[Fact]:
        values = st.lists(st.sampled_from(known[name]), min_size=1, max_size=3, unique=True)
        return values.map(lambda chosen: (name, tuple(chosen)))

    names = st.lists(st.sampled_from(sorted(known)), max_size=2, unique=True)
    return names.flatmap(lambda chosen: st.tuples(*map(fact, chosen)))


def wanted_by(known: dict[str, list[str | int]]) -> st.SearchStrategy[Wanted]:
    return st.builds(
        Wanted,
        since=st.one_of(st.just(0), TIMES),
        until=st.one_of(st.just(END), TIMES),
        first=st.one_of(st.just(0), st.integers(1, 12)),
        last=st.one_of(st.just(END), st.integers(1, 12)),
        facts=facts_of(known),
        by_number=st.booleans(),
        newest_first=st.booleans(),
    )


@contextmanager
def fresh(name: str) -> Iterator[Store]:
    """A store of its own for every example."""
    with TemporaryDirectory() as folder:
        store = STORES[name](Path(folder))
        store.transact(1, lambda tx: tx.save_account(an_account()))
        yield store
        store.close()


def expected(
    rows: Iterable[Row],
    wanted: Wanted,
    place_of: Callable[[Row], Place],
    says: Callable[[Row, str, tuple[str | int, ...]], bool],
) -> list[int]:
    found = [
        place_of(row)
        for row in rows
        if wanted.since <= place_of(row)[0] <= wanted.until
        and wanted.first <= place_of(row)[1] <= wanted.last
        and all(says(row, name, values) for name, values in wanted.facts)
    ]
    found.sort(key=(lambda place: place[1]) if wanted.by_number else None)
    numbers = [seq for _, seq in found]
    return numbers[::-1] if wanted.newest_first else numbers


def walked(page: Callable[[Place | None], tuple[Row, ...]], at: Callable[[Row], int]) -> list[int]:
    """Every page, of three rows, to the end."""
    numbers: list[int] = []
    rows = page(None)
    while rows:
        numbers += [row.seq for row in rows]
        rows = page((at(rows[-1]), rows[-1].seq))
    return numbers


def attempt_says(noted: Noted, name: str, values: tuple[str | int, ...]) -> bool:
    return getattr(noted.attempt, name) in values


def event_says(recorded: Recorded, name: str, values: tuple[str | int, ...]) -> bool:
    event = recorded.event
    if name == "mentions":
        return any(str(text) in repr(event) for text in values)
    told = {"kind": type(event).__name__, "object": object_of(event), "subject": event.id}
    return (told[name] if name in told else getattr(recorded, name)) in values


@pytest.mark.parametrize("name", STORES)
@given(attempts=ATTEMPTS, wanted=wanted_by(ATTEMPT_FACTS), kind=st.sampled_from(list(AttemptKind)))
def test_the_attempts_that_are_wanted_are_found(
    name: str, attempts: list[Attempt], wanted: Wanted, kind: AttemptKind
) -> None:
    with fresh(name) as store:
        store.transact_each(1, [(lambda _: None, keeping(attempt)) for attempt in attempts])
        rows = store.read(1, lambda r: r.attempts_after(0, 99))
        found = walked(
            lambda after: store.read(1, lambda r: r.attempts_wanted(kind, wanted, after, 3)),
            lambda row: row.attempt.at,
        )
    meant = [row for row in rows if row.attempt.kind is kind]
    assert found == expected(meant, wanted, lambda row: (row.attempt.at, row.seq), attempt_says)


def keeping(attempt: Attempt) -> Callable[[None, Exception | None], Attempt]:
    return lambda _, __: attempt


@pytest.mark.parametrize("name", STORES)
@given(events=EVENTS, wanted=wanted_by(EVENT_FACTS))
def test_the_events_that_are_wanted_are_found(
    name: str, events: list[tuple[int, str, Event]], wanted: Wanted
) -> None:
    def body(tx: Transaction) -> None:
        for at, actor, event in events:
            tx.record(event, at=at, actor=actor, request="r")

    with fresh(name) as store:
        store.transact(1, body, keeping(AN_ATTEMPT))
        rows = store.read(1, lambda r: r.events_after(0, 99))
        found = walked(
            lambda after: store.read(1, lambda r: r.events_wanted(wanted, after, 3)),
            lambda row: row.at,
        )
    assert found == expected(rows, wanted, lambda row: (row.at, row.seq), event_says)
