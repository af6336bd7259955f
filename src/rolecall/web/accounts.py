"""Which account a request is for, and the URLs that lead to it.

Account URL: `<organization>-<account>.<domain>`; underscores and hyphens name the same account,
printed URLs use hyphens (documents: custom SCIM, limitations). A host that names no account
reaches the first one.
"""

from collections.abc import Callable, Sequence
from time import monotonic
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from rolecall.domain.account import Account


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an account answers: its number and its URL without a path."""

    number: int
    name: str
    url: str


AccountRow = tuple[int, str, str]
"""An account's number, organization and name."""

RELOAD_SECONDS = 1.0
HOSTS_MAX = 1_000
"""Spellings of hosts that are remembered."""


class Places:
    """The accounts of this server by host name; one made while it runs is found within a second."""

    def __init__(self, accounts: Callable[[], Sequence[AccountRow]], public_url: str) -> None:
        """The first account answers at `public_url` itself."""
        self._accounts = accounts
        self._public_url = public_url
        self._by_label: dict[str, Place] = {}
        self._by_host: dict[str, Place] = {}
        self._loaded_at = 0.0
        self._load()
        assert self._by_label, "a server has an account"
        self.first = next(iter(self._by_label.values()))

    def _load(self) -> None:
        self._loaded_at = monotonic()
        self._by_host.clear()
        for number, organization, name in self._accounts():
            label = label_of(organization, name)
            known = self._by_label.get(label)
            if known is not None and known.number != number:  # erased, and its name taken anew
                self._by_label[label] = replace(known, number=number, name=name)
            if known is None:
                url = self._public_url
                if self._by_label:
                    url = _beside(url, next(iter(self._by_label)), label)
                self._by_label[label] = Place(number=number, name=name, url=url)

    def at(self, host: str) -> Place:
        """The account that a Host header names, else the first."""
        known = self._by_host.get(host)
        if known is not None:
            return known
        label = host.partition(".")[0].partition(":")[0].lower().replace("_", "-")
        found = self._by_label.get(label)
        if found is None and "-" in label and monotonic() - self._loaded_at > RELOAD_SECONDS:
            self._load()
            found = self._by_label.get(label)
        if found is None and "-" in label:  # who knows whether it is to be
            return self.first
        if len(self._by_host) >= HOSTS_MAX:
            self._by_host.clear()
        place = self._by_host[host] = found or self.first
        return place

    def named(self, name: str) -> Place | None:
        """The account of that name, alone or after its organization, in any case."""
        self._load()
        label = name.lower().replace("_", "-")
        for known, place in self._by_label.items():
            if label in {known, place.name.lower().replace("_", "-")}:
                return place
        return None

    def all(self) -> tuple[Place, ...]:
        """Every account, the first one first."""
        return tuple(self._by_label.values())


def label_of(organization: str, name: str) -> str:
    """The first label of an account's host name."""
    return f"{organization}-{name}".lower().replace("_", "-")


def _beside(public_url: str, first: str, label: str) -> str:
    """The URL of another account: its label in the first one's place, or in front of the host.

    `*.localhost` leads to loopback everywhere.
    """
    parts = urlsplit(public_url)
    host = (parts.hostname or "localhost").removeprefix(f"{first}.")
    numeric = host.replace(".", "").isdigit() or ":" in host
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{label}.{'localhost' if numeric else host}{port}"


def account_with(
    places: Places, account_of: Callable[[int], Account], meant: Account, verifier: str
) -> Account | None:
    """The account that has a session with this verifier: the host's, or else any other.

    A host that names no account leads to the first one; the session knows better.
    """
    if meant.login_session(verifier) is not None:
        return meant
    for place in places.all():
        other = account_of(place.number)
        if other.login_session(verifier) is not None:
            return other
    return None
