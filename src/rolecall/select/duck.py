"""Selecting with DuckDB in a child process: started at first use, killed when it takes too long."""

import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock, Timer
from typing import IO

import msgspec

from rolecall.domain.tables import Table
from rolecall.select.messages import Answer, Question, read_message, write_message

MEMORY_MEGABYTES = 256
END_SECONDS = 5.0


class SelectError(Exception):
    """The engine refused the query; `identifier` is the column that it does not know."""

    def __init__(self, message: str, *, identifier: str | None = None) -> None:
        """Keep the sentence, which holds nothing from inside."""
        super().__init__(message)
        self.message = message
        self.identifier = identifier


class SelectTimeout(SelectError):
    """The query took longer than it may; its process is gone."""


class DuckSelecting:
    """One child at a time, one query at a time; whoever comes meanwhile waits."""

    def __init__(self, *, memory_megabytes: int = MEMORY_MEGABYTES) -> None:
        """Nothing starts before the first query."""
        self._memory_megabytes = memory_megabytes
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._decoder = msgspec.msgpack.Decoder(Answer)

    def select(self, sql: str, relations: Mapping[str, Table], *, seconds_max: float = 60) -> Table:
        """Run the engine's SQL over the relations, or say why not."""
        question = Question(sql=sql, relations=dict(relations))
        with self._lock:
            answer = self._asked(question, seconds_max)
        if answer.table is None:
            raise SelectError(answer.message, identifier=answer.identifier)
        return answer.table

    def close(self) -> None:
        """End the child, if there is one; the next query would start another."""
        with self._lock:
            self._end()

    @property
    def child_id(self) -> int | None:
        """The child's process id while there is one."""
        return None if self._child is None else self._child.pid

    def _asked(self, question: Question, seconds_max: float) -> Answer:
        child = self._running()
        source, target = _pipes(child)
        expired = []

        def kill() -> None:
            expired.append(True)
            child.kill()

        timer = Timer(seconds_max, kill)
        timer.daemon = True
        timer.start()
        try:
            write_message(target, question)
            body = read_message(source)
        except BrokenPipeError:
            body = None
        finally:
            timer.cancel()
        if body is not None:
            return self._decoder.decode(body)
        self._end()
        if expired:
            raise SelectTimeout(f"The query took longer than {seconds_max:g} seconds.")
        raise SelectError("The query ended its engine: narrow it.")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is not None:
            self._end()
        if self._child is None:
            # -P: a folder named rolecall where the server was started is not ours to run.
            # A session of its own: Ctrl-C in the terminal is the parent's to answer.
            self._child = subprocess.Popen(  # noqa: S603  no shell, and every word is ours
                [sys.executable, "-P", "-m", "rolecall.select.child", str(self._memory_megabytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        source, target = _pipes(child)
        with suppress(BrokenPipeError):
            target.close()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        source.close()


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    source, target = child.stdout, child.stdin
    assert source is not None
    assert target is not None
    return source, target
