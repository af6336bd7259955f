"""How many requests are in flight: an account's by endpoint, and strangers' apart from them.

A request counts toward its account from when its token is accepted until its answer is sent. A
token that was accepted before counts from the request's arrival; all others are strangers until
they are accepted, and have a smaller limit of their own (DESIGN section 8).
"""

from collections import OrderedDict
from typing import Final

from rolecall.scim import errors

STRANGERS_MAX: Final = 100
KNOWN_MAX: Final = 10_000
ENDPOINTS = {"Users": "/Users", "Groups": "/Groups", "Bulk": "/Bulk"}
OTHER = "the other endpoints"


class Known:
    """Tokens that were accepted, by the hash of their text; of many the latest are remembered."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[int, int], None] = OrderedDict()

    def caller(self, account: int, authorization: str) -> int | None:
        """The token's mark in this process, if it was accepted before."""
        mark = hash(authorization)
        return mark if (account, mark) in self._seen else None

    def accept(self, account: int, authorization: str) -> int:
        """Remember an accepted token."""
        mark = hash(authorization)
        self._seen[account, mark] = None
        if len(self._seen) > KNOWN_MAX:
            self._seen.popitem(last=False)
        return mark


class Passage:
    """One request on its way: whose it is, so far as that is known."""

    __slots__ = ("account", "caller", "endpoint")

    def __init__(self, account: int, endpoint: str, caller: int | None) -> None:
        self.account = account
        self.endpoint = endpoint
        self.caller = caller


class InFlight:
    """Counts requests and refuses those beyond a limit."""

    def __init__(self) -> None:
        self.counts: dict[tuple[int, str], int] = {}
        self.strangers = 0

    def enter(self, passage: Passage, most: int) -> None:
        """One more, of its account when its token is known. Raises a 429 beyond the limit."""
        if passage.caller is not None:
            self._count(passage, most)
            return
        if self.strangers >= STRANGERS_MAX:
            raise errors.too_many_requests(
                "Too many requests without an accepted token are in flight. Send this one again "
                "after the seconds in Retry-After."
            )
        self.strangers += 1

    def accept(self, passage: Passage, caller: int, most: int) -> None:
        """A stranger turns out to be a caller of the account. Raises a 429 beyond the limit."""
        self._count(passage, most)
        self.strangers -= 1
        passage.caller = caller

    def _count(self, passage: Passage, most: int) -> None:
        place = (passage.account, passage.endpoint)
        present = self.counts.get(place, 0)
        if present >= most:
            raise errors.too_many_requests(
                f"{most} requests of this account to {passage.endpoint} are in flight. Send this "
                "one again after the seconds in Retry-After."
            )
        self.counts[place] = present + 1

    def leave(self, passage: Passage) -> None:
        """Its answer is sent."""
        if passage.caller is None:
            self.strangers -= 1
        else:
            self.counts[passage.account, passage.endpoint] -= 1


def endpoint_of(resource: str) -> str:
    """Which count a resource's requests belong to: Users and Groups apart."""
    return ENDPOINTS.get(resource, OTHER)
