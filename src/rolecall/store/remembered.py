"""Remembered values live as long as an account's generation stays (DESIGN contract 14)."""

from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")

VALUES_MAX = 4_096
"""Values kept for one account; a caller that asks with ever new keys can't fill the memory."""

MISSING = object()


Values = dict[Hashable, object]


class Remembered:
    """What readings computed, by account and generation. Thread safe: single dict operations."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[int, Values]] = {}

    def values(self, number: int, generation: int) -> Values:
        """What is remembered for this generation of an account, for `recalled`.

        A reading of an older moment neither sees nor disturbs what a newer one remembers.
        """
        held = self._held.get(number)
        if held is None or held[0] < generation:
            held = self._held[number] = (generation, {})
        return held[1] if held[0] == generation else {}

    def forget(self) -> None:
        """After a commit was lost: its generations may come again with another meaning."""
        self._held = {}


def recalled(values: Values, key: Hashable, compute: Callable[[], T]) -> T:
    """The value remembered, or `compute()`, remembered from now on."""
    present = values.get(key, MISSING)
    if present is not MISSING:
        return present  # type: ignore[return-value]  # a key always stands for one type
    value = compute()
    if len(values) >= VALUES_MAX:
        values.clear()
    values[key] = value
    return value
