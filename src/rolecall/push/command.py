"""`rolecall push`: files in, one server out, and an exit status that a scheduler can act on."""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TextIO

import httpx
import msgspec
from rich.console import Console
from rich.progress import Progress

from rolecall.push import tally as tallies
from rolecall.push.apply import Run, read_server
from rolecall.push.client import ScimClient, ScimError, Stopped
from rolecall.push.directory import Directory, flattened, merged
from rolecall.push.entries import directory_of
from rolecall.push.ldif import Records, read_ldif
from rolecall.push.plan import Plan, plan_of, removals_refused
from rolecall.push.spreadsheet import read_spreadsheet
from rolecall.push.tally import Summary, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

DONE = 0
SOMETHING_FAILED = 1
UNUSABLE = 2
TOO_MANY_REMOVALS = 3

Format = Literal["text", "json"]

_SOURCE = re.compile(r"[A-Za-z0-9._-]+")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Unusable(Exception):
    """The command can't begin; the message says what to give it instead."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to push where, but for the token: a value may be printed, a token may not."""

    files: tuple[Path, ...]
    url: str
    dry_run: bool = False
    allow_removals: int = 0
    source: str = "directory"
    concurrency: int = 8


def push_command(  # noqa: PLR0913 - one parameter for each option of the command line
    files: Sequence[Path],
    url: str,
    token: str,
    *,
    format: Format = "text",  # noqa: A002 - the option's own name
    dry_run: bool = False,
    allow_removals: int = 0,
    source: str = "directory",
    concurrency: int = 8,
    out: TextIO | None = None,
    err: TextIO | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> int:
    """Sync the files to the server and print the summary; the result is the exit status."""
    out, err = out or sys.stdout, err or sys.stderr
    order = Order(
        files=tuple(files),
        url=url,
        dry_run=dry_run,
        allow_removals=allow_removals,
        source=source,
        concurrency=concurrency,
    )
    try:
        check(order, token)
        directory = read_files(order.files)
        if order.url.startswith("http://") and httpx.URL(order.url).host not in _LOOPBACK:
            err.write("rolecall: the token travels unencrypted over http://; use https://\n")
        status, summary = asyncio.run(_push(order, token, directory, err, transport))
    except Unusable as error:
        err.write(tallies.printable(f"rolecall: {error}\n"))
        return UNUSABLE
    except Stopped as error:
        err.write(tallies.printable(f"rolecall: {error}\n"))
        return SOMETHING_FAILED
    out.write(tallies.as_json(summary) if format == "json" else tallies.as_text(summary))
    return status


def check(order: Order, token: str) -> None:
    """Refuse what can't work before anything is read or sent."""
    if not order.files:
        raise Unusable("name at least one LDIF or CSV file")
    if not token.strip() or not token.isascii() or not token.isprintable():
        raise Unusable("no usable token: set ROLECALL_TOKEN, or give --token-file")
    if not order.url.startswith(("http://", "https://")):
        raise Unusable(f"--url '{order.url}' must begin with https:// (or http://)")
    try:
        httpx.URL(order.url)
    except httpx.InvalidURL as error:
        raise Unusable(f"--url '{order.url}' is no address: {error}") from error
    if not _SOURCE.fullmatch(order.source):
        raise Unusable("--source takes letters, digits, '.', '_' and '-'")
    if order.allow_removals < 0 or order.concurrency < 1:
        raise Unusable("--allow-removals must not be negative, nor the concurrency below 1")


def read_files(files: Sequence[Path]) -> Directory:
    """Read every file as one export; a member may stand in another file than its group."""
    ldif: list[Records] = []
    tables: list[Directory] = []
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Unusable(f"{path} can't be read: {error.strerror}") from error
        if is_spreadsheet(path, content):
            tables.append(read_spreadsheet(content, path.name))
        else:
            ldif.append(read_ldif(content, path.name))
    entries = directory_of(
        [record for part in ldif for record in part.records],
        [problem for part in ldif for problem in part.problems],
    )
    directory = flattened(merged([entries, *tables]))
    if not directory.people:
        first = next(iter(directory.problems), None)
        why = f" ({first.where}: {first.why})" if first else ""
        names = ", ".join(path.name for path in files)
        raise Unusable(
            f"there are no people in {names}{why}; nothing was sent, because an empty export would "
            "deactivate everybody"
        )
    return directory


def is_spreadsheet(path: Path, content: bytes) -> bool:
    """Go by the file's name; a name that says nothing is judged by its first line."""
    suffix = path.suffix.lower()
    if suffix in {".csv", ".tsv", ".ldif", ".ldf"}:
        return suffix in {".csv", ".tsv"}
    first = content.lstrip(b"\xef\xbb\xbf \r\n").partition(b"\n")[0]
    return b":" not in first and not first.startswith(b"#") and any(c in first for c in b",;\t")


async def _push(
    order: Order,
    token: str,
    directory: Directory,
    err: TextIO,
    transport: httpx.AsyncBaseTransport | None,
) -> tuple[int, Summary]:
    client = ScimClient(
        order.url, token.strip(), concurrency=order.concurrency, transport=transport
    )
    async with client:
        await client.locate()
        try:
            server = await read_server(client, directory, order.source)
        except ScimError as error:
            said = str(error).rstrip(".")
            raise Stopped(f"{client.url} can't be read: {said}; check --url") from error
        plan = plan_of(directory, server, order.source)
        tally = Tally(plan)
        refusal = removals_refused(plan, order.allow_removals)
        if refusal or order.dry_run:
            tally.take_as_done(plan)
            lines = tallies.plan_lines(plan)
            summary = tally.summary(dry_run=order.dry_run, stopped=refusal, plan=lines)
            return TOO_MANY_REMOVALS if refusal else _status(tally, plan), summary
        stopped = None
        with _progress(plan, err) as advance:
            try:
                await Run(plan, client, tally, advance).send()
            except Stopped as error:
                stopped = str(error)
    status = SOMETHING_FAILED if stopped else _status(tally, plan)
    return status, tally.summary(dry_run=False, stopped=stopped)


def _status(tally: Tally, plan: Plan) -> int:
    return SOMETHING_FAILED if tally.failed or plan.problems else DONE


@contextmanager
def _progress(plan: Plan, err: TextIO) -> Iterator[Callable[[], None]]:
    """Show a bar to a person; a log gets none."""
    steps = (
        len(plan.deactivate_users)
        + len(plan.update_users)
        + len(plan.create_users)
        + len(plan.update_groups)
        + len(plan.create_groups)
        + len(plan.memberships)
    )
    with Progress(console=Console(file=err), transient=True, disable=not err.isatty()) as bar:
        task = bar.add_task("Pushing", total=steps)
        yield lambda: bar.advance(task)
