"""What a command did: the facts for the history, and an answer for whoever asked."""

import msgspec

from rolecall.domain.events import Event


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


class Warned(msgspec.Struct, frozen=True, kw_only=True):
    """It is done, and this is worth knowing."""

    text: str
