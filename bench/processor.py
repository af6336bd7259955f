"""Processor time of a request, by thread, on a server of its own: what a rate can't tell.

A rate falls when others use the machine; the time that a request takes of a processor hardly
does. It is read from the kernel's accounts of the server's threads, so this runs on Linux.

    python -m bench.processor [--workload create] [--requests 12000] [--before 200000] [--shuffled]
"""

import argparse
import random
import tempfile
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from time import perf_counter

from bench import load, peers
from bench.compare import say, start_ours

SEEDED = 1_000
GROUP_SIZE = 900
SECONDS_MAX = 600.0
WARM_REQUESTS = 2_000
SHUFFLED_AT_ONCE = 1_000_000
"""Serials that are shuffled among each other: more than a run creates."""


def thread_seconds(pid: int) -> dict[int, float]:
    """What each thread of a process has used of a processor."""
    return {
        int(task.name): int((task / "schedstat").read_text("ascii").split()[0]) / 1e9
        for task in Path(f"/proc/{pid}/task").iterdir()
    }


def shuffled(target: load.Target, first: int) -> Iterator[bytes]:
    """Creates whose names come in no order, as a directory's do."""
    template = load.request_bytes(target, "POST", "/Users", load.user_body(load.SERIAL))
    serials = list(range(first, first + SHUFFLED_AT_ONCE))
    random.Random(1).shuffle(serials)
    for serial in serials:
        yield template.replace(load.SERIAL.encode(), b"%08d" % serial)


def requests_of(target: load.Target, workload: str, *, in_order: bool) -> Iterator[bytes]:
    ids = load.seed_users(target, 1, SEEDED)
    first = SEEDED + 1
    match workload:
        case "create":
            return load.creates(target, first) if in_order else shuffled(target, first)
        case "get":
            return load.gets(target, ids)
        case "filter":
            return load.filters(target, 1, SEEDED)
        case _:
            group = load.seed_group(target, "bench", ids[:GROUP_SIZE])
            return load.member_changes(target, group, ids[GROUP_SIZE:])


def play(
    running: peers.Running, requests: Iterator[bytes], count: int, connections: int
) -> tuple[dict[int, float], float]:
    """Ask so many times; what each thread used of a processor for it, and how long it took."""
    pace = load.Pace(
        connections=connections, requests_max=count, seconds_max=SECONDS_MAX, warm_seconds=0.0
    )
    before, began = thread_seconds(running.process.pid), perf_counter()
    run = load.played(running.target, requests, pace, keep_bodies=False)
    took, after = perf_counter() - began, thread_seconds(running.process.pid)
    refused = {status: n for status, n in run.statuses.items() if status // 100 != 2}
    if refused:
        raise RuntimeError(f"not all answers are 2xx: {refused}")
    return {task: used - before.get(task, 0.0) for task, used in after.items()}, took


def measure(running: peers.Running, arguments: argparse.Namespace) -> str:
    """One line: microseconds of the event loop, of the writer (the busiest other), of the rest."""
    count = arguments.requests
    requests = requests_of(running.target, arguments.workload, in_order=not arguments.shuffled)
    if arguments.before:
        creates = load.creates(running.target, 10 * SHUFFLED_AT_ONCE)
        grown = requests if arguments.workload == "create" else creates
        play(running, islice(grown, arguments.before + 1), arguments.before, 32)
    play(running, requests, WARM_REQUESTS, arguments.connections)
    used, took = play(running, requests, count, arguments.connections)
    loop = used.pop(running.process.pid)
    others = sorted(used.values(), reverse=True)
    writer, rest = others[0] if others else 0.0, sum(others[1:])
    parts = (
        f"{name} {seconds / count * 1e6:.1f}"
        for name, seconds in (("loop", loop), ("writer", writer), ("rest", rest))
    )
    total = sum(chain((loop,), others)) / count * 1e6
    rate = f"{count / took:,.0f}/s"
    return f"{arguments.workload}: {total:.1f} µs a request ({', '.join(parts)}), {rate}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--workload", choices=["create", "member", "get", "filter"], default="create"
    )
    parser.add_argument("--requests", type=int, default=12_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--before", type=int, default=0, help="users to create before measuring")
    parser.add_argument("--shuffled", action="store_true", help="create names in no order")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        running = start_ours(Path(scratch))
        try:
            say(measure(running, arguments))
        finally:
            peers.stop(running.process)


if __name__ == "__main__":
    main()
