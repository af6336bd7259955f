"""What is measured of tokens is what their purposes have left, also when that is nothing."""

from pathlib import Path

from rolecall.domain.names import Name
from rolecall.domain.queries import TokenExpiries
from rolecall.observing import latest_ends
from rolecall.vault import MovedClock
from rolecall.web.metrics import TokenEnd
from rolecall.wiring import INTEGRATION, Rolecall

DAY = 86_400


def test_a_purpose_is_measured_by_its_last_token_and_for_a_month_after_its_end(
    tmp_path: Path,
) -> None:
    clock = MovedClock()
    with Rolecall(tmp_path / "data", durable=False, clock=clock) as rolecall:
        rolecall.found(Name("DEMO"), Name("ADMIN"), integration=True)
        account = rolecall.account_named(None)

        def measured() -> list[TokenEnd]:
            return latest_ends(1, account.ask(rolecall.local(account), TokenExpiries()))

        rolecall.issue_token(account, INTEGRATION, purpose="entra")
        (first,) = measured()
        clock.advance(10 * DAY)
        rolecall.issue_token(account, INTEGRATION, purpose="entra")
        for seconds in (DAY, 2 * DAY):
            rolecall.issue_token(account, INTEGRATION, seconds=seconds)
        entra, unnamed = sorted(measured(), key=lambda each: each.purpose, reverse=True)
        assert (entra.integration, entra.purpose) == (INTEGRATION, "entra")
        assert entra.ends_at > first.ends_at
        assert (unnamed.purpose, unnamed.ends_at - clock.now() > DAY * 1_000_000) == ("", True)
        clock.advance(30 * DAY)
        assert sorted(measured(), key=lambda each: each.purpose) == [unnamed, entra]
        clock.advance(3 * DAY)
        assert measured() == [entra]
