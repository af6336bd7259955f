"""Every store there is, fresh and empty: what a test shows of one holds for all."""

from collections.abc import Callable
from pathlib import Path

from rolecall.domain.ports import Store
from rolecall.store.memory import MemoryStore
from rolecall.store.sqlite import SqliteStore

STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "rolecall.db", durable=False),
}
