"""A server forgets in the background what is older than its accounts keep."""

from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest
from msgspec.structs import replace

from rolecall.domain.names import Name
from rolecall.domain.parameters import DAY
from rolecall.upkeep import Upkeep, forgetting
from rolecall.wiring import Rolecall

SECONDS_MAX = 20


def test_a_server_forgets_what_is_too_old_and_keeps_the_last_number(tmp_path: Path) -> None:
    with Rolecall(tmp_path / "data", durable=False) as rolecall:
        number = rolecall.found(Name("DEMO"), Name("ADMIN"), integration=True).number
        last = rolecall.store.read(number, lambda r: r.last_event())
        # As if all of it had happened long ago.
        events = rolecall.store.read(number, lambda r: r.events_after(0, 1_000))
        long_ago = [replace(each, at=each.at - 400 * DAY) for each in events]
        rolecall.store.transact(number, lambda tx: tx.replace_events(long_ago))
        with forgetting(rolecall):
            until = monotonic() + SECONDS_MAX
            while len(rolecall.store.read(number, lambda r: r.events_after(0, 1_000))) > 1:
                assert monotonic() < until, "nothing is forgotten"
                sleep(0.02)
        assert rolecall.store.read(number, lambda r: r.last_event()) == last


def test_a_server_erases_an_account_whose_grace_period_is_over(tmp_path: Path) -> None:
    with Rolecall(tmp_path / "data", durable=False) as rolecall:
        number = rolecall.found(Name("DEMO"), Name("ADMIN"), integration=True).number
        account = rolecall.store.read(number, lambda r: r.account())
        over = replace(account, dropped_at=0, erased_from=1)
        rolecall.store.transact(number, lambda tx: tx.save_account(over))
        with forgetting(rolecall):
            until = monotonic() + SECONDS_MAX
            while not rolecall.store.read(number, lambda r: r.account()).erased:
                assert monotonic() < until, "nothing is erased"
                sleep(0.02)
        assert rolecall.store.read(number, lambda r: (r.last_event(), tuple(r.roles()))) == (0, ())


def test_a_server_that_ends_leaves_the_rest_of_an_account_for_later(tmp_path: Path) -> None:
    with Rolecall(tmp_path / "data", durable=False) as rolecall:
        number = rolecall.found(Name("DEMO"), Name("ADMIN"), integration=True).number
        account = rolecall.store.read(number, lambda r: r.account())
        over = replace(account, dropped_at=0, erased_from=1)
        rolecall.store.transact(number, lambda tx: tx.save_account(over))
        with forgetting(rolecall):
            pass
        assert not rolecall.store.read(number, lambda r: r.account()).erased


def test_a_work_that_fails_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    done = Event()

    def work(_: Event) -> None:
        if not caplog.messages:
            raise RuntimeError("the disk is full")
        done.set()

    with Upkeep("forgetting", work, 0.01):
        assert done.wait(SECONDS_MAX)
    assert caplog.messages == ["forgetting failed, and is tried again: the disk is full"]
