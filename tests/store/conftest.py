"""Every store there is, fresh and holding one account, for the suite that they all pass."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builders import NOW, an_id
from rolecall.domain.model import Account
from rolecall.domain.names import Name
from rolecall.domain.ports import Store
from rolecall.store.memory import MemoryStore
from rolecall.store.sqlite import SqliteStore

STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "rolecall.db"),
}


def an_account(number: int = 1) -> Account:
    return Account(
        number=number,
        id=an_id(900 + number),
        organization=Name("ORG"),
        name=Name(f"DEMO{number}"),
        created_at=NOW,
    )


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    fresh = STORES[request.param](tmp_path)
    fresh.transact(1, lambda tx: tx.save_account(an_account()))
    yield fresh
    fresh.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rolecall.db"
