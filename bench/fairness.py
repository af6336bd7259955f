"""A quiet account beside a flood: what it keeps of its rate, with turns and without them.

One account is flooded with creates from many connections; another asks at a steady rate and its
answers are timed from when each request was due. Rounds with and without turns alternate, so that
both see the same machine.

    python -m bench.fairness [--rounds 3] [--seconds 8] [--flood 256] [--rate 50]
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import msgspec
import uvloop

from bench import load, peers
from bench.compare import await_ready, rolecall, say

QUIET = "QUIET"
INTEGRATION = "GENERIC_SCIM_PROVISIONING"
WITHOUT_TURNS = """
from collections import deque
import rolecall.web.scim as web
from rolecall.store.inbox import Inbox

def submit(self, job):
    with self._changed:
        self._refuse_when_closed()
        if 0 not in self._queues:
            self._queues[0] = deque()
            self._turns.append(0)
        self._queues[0].append(job)
        self._wake()

web.BEGUN_AT_ONCE = web.WRITING_AT_ONCE = web.READING_AT_ONCE = 10**9
Inbox.submit = submit

from rolecall.cli import main
main()
"""
"""The same server with one queue for everybody, at the loop and at the writer."""
POOL = 32


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the quiet account saw in one round."""

    turns: bool
    offered: int
    answered: int
    p50_ms: float
    p99_ms: float
    flood_rate: float


def flood(target: load.Target, connections: int, seconds: float) -> None:
    """Create users on every connection, as fast as the answers come. Prints the rate."""
    pace = load.Pace(connections=connections, seconds_max=seconds, requests_max=1_000_000)
    found = load.measure("create", target, load.creates(target, 1), pace)
    Path(os.environ["FLOOD_RATE"]).write_text(str(found.rate))


async def quiet(target: load.Target, host: str, rate: float, seconds: float) -> list[float]:
    """The latencies of requests sent at a steady rate, whatever becomes of the earlier ones."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(POOL):
        free.put_nowait(await asyncio.open_connection(target.host, target.port))
    creates = load.creates(target, 90_000_000)
    latencies: list[float] = []

    async def ask(request: bytes, due: float) -> None:
        reader, writer = await free.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(maxsplit=2)[1])
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        free.put_nowait((reader, writer))
        if status in {200, 201}:
            latencies.append(time.perf_counter() - due)

    began = time.perf_counter()
    tasks = []
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        plain = (
            next(creates)
            if number % 2
            else load.request_bytes(target, "GET", "/Users?startIndex=1&count=10")
        )
        line = next(part for part in plain.split(b"\r\n") if part.lower().startswith(b"host:"))
        request = plain.replace(line, f"Host: {host}".encode(), 1)
        tasks.append(asyncio.create_task(ask(request, due)))
    await asyncio.wait(tasks, timeout=2)
    for task in tasks:
        task.cancel()
    return latencies


def played(folder: Path, *, turns: bool, connections: int, rate: float, seconds: float) -> Seen:
    """One round on a server of its own."""
    data, ready_path = folder / "data", folder / "ready.json"
    program = [rolecall()] if turns else [sys.executable, "-c", WITHOUT_TURNS]
    command = [*program, "serve", "--data", str(data), "--port", "0"]
    process = peers.spawn([*command, "--ready-file", str(ready_path)], folder / "log")
    try:
        ready = await_ready(process, ready_path)
        run = [rolecall(), "account", "create", QUIET, "--admin", "ADMIN", "--data", str(data)]
        subprocess.run(run, check=True, capture_output=True)
        targets = {}
        for account in (ready.account, QUIET):
            if account == QUIET:
                script = (
                    f"create role p; grant create user, create role on account to role p; "
                    f"grant role p to role accountadmin; create security integration {INTEGRATION} "
                    f"type = scim scim_client = 'generic' run_as_role = 'P'"
                )
                ask = [rolecall(), "sql", "-c", script, "--account", QUIET, "--data", str(data)]
                subprocess.run(ask, check=True, capture_output=True)
            out = folder / account
            issue = [rolecall(), "token", "issue", INTEGRATION, "--account", account]
            issued = [*issue, "--data", str(data), "--out", str(out)]
            subprocess.run(issued, check=True, capture_output=True)
            targets[account] = load.target_of(f"{ready.url}/scim/v2", out.read_text().strip())
        os.environ["FLOOD_RATE"] = str(folder / "rate")
        flooding = get_context("spawn").Process(
            target=flood, args=(targets[ready.account], connections, seconds + 2)
        )
        flooding.start()
        time.sleep(1.5)
        host = f"rolecall-{QUIET.lower()}.localhost"
        latencies = sorted(uvloop.run(quiet(targets[QUIET], host, rate, seconds)))
        flooding.join(60)
    finally:
        peers.stop(process)
    return Seen(
        turns=turns,
        offered=int(rate * seconds),
        answered=len(latencies),
        p50_ms=round(latencies[len(latencies) // 2] * 1000, 2),
        p99_ms=round(latencies[len(latencies) * 99 // 100] * 1000, 2),
        flood_rate=float((folder / "rate").read_text()),
    )


def main() -> None:
    """Alternate rounds with and without turns, and sum up by medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--flood", type=int, default=450, help="connections of the flood")
    parser.add_argument("--rate", type=float, default=50.0, help="quiet requests a second")
    arguments = parser.parse_args()
    seen: list[Seen] = []
    for _ in range(arguments.rounds):
        for turns in (True, False):
            with tempfile.TemporaryDirectory(prefix="rolecall-bench-") as name:
                found = played(
                    Path(name),
                    turns=turns,
                    connections=arguments.flood,
                    rate=arguments.rate,
                    seconds=arguments.seconds,
                )
            seen.append(found)
            say(
                f"{'turns' if turns else 'none ':5}  kept {found.answered / found.offered:6.1%}  "
                f"p50 {found.p50_ms:8.2f} ms  p99 {found.p99_ms:8.2f} ms  "
                f"flood {found.flood_rate:7.1f}/s"
            )
    median = {
        turns: statistics.median(each.p99_ms for each in seen if each.turns is turns)
        for turns in (True, False)
    }
    kept = statistics.median(each.answered / each.offered for each in seen if each.turns)
    say(f"kept {kept:.1%} of the offered rate; p99 {median[False] / median[True]:.1f} times better")


if __name__ == "__main__":
    main()
