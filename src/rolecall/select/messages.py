"""What parent and child say to each other: msgpack messages, the length of each before it.

A question, then the pages that it promised, then the answer.
"""

from collections.abc import Sequence
from typing import IO

import msgspec

from rolecall.domain.tables import Cell, Table

LENGTH_BYTES = 4
MESSAGE_BYTES_MAX = 1 << 30


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A query and the tables that it may read, by the names that it uses.

    `more` promises pages with further rows of them, and an empty page at the end.
    """

    sql: str
    relations: dict[str, Table]
    zone: str = "UTC"
    more: bool = False


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Further rows of a relation; without any it is the last."""

    relation: str = ""
    rows: Sequence[tuple[Cell, ...]] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The table, or why there is none; `identifier` is the name that the query got wrong.

    `kind` says what kind of mistake it is. The child is `spent` when it gave up among pages.
    """

    table: Table | None = None
    message: str = ""
    identifier: str | None = None
    kind: str | None = None
    spent: bool = False


def write_message(stream: IO[bytes], message: Question | Page | Answer) -> None:
    """Send one message and flush."""
    body = msgspec.msgpack.encode(message)
    stream.write(len(body).to_bytes(LENGTH_BYTES, "big"))
    stream.write(body)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes | None:
    """One whole message, or None when the other side is gone."""
    head = _exactly(stream, LENGTH_BYTES)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    assert length <= MESSAGE_BYTES_MAX
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], count: int) -> bytes | None:
    parts = []
    while count > 0:
        part = stream.read(min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
