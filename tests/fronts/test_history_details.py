"""An administrator reads why a request was refused, and what helps, in DETAILS."""

import pytest

from builders import NOW
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.fronts.history_details import details_of


def an_attempt(details: str | None, why: str | None = None, fix: str | None = None) -> Attempt:
    return Attempt(
        kind=AttemptKind.SCIM,
        at=NOW,
        request="r",
        method="POST",
        endpoint="scim/v2/Users",
        status=409,
        succeeded=False,
        details=details,
        why=why,
        fix=fix,
    )


@pytest.mark.parametrize(
    ("attempt", "shown"),
    [
        (an_attempt(None), None),
        (an_attempt('{"request":{}}'), '{"request":{}}'),
        (an_attempt(None, "no"), '{"why":"no"}'),
        (an_attempt('{"request":{"a":[1]}}', None, "do"), '{"fix":"do","request":{"a":[1]}}'),
        (an_attempt('{"query":"x"}', "no", "do"), '{"why":"no","fix":"do","query":"x"}'),
    ],
)
def test_why_and_fix_stand_before_the_request(attempt: Attempt, shown: str | None) -> None:
    assert details_of(attempt) == shown
