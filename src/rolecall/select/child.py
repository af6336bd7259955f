"""The child process: reads a question, answers it, until the parent is gone.

Started as `python -m rolecall.select.child <memory in megabytes>`.
"""

import os
import sys
from collections.abc import Iterator
from threading import Event, Thread
from typing import IO

import msgspec

from rolecall.select.engine import QueryFailed, opened_box, run
from rolecall.select.messages import Answer, Page, Question, read_message, write_message

NICENESS = 10
PARENT_SECONDS = 1.0


def serve(source: IO[bytes], target: IO[bytes], *, memory_megabytes: int) -> None:
    """Answer questions in turn; the end of the source is the end of the work.

    Whoever gave up before all pages were read can't tell the next question from them, and ends.
    """
    decoder = msgspec.msgpack.Decoder(Question)
    box = opened_box(memory_megabytes)
    while (body := read_message(source)) is not None:
        question = decoder.decode(body)
        pages = Pages(source, more=question.more)
        try:
            table = run(
                question.sql,
                question.relations,
                memory_megabytes=memory_megabytes,
                zone=question.zone,
                pages=pages,
                box=box,
            )
            answer = Answer(table=table)
        except QueryFailed as failed:
            answer = Answer(
                message=failed.message,
                identifier=failed.identifier,
                kind=failed.kind,
                spent=pages.more,
            )
        write_message(target, answer)
        if answer.spent:
            return
        # The next query's database is made while nobody waits for it.
        box = opened_box(memory_megabytes)


class Pages:
    """The pages behind a question, each read when it is wanted; `more` while some are to come."""

    def __init__(self, source: IO[bytes], *, more: bool) -> None:
        """Nothing is read yet."""
        self._source = source
        self.more = more

    def __iter__(self) -> Iterator[Page]:
        """Each page that has rows."""
        decoder = msgspec.msgpack.Decoder(Page)
        while self.more:
            body = read_message(self._source)
            if body is None:
                raise QueryFailed("The query lost its rows.")
            page = decoder.decode(body)
            self.more = bool(page.rows)
            if page.rows:
                yield page


def outlive_nobody(parent: int) -> None:
    """End the process when its parent has ended, in the middle of a query too."""
    never = Event()
    while os.getppid() == parent:
        never.wait(PARENT_SECONDS)
    os._exit(1)


def main() -> None:
    """Step behind every other process, then serve standard input."""
    os.nice(NICENESS)
    Thread(target=outlive_nobody, args=(os.getppid(),), daemon=True).start()
    serve(sys.stdin.buffer, sys.stdout.buffer, memory_megabytes=int(sys.argv[1]))
    # The engine's binding complains of its own leaks when an interpreter is taken down.
    os._exit(0)


if __name__ == "__main__":
    main()
