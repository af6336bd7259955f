"""Every refusal carries its facts, and its remedy apart from them."""

import inspect

import pytest

from rolecall.domain import errors
from rolecall.domain.errors import Refusal
from rolecall.domain.model import Kind, Privilege

SAMPLES: tuple[Refusal, ...] = (
    errors.SearchTooLong(2.0),
    errors.NoTarget("emails"),
    errors.NotAdoptable(Kind.USER, "ANN", "AAD", remedy="r"),
    errors.InUse(Kind.NETWORK_POLICY, "OFFICE", Kind.ACCOUNT, remedy="r"),
    errors.AddressNotAdmitted("OFFICE", "192.0.2.1"),
    errors.AddressRefused("192.0.2.1"),
    errors.NotFound(Kind.USER, "BOB", remedy="r"),
    errors.AlreadyExists(Kind.USER, "BOB", id="1", remedy="r"),
    errors.NotAuthorized(Privilege.CREATE_USER, Kind.ACCOUNT, "DEMO", remedy="r"),
    errors.RoleNotGranted("CLERK", "BOB", remedy="r"),
    errors.InvalidValue("TYPE", "why", remedy="r"),
    errors.UnknownMember(("1",), remedy="r"),
    errors.VersionMismatch(Kind.USER, "1", 2),
    errors.CircularGrant("A", "B", id="2"),
    errors.SystemObject(Kind.ROLE, "PUBLIC"),
    errors.CurrentRole("CLERK"),
    errors.DependentGrants(Kind.USER, "BOB"),
    errors.PassedOn(Privilege.USAGE, Kind.ROLE, "CLERK"),
    errors.ChangeHeld("1", "OKTA", 2, 1, 3_600, first=False, remedy="r"),
    errors.ChangeRejected("1", "OKTA", 2, remedy="r"),
    errors.TokenRefused("expired", remedy="r"),
    errors.LoginRefused("bob", "disabled", remedy="r"),
)


def test_every_refusal_stands_here() -> None:
    assert {type(sample) for sample in SAMPLES} == set(Refusal.__subclasses__())


@pytest.mark.parametrize("refusal", SAMPLES, ids=lambda refusal: type(refusal).__name__)
def test_a_refusal_keeps_each_fact_under_its_name(refusal: Refusal) -> None:
    names = list(inspect.signature(type(refusal)).parameters)
    assert refusal.args
    assert all(getattr(refusal, name) is not None or name == "remedy" for name in names)


@pytest.mark.parametrize("refusal", SAMPLES, ids=lambda refusal: type(refusal).__name__)
def test_the_remedy_is_no_part_of_what_a_refusal_says(refusal: Refusal) -> None:
    assert "r" not in refusal.args
