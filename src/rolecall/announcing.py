"""The server's log says which SCIM tokens end soon, once a day each, while there is time to act."""

import logging
from datetime import UTC, datetime
from threading import Event, Thread

from rolecall.domain.errors import Refusal
from rolecall.domain.names import Id
from rolecall.domain.queries import TokenExpiries, TokenExpiry
from rolecall.store.failures import StoreFailure
from rolecall.wiring import SERVE_PURPOSE, Rolecall

LOGGER = logging.getLogger(__name__)
LOOK_SECONDS = 600.0
DAY = 86_400 * 1_000_000


class Announcing:
    """A thread that now and then looks which tokens end soon, and warns of each once a day."""

    def __init__(self, rolecall: Rolecall, look_seconds: float = LOOK_SECONDS) -> None:
        self._rolecall = rolecall
        self._look_seconds = look_seconds
        self._warned: dict[Id, int] = {}
        self._ended = Event()
        self._thread = Thread(target=self._work, name="rolecall-announcing", daemon=True)

    def __enter__(self) -> "Announcing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                self.look()
            except StoreFailure as failure:  # tried again at the next look
                LOGGER.warning("no token could be looked at: %s", failure)
            self._ended.wait(self._look_seconds)

    def look(self) -> None:
        """Warn of what has not been warned of today."""
        today = self._rolecall.world.clock.now() // DAY
        self._warned = {token: day for token, day in self._warned.items() if day == today}
        for row in self._rolecall.store.accounts():
            account = self._rolecall.account(row.number)
            try:
                found = account.ask(self._rolecall.local(account), TokenExpiries())
            except Refusal:  # a dropped account's end nobody waits for
                continue
            for expiry in found:
                is_due = (expiry.soon or expiry.replaced) and expiry.purpose != SERVE_PURPOSE
                if is_due and self._warned.setdefault(expiry.token, today - 1) != today:
                    self._warned[expiry.token] = today
                    LOGGER.warning("account %s: %s", row.name, told(expiry))


def told(expiry: TokenExpiry) -> str:
    """What the log says of a token, with the statement that helps."""
    ends = datetime.fromtimestamp(expiry.expires_at // 1_000_000, UTC)
    days = abs(expiry.seconds) // 86_400
    count = "less than a day" if days == 0 else f"{days} day{'' if days == 1 else 's'}"
    when = f"expired {count} ago" if expiry.seconds < 0 else f"expires in {count}"
    arguments = ", ".join(
        f"'{text.replace(chr(39), chr(39) * 2)}'"
        for text in (expiry.integration, expiry.purpose)
        if text is not None
    )
    what = f"token {expiry.token} of integration {expiry.integration}"
    why = "is still used although a newer one of its purpose was issued, and " * expiry.replaced
    advice = (
        "give the newer one to the identity provider"
        if expiry.replaced
        else f"issue another: select system$generate_scim_access_token({arguments})"
    )
    return f"{what} {why}{when} ({ends:%Y-%m-%d %H:%M} UTC); {advice}"
