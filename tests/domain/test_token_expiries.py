"""When access by each purpose ends can be asked for, and which of it is near."""

import pytest

from builders import IDS, NOW, SIX_MONTHS, admin, by, carried_out, put
from rolecall.domain.account import Account
from rolecall.domain.commands import ChangeIntegration, IssueToken, RevokeToken
from rolecall.domain.model import Token
from rolecall.domain.queries import TokenExpiries, TokenExpiry
from rolecall.domain.scim_tokens import is_soon
from rolecall.domain.session import Session

DAY = 86_400 * 1_000_000
NOTICE = 30 * DAY


def issue(account: Account, at: int, purpose: str | None, days: int = 181) -> Token:
    id = IDS.new()
    command = IssueToken(
        id=id,
        integration=by("OKTA"),
        verifier=f"verifier-of-{id}",
        at=at,
        expires_at=at + days * DAY,
        purpose=purpose,
    )
    effect = carried_out(account, admin(account, at), command)
    assert isinstance(effect.answer, Token)
    return effect.answer


def expiries(account: Account, at: int, purpose: str | None = "entra") -> list[TokenExpiry]:
    found = account.ask(admin(account, at), TokenExpiries())
    return [each for each in found if each.purpose == purpose]


def test_a_token_of_six_months_is_announced_thirty_days_before_its_end() -> None:
    ends = NOW + SIX_MONTHS
    assert not is_soon(NOW, ends, ends - NOTICE - 1)
    assert is_soon(NOW, ends, ends - NOTICE)


def test_a_short_life_is_announced_in_its_last_sixth() -> None:
    assert not is_soon(NOW, NOW + DAY, NOW + DAY * 5 // 6 - 1)
    assert is_soon(NOW, NOW + DAY, NOW + DAY * 5 // 6)


@pytest.mark.usefixtures("okta")
def test_a_purpose_ends_with_its_newest_token(account: Account) -> None:
    issue(account, NOW, "entra", days=90)
    newest = issue(account, NOW + DAY, "entra", days=60)
    assert expiries(account, NOW + 2 * DAY) == [
        TokenExpiry(
            integration=newest.integration_name,
            purpose="entra",
            token=newest.id,
            expires_at=newest.expires_at,
            seconds=59 * 86_400,
            soon=False,
        )
    ]
    (near,) = expiries(account, newest.expires_at - DAY)
    assert (near.seconds, near.soon) == (86_400, True)


@pytest.mark.usefixtures("okta")
def test_what_has_expired_is_told_for_thirty_days_more(account: Account) -> None:
    token = issue(account, NOW, "entra")
    (late,) = expiries(account, token.expires_at + 29 * DAY)
    assert (late.seconds, late.soon) == (-29 * 86_400, True)
    assert expiries(account, token.expires_at + NOTICE) == []


@pytest.mark.usefixtures("okta")
def test_a_replaced_token_is_told_when_it_was_used_since(account: Account) -> None:
    old = issue(account, NOW, "entra")
    new = issue(account, NOW + DAY, "entra")
    assert [each.token for each in expiries(account, NOW + DAY)] == [new.id]
    account.store.use(account.number, old.id, NOW + DAY + DAY // 2)
    account.store.flush()
    told = expiries(account, NOW + DAY + DAY // 2)
    assert [(each.token, each.replaced) for each in told] == [(old.id, True), (new.id, False)]
    assert [each.token for each in expiries(account, NOW + 2 * DAY)] == [new.id]


def test_tokens_without_a_purpose_stand_each_for_itself(account: Account, okta: Session) -> None:
    one, two = (issue(account, NOW + days * DAY, None) for days in (0, 1))
    told = {each.token for each in expiries(account, NOW + DAY, None)}
    assert told == {okta.token, one.id, two.id}


@pytest.mark.usefixtures("okta")
def test_what_was_ended_or_is_rejected_is_not_told(account: Account) -> None:
    ended = issue(account, NOW, "ended")
    carried_out(account, admin(account), RevokeToken(token=ended.id, at=NOW))
    issue(account, NOW, "rejected")
    change = put("REJECT_TOKENS_ISSUED_BEFORE", NOW + 1)
    carried_out(
        account,
        admin(account),
        ChangeIntegration(integration=by("OKTA"), changes=(change,), at=NOW),
    )
    assert account.ask(admin(account), TokenExpiries()) == ()


def test_only_who_owns_the_integration_hears_of_it(account: Account, okta: Session) -> None:
    issue(account, NOW, "entra")
    assert account.ask(okta, TokenExpiries()) == ()
