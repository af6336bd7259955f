"""Audit: queries over a million rows of the history, and what they cost whoever provisions.

Everything runs in one process, as in the server: the store's writer, the threads that ask, and
the child processes of the SELECT engine beside it.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, sleep

from rolecall.domain.account import Account
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.commands import CreateUser
from rolecall.domain.events import MembersAdded, UserChanged
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Transaction
from rolecall.fronts.sql import Worksheet, local_worksheet
from rolecall.wiring import ACCOUNT, ADMINISTRATOR, Rolecall

YEAR_MICROSECONDS = 365 * 86_400 * 1_000_000
ROUNDS = 3
DETAILS = '{"request":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"active":false}}'
FUNCTION = """
select count(*) from table(snowflake.information_schema.rest_event_history(
    'scim', dateadd('minutes', -5, current_timestamp()), current_timestamp(), 10000))
"""
VIEW = """
select status, count(*) from snowflake.account_usage.rest_events
where event_timestamp >= dateadd('minute', -5, current_timestamp()) group by 1
"""
CHANGED = """
select change, count(*) from snowflake.account_usage.changes
where changed_on >= dateadd('minute', -5, current_timestamp()) group by 1
"""
NEWEST = """
select event_timestamp, endpoint, why from snowflake.account_usage.rest_events
where status = 'FAILURE' order by event_timestamp desc limit 50
"""
LATEST = """
select changed_on, change, object_name, actor_name from snowflake.account_usage.changes
where change = 'GRANT ROLE' order by change_id desc limit 50
"""
HOLDERS = """
select user_name, role_path from table(
    snowflake.information_schema.role_holders('PUBLIC', dateadd('day', -1, current_timestamp())))
"""
ABOUT = "select change, actor_name from snowflake.account_usage.changes where object_id = '{user}'"
WHOLE = "select status, count(*) from snowflake.account_usage.rest_events group by 1"


def main() -> None:
    """Build the history, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Rolecall(Path(folder)) as rolecall:
        founded = rolecall.found(ACCOUNT, ADMINISTRATOR, integration=True)
        account = rolecall.account(founded.number)
        fill(rolecall, account, arguments.rows)
        worksheet = local_worksheet(account, rolecall.world, "bench")
        fill_changes(account, arguments.rows)
        for name, query in (
            ("five minutes, function", FUNCTION),
            ("five minutes, view", VIEW),
            ("five minutes of changes", CHANGED),
            ("newest 50 failures", NEWEST),
            ("newest 50 grants", LATEST),
            ("changes of one user", ABOUT.format(user=user_id(arguments.rows // 2))),
            ("holders of a role a day ago", HOLDERS),
        ):
            times = [seconds_of(worksheet, query) for _ in range(21)][1:]
            middle, worst = statistics.median(times) * 1_000, max(times) * 1_000
            print(f"{name}, of {arguments.rows:,} rows: {middle:.0f} ms, worst {worst:.0f}")
        print(f"all {arguments.rows:,} rows: {seconds_of(worksheet, WHOLE):.1f} s")
        beside(rolecall, account, worksheet, arguments.seconds)


def fill(rolecall: Rolecall, account: Account, count: int) -> None:
    """Attempts of a year, evenly; the last ones now."""
    now = rolecall.world.clock.now()
    for number in range(count):
        attempt = Attempt(
            kind=AttemptKind.SCIM,
            at=now - YEAR_MICROSECONDS * (count - number) // count,
            request=f"request-{number}",
            method="PATCH",
            endpoint=f"scim/v2/Users/{number % 50_000}",
            status=200,
            succeeded=number % 20 != 0,
            integration="GENERIC_SCIM_PROVISIONING",
            resource_kind="USER",
            resource_name=f"user{number % 50_000}@example.com",
            details=DETAILS,
        )
        account.store.note(account.number, attempt)
        if number % 20_000 == 0:
            account.store.flush()
    account.store.flush()


def fill_changes(account: Account, count: int) -> None:
    """Events of a year, evenly; one in ten is a membership."""
    first = account.store.read(account.number, lambda reading: reading.account().created_at)

    def some(begin: int) -> Callable[[Transaction], None]:
        def body(tx: Transaction) -> None:
            for number in range(begin, min(begin + 1_000, count)):
                user, at = user_id(number), first - YEAR_MICROSECONDS * (count - number) // count
                changed = UserChanged(id=user, before={"COMMENT": "a"}, after={"COMMENT": "b"})
                member = MembersAdded(id=user_id(number % 500), users=(user,))
                event = changed if number % 10 else member
                tx.record(event, at=at, actor="GENERIC_SCIM_PROVISIONING", request="r")

        return body

    for begin in range(0, count, 1_000):
        account.store.transact(account.number, some(begin))


def user_id(number: int) -> Id:
    """One of 50,000."""
    return Id(f"019a0000-0000-7000-8000-{number % 50_000:012}")


def seconds_of(worksheet: Worksheet, query: str) -> float:
    """How long a query takes."""
    began = perf_counter()
    list(worksheet.run(query))
    return perf_counter() - began


def beside(rolecall: Rolecall, account: Account, worksheet: Worksheet, seconds: float) -> None:
    """Creates at half the saturated rate, alone and beside a query over everything, in turns.

    The rounds alone say what a machine that others use as well leaves of what is offered.
    """
    create = creating(rolecall, account)
    rounds = [one_round(create, worksheet, seconds) for _ in range(ROUNDS)]
    for name, several in zip(("alone", "beside"), zip(*rounds, strict=True), strict=True):
        told = ", ".join(f"{100 * kept:.0f}" for kept in several)
        print(f"kept {name}: {100 * statistics.median(several):.0f} % ({told})")


def one_round(
    create: Callable[[], None], worksheet: Worksheet, seconds: float
) -> tuple[float, float]:
    """What is kept of the offered rate, alone and beside."""
    saturated = rate(create, seconds, offered=None)
    alone = rate(create, seconds, offered=saturated / 2)
    ended = Event()
    asked = 0

    def ask() -> None:
        nonlocal asked
        while not ended.is_set():
            list(worksheet.run(WHOLE))
            asked += 1

    asking = Thread(target=ask)
    asking.start()
    beside = rate(create, seconds, offered=saturated / 2)
    ended.set()
    asking.join()
    print(
        f"creates, one at a time: saturated {saturated:.0f}/s; offered {saturated / 2:.0f}/s: "
        f"alone {alone:.0f}/s, beside {asked} queries {beside:.0f}/s"
    )
    return alone / (saturated / 2), beside / (saturated / 2)


def creating(rolecall: Rolecall, account: Account) -> Callable[[], None]:
    """Something that makes one more user."""
    numbers = iter(range(10**9))

    def create() -> None:
        session = rolecall.local(account)
        name = f"joiner{next(numbers)}@example.com"
        command = CreateUser(
            id=rolecall.world.ids.new(), name=Name(name.upper()), login_name=name, at=session.at
        )
        account.execute(session, command)

    return create


def rate(create: Callable[[], None], seconds: float, offered: float | None) -> float:
    """Creates a second, at most as many as are offered."""
    began = perf_counter()
    count = 0
    while (now := perf_counter() - began) < seconds:
        if offered is not None and count > now * offered:
            sleep(0.0005)
            continue
        create()
        count += 1
    return count / (perf_counter() - began)


if __name__ == "__main__":
    main()
