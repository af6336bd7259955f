"""Held changes: what the deprovisioning brake has stopped, kept whole until somebody decides.

A held change is the command itself, as plain data, with who asked for it and how often. It is one
for each effect: whoever asks for the same thing again, asks for the same held change.
"""

from enum import StrEnum

import msgspec

from rolecall.domain.commands import ChangeRole, ChangeUser, DropRole, DropUser
from rolecall.domain.model import Kind
from rolecall.domain.names import Id, Name

MINUTE = 60_000_000
DAY = 86_400_000_000
LAPSES_AFTER = 7 * DAY
"""What nobody has asked for in so long is judged by the limit again when it is asked for."""
KEPT_FOR = 30 * DAY
"""How long a decided change is still listed."""
SPELLS = 60
"""Into how many parts a window is divided: as many numbers are kept, however much is removed."""

Removing = ChangeUser | DropUser | ChangeRole | DropRole
"""The commands that can take somebody's access away."""


class Act(StrEnum):
    """How a change takes access away."""

    DEACTIVATE_USER = "DEACTIVATE USER"
    DROP_USER = "DROP USER"
    DROP_ROLE = "DROP ROLE"
    REMOVE_MEMBERS = "REMOVE MEMBERS"


class HeldState(StrEnum):
    """What has become of a held change."""

    HELD = "HELD"
    RELEASED = "RELEASED"
    REJECTED = "REJECTED"


class HeldChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A change that waits for a decision, or had one.

    `integration` is the name, which survives OR REPLACE as external ids do; `fingerprint` is the
    same for the same effect; `removes` counts as the brake counts; `token` is the one that asked
    last, `version` the resource's when it did.
    """

    id: Id
    integration: Name
    fingerprint: str
    act: Act
    kind: Kind
    resource: Id
    name: str
    removes: int
    command: Removing
    token: Id | None
    request: Id
    first_asked: int
    last_asked: int
    times: int = 1
    state: HeldState = HeldState.HELD
    decided_at: int | None = None
    decided_by: str | None = None
    version: int | None = None


class Spell(msgspec.Struct, frozen=True, array_like=True):
    """What was removed from `begun` to `last`: a part of the sliding window.

    `of` is how many there were to remove when it began, where a percentage is the limit.
    """

    begun: int
    last: int
    count: int
    of: int = 0


Spells = tuple[Spell, ...]


def within(spells: Spells, at: int, window: int) -> Spells:
    """The spells that a window that ends now reaches, each of them whole: never too few."""
    return tuple(spell for spell in spells if spell.last > at - window)


def current(spells: Spells, at: int, window: int) -> Spell | None:
    """The spell that goes on."""
    kept = within(spells, at, window)
    return kept[-1] if kept and at - kept[-1].begun < window // SPELLS else None


def added(spells: Spells, at: int, window: int, count: int, of: int = 0) -> Spells:
    """The spells with this many removals more; at most SPELLS + 1 of them are kept."""
    kept = within(spells, at, window)
    newest = current(spells, at, window)
    if newest is None:
        return (*kept, Spell(at, at, count, of))
    grown = Spell(newest.begun, max(newest.last, at), newest.count + count, max(newest.of, of))
    return (*kept[:-1], grown)
