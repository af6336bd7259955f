"""One line per attempt: time, integration, method, resource, status, why, and what fixes it."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

from rolecall.console.printing import printable
from rolecall.domain.attempts import Attempt, AttemptKind

GREEN, YELLOW, RED, DIM, PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


class Lines:
    """Attempts as lines on a stream, coloured only when it is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stdout
        self._colours = self._stream.isatty()

    def show(self, attempts: Iterable[Attempt]) -> None:
        """Write some attempts, at once."""
        self._stream.write("".join(f"{self._painted(attempt)}\n" for attempt in attempts))
        self._stream.flush()

    def _painted(self, attempt: Attempt) -> str:
        text = line_of(attempt)
        if not self._colours:
            return text
        colour = GREEN if attempt.succeeded else (RED if attempt.status >= 500 else YELLOW)
        head, dash, tail = text.partition(" — ")
        return f"{DIM}{head[:12]}{PLAIN}{colour}{head[12:]}{PLAIN}{dash}{tail}"


def line_of(attempt: Attempt) -> str:
    """The line, in plain text, safe for a terminal."""
    parts = [
        f"{_clock(attempt.at // 1_000_000)}.{attempt.at // 1_000 % 1_000:03}",
        attempt.integration or attempt.actor or attempt.client_ip or "unknown",
        attempt.method,
        _resource(attempt),
        _status(attempt),
    ]
    text = "  ".join(parts)
    if attempt.count > 1:
        text += f"  {attempt.count} times"
    if attempt.why:
        text += f" — {attempt.why}"
    if attempt.fix:
        text += f" Fix: {attempt.fix}"
    return text if text.isprintable() else printable(text)


@lru_cache(maxsize=8)
def _clock(seconds: int) -> str:
    """Local time of day; thousands of lines share a second."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%H:%M:%S")


def _resource(attempt: Attempt) -> str:
    place = attempt.endpoint.removeprefix("scim/v2") if attempt.kind is AttemptKind.SCIM else ""
    name = attempt.resource_name
    if place and name:
        return f"{place} ({name})"
    return place or name or attempt.endpoint


def _status(attempt: Attempt) -> str:
    if attempt.status:
        return str(attempt.status)
    return "ok" if attempt.succeeded else (attempt.error_code or "refused")
