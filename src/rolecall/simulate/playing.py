"""Play a story chapter by chapter, with a provider's haste and its patience, and sum it up.

A step that met an outage is begun anew when the rest of its chapter is done, as a provider does in
its next cycle; what did not get through in any of them counts as a stumble.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import msgspec

from rolecall.simulate.comparing import comparisons
from rolecall.simulate.player import Chapter, Player, Step
from rolecall.simulate.rules import Surprise

CYCLES_MAX = 8
CYCLES_IN_VAIN_MAX = 4
CYCLE_SECONDS = 1.0
BASIS = ("testing the connection", "creating users", "creating groups", "filling groups")
"""What every other chapter builds upon."""
COMPARING = "comparing"


class CouldNotRun(Exception):
    """The story can't be played, or not to its end: nothing is known of the server's merits."""


class Progress(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How far the story has come: steps of the whole, and the chapter it is in."""

    stage: str
    done: int
    total: int


class Played(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A chapter that was played: how many steps it has, and how often one was begun anew."""

    chapter: str
    steps: int
    seconds: float
    postponed: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider believes is in the account, and what it took to get it there."""

    provider: str
    users_active: int
    users_inactive: int
    groups: int
    memberships: int
    largest_group: int
    requests: int
    seconds: float
    rate: float
    rotations: int
    refusals: dict[int, int]
    """By status, the planned ones too: a 409 of a retried create, a 401 of an old token."""
    surprises: tuple[Surprise, ...]
    """Answers that no provider plans for; empty is what a server wants."""
    chapters: tuple[Played, ...] = ()


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which chapters are played: all of them, only those named with their basis, or some not."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def takes(self, chapter: str) -> bool:
        """Whether the chapter is played."""
        if chapter in self.skip:
            return False
        return not self.only or chapter in {*self.only, *BASIS, COMPARING}


def play(
    player: Player,
    on_progress: Callable[[Progress], None],
    concurrency: int,
    *,
    compares: bool = False,
    choice: Choice | None = None,
) -> list[Played]:
    """Play every chapter to its end before the next begins, so many steps at a time.

    Raises CouldNotRun when the server has stopped answering.
    """
    choice = choice or Choice()
    taken = [chapter for chapter in player.chapters() if choice.takes(chapter[0])]
    total = sum(len(steps) for _, steps in taken)
    compares &= choice.takes(COMPARING)
    if compares:  # what there is to compare is known when all else is done
        total += len(player.story.people) + len(player.story.teams) + len(player.story.leavers) + 1
    done = 0

    def on_step(stage: str, count: int) -> None:
        nonlocal done
        done += count
        on_progress(Progress(stage=stage, done=min(done, total), total=total))

    with ThreadPoolExecutor(max_workers=concurrency) as workers:
        played = [_play_chapter(player, workers, chapter, on_step) for chapter in taken]
        if compares:
            last = COMPARING, comparisons(player)
            played.append(_play_chapter(player, workers, last, on_step))
    return played


def _play_chapter(
    player: Player,
    workers: ThreadPoolExecutor,
    chapter: Chapter,
    on_step: Callable[[str, int], None],
) -> Played:
    """Play one chapter, and again those of its steps that met an outage."""
    stage, steps = chapter
    caller = player.caller
    caller.chapter = stage
    started = time.perf_counter()
    on_step(stage, 0)
    left = _cycle(player, workers, steps, lambda: on_step(stage, 1), again=False)
    postponed = in_vain = 0
    for number in range(CYCLES_MAX):
        if not left:
            break
        caller.pause(CYCLE_SECONDS * (number + 1))
        before, postponed = len(left), postponed + len(left)
        again = [step for step, _ in left]
        left = _cycle(player, workers, again, lambda: on_step(stage, 1), again=True)
        in_vain = in_vain + 1 if len(left) == before else 0
        if in_vain == CYCLES_IN_VAIN_MAX and not caller.gone():
            break
    for _, noted in left:
        for each in noted:
            caller.keep(each)
    if left and caller.gone():
        raise CouldNotRun(f"the server stopped answering in the chapter “{stage}”.")
    on_step(stage, len(left))
    seconds = round(time.perf_counter() - started, 3)
    return Played(chapter=stage, steps=len(steps), seconds=seconds, postponed=postponed)


Left = list[tuple[Step, list[Surprise]]]


def _cycle(
    player: Player,
    workers: ThreadPoolExecutor,
    steps: list[Step],
    on_step: Callable[[], None],
    *,
    again: bool,
) -> Left:
    """Take each step once; return those that met an outage, with what they met."""
    pending = {workers.submit(player.caller.carry_out, step, again=again): step for step in steps}
    left: Left = []
    try:
        for future in as_completed(pending):
            met = future.result()
            if met is None:
                on_step()
            else:
                left.append((pending[future], met))
    finally:
        for future in pending:
            future.cancel()
    return left


def clean_up(player: Player, on_progress: Callable[[Progress], None]) -> None:
    """Delete the groups and users of the story, as far as the server deletes anything."""
    ledger, stage = player.ledger, "cleaning up"
    places = [
        *(f"Groups/{id}" for id in ledger.groups.values()),
        *(f"Users/{id}" for id in ledger.users.values()),
    ]
    with ThreadPoolExecutor(max_workers=player.caller.manners.concurrency) as workers:
        for done, _ in enumerate(workers.map(player.caller.dismiss, places), start=1):
            on_progress(Progress(stage=stage, done=done, total=len(places)))


def report_of(player: Player, seconds: float, played: list[Played] | None = None) -> Report:
    """Sum up what was acknowledged and what it took."""
    ledger, caller = player.ledger, player.caller
    sizes = [len(members) for members in ledger.members.values()]
    return Report(
        provider=caller.manners.name,
        users_active=len(ledger.users.keys() - ledger.inactive),
        users_inactive=len(ledger.inactive),
        groups=len(ledger.groups),
        memberships=sum(sizes),
        largest_group=max(sizes, default=0),
        requests=caller.requests,
        seconds=round(seconds, 3),
        rate=round(caller.requests / seconds, 1) if seconds else 0.0,
        rotations=caller.rotations,
        refusals=dict(sorted(caller.refusals.items())),
        surprises=tuple(caller.surprises),
        chapters=tuple(played or ()),
    )
