"""Which policy is in force: the most specific one, in the order that the account wants."""

import pytest

from builders import IDS, NOW, add_user, by, carried_out, integration_session, put
from rolecall.domain import admission
from rolecall.domain.account import Account
from rolecall.domain.commands import At, ChangeIntegration, ChangeParameters, CreateGoverned, Unset
from rolecall.domain.errors import AddressRefused
from rolecall.domain.model import Kind
from rolecall.domain.names import Name
from rolecall.domain.ports import Reading
from rolecall.domain.session import Session

OKTA, BOB = by("OKTA"), by("BOB")


@pytest.fixture
def all_three(account: Account, local: Session) -> Account:
    """An account, a user and an integration with a policy each."""
    integration_session(account)
    add_user(account, local, "BOB")
    for name in ("A", "U", "I"):
        made = CreateGoverned(
            id=IDS.new(), kind=Kind.NETWORK_POLICY, name=Name(name), at=NOW, properties={}
        )
        carried_out(account, local, made)
    on_account = ChangeParameters(
        kind=Kind.ACCOUNT, object=None, changes=(put("NETWORK_POLICY", "A"),), at=NOW
    )
    on_user = ChangeParameters(
        kind=Kind.USER, object=BOB, changes=(put("NETWORK_POLICY", "U"),), at=NOW
    )
    on_integration = ChangeIntegration(
        integration=OKTA, changes=(put("NETWORK_POLICY", "I"),), at=NOW
    )
    for command in (on_account, on_user, on_integration):
        carried_out(account, local, command)
    return account


def in_force(account: Account, *, integration: bool, user: bool) -> str | None:
    def body(reading: Reading) -> str | None:
        bob = reading.user_named(BOB.name)
        found = admission.standing(
            reading,
            reading.integration_named(OKTA.name) if integration else None,
            bob.id if user and bob is not None else None,
        )
        return None if found is None else found.policy

    return account.moment(body)


@pytest.mark.parametrize(
    ("integration", "user", "policy"),
    [("", "", "A"), ("", "BOB", "U"), ("OKTA", "", "I"), ("OKTA", "BOB", "I")],
)
def test_the_most_specific_policy_counts(
    all_three: Account, integration: str, user: str, policy: str
) -> None:
    found = in_force(all_three, integration=bool(integration), user=bool(user))
    assert found == policy


def test_the_older_order_puts_the_user_first(all_three: Account, local: Session) -> None:
    older = ChangeParameters(
        kind=Kind.ACCOUNT,
        object=None,
        changes=(put("NETWORK_POLICY_PRECEDENCE", "USER"),),
        at=NOW,
    )
    carried_out(all_three, local, older)
    assert in_force(all_three, integration=True, user=True) == "U"
    assert in_force(all_three, integration=True, user=False) == "I"


def test_what_has_no_policy_of_its_own_is_judged_by_the_next(
    all_three: Account, local: Session
) -> None:
    off = ChangeIntegration(integration=OKTA, changes=(Unset(At("NETWORK_POLICY")),), at=NOW)
    carried_out(all_three, local, off)
    assert in_force(all_three, integration=True, user=True) == "U"
    assert in_force(all_three, integration=True, user=False) == "A"


def test_an_address_that_can_not_be_read_is_refused(all_three: Account) -> None:
    with pytest.raises(AddressRefused):
        all_three.moment(lambda reading: admission.require_admitted(reading, ""))
