"""Steps of a SCIM request: once accepted it is a question to be asked or commands to carry out."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from rolecall.domain.account import Account, Bearer, Effects
from rolecall.domain.commands import Command
from rolecall.domain.model import Integration
from rolecall.domain.names import Id
from rolecall.domain.ports import Describe
from rolecall.domain.queries import Query
from rolecall.domain.session import Session
from rolecall.fronts.scim_answers import Exchange, Reply
from rolecall.fronts.scim_dialect import Rules
from rolecall.fronts.world import World

Answer = TypeVar("Answer")


class Entrance(msgspec.Struct, frozen=True):
    """A settled token by its verifier: what else there is to judge, a request brings with it."""

    verifier: str
    bearer: Bearer
    integration: Integration
    rules: Rules

    def is_for(self, exchange: Exchange) -> bool:
        """Whether it opens at this time and at this URL; if not, the account says why."""
        return exchange.endpoint_id is None and self.bearer.token.expires_at > exchange.at


Entrances = dict[str, Entrance]
"""Of one account, by verifier."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose token is good: the session it runs as, and its integration.

    With an `entrance` nothing can end it within the reading that has accepted it.
    """

    session: Session
    integration: Integration
    rules: Rules
    entrance: Entrance | None = None


class Ask(Protocol):
    """Asks the account as the request's session, in whatever reading is at hand."""

    def __call__(self, query: Query[Answer]) -> Answer:
        """The answer. Raises a Refusal."""
        ...


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A question to be asked now; `heavy` ones belong on a reader thread."""

    session: Session
    run: Callable[[Ask], Reply]
    heavy: bool


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """Commands for the account, what to note of them, and the reply once it has decided.

    A `heavy` one's reply may list many members: it belongs on a reader thread.
    """

    session: Session
    commands: tuple[Command, ...]
    describe: Describe[Effects]
    finish: Callable[[Effects | None, Exception | None], Reply]
    heavy: bool


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Commands one after the other, each with an attempt of its own: on a reader thread."""

    session: Session
    run: Callable[[], Reply]


Report = Callable[[Id, Exception], None]
"""Told of a request's failure that is no refusal: for the server's log."""


def unreported(_request: Id, _error: Exception) -> None:
    """Nobody listens."""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What a step is carried out with: an account, the ports, and who hears of failures."""

    account: Account
    world: World
    report: Report
