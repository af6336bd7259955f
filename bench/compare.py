"""Rolecall beside its peers and the raw floor: one machine, one run, turn and turn about.

Every round starts each server afresh, seeds it with the same users, measures the reads before the
writes (so that they see just those users), and stops it. The medians over the rounds go to a table.

    python -m bench.compare [--rounds 3] [--seconds 2.0] [--only NAME …] [--write-docs]
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from bench import load, peers

ROOT = peers.BENCH.parent
OURS = "rolecall"
FLOOR = "raw floor"
WORKLOADS = ("get", "filter", "member", "create")
TITLES = {
    "create": "POST /Users",
    "get": "GET /Users/{id}",
    "filter": 'GET /Users?filter=userName eq "…"',
    "member": "PATCH one member of a group",
}
DOCS_BEGIN = "<!-- figures: begin (written by `make bench ARGS=--write-docs`) -->"
DOCS_END = "<!-- figures: end -->"
INTEGRATION = "GENERIC"
"""The integration that an empty data folder is born with."""

Starter = Callable[[Path], peers.Running]


class Setup(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a run is asked to do."""

    rounds: int
    users: int
    group_size: int
    pace: load.Pace


class ReadyFile(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What `rolecall serve --ready-file` writes."""

    url: str
    account: str
    pid: int
    token_file: str = ""
    integration: str = INTEGRATION


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One server's medians over the rounds for one workload."""

    server: str
    workload: str
    rate: float
    p50_ms: float
    p99_ms: float
    failures: int
    rates: list[float]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The whole run, as it is written down."""

    when: str
    machine: str
    setup: Setup
    servers: dict[str, str]
    lines: list[Line]


def start_floor(folder: Path) -> peers.Running:
    """Start uvicorn with httptools and uvloop over an application that does nothing."""
    port = peers.free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.floor:app", "--app-dir", str(ROOT)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop"]
    command += ["--http", "httptools", "--no-access-log", "--log-level", "warning"]
    process = peers.spawn(command, folder / "floor.log")
    target = load.target_of(f"http://127.0.0.1:{port}/scim/v2")
    peers.await_listener(process, target)
    return peers.Running(name=FLOOR, process=process, target=target)


def start_ours(folder: Path) -> peers.Running:
    """Start `rolecall serve` on a new data folder: durable, audited, as people run it."""
    ready_path = folder / "ready.json"
    data = folder / "data"
    command = [rolecall(), "serve", "--data", str(data), "--port", "0"]
    process = peers.spawn([*command, "--ready-file", str(ready_path)], folder / "rolecall.log")
    try:
        ready = await_ready(process, ready_path)
        token = token_of(ready, data, folder)
    except BaseException:
        peers.stop(process)
        raise
    url = ready.url.rstrip("/")
    base = url if url.endswith("/scim/v2") else f"{url}/scim/v2"
    return peers.Running(name=OURS, process=process, target=load.target_of(base, token))


def rolecall() -> str:
    return str(Path(sys.executable).parent / "rolecall")


def await_ready(process: subprocess.Popen[bytes], path: Path) -> ReadyFile:
    """Wait for the ready file, which the server writes once it listens."""
    deadline = time.perf_counter() + peers.START_SECONDS_MAX
    while time.perf_counter() < deadline and process.poll() is None:
        if path.exists() and (text := path.read_bytes()).strip():
            return msgspec.json.decode(text, type=ReadyFile)
        time.sleep(0.02)
    raise RuntimeError(f"rolecall serve did not become ready (exit status {process.poll()})")


def token_of(ready: ReadyFile, data: Path, folder: Path) -> str:
    """Read the token that the ready file points to, or issue one as an administrator would."""
    if ready.token_file:
        return Path(ready.token_file).read_text(encoding="utf-8").strip()
    out = folder / "token"
    command = [rolecall(), "token", "issue", ready.integration, "--data", str(data)]
    outcome = subprocess.run([*command, "--out", str(out)], capture_output=True, check=False)
    if outcome.returncode:
        raise RuntimeError(f"no token for {ready.integration}: {outcome.stderr.decode()}")
    return out.read_text(encoding="utf-8").strip()


def starters() -> dict[str, Starter]:
    """Return every server in the order in which a round visits them."""
    table: dict[str, Starter] = {FLOOR: start_floor}
    table |= {peer.name: partial(peers.start, peer) for peer in peers.PEERS}
    table[OURS] = start_ours
    return table


def described() -> dict[str, str]:
    table = {FLOOR: "uvicorn, uvloop and httptools answering a constant 760-byte body"}
    table |= {peer.name: peer.serves for peer in peers.PEERS}
    table[OURS] = "rolecall serve: SQLite, synchronous=FULL, every request audited"
    return table


def requests_of(running: peers.Running, setup: Setup) -> dict[str, Iterator[bytes]]:
    """Seed a fresh server and return the requests of each workload that it can answer."""
    target = running.target
    if running.name == FLOOR:
        return {
            "get": load.gets(target, ["constant"]),
            "create": load.creates(target, 1),
        }
    ids = load.seed_users(target, 1, setup.users)
    group = load.seed_group(target, "Bench", ids[: setup.group_size])
    return {
        "get": load.gets(target, ids),
        "filter": load.filters(target, 1, setup.users),
        "member": load.member_changes(target, group, ids[setup.group_size :]),
        "create": load.creates(target, setup.users + 1),
    }


def visit(starter: Starter, setup: Setup) -> list[load.Measurement]:
    """Start a server, measure it, stop it, and leave nothing behind."""
    data = peers.BENCH / ".data"  # the checkout's own disk: a RAM disk would flatter us
    data.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=data))
    try:
        running = starter(folder)
        try:
            requests = requests_of(running, setup)
            return [
                load.measure(workload, running.target, requests[workload], setup.pace)
                for workload in WORKLOADS
                if workload in requests
            ]
        finally:
            peers.stop(running.process)
    finally:
        shutil.rmtree(folder)


def compare(chosen: dict[str, Starter], setup: Setup) -> list[Line]:
    """Visit each server in turn, round after round, and take the medians."""
    seen: dict[tuple[str, str], list[load.Measurement]] = {}
    for turn in range(setup.rounds):
        for name, starter in chosen.items():
            for measurement in visit(starter, setup):
                seen.setdefault((name, measurement.workload), []).append(measurement)
                say(
                    f"round {turn + 1}  {name:14} {measurement.workload:8} {measurement.rate:>10}/s"
                )
    return [line_of(name, workload, rounds) for (name, workload), rounds in seen.items()]


def line_of(server: str, workload: str, rounds: list[load.Measurement]) -> Line:
    return Line(
        server=server,
        workload=workload,
        rate=statistics.median(m.rate for m in rounds),
        p50_ms=statistics.median(m.p50_ms for m in rounds),
        p99_ms=statistics.median(m.p99_ms for m in rounds),
        failures=sum(sum(m.failures.values()) for m in rounds),
        rates=[m.rate for m in rounds],
    )


def ratio_to_fastest_peer(lines: list[Line], line: Line) -> str:
    """Say how many times the fastest peer a line is, where there is something to say."""
    peer_names = {peer.name for peer in peers.PEERS}
    rates = [
        other.rate
        for other in lines
        if other.workload == line.workload and other.server in peer_names
    ]
    return f"{line.rate / max(rates):.1f}" if rates and line.server == OURS else ""


def share_of_floor(lines: list[Line], line: Line) -> str:
    """Say what part of the raw floor a line reaches; a filter is measured against its GET."""
    kind = "create" if line.workload in ("create", "member") else "get"
    rates = [other.rate for other in lines if other.server == FLOOR and other.workload == kind]
    return f"{line.rate / rates[0]:.0%}" if rates and line.server != FLOOR else ""


def table_of(result: Result) -> str:
    """Write the medians as a Markdown table, one workload after another."""
    rows = [
        "| work | server | requests/s | p50 ms | p99 ms | not 2xx | times peer | of the floor |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for workload in reversed(WORKLOADS):
        for line in (line for line in result.lines if line.workload == workload):
            ratio = ratio_to_fastest_peer(result.lines, line)
            share = share_of_floor(result.lines, line)
            rows.append(
                f"| {TITLES[workload]} | {line.server} | {line.rate:,.0f} | {line.p50_ms:.2f}"
                f" | {line.p99_ms:.2f} | {line.failures} | {ratio} | {share} |"
            )
    setup = result.setup
    heading = (
        f"{result.when}, {result.machine}; {setup.pace.connections} connections, {setup.users:,}"
        f" users, a group of {setup.group_size:,}; median of {setup.rounds} rounds of"
        f" {setup.pace.seconds_max:g} s, the servers taking turns."
    )
    servers = [f"- {name}: {words}" for name, words in result.servers.items()]
    return "\n".join([heading, "", *rows, "", *servers]) + "\n"


def machine() -> str:
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores ({platform.machine()}), Python {platform.python_version()}"


def write_down(result: Result, *, docs: bool) -> None:
    """Keep the run as JSON and Markdown, and put its table into docs/performance.md if asked."""
    folder = peers.BENCH / "results"
    folder.mkdir(exist_ok=True)
    encoded = msgspec.json.format(msgspec.json.encode(result), indent=2)
    (folder / "latest.json").write_bytes(encoded + b"\n")
    (folder / "latest.md").write_text(table_of(result), encoding="utf-8")
    if docs:
        page = ROOT / "docs" / "performance.md"
        before, rest = page.read_text(encoding="utf-8").split(DOCS_BEGIN)
        after = rest.split(DOCS_END)[1]
        text = f"{before}{DOCS_BEGIN}\n\n{table_of(result)}\n{DOCS_END}{after}"
        page.write_text(text, encoding="utf-8")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def chosen_servers(only: list[str]) -> dict[str, Starter]:
    """Return the servers asked for; without a word, all."""
    table = starters()
    unknown = set(only) - set(table)
    if unknown:
        raise SystemExit(f"unknown server {sorted(unknown)}; there are {list(table)}")
    return {name: starter for name, starter in table.items() if not only or name in only}


def main() -> None:
    """Run the comparison and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="measured, per workload")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--group-size", type=int, default=900)
    parser.add_argument("--only", nargs="*", default=[], help="names of servers to measure")
    parser.add_argument("--write-docs", action="store_true", help="update docs/performance.md")
    arguments = parser.parse_args()
    chosen = chosen_servers(arguments.only)
    for peer in peers.PEERS:
        if peer.name in chosen:
            peers.install(peer)
    setup = Setup(
        rounds=arguments.rounds,
        users=arguments.users,
        group_size=arguments.group_size,
        pace=load.Pace(connections=arguments.connections, seconds_max=arguments.seconds),
    )
    lines = compare(chosen, setup)
    result = Result(
        when=time.strftime("%Y-%m-%d", time.gmtime()),
        machine=machine(),
        setup=setup,
        servers={name: words for name, words in described().items() if name in chosen},
        lines=lines,
    )
    write_down(result, docs=arguments.write_docs)
    say("\n" + table_of(result))


if __name__ == "__main__":
    main()
