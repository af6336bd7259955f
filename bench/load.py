"""A closed loop of keep-alive connections that costs far less than the servers it measures.

Each connection sends one request, waits for the whole answer, sends the next: N connections are N
requests in flight. Requests are ready-made bytes; of an answer only the status and the length are
read. Everything is bounded in count and in time, and only loopback is ever spoken to.

    python -m bench.load --url http://127.0.0.1:8480/scim/v2 --workload create
"""

import argparse
import asyncio
import gc
import itertools
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import cast
from urllib.parse import quote, urlsplit

import msgspec
import uvloop
from typing_extensions import override

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANSWER_SECONDS_MAX = 60.0
LAST_CHUNK = b"\r\n0\r\n\r\n"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SERIAL = "########"
"""Stands in the create template where each request's own eight digits go."""


class Target(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where to send: a SCIM service on this machine."""

    host: str
    port: int
    prefix: str
    token: str = ""


class Pace(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How hard, how often and how long; whichever bound is met first ends the run."""

    connections: int = 32
    requests_max: int = 200_000
    seconds_max: float = 2.5
    warm_seconds: float = 0.5


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What one run saw, without its warm-up."""

    workload: str
    requests: int
    seconds: float
    rate: float
    p50_ms: float
    p99_ms: float
    failures: dict[int, int]


class Identified(msgspec.Struct, frozen=True, gc=False):
    """The one attribute of a created resource that a workload needs."""

    id: str


class Run:
    """One run in progress: hands out requests, keeps the times, says when it is over."""

    def __init__(self, requests: Iterator[bytes], pace: Pace, *, keep_bodies: bool) -> None:
        self.requests = requests
        self.left = pace.requests_max
        self.keep_bodies = keep_bodies
        self.bodies: list[bytes] = []
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.open = pace.connections
        self.counted_from = perf_counter() + pace.warm_seconds
        self.deadline = self.counted_from + pace.seconds_max
        self.last_counted = self.counted_from
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next_request(self, now: float) -> bytes | None:
        """Return the next request, or None when a bound is reached."""
        if self.left <= 0 or now >= self.deadline:
            return None
        self.left -= 1
        return next(self.requests)

    def record(self, status: int, sent: float, now: float) -> None:
        """Count an answer that arrives in the measured window, whenever its request was sent.

        To count by the time of sending would rob a slow server of what it was working on when
        the window opened.
        """
        if self.counted_from <= now <= self.deadline:
            self.latencies.append(now - sent)
            self.statuses[status] += 1
            self.last_counted = now

    def leave(self) -> None:
        """One connection has ended; the last one ends the run."""
        self.open -= 1
        if self.open == 0 and not self.finished.done():
            self.finished.set_result(None)

    def fail(self, reason: str) -> None:
        """End the run: a measurement with a broken connection in it is none."""
        if not self.finished.done():
            self.finished.set_exception(ConnectionError(reason))


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request in flight."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.received = b""
        self.expected = -1
        self.sent = 0.0
        self.closing = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.send(perf_counter())

    @override
    def data_received(self, data: bytes) -> None:
        self.received = self.received + data if self.received else data
        if self.expected < 0:
            self.expected = answer_bytes(self.received)
        if self.expected < 0 or len(self.received) < self.expected:
            return
        now = perf_counter()
        self.run.record(int(self.received[9:12]), self.sent, now)
        if self.run.keep_bodies:
            self.run.bodies.append(body_of(self.received))
        self.received = b""
        self.expected = -1
        self.send(now)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self.closing:
            self.run.leave()
        else:
            self.run.fail(f"the server closed a connection with a request in flight: {exc}")

    def send(self, now: float) -> None:
        """Send the next request, or close when there is none."""
        request = self.run.next_request(now)
        if request is None:
            self.closing = True
            self.transport.close()
            return
        self.sent = now
        self.transport.write(request)


def answer_bytes(received: bytes) -> int:
    """Return the length of the answer that starts here, or -1 while that is unknown."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return -1
    head = received[:end].lower()
    mark = head.find(b"\r\ncontent-length:")
    if mark >= 0:
        return end + 4 + int(head[mark + 17 :].split(b"\r\n", 1)[0])
    if b"\r\ntransfer-encoding:" in head:
        # One request is in flight, so the last chunk is the last of what has come.
        return len(received) if received.endswith(LAST_CHUNK) else -1
    return end + 4  # 204 and 304 have neither (RFC 9110 section 8.6).


def body_of(answer: bytes) -> bytes:
    """Return the body of a whole answer, its chunks joined (RFC 9112 section 7.1)."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    if b"\r\ntransfer-encoding:" not in head.lower():
        return rest
    chunks = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        chunks.append(rest[:length])
        rest = rest[length + 2 :]
    return b"".join(chunks)


def target_of(url: str, token: str = "") -> Target:
    """Read a base URL; any host but this machine is refused."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or parts.port is None:
        raise ValueError(f"the load generator only speaks http to a loopback port, not {url}")
    return Target(
        host=str(parts.hostname), port=parts.port, prefix=parts.path.rstrip("/"), token=token
    )


def request_bytes(target: Target, method: str, path: str, body: bytes = b"") -> bytes:
    """Write one HTTP/1.1 request."""
    lines = [
        f"{method} {target.prefix}{path} HTTP/1.1",
        f"Host: {target.host}:{target.port}",
        "Accept: application/scim+json",
    ]
    if target.token:
        lines.append(f"Authorization: Bearer {target.token}")
    if body:
        lines += ["Content-Type: application/scim+json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def user_name_of(serial: str) -> str:
    return f"amber.birch{serial}@example.com"


def user_body(serial: str) -> bytes:
    """Write a user as Okta sends one: about 760 bytes, a random password and empty groups in it."""
    user_name = user_name_of(serial)
    return msgspec.json.encode(
        {
            "schemas": [CORE_USER, ENTERPRISE_USER],
            "externalId": f"00u{serial}amberbirch",
            "userName": user_name,
            "name": {"givenName": "Amber", "familyName": "Birch", "formatted": "Amber Birch"},
            "displayName": "Amber Birch",
            "nickName": "Amber",
            "title": "Quarry Surveyor",
            "locale": "en-US",
            "timezone": "Europe/Lisbon",
            "emails": [{"primary": True, "value": user_name, "type": "work"}],
            "phoneNumbers": [{"primary": True, "value": "+1 555 0100", "type": "work"}],
            "groups": [],
            "password": f"Xw7{serial}q",
            "active": True,
            ENTERPRISE_USER: {
                "employeeNumber": serial,
                "department": "Field Surveys",
                "costCenter": "4130",
                "division": "Northern Quarries",
            },
        }
    )


def creates(target: Target, first: int) -> Iterator[bytes]:
    """POST /Users, each with a userName of its own, from serial `first` on."""
    template = request_bytes(target, "POST", "/Users", user_body(SERIAL))
    mark = SERIAL.encode()
    for serial in itertools.count(first):
        yield template.replace(mark, b"%08d" % serial)


def gets(target: Target, ids: list[str]) -> Iterator[bytes]:
    """GET /Users/{id}, all of them in turn."""
    return itertools.cycle([request_bytes(target, "GET", f"/Users/{id_}") for id_ in ids])


def filters(target: Target, first: int, users: int) -> Iterator[bytes]:
    """GET /Users?filter=userName eq "…", all of them in turn, percent-encoded as clients do."""
    names = [user_name_of(f"{serial:08d}") for serial in range(first, first + users)]
    queries = [quote(f'userName eq "{name}"', safe="") for name in names]
    return itertools.cycle(
        [request_bytes(target, "GET", f"/Users?filter={query}") for query in queries]
    )


def member_changes(target: Target, group: str, ids: list[str]) -> Iterator[bytes]:
    """PATCH one member of a group: all `ids` are added one by one, then removed one by one.

    An add and the removal of the same member stand len(ids) requests apart, so that with fewer
    connections than that they are never in flight together.
    """
    adds = [{"op": "add", "path": "members", "value": [{"value": id_}]} for id_ in ids]
    removals = [{"op": "remove", "path": f'members[value eq "{id_}"]'} for id_ in ids]
    bodies = [
        msgspec.json.encode({"schemas": [PATCH_OP], "Operations": [operation]})
        for operation in (*adds, *removals)
    ]
    return itertools.cycle(
        [request_bytes(target, "PATCH", f"/Groups/{group}", body) for body in bodies]
    )


def group_body(name: str, ids: list[str]) -> bytes:
    return msgspec.json.encode(
        {
            "schemas": [CORE_GROUP],
            "displayName": name,
            "members": [{"value": id_} for id_ in ids],
        }
    )


@contextmanager
def one_quiet_core() -> Iterator[None]:
    """Hold the generator to the last core and keep the collector out of the measured seconds."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        os.sched_setaffinity(0, cores)


async def run_load(
    target: Target, requests: Iterator[bytes], pace: Pace, *, keep_bodies: bool
) -> Run:
    """Open the connections and let them run until a bound is met."""
    loop = asyncio.get_running_loop()
    run = Run(requests, pace, keep_bodies=keep_bodies)
    for _ in range(pace.connections):
        await loop.create_connection(lambda: Connection(run), target.host, target.port)
    limit = pace.warm_seconds + pace.seconds_max + ANSWER_SECONDS_MAX
    await asyncio.wait_for(run.finished, limit)
    return run


def played(target: Target, requests: Iterator[bytes], pace: Pace, *, keep_bodies: bool) -> Run:
    """Run the requests on an event loop of their own and return what was seen."""
    with one_quiet_core():
        return uvloop.run(run_load(target, requests, pace, keep_bodies=keep_bodies))


def measure(workload: str, target: Target, requests: Iterator[bytes], pace: Pace) -> Measurement:
    """Run a workload and sum it up."""
    run = played(target, requests, pace, keep_bodies=False)
    latencies = sorted(run.latencies)
    if not latencies:
        raise RuntimeError(f"{workload}: not one answer in the measured window")
    ended = run.deadline if run.left > 0 else run.last_counted
    seconds = ended - run.counted_from
    return Measurement(
        workload=workload,
        requests=len(latencies),
        seconds=round(seconds, 3),
        rate=round(len(latencies) / seconds, 1),
        p50_ms=round(latencies[len(latencies) // 2] * 1000, 3),
        p99_ms=round(latencies[len(latencies) * 99 // 100] * 1000, 3),
        failures={status: n for status, n in sorted(run.statuses.items()) if status // 100 != 2},
    )


def send_all(target: Target, requests: list[bytes], connections: int) -> list[bytes]:
    """Send each request once; return the bodies of the answers, all of which must be 2xx."""
    pace = Pace(
        connections=min(connections, len(requests)),
        requests_max=len(requests),
        seconds_max=ANSWER_SECONDS_MAX,
        warm_seconds=0.0,
    )
    run = played(target, iter(requests), pace, keep_bodies=True)
    refused = {status: n for status, n in run.statuses.items() if status // 100 != 2}
    if refused or len(run.bodies) != len(requests):
        raise RuntimeError(f"seeding failed, by status: {refused}; {run.bodies[-1:]!r}")
    return run.bodies


def seed_users(target: Target, first: int, users: int) -> list[str]:
    """Create the users that the reads will ask for, and return their ids."""
    requests = list(itertools.islice(creates(target, first), users))
    bodies = send_all(target, requests, connections=8)
    return [msgspec.json.decode(body, type=Identified).id for body in bodies]


def seed_group(target: Target, name: str, ids: list[str]) -> str:
    """Create a group with these members, and return its id."""
    request = request_bytes(target, "POST", "/Groups", group_body(name, ids))
    [body] = send_all(target, [request], connections=1)
    return msgspec.json.decode(body, type=Identified).id


def main() -> None:
    """Seed a running server and measure one workload on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="base URL of the SCIM service, on loopback")
    parser.add_argument("--token-file", help="file that holds the bearer token")
    parser.add_argument("--workload", choices=["create", "get", "filter", "member"], required=True)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--group-size", type=int, default=900)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--first", type=int, default=1, help="serial of the first user to create")
    arguments = parser.parse_args()
    token = ""
    if arguments.token_file:
        token = Path(arguments.token_file).read_text(encoding="utf-8").strip()
    target = target_of(arguments.url, token)
    ids = seed_users(target, arguments.first, arguments.users)
    requests: Iterator[bytes]
    match arguments.workload:
        case "create":
            requests = creates(target, arguments.first + arguments.users)
        case "get":
            requests = gets(target, ids)
        case "filter":
            requests = filters(target, arguments.first, arguments.users)
        case _:
            group = seed_group(target, f"bench {arguments.first}", ids[: arguments.group_size])
            requests = member_changes(target, group, ids[arguments.group_size :])
    pace = Pace(connections=arguments.connections, seconds_max=arguments.seconds)
    measurement = measure(arguments.workload, target, requests, pace)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(measurement)).decode() + "\n")


if __name__ == "__main__":
    main()
