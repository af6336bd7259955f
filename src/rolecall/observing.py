"""Observing a server: the numbers of `/metrics`, and what `/readyz` asks of the store."""

from collections.abc import Mapping

from rolecall.domain.queries import TokenExpiries, TokenExpiry
from rolecall.store.measures import Measures
from rolecall.upkeep import Upkeep
from rolecall.web.meter import Meter
from rolecall.web.metrics import Observed, TokenEnd
from rolecall.web.server import Application
from rolecall.wiring import Rolecall

OBSERVE_SECONDS = 30.0


class ServerSources:
    """Where the numbers are; an ephemeral server that begins anew changes what is observed."""

    def __init__(self, rolecall: Rolecall) -> None:
        self.meter = Meter()
        self.observed = Observed()
        self.rolecall = rolecall
        self.application: Application | None = None

    def hurry(self) -> None:
        """End the queries that still run: the server is ending."""
        self.rolecall.selecting.leave()

    def complaints(self) -> tuple[str, ...]:
        """What keeps the server from its work."""
        return self.rolecall.store.complaints()

    def writing(self) -> Measures:
        """What the store measures."""
        return self.rolecall.store.measures

    def waiting(self) -> dict[str, int]:
        """How many wait, by for what."""
        at_doors = {} if self.application is None else self.application.scim.waiting()
        return at_doors | {"commit": self.rolecall.store.queued}

    def in_flight(self) -> Mapping[tuple[int, str], int]:
        """Requests in flight by account and endpoint; account 0 is all strangers."""
        if self.application is None:
            return {}
        counted = self.application.scim.in_flight
        return {**counted.counts, (0, ""): counted.strangers}

    def audit_lag_seconds(self) -> float:
        """How long the oldest attempt has waited to be kept."""
        return self.rolecall.store.audit_lag_seconds

    def connections(self) -> int:
        """How many are open."""
        return len(self.meter.connections)

    def now(self) -> int:
        """Microseconds since the epoch."""
        return self.rolecall.world.clock.now()

    def observe(self) -> None:
        """Ask the accounts what only they know."""
        rolecall, now = self.rolecall, self.now()
        accounts = [each for each in rolecall.store.accounts() if each.dropped_at is None]
        tokens: list[TokenEnd] = []
        for each in accounts:
            account = rolecall.account(each.number)
            found = account.ask(rolecall.local(account), TokenExpiries())
            tokens += latest_ends(each.number, found)
        sessions = rolecall.store.sessions_open(now)
        self.observed = Observed(
            names={each.number: each.name for each in accounts},
            tokens=tuple(tokens),
            sessions={each.number: sessions.get(each.number, 0) for each in accounts},
        )


def latest_ends(account: int, expiries: tuple[TokenExpiry, ...]) -> list[TokenEnd]:
    """When access by each integration and purpose ends, or has ended.

    The last of several, because the earlier ones end on purpose, when a token has been renewed.
    """
    ends: dict[tuple[str, str], int] = {}
    for expiry in expiries:
        place = (expiry.integration, expiry.purpose or "")
        ends[place] = max(ends.get(place, 0), expiry.expires_at)
    return [
        TokenEnd(account=account, integration=integration, purpose=purpose, ends_at=ends_at)
        for (integration, purpose), ends_at in ends.items()
    ]


def observing(sources: ServerSources) -> Upkeep:
    """Ask the accounts now and then, so that no scrape has to."""
    return Upkeep("observing", lambda _: sources.observe(), OBSERVE_SECONDS)
