"""A session holds a few short values; a change that would be more than that changes nothing."""

import pytest

from rolecall.domain.errors import InvalidValue
from rolecall.domain.model import Variable
from rolecall.domain.variables import CHARACTERS_MAX, VARIABLES_MAX, changed


def test_a_change_sets_replaces_and_unsets() -> None:
    before: dict[str, Variable] = {"A": 1, "B": "x"}
    assert changed(before, {"A": 2, "B": None, "C": True, "D": None}) == {"A": 2, "C": True}
    assert before == {"A": 1, "B": "x"}


def test_a_long_value_is_refused() -> None:
    assert changed({}, {"A": "x" * CHARACTERS_MAX})
    with pytest.raises(InvalidValue):
        changed({}, {"A": "x" * (CHARACTERS_MAX + 1)})


def test_one_variable_too_many_is_refused() -> None:
    full: dict[str, Variable] = {f"V{number}": number for number in range(VARIABLES_MAX)}
    assert changed(full, {"V0": 5})["V0"] == 5
    with pytest.raises(InvalidValue):
        changed(full, {"MORE": 1})
