"""Metrics in Prometheus' format, on a listener of their own: never where the internet asks.

Nothing is gathered before somebody asks, but for what is counted as it happens (`meter`) and what
takes a question to the account (`Observed`), which a thread asks now and then.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import msgspec
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from rolecall.measuring import Distribution
from rolecall.web.meter import REQUEST_SECONDS, Meter

TOKENS_MAX = 500
"""Series of tokens that are shown, the soonest to end first."""


class TokenEnd(msgspec.Struct, frozen=True, kw_only=True):
    """When the latest token of an integration for one purpose ends."""

    account: int
    integration: str
    purpose: str
    ends_at: int


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What only the accounts know, as a thread last asked them."""

    names: dict[int, str] = {}
    tokens: tuple[TokenEnd, ...] = ()
    sessions: dict[int, int] = {}


class Writing(Protocol):
    """What a store tells of itself."""

    @property
    def seconds(self) -> Distribution:
        """How long commits took."""
        ...

    @property
    def bodies(self) -> Distribution:
        """How many bodies commits held."""
        ...

    @property
    def lost(self) -> int:
        """How many groups were lost."""
        ...


class Sources(Protocol):
    """Where the numbers are, at the moment of a scrape."""

    meter: Meter
    observed: Observed

    def writing(self) -> Writing:
        """What the store measures."""
        ...

    def waiting(self) -> dict[str, int]:
        """How many wait, by for what: the loop, the writer, a thread."""
        ...

    def in_flight(self) -> Mapping[tuple[int, str], int]:
        """Requests in flight by account and endpoint; account 0 is all strangers."""
        ...

    def audit_lag_seconds(self) -> float:
        """How long the oldest attempt has waited to be kept."""
        ...

    def connections(self) -> int:
        """How many are open."""
        ...

    def now(self) -> int:
        """Microseconds since the epoch."""
        ...


class ServerCollector(Collector):
    """The server's families, made when they are asked for."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def describe(self) -> list[Metric]:
        """Nothing is known before it is asked for."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every family."""
        yield from self._requests()
        yield from self._counts()
        yield from self._store()
        yield from self._accounts()

    def _name(self, account: int) -> str:
        return self._sources.observed.names.get(account, str(account) if account else "")

    def _requests(self) -> Iterator[Metric]:
        family = HistogramMetricFamily(
            "rolecall_request_seconds",
            "Requests, from when they were read to when their answer was sent.",
            labels=("account", "integration", "endpoint", "method", "status"),
        )
        merged: dict[tuple[str, ...], Distribution] = {}
        for (account, *words, status), cell in list(self._sources.meter.requests.items()):
            labels = (self._name(account), *map(str, words), f"{status // 100}xx")
            merged.setdefault(labels, Distribution(REQUEST_SECONDS)).merge(cell)
        for labels, cell in merged.items():
            family.add_metric(labels, buckets=cell.cumulative(), sum_value=cell.total)
        yield family

    def _counts(self) -> Iterator[Metric]:
        meter = self._sources.meter
        for name, told, last, counts in (
            ("rolecall_refusals", "Refused requests by cause.", "cause", meter.refusals),
            ("rolecall_quirks", "Oddities that were tolerated.", "quirk", meter.quirks),
        ):
            family = CounterMetricFamily(name, told, labels=("account", "integration", last))
            for (account, integration, word), count in list(counts.items()):
                family.add_metric((self._name(account), integration, word), count)
            yield family
        in_flight = GaugeMetricFamily(
            "rolecall_in_flight",
            "Requests in flight; those without an accepted token have no account.",
            labels=("account", "endpoint"),
        )
        for (account, endpoint), count in self._sources.in_flight().items():
            in_flight.add_metric((self._name(account), endpoint), count)
        yield in_flight
        waiting = GaugeMetricFamily(
            "rolecall_waiting", "Requests that wait for their turn, by at what.", labels=("turn",)
        )
        for turn, count in self._sources.waiting().items():
            waiting.add_metric((turn,), count)
        yield waiting
        yield GaugeMetricFamily(
            "rolecall_connections", "Open connections.", self._sources.connections()
        )

    def _store(self) -> Iterator[Metric]:
        writing = self._sources.writing()
        for name, told, seen in (
            ("rolecall_commit_seconds", "How long commits took.", writing.seconds),
            ("rolecall_commit_changes", "How many changes one commit held.", writing.bodies),
        ):
            family = HistogramMetricFamily(name, told)
            family.add_metric((), buckets=seen.cumulative(), sum_value=seen.total)
            yield family
        yield CounterMetricFamily(
            "rolecall_commits_lost", "Commits that the disk did not take.", writing.lost
        )
        yield GaugeMetricFamily(
            "rolecall_audit_lag_seconds",
            "How long the oldest attempt has waited to be kept.",
            self._sources.audit_lag_seconds(),
        )

    def _accounts(self) -> Iterator[Metric]:
        observed, now = self._sources.observed, self._sources.now()
        tokens = GaugeMetricFamily(
            "rolecall_token_expiry_seconds",
            "Seconds until the last token of an integration for a purpose ends; less than 0 since.",
            labels=("account", "integration", "purpose"),
        )
        for token in sorted(observed.tokens, key=lambda token: token.ends_at)[:TOKENS_MAX]:
            labels = (self._name(token.account), token.integration, token.purpose)
            tokens.add_metric(labels, (token.ends_at - now) / 1_000_000)
        yield tokens
        sessions = GaugeMetricFamily(
            "rolecall_sessions", "Open sessions of drivers and the SQL API.", labels=("account",)
        )
        for account, count in observed.sessions.items():
            sessions.add_metric((self._name(account),), count)
        yield sessions


def registry_of(sources: Sources) -> CollectorRegistry:
    """The server's numbers, the process's and the interpreter's."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServerCollector(sources))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def listen_for_scrapes(host: str, port: int, sources: Sources) -> tuple[int, Callable[[], None]]:
    """Answer `/metrics` on a thread of its own: the port, and what ends it. Raises OSError."""
    server, thread = start_http_server(port, addr=host, registry=registry_of(sources))

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, end
