"""The commands that decide about held changes: one each, so that each has its own outcome."""

import msgspec

from rolecall.domain.names import Id


class ReleaseHeldChange(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A held or rejected change is judged anew, without the brake, and carried out."""

    change: Id
    at: int


class RejectHeldChange(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A held change is refused: to whoever asks for it again, too, for a window's length."""

    change: Id
    at: int


HeldCommand = ReleaseHeldChange | RejectHeldChange
