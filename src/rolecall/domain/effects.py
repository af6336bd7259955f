"""What a command did: the facts for the history, and an answer for whoever asked."""

import msgspec

from rolecall.domain.events import Event
from rolecall.domain.model import Role
from rolecall.domain.names import Id


class Effect(msgspec.Struct, frozen=True):
    """The events of one command, its answer (a card, an Ended, or nothing), and warnings.

    What is done and yet not as its sender may think is a warning for the audit.
    """

    events: tuple[Event, ...] = ()
    answer: object = None
    warnings: tuple[str, ...] = ()


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """Live tokens that a drop or a replacement ended, and when one was last used."""

    tokens: int
    last_used_at: int | None


class Transferred(msgspec.Struct, frozen=True, kw_only=True):
    """How many objects have another owner now, and how many one more command would move."""

    count: int
    remaining: int


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What USE has made of the session: the role that it named, and the secondary roles."""

    role: Role | None = None
    secondary: tuple[Id, ...] | None = None


class Warned(msgspec.Struct, frozen=True, kw_only=True):
    """It is done, and this is worth knowing."""

    text: str
