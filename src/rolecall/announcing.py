"""The server's log says which SCIM tokens end soon, once a day each, while there is time to act."""

import logging
from datetime import UTC, datetime

from rolecall.domain.errors import Refusal
from rolecall.domain.names import Id
from rolecall.domain.queries import TokenExpiries, TokenExpiry
from rolecall.upkeep import Upkeep
from rolecall.wiring import SERVE_PURPOSE, Rolecall

LOGGER = logging.getLogger(__name__)
LOOK_SECONDS = 600.0
DAY = 86_400 * 1_000_000


class Announcer:
    """Looks which tokens end soon, and warns of each once a day."""

    def __init__(self, rolecall: Rolecall) -> None:
        self._rolecall = rolecall
        self._warned: dict[Id, int] = {}

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


def announcing(rolecall: Rolecall, seconds: float = LOOK_SECONDS) -> Upkeep:
    """Look now and then."""
    announcer = Announcer(rolecall)
    return Upkeep("announcing", lambda _: announcer.look(), seconds)


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
