"""How long a filter takes: one by one, through the whole SCIM front, on accounts of two sizes.

    python -m bench.filters [--users 100000] [--rounds 7] [--write-docs]

Each filter is asked for its first page of 100, token check, visibility, total and JSON included;
sockets are not. The data is made in a scratch folder and thrown away. A million takes minutes.
"""

import argparse
import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

import msgspec

from bench.compare import ROOT
from rolecall.domain.model import Json, Role, User
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Transaction
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.scim_answers import Exchange, Incoming
from rolecall.scim.schema import ENTERPRISE_USER
from rolecall.wiring import (
    ACCOUNT,
    ADMINISTRATOR,
    INTEGRATION,
    PROVISIONER,
    Rolecall,
    scratch_folder,
)

BEGAN = 1_767_225_600_000_000
SECOND = 1_000_000
BATCH = 2_000
GROUPS = 1_000
MEMBERS_EACH = 20
INACTIVE_EVERY, TOUCHED_EVERY, SECOND_ADDRESS_EVERY = 5_000, 100, 10
FAMILY_NAMES = ("Okafor", "Novak", "Larsen", "Haddad", "Ito", "Moreau", "Silva", "Kowalski")
DOCS = ROOT / "docs" / "performance.md"
DOCS_BEGIN = "<!-- filters: begin (written by `make bench-filters ARGS=--write-docs`) -->"
DOCS_END = "<!-- filters: end -->"


class Asked(msgspec.Struct, frozen=True):
    """A query, and within how many milliseconds it is to be answered at 100,000 users."""

    resource: str
    query: str
    budget_ms: int | None


class Timed(msgspec.Struct, frozen=True):
    """What came of a query: its status, how many matched, and the median of its rounds."""

    asked: Asked
    status: int
    total: int
    milliseconds: float


