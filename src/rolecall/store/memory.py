"""The memory store is the reference: dicts and one lock, the simplest code that keeps the ports.

A body works on the account's state itself; a refusal puts back the copy made before it.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import TypeVar

from msgspec.structs import replace

from rolecall.domain.attempts import Attempt, Noted
from rolecall.domain.model import (
    AccessToken,
    Account,
    Token,
)
from rolecall.domain.names import Id
from rolecall.domain.ports import Describe, Done, Reading, Transaction
from rolecall.store.failures import StoreFailure
from rolecall.store.memory_account import MemoryReading, MemoryTransaction
from rolecall.store.memory_state import State
from rolecall.store.noting import Throttle, minute_of
from rolecall.store.remembered import Remembered
from rolecall.store.waited import Waiting

T = TypeVar("T")
AnyToken = TypeVar("AnyToken", Token, AccessToken)
LOGGER = logging.getLogger(__name__)


class MemoryStore(Waiting):
    """Accounts in this process's memory; bodies run one after the other on a thread of its own."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._states: dict[int, State] = {}
        self._throttles: dict[int, Throttle] = {}
        self._remembered = Remembered()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rolecall-memory")

    def accounts(self) -> tuple[Account, ...]:
        with self._lock:
            states = [state for _, state in sorted(self._states.items(), key=lambda row: row[0])]
            return tuple(state.account for state in states if state.account is not None)

    def read(self, number: int, body: Callable[[Reading], T]) -> T:
        with self._lock:
            self.flush()
            return body(MemoryReading(number, self._state(number), self._remembered))

    def submit(
        self,
        number: int,
        body: Callable[[Transaction], T],
        describe: Describe[T] | None,
        done: Done[T],
    ) -> None:
        try:
            self._worker.submit(self._carry_out, number, body, describe, done)
        except RuntimeError as closed:
            raise StoreFailure("the store is closed") from closed

    def note(self, number: int, attempt: Attempt) -> None:
        with self._lock:
            throttle = self._throttles.setdefault(number, Throttle())
            kept = throttle.admit(attempt)
            if kept is not None:
                _keep(self._state(number), kept)

    def use(self, number: int, token: Id, at: int) -> None:
        with self._lock:
            state, minute = self._state(number), minute_of(at)
            _use(state.tokens, token, minute)
            _use(state.access_tokens, token, minute)

    def flush(self) -> None:
        with self._lock:
            for number, throttle in self._throttles.items():
                for attempt in throttle.take_counts():
                    _keep(self._state(number), attempt)

    def busy(self) -> bool:
        """Nobody has to give way to a thread that reads and writes in microseconds."""
        return False

    def scrub(self) -> None:
        """There is no disk."""

    def close(self) -> None:
        self._worker.shutdown(wait=True)
        self.flush()

    def _state(self, number: int) -> State:
        return self._states.setdefault(number, State())

    def _carry_out(
        self,
        number: int,
        body: Callable[[Transaction], T],
        describe: Describe[T] | None,
        done: Done[T],
    ) -> None:
        with self._lock:
            result, error = self._try(number, body, describe)
        try:
            done(result, error)
        except Exception:
            LOGGER.exception("a caller's `done` failed")

    def _try(
        self,
        number: int,
        body: Callable[[Transaction], T],
        describe: Describe[T] | None,
    ) -> tuple[T | None, Exception | None]:
        before = self._state(number).copied()
        try:
            transaction = MemoryTransaction(number, self._state(number), self._remembered)
            result = body(transaction)
            if describe is not None:
                caused = transaction.recorded
                events = (caused[0], caused[-1]) if caused else None
                attempt = describe(result, None)
                state = self._state(number)
                noted = _keep(state, replace(attempt, events=events or attempt.events))
                for seq in caused:
                    state.events[seq] = replace(state.events[seq], attempt=noted.seq)
        except Exception as error:  # noqa: BLE001  whatever ends a body undoes it and is handed on
            self._states[number] = before
            if describe is not None:
                _keep_described(before, describe, error)
            return None, error
        return result, None


def _keep(state: State, attempt: Attempt) -> Noted:
    seq = max(state.attempts, default=0) + 1
    noted = state.attempts[seq] = Noted(seq=seq, attempt=attempt)
    return noted


def _use(tokens: dict[Id, AnyToken], token: Id, minute: int) -> None:
    found = tokens.get(token)
    if found is not None and (found.last_used_at or 0) < minute:
        tokens[token] = replace(found, last_used_at=minute)


def _keep_described(state: State, describe: Describe[T], error: Exception) -> None:
    """A description that fails itself costs only the attempt."""
    try:
        _keep(state, describe(None, error))
    except Exception:
        LOGGER.exception("an attempt could not be described")
