"""One SELECT engine for the tests of a module that need the real one."""

from collections.abc import Iterator

import pytest

from rolecall.select.duck import DuckSelecting
from sql_world import Desk


@pytest.fixture(scope="module")
def duck() -> Iterator[DuckSelecting]:
    selecting = DuckSelecting(memory_megabytes=128)
    yield selecting
    selecting.close()


@pytest.fixture
def selecting_desk(duck: DuckSelecting) -> Desk:
    return Desk(duck)