def asked_of(size: int, account: "Filled") -> list[Asked]:
    """The queries: some that few match, by an index, and some that every object is asked for."""
    nearly = size - 17
    second = nearly // SECOND_ADDRESS_EVERY * SECOND_ADDRESS_EVERY
    late = (BEGAN // SECOND) + 2 * (size - 3 * TOUCHED_EVERY)
    sorts = (
        "sortBy=userName",
        "sortBy=meta.created&sortOrder=descending",
        "sortBy=name.familyName",
        "sortBy=emails&sortOrder=descending",
    )
    indexed = (
        f'filter=userName eq "USER{nearly:07}@example.com"',
        f'filter=userName sw "user{nearly // 10:06}"',
        f'filter=userName gt "user{size - 20:07}"',
        f'filter=externalId eq "ext-{nearly}"',
        f'filter=externalId sw "ext-{nearly}"',
        f'filter=emails.value eq "user{nearly}@mail.example.com"',
        f'filter=emails.value eq "second{second}@mail.example.com"',
        f'filter=emails[type eq "work" and value sw "user{nearly}@"]',
        f'filter=displayName eq "member {nearly}"',
        f'filter=displayName sw "member {nearly}"',
        f'filter=id eq "{account.users[nearly]}"',
        f'filter=id gt "{account.users[-20]}"',
        "filter=active eq false",
        f'filter=meta.lastModified gt "{stamp(late)}"',
        f'filter=meta.lastModified ge "{stamp(late)}" and meta.lastModified lt "{stamp(late + 5)}"',
        f'filter=groups.value eq "{account.groups[7]}"',
    )
    scanned = (
        'filter=userName co "99@"',
        'filter=userName ew "7@example.com"',
        'filter=userName ne "user0000001@example.com"',
        f'filter=emails.value co "{nearly}@"',
        'filter=displayName co "99"',
        'filter=title eq "Title 33"',
        'filter=title co "nobody"',
        'filter=name.familyName eq "novak"',
        f'filter=name.familyName eq "Ito" and {ENTERPRISE_USER}:department eq "Department 44"',
        f'filter={ENTERPRISE_USER}:department sw "department 9"',
        f'filter={ENTERPRISE_USER}:employeeNumber eq "{nearly}"',
        f'filter={ENTERPRISE_USER}:manager.value eq "nobody"',
        'filter=phoneNumbers[type eq "mobile" and value ew "99"]',
        'filter=phoneNumbers.type ne "mobile"',
        "filter=not (title pr)",
        "filter=active eq true",
        'filter=groups.display co "group 99"',
    )
    groups = (
        f'filter=members[value eq "{account.users[5]}"]',
        f'filter=id eq "{account.groups[7]}" and members eq "{account.users[7]}"',
        'filter=displayName sw "group 99"',
    )
    return [
        *(Asked("/Users", query, 10) for query in indexed),
        *(Asked("/Groups", f"{query}&excludedAttributes=members", 10) for query in groups),
        *(Asked("/Users", query, 150) for query in scanned),
        *(Asked("/Users", query, None) for query in sorts),
    ]


def stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Filled:
    """An account with so many users, and a client of its integration."""

    def __init__(self, folder: Path, size: int) -> None:
        self.rolecall = Rolecall(folder, durable=False)
        self.rolecall.found(ACCOUNT, ADMINISTRATOR, integration=True)
        self.account = self.rolecall.account_named(None)
        self.token = self.rolecall.issue_token(self.account, INTEGRATION)
        self.front = ScimFront(self.account, self.rolecall.world)
        owner = self.account.store.read(1, lambda r: r.role_named(PROVISIONER))
        assert owner is not None
        self.users: list[Id] = []
        self.groups: list[Id] = []
        for first in range(0, size, BATCH):
            numbers = range(first, min(size, first + BATCH))
            self.account.store.transact(1, partial(self._users, numbers, owner.id))
        self.account.store.transact(1, partial(self._groups, owner.id))

    def _users(self, numbers: Sequence[int], owner: Id, tx: Transaction) -> None:
        size = len(self.users)
        for number in numbers:
            user = user_of(number, self.rolecall.world.ids.new(), owner)
            self.users.append(user.id)
            assert tx.add_user(user)
            tx.save_link(INTEGRATION, user.id, f"ext-{number}")
            if number % TOUCHED_EVERY == 0:
                tx.touch(user.id, BEGAN + 2 * number * SECOND)
        assert len(self.users) == size + len(numbers), "a batch is filled once"

    def _groups(self, owner: Id, tx: Transaction) -> None:
        for number in range(GROUPS):
            name = Name(f"Group {number}")
            role = Role(id=self.rolecall.world.ids.new(), name=name, owner=owner, created_at=BEGAN)
            self.groups.append(role.id)
            tx.save_role(role)
            step = max(1, len(self.users) // MEMBERS_EACH)
            members = [self.users[(number + each * step) % len(self.users)] for each in range(20)]
            tx.add_members(role.id, members, owner, INTEGRATION, BEGAN)

    def ask(self, asked: Asked) -> tuple[int, dict[str, object]]:
        world = self.rolecall.world
        came = Incoming(
            method="GET",
            path=asked.resource,
            query=quote(asked.query, safe="=&"),
            authorization=f"Bearer {self.token}",
            base_url="https://scim.example.com/scim/v2",
        )
        answer = self.front.run(Exchange(came, world.clock.now(), world.ids.new()))
        body: dict[str, object] = msgspec.json.decode(answer.body)
        return answer.status, body

    def close(self) -> None:
        self.rolecall.close()


def user_of(number: int, id: Id, owner: Id) -> User:
    """A user with about what a provider sends: names, an address or two, a desk and a telephone."""
    login = f"user{number:07}@example.com"
    address = f"User{number}@mail.example.com"
    emails: list[Json] = [{"value": address, "type": "work", "primary": True}]
    if number % SECOND_ADDRESS_EVERY == 0:
        emails.append({"value": f"second{number}@mail.example.com", "type": "home"})
    return User(
        id=id,
        name=Name(login.upper()),
        login_name=login,
        owner=owner,
        created_at=BEGAN + number * SECOND,
        display_name=f"Member {number}",
        first_name=f"Given{number % 997}",
        last_name=FAMILY_NAMES[number % len(FAMILY_NAMES)],
        email=address,
        disabled=number % INACTIVE_EVERY == INACTIVE_EVERY - 1,
        profile={
            "emails": emails,
            "title": f"Title {number % 50}",
            "phoneNumbers": [{"value": f"+1 555 {number:07}", "type": "mobile"}],
            "locale": "en-GB",
            ENTERPRISE_USER: {
                "department": f"Department {number % 100}",
                "employeeNumber": str(number),
                "costCenter": f"CC-{number % 300}",
            },
        },
    )


def timed(account: Filled, asked: Asked, rounds: int) -> Timed:
    status, body = account.ask(asked)
    took: list[float] = []
    for _ in range(rounds):
        began = perf_counter()
        account.ask(asked)
        took.append((perf_counter() - began) * 1_000)
    total = body.get("totalResults", 0)
    assert isinstance(total, int)
    return Timed(asked, status, total, statistics.median(took))


def report(size: int, found: Sequence[Timed]) -> str:
    today = datetime.now(UTC)
    head = (
        f"{size:,} users, {GROUPS:,} groups; {today:%Y-%m-%d}, "
        f"Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, which others used too."
    )
    lines = [
        head,
        "",
        "| query | matches | median ms | budget at 100,000 |",
        "|---|--:|--:|--:|",
    ]
    for each in found:
        query = each.asked.query.removeprefix("filter=").replace("|", "\\|")
        query = query.removesuffix("&excludedAttributes=members")
        matches = f"{each.total:,}" if each.status == 200 else "tooMany"
        row = f"{matches} | {each.milliseconds:.1f} | {each.asked.budget_ms or ''}"
        lines.append(f"| `{query}` | {row} |")
    return "\n".join(lines)


def write_down(text: str) -> None:
    page = DOCS.read_text("utf-8")
    before, _, rest = page.partition(DOCS_BEGIN)
    _, _, after = rest.partition(DOCS_END)
    DOCS.write_text(f"{before}{DOCS_BEGIN}\n\n{text}\n\n{DOCS_END}{after}", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--users", type=int, nargs="+", default=[100_000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write-docs", action="store_true", help="update docs/performance.md")
    arguments = parser.parse_args()
    parts: list[str] = []
    for size in arguments.users:
        with scratch_folder() as folder:
            account = Filled(Path(folder), size)
            try:
                asked = asked_of(size, account)
                parts.append(report(size, [timed(account, a, arguments.rounds) for a in asked]))
            finally:
                account.close()
        print(parts[-1], flush=True)
    if arguments.write_docs:
        write_down("\n\n".join(parts))


if __name__ == "__main__":
    main()
