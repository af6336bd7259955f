"""The server's log: one JSON object a line for machines, or plain sentences for people.

Every line of a request has its id, the one that its answer carried as `X-Request-Id`. Whatever the
text comes from, a driver's error included, what looks like a credential is blacked out.
"""

import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from rolecall.domain.attempts import HIDDEN, TOKEN_PREFIX, Attempt

CREDENTIAL = re.compile(
    r"rolecall_[A-Za-z0-9_\-]{8,}"  # a token of ours
    r"|(?i:bearer|snowflake token=)[ \"\\]+[A-Za-z0-9._~+/=\-]{8,}"  # a header
    r"|eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*"  # a JSON Web Token
    r"|((?i:password|secret)\w*(?:\\*[\"'])?\s*[:=]\s*)"  # a name, and then its value
    r"(?:(\\*[\"'])[^\"'\\]*|[^\s,;}\"'\\]+)"
)
REQUEST = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")
"""An id of ours in a sentence: of the request, or of the statement, that it is about."""

_encode = msgspec.json.Encoder().encode


def redacted(text: str) -> str:
    """The text without what looks like a credential."""
    return CREDENTIAL.sub(_black, text)


def _black(found: "re.Match[str]") -> str:
    return f"{found[1] or ''}{found[2] or ''}{HIDDEN}"


class Journal:
    """Attempts as JSON, one line each, in one write for a group."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stdout

    def show(self, attempts: Iterable[Attempt]) -> None:
        """Write some attempts, at once."""
        self._stream.write("".join(map(entry_of, attempts)))
        self._stream.flush()


def entry_of(attempt: Attempt) -> str:
    """The line of an attempt; fields that say nothing are left out.

    An attempt holds no secret; only what came from outside as it was is looked through.
    """
    place = attempt.endpoint
    told = {
        "timestamp": _time(attempt.at),
        "level": "info" if attempt.succeeded else _level(attempt.status),
        "event": "attempt",
        "request_id": attempt.request,
        "kind": attempt.kind.value,
        "method": attempt.method,
        "endpoint": redacted(place) if TOKEN_PREFIX in place else place,
        "status": attempt.status,
        "integration": attempt.integration,
        "actor": attempt.actor,
        "client_ip": attempt.client_ip,
        "resource_id": attempt.resource_id,
        "resource_name": attempt.resource_name,
        "why": attempt.why and redacted(attempt.why),
        "fix": attempt.fix and redacted(attempt.fix),
        "count": attempt.count if attempt.count > 1 else None,
    }
    kept = {name: value for name, value in told.items() if value is not None}
    return _encode(kept).decode() + "\n"


def log_to(stream: TextIO, *, as_json: bool) -> None:
    """Have everything that is logged in this process written there."""
    timestamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    renderer = (
        structlog.processors.JSONRenderer(serializer=lambda told, **_: _encode(told).decode())
        if as_json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    chain: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        timestamp,
        structlog.processors.format_exc_info,
        _with_request,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=chain,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer, _hidden],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # What it says while it ends is for those who wrote it.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _with_request(_: WrappedLogger, __: str, told: EventDict) -> EventDict:
    """The id that a sentence names becomes a field of its own."""
    found = REQUEST.search(str(told.get("event", "")))
    if found is not None:
        told["request_id"] = found[0]
    return told


def _hidden(_: WrappedLogger, __: str, text: EventDict) -> str:
    """The rendered line, blacked out."""
    return redacted(str(text))


def _level(status: int) -> str:
    return "error" if status >= 500 else "warning"


def _time(at: int) -> str:
    return f"{_second(at // 1_000_000)}.{at % 1_000_000:06}Z"


@lru_cache(maxsize=8)
def _second(at: int) -> str:
    """Thousands of lines share a second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
