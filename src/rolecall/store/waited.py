"""Waiting: what is told to `done` on the store's thread comes back to the caller's."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from rolecall.domain.ports import Done

T = TypeVar("T")


def waited(submit: Callable[[Done[T]], None]) -> T:
    """Submit, and wait for the result. Raises what the body raised."""
    answer: Future[T] = Future()

    def done(result: T | None, error: Exception | None) -> None:
        if error is None:
            answer.set_result(result)  # type: ignore[arg-type]  # T may itself be None
        else:
            answer.set_exception(error)

    submit(done)
    return answer.result()
