"""Waiting: what is told to `done` on the store's thread comes back to the caller's."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from rolecall.domain.ports import Describe, Done, Transaction

T = TypeVar("T")


class Waiting(ABC):
    """What a store that takes bodies one by one does for those who wait for theirs."""

    @abstractmethod
    def submit(
        self,
        number: int,
        body: Callable[[Transaction], T],
        describe: Describe[T] | None,
        done: Done[T],
    ) -> None:
        """Queue a body; `done` is told on the store's thread what came of it."""

    def transact(
        self, number: int, body: Callable[[Transaction], T], describe: Describe[T] | None = None
    ) -> T:
        """Submit, and wait for the result. Raises what the body raised."""
        (outcome,) = self.transact_each(number, [(body, describe)])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def transact_each(
        self,
        number: int,
        bodies: Sequence[tuple[Callable[[Transaction], T], Describe[T] | None]],
    ) -> tuple[T | Exception, ...]:
        """Submit all, and wait for all: the result of each, or what it raised."""
        answers: list[Future[T | Exception]] = [Future() for _ in bodies]
        for (body, describe), answer in zip(bodies, answers, strict=True):

            def done(
                result: T | None, error: Exception | None, answer: Future[T | Exception] = answer
            ) -> None:
                ended = result if error is None else error
                answer.set_result(ended)  # type: ignore[arg-type]  # T may itself be None

            self.submit(number, body, describe, done)
        return tuple([answer.result() for answer in answers])
