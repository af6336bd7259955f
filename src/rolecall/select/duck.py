"""Selecting with DuckDB in child processes: started when they are needed, killed when they must be.

A few children answer one query each at a time; who comes meanwhile waits in turn, and nobody takes
the last child but who has none. A query that takes too long or is cancelled loses its child.
"""

import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import chain
from threading import Condition, Timer
from time import monotonic
from typing import IO

import msgspec

from rolecall.domain.selecting import Relation
from rolecall.domain.tables import Table
from rolecall.select.messages import Answer, Page, Question, read_message, write_message
from rolecall.select.paging import LAST, begun

MEMORY_MEGABYTES = 256
CHILDREN_MAX = 3
WAITING_MAX = 64
END_SECONDS = 5.0


class SelectError(Exception):
    """The engine refused the query; `identifier` is the column that it does not know.

    `code` and `sqlstate` are the vendor's.
    """

    code = "100183"
    sqlstate = "22000"

    def __init__(
        self, message: str, *, identifier: str | None = None, kind: str | None = None
    ) -> None:
        """Keep the sentence, which holds nothing from inside."""
        super().__init__(message)
        self.message = message
        self.identifier = identifier
        if kind in KINDS:
            self.code, self.sqlstate = KINDS[kind]


KINDS: Mapping[str | None, tuple[str, str]] = {
    "conversion": ("100038", "22018"),
    "types": ("001044", "42P13"),
    "division": ("100051", "22012"),
    "range": ("100039", "22003"),
    "memory": ("300005", "53200"),
    "busy": ("000625", "57014"),
}
"""The codes of what an engine says no to."""


class SelectTimeout(SelectError):
    """The query took longer than it may; its process is gone."""

    code = "000630"
    sqlstate = "57014"


class SelectCancelled(SelectError):
    """Somebody asked for the query to end; its process is gone, if it had one."""

    code = "000604"
    sqlstate = "57014"


class Running:
    """A query that waits for a child, or has one."""

    def __init__(self, query: str | None, who: object) -> None:
        self.query = query
        self.who = who
        self.child: subprocess.Popen[bytes] | None = None
        self.ended: SelectError | None = None


LEAVING = "The server is ending. Run the query again when it is back."


