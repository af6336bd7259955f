"""What SHOW SCIM TOKENS says of a token can be believed: it is never used before it is issued."""

import pytest

from builders import NOW, SECOND, SIX_MONTHS, an_id
from rolecall.domain.model import Token
from rolecall.domain.names import Name
from rolecall.fronts.tables import TokenRow


def test_a_use_in_the_minute_of_its_issue_is_not_shown_before_it() -> None:
    token = Token(
        id=an_id(5),
        integration=an_id(6),
        integration_name=Name("OKTA"),
        verifier="aa",
        issued_at=NOW + 30 * SECOND,
        expires_at=NOW + 60 * SECOND,
        last_used_at=NOW,
    )
    assert TokenRow(token=token, at=NOW).last_used_at == NOW + 30 * SECOND


DAY = 86_400 * SECOND


@pytest.mark.parametrize(
    ("at", "ended_at", "state"),
    [
        (NOW, None, "LIVE"),
        (NOW + SIX_MONTHS - 30 * DAY - 1, None, "LIVE"),
        (NOW + SIX_MONTHS - 30 * DAY, None, "EXPIRES SOON"),
        (NOW + SIX_MONTHS, None, "EXPIRED"),
        (NOW + SIX_MONTHS, NOW, "ENDED"),
    ],
)
def test_the_state_says_from_thirty_days_before_that_it_expires(
    at: int, ended_at: int | None, state: str
) -> None:
    token = Token(
        id=an_id(5),
        integration=an_id(6),
        integration_name=Name("OKTA"),
        verifier="aa",
        issued_at=NOW,
        expires_at=NOW + SIX_MONTHS,
        ended_at=ended_at,
    )
    assert TokenRow(token=token, at=at).state == state
