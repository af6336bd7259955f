"""Measures of a store: how it writes, what waits, and whether it could write at all lately."""

from time import monotonic

from rolecall.measuring import Distribution

COMMIT_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
COMMIT_BODIES = (0, 1, 2, 4, 8, 16, 32, 64)


class Measures:
    """Counted by the writer's thread alone, for a group and not for a body."""

    def __init__(self) -> None:
        self.seconds = Distribution(COMMIT_SECONDS)
        self.bodies = Distribution(COMMIT_BODIES)
        self.lost = 0
        self._failed_at = 0.0
        self._failure: str | None = None

    def committed(self, bodies: int, seconds: float, *, wrote: bool) -> None:
        """A group is on the disk; one that wrote nothing proves nothing."""
        self.seconds.add(seconds)
        self.bodies.add(bodies)
        if wrote:
            self._failure = None

    def failed(self, why: str) -> None:
        """A group was lost: its bodies are tried alone."""
        self.lost += 1
        self._failed_at, self._failure = monotonic(), why

    def failure_within(self, seconds: float) -> str | None:
        """Why the last writing failed, unless one succeeded since or it is long ago."""
        failure = self._failure
        return failure if failure and monotonic() - self._failed_at < seconds else None
