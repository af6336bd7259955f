"""A server's log says which tokens end soon, once a day each, with the statement that helps."""

import logging
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from msgspec.structs import replace

from builders import an_id
from rolecall.announcing import Announcer, announcing, told
from rolecall.domain.commands_accounts import DropAccount
from rolecall.domain.names import Name
from rolecall.domain.queries import TokenExpiry
from rolecall.domain.session import ActorKind
from rolecall.vault import MovedClock
from rolecall.wiring import INTEGRATION, SERVE_PURPOSE, Rolecall

DAY = 86_400
SECONDS_MAX = 20


class Server:
    """A data folder, and a clock that can be moved."""

    def __init__(self, folder: Path) -> None:
        self.clock = MovedClock()
        self.rolecall = Rolecall(folder, durable=False, clock=self.clock)
        self.rolecall.found(Name("DEMO"), Name("ADMIN"), integration=True)
        self.account = self.rolecall.account_named(None)
        self.announcer = Announcer(self.rolecall)

    def issue(self, purpose: str) -> None:
        self.rolecall.issue_token(self.account, INTEGRATION, purpose=purpose)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "data")
    yield made
    made.rolecall.close()


def test_a_token_is_announced_once_a_day_from_thirty_days_before(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.issue("entra")
    server.clock.advance(140 * DAY)
    server.announcer.look()
    assert caplog.messages == []
    server.clock.advance(30 * DAY)
    for _ in range(2):
        server.announcer.look()
    (said,) = caplog.messages
    assert said.startswith("account DEMO: token ")
    assert (
        f"issue another: select system$generate_scim_access_token('{INTEGRATION}', 'entra')" in said
    )
    server.clock.advance(DAY)
    server.announcer.look()
    assert len(caplog.messages) == 2


def test_the_token_that_every_start_prints_is_not_announced(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.issue(SERVE_PURPOSE)
    server.clock.advance(170 * DAY)
    server.announcer.look()
    assert caplog.messages == []


def test_of_a_dropped_account_nothing_is_said(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.issue("entra")
    server.clock.advance(170 * DAY)
    now = server.clock.now()
    session = replace(server.rolecall.local(server.account), actor_kind=ActorKind.SYSTEM)
    server.account.execute(session, DropAccount(at=now, until=now + 1))
    server.announcer.look()
    assert caplog.messages == []


def test_the_thread_looks_again_and_ends_with_the_server(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    server.issue("entra")
    with announcing(server.rolecall, seconds=0.02):
        server.clock.advance(170 * DAY)
        until = monotonic() + SECONDS_MAX
        while not caplog.messages:
            assert monotonic() < until, "nothing is announced"
            sleep(0.02)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("seconds", "replaced", "words"),
    [
        (29 * DAY + 5, False, "expires in 29 days ("),
        (DAY, False, "expires in 1 day ("),
        (60, False, "expires in less than a day ("),
        (-2 * DAY, False, "expired 2 days ago ("),
        (60, True, "is still used although a newer one of its purpose was issued, and expires in"),
    ],
)
def test_the_words_say_when_and_what_to_do(seconds: int, words: str, *, replaced: bool) -> None:
    expiry = TokenExpiry(
        integration=Name("IT'S"),
        purpose=None,
        token=an_id(7),
        expires_at=1_767_225_600_000_000,
        seconds=seconds,
        soon=True,
        replaced=replaced,
    )
    said = told(expiry)
    assert words in said
    assert "(2026-01-01 00:00 UTC); " in said
    advice = "system$generate_scim_access_token('IT''S')"
    assert said.endswith("give the newer one to the identity provider" if replaced else advice)
