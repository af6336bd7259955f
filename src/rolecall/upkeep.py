"""What a server does now and then beside its requests, each on a thread that ends with it."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from rolecall.domain import organization, parameters
from rolecall.domain.ports import Transaction
from rolecall.wiring import Rolecall

LOGGER = logging.getLogger(__name__)
FORGET_SECONDS = 600.0
FORGET_PAUSE_SECONDS = 0.05
FORGET_ROWS = 200
"""A step takes a millisecond or so of the writer, and lets it go for fifty."""


class Upkeep:
    """A thread that does a work at once and then every so many seconds, until it is left."""

    def __init__(self, name: str, work: Callable[[Event], None], seconds: float) -> None:
        self._name = name
        self._work = work
        self._seconds = seconds
        self._ended = Event()
        self._thread = Thread(target=self._repeat, name=f"rolecall-{name}", daemon=True)

    def __enter__(self) -> "Upkeep":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _repeat(self) -> None:
        while not self._ended.is_set():
            try:
                self._work(self._ended)
            except Exception as error:  # noqa: BLE001  tried again at the next look
                LOGGER.warning("%s failed, and is tried again: %s", self._name, error)
            self._ended.wait(self._seconds)


def forgetting(rolecall: Rolecall) -> Upkeep:
    """Forget in small steps what is older than an account keeps, and accounts that are over."""

    def forget(ended: Event) -> None:
        for account in rolecall.store.accounts():
            at = rolecall.world.clock.now()

            def step(tx: Transaction, at: int = at) -> int:
                return parameters.forget_what_is_old(tx, at, FORGET_ROWS)

            while rolecall.store.transact(account.number, step):
                if ended.wait(FORGET_PAUSE_SECONDS):
                    return
        for _ in organization.erasing(rolecall.store, rolecall.world.clock.now()):
            if ended.wait(FORGET_PAUSE_SECONDS):
                return

    return Upkeep("forgetting", forget, FORGET_SECONDS)
