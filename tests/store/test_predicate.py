"""Predicates mean the same to every engine: what `admits` says, and by an index where it counts."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec.structs import replace

from builders import a_role, a_user, an_id
from rolecall.domain.names import Id, key_of
from rolecall.domain.ports import Asked, Reading, Store, Transaction
from rolecall.domain.predicate import (
    EVERYTHING,
    And,
    Compare,
    Field,
    Mark,
    Not,
    Operator,
    Or,
    Ordering,
    Predicate,
    Value,
    in_order,
)
from rolecall.store.engine import connect
from rolecall.store.memory import MemoryStore
from rolecall.store.predicate import first_beyond
from rolecall.store.search import Search
from rolecall.store.sqlite import SqliteStore

NAMES = ("BOB", "1", "Ünï", "straße", "\ud7ff", "\U0010ffff", "a\0b", "%_", "日本")
PARTS = ("", "b", "ob", "s", "\0", "\0b", "ï", "%", "\U0010ffff", "日")
TEXTS = sorted({*NAMES, *map(key_of, NAMES), *PARTS, an_id(1), an_id(101)[:-1]})
NUMBERS: list[Value] = [False, True, 0, 1, 3, 5, -1, 2**63, -(2**70)]
TEXT_FIELDS = [
    Field.ID,
    Field.NAME,
    Field.NAME_KEY,
    Field.LOGIN_KEY,
    Field.DISPLAY_KEY,
    Field.EMAIL_KEY,
    Field.EXTERNAL_ID,
]
TIME_FIELDS = [Field.CREATED_AT, Field.CHANGED_AT]
ORDERINGS = [Operator.GT, Operator.GE, Operator.LT, Operator.LE]


def comparing(
    fields: list[Field], operators: list[Operator], values: SearchStrategy[Value]
) -> SearchStrategy[Predicate]:
    return st.builds(Compare, st.sampled_from(fields), st.sampled_from(operators), values)


VALUES: SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(TEXTS),
    st.text(max_size=3),
    st.integers(0, 12),
    st.integers(0, 12).map(str),
    st.integers(),
)
COMPARISONS = st.one_of(
    comparing(list(Field), list(Operator), VALUES),
    comparing(
        TEXT_FIELDS, list(Operator), st.none() | st.sampled_from(TEXTS) | st.text(max_size=3)
    ),
    comparing(TIME_FIELDS, [Operator.EQ, Operator.NE, *ORDERINGS], st.integers(0, 12)),
    comparing([Field.ACTIVE], [Operator.EQ, Operator.NE], st.none() | st.booleans()),
)


def joined(inner: SearchStrategy[Predicate]) -> SearchStrategy[Predicate]:
    terms = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(st.builds(And, terms), st.builds(Or, terms), st.builds(Not, inner))


PREDICATES: SearchStrategy[Predicate] = st.recursive(COMPARISONS, joined, max_leaves=6)


def fill(store: Store) -> None:
    """Users and roles with and without everything that can be absent."""

    def body(tx: Transaction) -> None:
        for number, name in enumerate(NAMES):
            odd = bool(number % 2)
            user = a_user(
                name,
                id=an_id(number),
                owner=an_id(50) if odd else None,
                disabled=odd,
                display_name=name if odd else None,
                profile={} if odd else {"emails": [{"value": name}, {"value": "b"}]},
                email=None if odd else name,
                created_at=number,
            )
            role = a_role(name, id=an_id(100 + number), created_at=number)
            tx.save_user(user)
            tx.save_role(role)
            if number % 3 == 0:
                for each in (user.id, role.id):
                    tx.touch(each, number + 2)
                    tx.save_link("OKTA", each, name)

    store.transact(1, body)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    pair = (MemoryStore(), SqliteStore(tmp_path_factory.mktemp("predicate") / "rolecall.db"))
    for store in pair:
        fill(store)
    yield pair
    for store in pair:
        store.close()


@given(
    where=PREDICATES,
    owners=st.sampled_from((None, frozenset((an_id(50),)))),
    start=st.integers(0, 3),
    count=st.integers(0, 9),
)
def test_every_store_finds_what_the_predicate_admits(
    stores: tuple[Store, Store],
    where: Predicate,
    owners: frozenset[Id] | None,
    start: int,
    count: int,
) -> None:
    def body(reading: Reading) -> tuple[object, object]:
        users = reading.find_users(Asked(where, owners, "OKTA"), start, count)
        return users, reading.find_roles(Asked(where, owners, "OKTA"), start, count)

    reference, embedded = (store.read(1, body) for store in stores)
    assert embedded == reference


SORTS = [
    *(Ordering(field=field) for field in Field if field is not Field.ADDRESS_KEY),
    Ordering(place=("title",)),
    Ordering(place=("name", "givenname")),
    Ordering(place=("emails",), part="value"),
    Ordering(place=("emails",), part="primary"),
]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("ordering", SORTS, ids=repr)
@pytest.mark.parametrize("count", [1, 3, 50])
def test_a_walk_in_an_order_meets_what_the_sorted_list_has(
    stores: tuple[Store, Store], ordering: Ordering, *, descending: bool, count: int
) -> None:
    ordering = replace(ordering, descending=descending)
    owners = frozenset((an_id(50),))

    def users(reading: Reading) -> tuple[list[Id], list[Id], list[Value]]:
        met: list[Id] = []
        keys: list[Value] = []
        mark: Mark | None = None
        while found := reading.users_beyond(
            Asked(EVERYTHING, owners, "OKTA", ordering), mark, count
        ):
            met += [card.user.id for card, _ in found]
            keys += [key for _, key in found]
            mark = Mark(key=keys[-1], id=met[-1])
        page = reading.find_users(Asked(EVERYTHING, owners, "OKTA", ordering), 0, 99)
        return met, [card.user.id for card in page.items], keys

    def roles(reading: Reading) -> tuple[list[Id], list[Id], list[Value]]:
        met: list[Id] = []
        keys: list[Value] = []
        mark: Mark | None = None
        while found := reading.roles_beyond(
            Asked(EVERYTHING, owners, "OKTA", ordering), mark, count
        ):
            met += [card.role.id for card, _ in found]
            keys += [key for _, key in found]
            mark = Mark(key=keys[-1], id=met[-1])
        page = reading.find_roles(Asked(EVERYTHING, owners, "OKTA", ordering), 0, 99)
        return met, [card.role.id for card in page.items], keys

    for walk in (users, roles):
        (met, listed, keys), embedded = (store.read(1, walk) for store in stores)
        assert met == listed
        assert embedded == (met, listed, keys)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("ordering", SORTS, ids=repr)
def test_a_place_in_users_and_roles_together_is_what_both_lists_merged_have(
    stores: tuple[Store, Store], ordering: Ordering, *, descending: bool
) -> None:
    ordering = replace(ordering, descending=descending)
    owners = frozenset((an_id(50),))
    users = Asked(EVERYTHING, None, "OKTA", ordering)
    roles = Asked(EVERYTHING, owners, "OKTA", ordering)

    def body(reading: Reading) -> tuple[list[Mark | None], list[Mark]]:
        placed = [reading.mark_at(users, roles, place) for place in range(99)]
        pairs = [
            *(
                Mark(key=key, id=card.user.id)
                for card, key in reading.users_beyond(
                    Asked(EVERYTHING, None, "OKTA", ordering), None, 99
                )
            ),
            *(
                Mark(key=key, id=card.role.id)
                for card, key in reading.roles_beyond(
                    Asked(EVERYTHING, owners, "OKTA", ordering), None, 99
                )
            ),
        ]
        return placed, pairs

    for placed, pairs in (store.read(1, body) for store in stores):
        merged = in_order(pairs, lambda mark: (mark.key, mark.id), descending=descending)
        assert len(merged) > 3
        assert placed == [*merged, *[None] * (99 - len(merged))]


@pytest.mark.parametrize("operator", Operator)
@pytest.mark.parametrize("field", Field)
def test_every_store_compares_every_value_alike(
    stores: tuple[Store, Store], field: Field, operator: Operator
) -> None:
    def body(reading: Reading) -> list[tuple[Id, ...]]:
        wheres = [Compare(field, operator, value) for value in (*TEXTS, "1", *NUMBERS, None)]
        users = [reading.find_users(Asked(where, None, "OKTA"), 0, 99).items for where in wheres]
        roles = [reading.find_roles(Asked(where, None, "OKTA"), 0, 99).items for where in wheres]
        return [
            *(tuple(card.user.id for card in found) for found in users),
            *(tuple(card.role.id for card in found) for found in roles),
        ]

    reference, embedded = (store.read(1, body) for store in stores)
    assert embedded == reference


@given(prefix=st.text(min_size=1, max_size=4), rest=st.text(max_size=3))
def test_what_starts_with_a_prefix_lies_before_what_is_beyond(prefix: str, rest: str) -> None:
    beyond = first_beyond(prefix)
    assert beyond is None or prefix + rest < beyond
    assert beyond is None or not beyond.startswith(prefix)


@pytest.mark.parametrize(
    ("prefix", "beyond"),
    [("ab", "ac"), ("a\U0010ffff", "b"), ("\ud7ff", "\ue000"), ("\U0010ffff", None)],
)
def test_the_first_text_beyond_a_prefix(prefix: str, beyond: str | None) -> None:
    assert first_beyond(prefix) == beyond


INDEXED = {
    Field.ID: "users_by_id",
    Field.NAME_KEY: "users_by_name",
    Field.LOGIN_KEY: "users_by_login",
    Field.DISPLAY_KEY: "users_by_display",
    Field.EMAIL_KEY: "users_by_email",
    Field.EXTERNAL_ID: "links_by_external_id",
}


def plan(connection: apsw.Connection, search: Search, start: int = 0) -> str:
    sql, parameters = search.page(1, start, 10)
    return "\n".join(
        str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
    )


@pytest.mark.parametrize("field", INDEXED)
@pytest.mark.parametrize("operator", [Operator.EQ, Operator.SW])
def test_equality_and_prefixes_are_found_by_index(
    file: Path, field: Field, operator: Operator
) -> None:
    SqliteStore(file).close()
    connection = connect(file)
    search = Search("users", Asked(Compare(field, operator, "b"), frozenset((an_id(50),)), "OKTA"))
    assert f"{INDEXED[field]} (account=? AND" in plan(connection, search)
    connection.close()


@pytest.mark.parametrize("start", [0, 500])
def test_a_list_walks_the_ids_and_sorts_nothing(file: Path, start: int) -> None:
    SqliteStore(file).close()
    connection = connect(file)
    after = Compare(Field.ID, Operator.GT, "x")
    for where in (EVERYTHING, after):
        search = Search("users", Asked(where, frozenset((an_id(50),)), "OKTA"))
        walked = plan(connection, search, start)
        assert "users_by_id (account=?" in walked
        assert start > 0 or "TEMP B-TREE" not in walked
    connection.close()
