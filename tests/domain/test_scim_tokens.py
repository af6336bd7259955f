"""A purpose has at most two SCIM tokens that work: the newest, and for a time the one in use."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import (
    IDS,
    NOW,
    SIX_MONTHS,
    a_token,
    admin,
    an_account,
    by,
    carried_out,
    integration_session,
    put,
    token_session,
)
from rolecall.domain.account import Account
from rolecall.domain.commands import ChangeIntegration, ChangeParameters, IssueToken, RevokeToken
from rolecall.domain.errors import InvalidValue, TokenRefused
from rolecall.domain.events import TokenEnded, TokenIssued, TokenReplaced
from rolecall.domain.model import Json, Kind, Token
from rolecall.domain.queries import Tokens, Users
from rolecall.domain.session import Session
from stores import STORES

HOUR = 3_600 * 1_000_000
DAY = 24 * HOUR
NEWER = "a newer token of its purpose"

pytestmark = pytest.mark.usefixtures("okta")


def issue(
    account: Account, at: int, purpose: str | None = "entra", *, instead: bool = False
) -> tuple[Token, tuple[object, ...]]:
    """The token, and what became of others."""
    id = IDS.new()
    command = IssueToken(
        id=id,
        integration=by("OKTA"),
        verifier=f"verifier-of-{id}",
        at=at,
        expires_at=at + SIX_MONTHS,
        purpose=purpose,
        instead=instead,
    )
    effect = carried_out(account, admin(account, at), command)
    assert isinstance(effect.answer, Token)
    *others, said = effect.events
    assert said == TokenIssued(
        id=id, integration=effect.answer.integration, purpose=purpose, expires_at=at + SIX_MONTHS
    )
    return effect.answer, tuple(others)


def use(account: Account, token: Token, at: int) -> None:
    account.store.use(account.number, token.id, at)
    account.store.flush()


def overlap(account: Account, hours: Json) -> None:
    change = put("SCIM_TOKEN_OVERLAP_IN_HOURS", hours)
    command = ChangeParameters(kind=Kind.ACCOUNT, object=None, changes=(change,), at=NOW)
    carried_out(account, admin(account), command)


def works(account: Account, token: Token, at: int) -> bool:
    try:
        account.ask(token_session(account, token, at), Users())
    except TokenRefused:
        return False
    return True


def alive(account: Account, at: int, purpose: str = "entra") -> int:
    found = account.ask(admin(account, at), Tokens(integration=by("OKTA")))
    return sum(works(account, token, at) for token in found if token.purpose == purpose)


def test_the_earlier_one_works_for_a_day_and_then_no_more(account: Account) -> None:
    old, _ = issue(account, NOW)
    new, others = issue(account, NOW + DAY)
    until = NOW + 2 * DAY
    assert others == (
        TokenReplaced(id=old.id, integration=old.integration, by=new.id, expires_at=until),
    )
    assert works(account, old, until - 1)
    assert not works(account, old, until)
    assert works(account, new, until)


def test_the_one_in_use_is_spared_not_the_one_that_nobody_took_up(account: Account) -> None:
    old, _ = issue(account, NOW)
    use(account, old, NOW + HOUR)
    unused, _ = issue(account, NOW + 2 * HOUR)
    _, others = issue(account, NOW + 3 * HOUR)
    assert others == (TokenEnded(id=unused.id, integration=old.integration, why=NEWER),)
    assert works(account, old, NOW + 26 * HOUR - 1)
    assert not works(account, old, NOW + 26 * HOUR)  # a day after it was first replaced


def test_of_those_that_nobody_used_the_newest_is_spared(account: Account) -> None:
    first, second = (issue(account, NOW + hours * HOUR)[0] for hours in (0, 1))
    issue(account, NOW + 2 * HOUR)
    assert not works(account, first, NOW + 2 * HOUR)
    assert works(account, second, NOW + 3 * HOUR)


def test_one_that_is_rejected_by_its_time_is_not_spared(account: Account, local: Session) -> None:
    rejected, _ = issue(account, NOW)
    use(account, rejected, NOW + HOUR)
    change = put("REJECT_TOKENS_ISSUED_BEFORE", NOW + HOUR)
    carried_out(
        account, local, ChangeIntegration(integration=by("OKTA"), changes=(change,), at=NOW)
    )
    second, _ = issue(account, NOW + 2 * HOUR)
    issue(account, NOW + 3 * HOUR)
    assert works(account, second, NOW + 3 * HOUR)


def test_one_that_ends_sooner_anyway_keeps_its_time(account: Account) -> None:
    old, _ = issue(account, NOW)
    _, others = issue(account, NOW + SIX_MONTHS - HOUR)
    assert others == ()
    assert not works(account, old, NOW + SIX_MONTHS)


def test_without_a_purpose_nothing_else_ends(account: Account) -> None:
    tokens = [issue(account, NOW + hours * HOUR, None)[0] for hours in range(4)]
    named, others = issue(account, NOW + 5 * HOUR)
    assert others == ()
    assert all(works(account, token, NOW + SIX_MONTHS - 1) for token in (*tokens, named))


def test_another_purpose_is_none_of_its_business(account: Account) -> None:
    other, _ = issue(account, NOW, "terraform")
    issue(account, NOW)
    assert works(account, other, NOW + SIX_MONTHS - 1)


@pytest.mark.parametrize("how", ["no overlap", "instead"])
def test_without_an_overlap_the_earlier_ones_end_at_once(account: Account, how: str) -> None:
    if how == "no overlap":
        overlap(account, 0)
    old, _ = issue(account, NOW)
    _, others = issue(account, NOW + HOUR, instead=how == "instead")
    assert others == (TokenEnded(id=old.id, integration=old.integration, why=NEWER),)
    assert not works(account, old, NOW + HOUR)


def test_an_overlap_is_of_hours_and_at_most_a_year(account: Account) -> None:
    overlap(account, 8_760)
    for wrong in (8_761, -1, "a day"):
        with pytest.raises(InvalidValue) as refused:
            overlap(account, wrong)
        assert refused.value.property_name == "SCIM_TOKEN_OVERLAP_IN_HOURS"


def test_a_request_that_waits_is_judged_by_the_new_end(account: Account) -> None:
    old = a_token(account, purpose="entra")
    session = token_session(account, old, NOW + 25 * HOUR)
    account.ask(session, Users())
    issue(account, NOW + HOUR)
    with pytest.raises(TokenRefused) as refused:
        account.ask(session, Users())
    assert refused.value.why == "expired"


def test_a_replaced_token_can_be_revoked_before_its_overlap_ends(
    account: Account, local: Session
) -> None:
    old, _ = issue(account, NOW)
    issue(account, NOW + HOUR)
    carried_out(account, local, RevokeToken(token=old.id, at=NOW + 2 * HOUR))
    assert not works(account, old, NOW + 2 * HOUR)


# ---- whatever the sequence ---------------------------------------------------------------------


steps = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=60),  # hours until the next step
        st.sampled_from(("issue", "issue", "use the newest", "use the other")),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(steps=steps, hours=st.integers(min_value=0, max_value=48))
def test_at_most_two_work_the_newest_always_and_the_one_in_use_for_the_overlap(
    steps: list[tuple[int, str]], hours: int
) -> None:
    """After any calls, at any distance: nobody has to wait between them."""
    with TemporaryDirectory() as folder:
        for store in (make(Path(folder)) for make in STORES.values()):
            account = an_account(store)
            integration_session(account, "OKTA", "OKTA_PROVISIONER")
            overlap(account, hours)
            at = NOW
            newest = issue(account, at)[0]
            in_use: Token | None = None
            kept_until: int | None = None  # how long the one in use works at least
            for pause, step in steps:
                at += pause * HOUR
                if step == "issue":
                    newest = issue(account, at)[0]
                    if kept_until is None:
                        kept_until = at + hours * HOUR
                elif step == "use the newest":
                    use(account, newest, at)
                    in_use, kept_until = newest, None
                elif in_use is not None and works(account, in_use, at):
                    use(account, in_use, at)
                assert alive(account, at) <= 2
                assert works(account, newest, at)
                if in_use is not None:
                    assert works(account, in_use, at) == (kept_until is None or at < kept_until)
            store.close()
