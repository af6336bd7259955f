"""What one change of a group costs in groups of many sizes, over HTTP, on a server of its own.

    python -m bench.groups [--rounds 41] [--write-docs]

One connection, one request after the other; the sizes take turns, so that all see the same
machine. The users are put into the server's store directly, in a scratch folder.
"""

import argparse
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter

import httpx
import msgspec

from bench import load, peers
from bench.compare import ROOT, say, start_ours
from rolecall.domain.model import User
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Transaction
from rolecall.store.sqlite import SqliteStore
from rolecall.wiring import scratch_folder

SIZES = (10, 99, 100, 101, 999, 1_000, 1_001, 10_000, 100_000)
LARGEST = SIZES[-1]
WHOLE_ROUNDS = 5
NOW = 1_767_225_600_000_000
BATCH = 5_000
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
DOCS = ROOT / "docs" / "performance.md"
DOCS_BEGIN = "<!-- groups: begin (written by `make bench-groups ARGS=--write-docs`) -->"
DOCS_END = "<!-- groups: end -->"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds, by size of the group: of one member in and out, and of the largest whole."""

    plain: dict[int, float]
    without_members: dict[int, float]
    get: float
    put: float
    megabytes: float


class Groups:
    """A server with users, and a group of each size."""

    def __init__(self, folder: Path) -> None:
        self.running = start_ours(folder)
        target = self.running.target
        self.client = httpx.Client(
            base_url=f"http://{target.host}:{target.port}{target.prefix}",
            headers={"Authorization": f"Bearer {target.token}"},
            timeout=120,
        )
        owned = self._created("the-owner's", [])
        self.users = [Id(f"019b0000-0000-7000-8000-{number:012x}") for number in range(LARGEST + 1)]
        store = SqliteStore(folder / "data" / "rolecall.db", durable=False)
        for first in range(0, len(self.users), BATCH):
            store.transact(1, partial(_fill, Id(owned), self.users[first : first + BATCH]))
        store.close()
        self.groups = {size: self._created(f"group-{size}", self.users[:size]) for size in SIZES}

    def _created(self, name: str, users: Sequence[str]) -> str:
        body = load.group_body(name, list(users))
        answer = self.client.post("/Groups?excludedAttributes=members", content=body)
        return msgspec.json.decode(answer.raise_for_status().content, type=load.Identified).id

    def member(self, size: int, op: str, query: str) -> None:
        """Put the last user, who is in none of the groups, into one, or take it out."""
        operation = {"op": op, "path": "members", "value": [{"value": self.users[-1]}]}
        body = {"schemas": [PATCH_OP], "Operations": [operation]}
        self.client.patch(f"/Groups/{self.groups[size]}{query}", json=body).raise_for_status()

    def get(self) -> int:
        """Read the largest group whole; the bytes of it."""
        return len(self.client.get(f"/Groups/{self.groups[LARGEST]}").raise_for_status().content)

    def put(self, number: int) -> None:
        """Replace the largest group by itself with another member."""
        users = [*self.users[1:LARGEST], self.users[0 if number % 2 else LARGEST]]
        place = f"/Groups/{self.groups[LARGEST]}?excludedAttributes=members"
        body = load.group_body(f"group-{LARGEST}", list(users))
        self.client.put(place, content=body).raise_for_status()


def _fill(group: Id, users: Sequence[Id], tx: Transaction) -> None:
    role = tx.role(group)
    assert role is not None, "it was created before"
    for user in users:
        name = f"user-{user[-6:]}@example.com"
        tx.save_user(
            User(
                id=user, name=Name(name.upper()), login_name=name, owner=role.owner, created_at=NOW
            )
        )


def milliseconds(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return (perf_counter() - began) * 1_000


def measured(groups: Groups, rounds: int) -> Found:
    queries = {"": {}, "?excludedAttributes=members": {}}  # type: dict[str, dict[int, list[float]]]
    for number in range(rounds):
        for query, times in queries.items():
            for size in SIZES:
                for op in ("add", "remove"):
                    took = milliseconds(partial(groups.member, size, op, query))
                    if number:  # the first round warms up
                        times.setdefault(size, []).append(took)
    plain, without = (
        {size: statistics.median(each) for size, each in times.items()}
        for times in queries.values()
    )
    return Found(
        plain=plain,
        without_members=without,
        get=statistics.median(milliseconds(groups.get) for _ in range(WHOLE_ROUNDS)),
        put=statistics.median(
            milliseconds(partial(groups.put, number)) for number in range(WHOLE_ROUNDS)
        ),
        megabytes=groups.get() / 1_000_000,
    )


def table_of(found: Found, rounds: int) -> str:
    lines = [
        (
            f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, "
            f"{os.cpu_count()} cores, which others used too; one connection, "
            f"medians of {2 * (rounds - 1)} requests."
        ),
        "",
        "| members | one in or out, ms | with `excludedAttributes=members`, ms | as times of 10 |",
        "|---:|---:|---:|---:|",
    ]
    base = found.without_members[SIZES[0]]
    for size in SIZES:
        without = found.without_members[size]
        lines.append(
            f"| {size:,} | {found.plain[size]:.2f} | {without:.2f} | {without / base:.2f} |"
        )
    lines += [
        "",
        (
            f"A GET of {LARGEST:,} members ({found.megabytes:.0f} MB) took {found.get:,.0f} ms; "
            f"a PUT of them with one changed, {found.put:,.0f} ms; medians of {WHOLE_ROUNDS}."
        ),
    ]
    return "\n".join(lines)


def write_down(text: str) -> None:
    page = DOCS.read_text("utf-8")
    before, _, rest = page.partition(DOCS_BEGIN)
    _, _, after = rest.partition(DOCS_END)
    DOCS.write_text(f"{before}{DOCS_BEGIN}\n\n{text}\n\n{DOCS_END}{after}", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--write-docs", action="store_true", help="update docs/performance.md")
    arguments = parser.parse_args()
    with scratch_folder() as folder:
        groups = Groups(Path(folder))
        try:
            text = table_of(measured(groups, arguments.rounds), arguments.rounds)
        finally:
            groups.client.close()
            peers.stop(groups.running.process)
    say(text)
    if arguments.write_docs:
        write_down(text)


if __name__ == "__main__":
    main()
