"""What every store promises of sessions that are renewed, and of those that have lapsed."""

from collections.abc import Callable
from operator import methodcaller
from typing import TypeVar

import pytest
from msgspec.structs import replace

from builders import NOW, an_id
from rolecall.domain.model import SqlSession
from rolecall.domain.names import Id
from rolecall.domain.ports import Reading, Store, Transaction
from rolecall.store.failures import KeyTaken

T = TypeVar("T")
BOB, EVE, SESSION = an_id(11), an_id(13), an_id(61)


def a_session(id: Id = SESSION, verifier: str = "bb", user: Id = BOB) -> SqlSession:
    return SqlSession(id=id, user=user, verifier=verifier, created_at=NOW, expires_at=NOW)


def write(store: Store, *writes: Callable[[Transaction], object]) -> list[object]:
    return store.transact(1, lambda tx: [each(tx) for each in writes])


def read(store: Store, body: Callable[[Reading], T]) -> T:
    return store.read(1, body)


def test_a_session_is_found_by_the_token_that_renews_it(store: Store) -> None:
    renewable = replace(a_session(), master="mm", master_expires_at=NOW)
    write(store, lambda tx: tx.save_session(renewable))
    assert read(store, lambda r: r.session_with_master("mm")) == renewable
    assert read(store, lambda r: r.session_with_master("bb")) is None
    again = replace(a_session(an_id(64), "cc"), master="mm")
    with pytest.raises(KeyTaken):
        write(store, lambda tx: tx.save_session(again))


def test_sessions_that_neither_token_opens_any_more_are_swept(store: Store) -> None:
    short = replace(a_session(), expires_at=NOW)
    long = replace(
        a_session(an_id(62), "cc"), expires_at=NOW, master="mm", master_expires_at=NOW + 1
    )
    others = replace(a_session(an_id(63), "dd", EVE), expires_at=NOW)
    write(store, *[methodcaller("save_session", each) for each in (short, long, others)])
    assert write(store, lambda tx: tx.delete_lapsed_sessions(BOB, NOW))[-1] == 1
    assert read(store, lambda r: [r.session(short.id), r.session(long.id)]) == [None, long]
    assert read(store, lambda r: r.session(others.id)) == others
