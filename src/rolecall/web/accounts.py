"""Which account a request is for, and the URLs that lead to it.

Account URL: `<organization>-<account>.<domain>`; underscores and hyphens name the same account,
printed URLs use hyphens (documents: custom SCIM, limitations). A host that names no account
reaches the first one.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an account answers: its number and its URL without a path."""

    number: int
    name: str
    url: str


class Places:
    """The accounts of this server by host name."""

    def __init__(self, accounts: Sequence[tuple[int, str, str]], public_url: str) -> None:
        """`accounts` are number, organization, name; the first answers at `public_url` itself."""
        assert accounts, "a server has an account"
        self.first = Place(number=accounts[0][0], name=accounts[0][2], url=public_url)
        self._by_label = {
            label_of(organization, name): Place(
                number=number,
                name=name,
                url=public_url
                if number == self.first.number
                else _under(public_url, label_of(organization, name)),
            )
            for number, organization, name in accounts
        }

    def at(self, host: str) -> Place:
        """The account that a Host header names, else the first."""
        if len(self._by_label) == 1:
            return self.first
        label = host.partition(".")[0].partition(":")[0].lower().replace("_", "-")
        return self._by_label.get(label, self.first)

    def named(self, name: str) -> Place | None:
        """The account of that name, alone or after its organization, in any case."""
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


def _under(public_url: str, label: str) -> str:
    """The same URL below another label; `*.localhost` leads to loopback everywhere."""
    parts = urlsplit(public_url)
    host = parts.hostname or "localhost"
    numeric = host.replace(".", "").isdigit() or ":" in host
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{label}.{'localhost' if numeric else host}{port}"
