"""The meter: requests, refusals and quirks, counted on the loop for less than a microsecond each.

Labels come from closed sets and from the account itself, never from what a stranger sends: an
unknown endpoint or method is "other", and beyond so many series an integration is, too.
"""

from collections.abc import Collection

from rolecall.measuring import Distribution

REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
SCIM_ENDPOINTS = frozenset(
    {"Users", "Groups", "Bulk", "Me", "ServiceProviderConfig", "ResourceTypes", "Schemas"}
)
OTHER = "other"
SERIES_MAX = 5_000

Labels = tuple[int, str, str, str, int]
"""Account, integration ("" for a stranger's), endpoint, method, status."""


class Meter:
    """What one server has answered. The loop's thread counts, any may read."""

    def __init__(self) -> None:
        self.connections: Collection[object] = ()
        self.requests: dict[Labels, Distribution] = {}
        self.refusals: dict[tuple[int, str, str], int] = {}
        self.quirks: dict[tuple[int, str, str], int] = {}

    def answered(self, labels: Labels, seconds: float) -> None:
        """One request, from when it was read to when its answer was sent."""
        cell = self.requests.get(labels)
        if cell is None:
            cell = self._cell(labels)
        cell.add(seconds)

    def refused(self, account: int, integration: str, cause: str) -> None:
        """One refusal; `cause` is of a closed set."""
        _count(self.refusals, (account, integration, cause))

    def tolerated(self, account: int, integration: str, quirks: tuple[str, ...]) -> None:
        """The quirks of one request."""
        for quirk in quirks:
            _count(self.quirks, (account, integration, quirk))

    def _cell(self, labels: Labels) -> Distribution:
        account, integration, endpoint, method, status = labels
        if len(self.requests) >= SERIES_MAX:
            integration = OTHER if integration else ""
        method = method if method in METHODS else OTHER
        known = (account, integration, endpoint, method, status)
        cell = self.requests.get(known)
        if cell is None:
            cell = self.requests[known] = Distribution(REQUEST_SECONDS)
        return cell


def _count(counts: dict[tuple[int, str, str], int], key: tuple[int, str, str]) -> None:
    present = counts.get(key)
    if present is None and len(counts) >= SERIES_MAX:
        key = (key[0], OTHER, key[2])
        present = counts.get(key)
    counts[key] = (present or 0) + 1


def scim_endpoint(resource: str) -> str:
    """An endpoint of SCIM; whatever else stands in a path is one "other"."""
    return resource if resource in SCIM_ENDPOINTS else OTHER


SURFACES = (
    ("/session", "driver"),
    ("/queries", "driver"),
    ("/monitoring", "driver"),
    ("/telemetry", "driver"),
    ("/api/v2/statements", "sql"),
    ("/api/v2", "resources"),
    ("/api/", "sql"),
    ("/events", "events"),
    ("/healthz", "health"),
    ("/readyz", "health"),
)


def surface_of(path: str) -> str:
    """Which of the surfaces beside SCIM a path belongs to."""
    for prefix, surface in SURFACES:
        if path.startswith(prefix):
            return surface
    return OTHER
