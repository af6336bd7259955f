"""`rolecall demo`: an identity provider played against a scratch server, both sides counted."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from rolecall.domain.account import Account
from rolecall.domain.narrowing import Narrowing
from rolecall.domain.queries import RoleSummaries, UserSummaries
from rolecall.simulate.playing import Progress, Report
from rolecall.simulate.printing import refusals_told
from rolecall.simulate.simulation import Plan, simulate
from rolecall.web import server
from rolecall.wiring import (
    ACCOUNT,
    ADMINISTRATOR,
    INTEGRATION,
    PROVISIONER,
    SERVE_PURPOSE,
    Rolecall,
    scratch_folder,
)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What one side has: the provider by its ledger, the account by its own queries."""

    users_active: int
    users_inactive: int
    groups: int
    memberships: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How the demo ended."""

    report: Report
    provider: Counts
    account: Counts

    @property
    def succeeded(self) -> bool:
        """Whether both sides agree and nothing surprised the provider."""
        return self.provider == self.account and not self.report.surprises


class Scratch:
    """A server of its own, on a free port, with a folder that is gone afterwards."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(scratch_folder()))
        self.rolecall = self._stack.enter_context(Rolecall(folder))
        self.rolecall.found(ACCOUNT, ADMINISTRATOR, integration=True)
        self.account: Account = self.rolecall.account_named(None)
        listening = server.listen("127.0.0.1", 0)
        self._stack.callback(listening.close)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        places = self.rolecall.places(url)
        self.url = f"{url}/scim/v2"
        application = server.Application(places, self.rolecall.account, self.rolecall.world)
        ready = threading.Event()
        self._serving = server.Background(application, listening, ready.set)
        self._serving.start()
        ready.wait()

    def token(self) -> str:
        """A token in place of the last one."""
        return self.rolecall.issue_token(
            self.account, INTEGRATION, purpose=SERVE_PURPOSE, instead=True
        )

    def counts(self) -> Counts:
        """What the account itself says."""
        session = self.rolecall.local(self.account)
        people = self.account.ask(session, UserSummaries(narrowing=Narrowing(limit=10_000_000)))
        mine = [row.user for row in people if row.owner == PROVISIONER]
        roles = self.account.ask(session, RoleSummaries())
        groups = [row for row in roles if row.owner == PROVISIONER]
        active = sum(1 for user in mine if not user.disabled)
        return Counts(
            users_active=active,
            users_inactive=len(mine) - active,
            groups=len(groups),
            memberships=sum(row.assigned_to_users for row in groups),
        )

    def close(self) -> None:
        """Stop the server, forget the folder."""
        self._serving.stop()
        self._stack.close()


STATEMENTS = (
    "use role accountadmin; use database demo_db; use schema information_schema;",
    "show roles limit 10;",
    "show users limit 5;",
    """select method, status, error_code, count(*) as requests
from table(rest_event_history('scim', result_limit => 10000))
group by method, status, error_code order by requests desc;""",
    """select event_timestamp, method, endpoint, status, resource_name
from table(rest_event_history('scim', dateadd('minutes', -5, current_timestamp()),
    current_timestamp(), 10))
order by event_timestamp;""",
)
"""What an administrator would look at afterwards."""


def show(outcome: Outcome) -> None:
    """Both sides' counts as a table, and how it went."""
    table = Table("what", "identity provider", "account", title="After the story")
    for field in Counts.__struct_fields__:
        sides = getattr(outcome.provider, field), getattr(outcome.account, field)
        table.add_row(field.replace("_", " "), *(f"{side:,}" for side in sides))
    console = Console()
    console.print(table)
    report = outcome.report
    console.print(
        f"{report.requests:,} requests in {report.seconds:.1f} s: {report.rate:,.0f} a second. "
        f"Planned refusals: {refusals_told(report)}. Surprises: {len(report.surprises)}."
    )
    for surprise in report.surprises:
        console.print(f"  {surprise.said}: {surprise.why}", markup=False)


def play(
    scratch: Scratch, users: int, groups: int, on_progress: Callable[[Progress], None]
) -> Outcome:
    """Play the provider to the end and count both sides."""
    plan = Plan(users=users, groups=groups, compares=False)
    report = simulate(plan, scratch.url, scratch.token(), scratch.token, on_progress)
    provider = Counts(
        users_active=report.users_active,
        users_inactive=report.users_inactive,
        groups=report.groups,
        memberships=report.memberships,
    )
    return Outcome(report=report, provider=provider, account=scratch.counts())
