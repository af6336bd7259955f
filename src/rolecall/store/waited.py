"""Waiting: what is told to `done` on the store's thread comes back to the caller's."""

from collections.abc import Callable, Sequence
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


def waited_each(submits: Sequence[Callable[[Done[T]], None]]) -> tuple[T | Exception, ...]:
    """Submit all, and wait for all: the result of each, or what it raised."""
    answers: list[Future[T | Exception]] = [Future() for _ in submits]
    for submit, answer in zip(submits, answers, strict=True):

        def done(
            result: T | None, error: Exception | None, answer: Future[T | Exception] = answer
        ) -> None:
            ended = result if error is None else error
            answer.set_result(ended)  # type: ignore[arg-type]  # T may itself be None

        submit(done)
    return tuple([answer.result() for answer in answers])
