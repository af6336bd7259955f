"""The fuzzer finds what it looks for, and its first texts are read or refused as they should."""

import random
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rolecall.sql.errors import SqlSyntaxError
from rolecall.sql.statements import Commit, Rollback

FUZZ: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[1] / "tools" / "fuzz.py"))
failures: Callable[[str], Iterator[str]] = FUZZ["failures"]


def test_the_first_texts_of_a_run_are_read_or_refused() -> None:
    known, chance = FUZZ["seeds"](), random.Random(0)
    for _ in range(1_000):
        text = FUZZ["mutated"](chance.choice(known), known, chance)
        assert list(failures(text)) == [], text


def test_the_same_number_gives_the_same_texts() -> None:
    known = FUZZ["seeds"]()
    first, second = (FUZZ["mutated"](known[0], known, random.Random(7)) for _ in range(2))
    assert first == second


def test_a_statement_that_is_read_back_otherwise_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    statements = iter([Commit(), Rollback()])
    monkeypatch.setitem(failures.__globals__, "parse", lambda *_, **__: next(statements))
    assert list(failures("commit")) == ["it is printed as 'COMMIT'"]


def test_a_refusal_without_its_place_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SqlSyntaxError("no", line=0, column=1)

    monkeypatch.setitem(failures.__globals__, "parse", refuse)
    assert list(failures("commit")) == ["it is refused at 0:1"]