class DuckSelecting:
    """A few children, one query each at a time. Thread safe."""

    def __init__(
        self, *, memory_megabytes: int = MEMORY_MEGABYTES, children_max: int = CHILDREN_MAX
    ) -> None:
        """Nothing starts before the first query."""
        self._memory_megabytes = memory_megabytes
        self._children_max = children_max
        self._changed = Condition()
        self._leaving = False
        self._idle: list[subprocess.Popen[bytes]] = []
        self._waiting: list[Running] = []
        self._running: list[Running] = []
        self._decoder = msgspec.msgpack.Decoder(Answer)

    def select(
        self,
        sql: str,
        relations: Mapping[str, Relation],
        *,
        seconds_max: float = 60,
        zone: str = "UTC",
        query: str | None = None,
        who: object = None,
    ) -> Table:
        """Run the engine's SQL over the relations, or say why not.

        `cancel` knows it as `query`; `who` never takes every child.
        """
        tables, pages = begun(relations)
        question = Question(sql=sql, relations=tables, zone=zone, more=pages is not None)
        running = Running(query, who)
        until = monotonic() + seconds_max
        child = self._taken(running, until, seconds_max)
        try:
            more = () if pages is None else chain(pages, [LAST])
            answer = self._asked(child, chain([question], more), running, until, seconds_max)
        except Exception:
            # Whatever it was: a child that has heard half of a question is of no use to others.
            self._end_it(running, SelectError("The query lost its rows."))
            raise
        finally:
            self._given_back(running)
        if answer.table is None:
            raise SelectError(answer.message, identifier=answer.identifier, kind=answer.kind)
        return answer.table

    def cancel(self, query: str) -> bool:
        """End what runs or waits as this query; whether there was such a one."""
        with self._changed:
            meant = [each for each in (*self._waiting, *self._running) if each.query == query]
            for running in meant:
                self._end_it(running, SelectCancelled("SQL execution canceled"))
            self._changed.notify_all()
        return bool(meant)

    def leave(self) -> None:
        """End what runs or waits, and begin no more: the server is about to end."""
        with self._changed:
            self._leaving = True
            for running in (*self._waiting, *self._running):
                self._end_it(running, SelectCancelled(LEAVING))
            self._changed.notify_all()

    def close(self) -> None:
        """End the children that have nothing to do; the next query would start another."""
        with self._changed:
            idle, self._idle = self._idle, []
        for child in idle:
            _end(child)

    @property
    def child_id(self) -> int | None:
        """The process id of a child that waits for work, while there is one."""
        return self._idle[-1].pid if self._idle else None

    @property
    def running_count(self) -> int:
        """How many queries have a child."""
        return len(self._running)

    # ---- children ----

    def _taken(self, running: Running, until: float, seconds_max: float) -> subprocess.Popen[bytes]:
        """A child of one's own, in turn. Raises SelectError."""
        with self._changed:
            if self._leaving:
                raise SelectCancelled(LEAVING)
            if len(self._waiting) >= WAITING_MAX:
                raise SelectError("Too many queries wait for the engine: try again.", kind="busy")
            self._waiting.append(running)
            try:
                while running.ended is None and not self._may_run(running):
                    if not self._changed.wait(until - monotonic()):
                        raise _timeout(seconds_max)
            finally:
                self._waiting.remove(running)
                self._changed.notify_all()
            if running.ended is not None:
                raise running.ended
            self._running.append(running)
            child = self._idle.pop() if self._idle else None
        if child is not None and child.poll() is not None:
            _end(child)
            child = None
        running.child = child if child is not None else self._started()
        return running.child

    def _may_run(self, running: Running) -> bool:
        """Whether there is a child for it, and nobody who came before could have that."""
        for each in self._waiting:
            if self._has_room(each):
                return each is running
        return False

    def _has_room(self, waiting: Running) -> bool:
        """A child is free; the last one only for somebody who has none."""
        free = self._children_max - len(self._running)
        theirs = sum(each.who == waiting.who for each in self._running)
        return free > 1 or (free == 1 and (theirs == 0 or self._children_max == 1))

    def _given_back(self, running: Running) -> None:
        with self._changed:
            self._running.remove(running)
            child, running.child = running.child, None
            alive = child is not None and running.ended is None and child.poll() is None
            if alive and child is not None:
                self._idle.append(child)
            self._changed.notify_all()
        if not alive and child is not None:
            _end(child)

    def _started(self) -> subprocess.Popen[bytes]:
        # -P: a folder named rolecall where the server was started is not ours to run.
        # A session of its own: Ctrl-C in the terminal is the parent's to answer.
        return subprocess.Popen(  # noqa: S603  no shell, and every word is ours
            [sys.executable, "-P", "-m", "rolecall.select.child", str(self._memory_megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    # ---- one question ----

    def _asked(
        self,
        child: subprocess.Popen[bytes],
        messages: Iterable[Question | Page],
        running: Running,
        until: float,
        seconds_max: float,
    ) -> Answer:
        def expire() -> None:
            self._end_it(running, _timeout(seconds_max))

        source, target = _pipes(child)
        timer = Timer(max(until - monotonic(), 0), expire)
        timer.daemon = True
        timer.start()
        try:
            if running.ended is not None:
                raise running.ended
            # A child that gave up, or was killed, reads no further, and may have said why.
            with suppress(BrokenPipeError):
                for message in messages:
                    write_message(target, message)
            body = read_message(source)
        finally:
            timer.cancel()
        if body is not None:
            answer = self._decoder.decode(body)
            if answer.spent:
                child.wait(END_SECONDS)
            return answer
        if running.ended is None:
            running.ended = SelectError("The query ended its engine: narrow it.", kind="memory")
        raise running.ended

    def _end_it(self, running: Running, why: SelectError) -> None:
        """Who gives the child back waits for the lock."""
        with self._changed:
            if running.ended is None:
                running.ended = why
                if running.child is not None:
                    running.child.kill()


def _timeout(seconds_max: float) -> SelectTimeout:
    return SelectTimeout(
        f"Statement reached its timeout of {seconds_max:g} second(s) and was canceled: "
        "it took longer than that."
    )


def _end(child: subprocess.Popen[bytes]) -> None:
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
