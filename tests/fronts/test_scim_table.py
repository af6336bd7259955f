"""Every refusal of the domain has its words in SCIM, and none of them tells too much."""

import pytest

from rolecall.domain import errors as refusals
from rolecall.domain.errors import Refusal, StoreFailure
from rolecall.domain.model import Kind, Privilege
from rolecall.fronts.scim_answers import SCIM_ERRORS, TOKEN_WORDS, worded

EXAMPLES: list[tuple[Refusal, int, str | None]] = [
    (refusals.NotFound(Kind.USER, "u1", remedy="secret"), 404, None),
    (refusals.NotFound(Kind.INTEGRATION, "OKTA", remedy="secret"), 404, None),
    (refusals.AlreadyExists(Kind.USER, "BOB", remedy="secret"), 409, "uniqueness"),
    (refusals.AlreadyExists(Kind.ROLE, "GUIDES", id="r1"), 409, "uniqueness"),
    (
        refusals.NotAuthorized(Privilege.CREATE_USER, Kind.ACCOUNT, "DEMO", remedy="secret"),
        403,
        None,
    ),
    (refusals.RoleNotGranted("R", "OKTA", remedy="secret"), 403, None),
    (refusals.InvalidValue("FIRST_NAME", "it takes text", remedy="secret"), 400, "invalidValue"),
    (refusals.InvalidValue("title", "at most 5 entries"), 400, "invalidValue"),
    (refusals.UnknownMember(("1", "2")), 400, "invalidValue"),
    (refusals.VersionMismatch(Kind.USER, "u1", 2), 412, None),
    (refusals.SearchTooLong(2.0), 400, "tooMany"),
    (refusals.NoTarget("emails"), 400, "noTarget"),
    (refusals.NotAdoptable(Kind.USER, "N", "AAD", remedy="secret"), 403, None),
    (refusals.InUse(Kind.NETWORK_POLICY, "N", Kind.ACCOUNT, remedy="secret"), 403, None),
    (refusals.AddressNotAdmitted("N", "192.0.2.1"), 403, None),
    (refusals.AddressRefused("192.0.2.1"), 403, None),
    (refusals.CircularGrant("A", "B"), 400, "invalidValue"),
    (refusals.SystemObject(Kind.ROLE, "PUBLIC"), 403, None),
    (refusals.CurrentRole("R"), 403, None),
    (refusals.DependentGrants(Kind.USER, "BOB"), 403, None),
    (refusals.PassedOn(Privilege.USAGE, Kind.ROLE, "R"), 403, None),
    (refusals.ChangeHeld("1", "OKTA", 5, 3, 60, remedy="secret"), 429, None),
    (refusals.ChangeRejected("1", "OKTA", 5, remedy="secret"), 403, None),
    (refusals.LoginRefused("bob", "unknown user", remedy="secret"), 401, None),
    *[(refusals.TokenRefused(why, remedy="secret"), 401, None) for why in TOKEN_WORDS],
]


def test_every_refusal_is_worded() -> None:
    assert set(Refusal.__subclasses__()) == set(SCIM_ERRORS)
    assert {type(refusal) for refusal, *_ in EXAMPLES} == set(SCIM_ERRORS)


def test_every_reason_of_a_token_has_its_sentence() -> None:
    assert set(TOKEN_WORDS) == set(refusals.TOKEN_REASONS)


@pytest.mark.parametrize(("refusal", "status", "scim_type"), EXAMPLES, ids=repr)
def test_a_refusal_has_its_status_and_a_sentence_without_the_remedy(
    refusal: Refusal, status: int, scim_type: str | None
) -> None:
    told = worded(refusal)
    assert (told.status, told.scim_type) == (status, scim_type)
    assert told.detail.endswith(".")
    assert "secret" not in told.detail


def test_a_store_that_fails_is_503() -> None:
    assert worded(StoreFailure("disk full: /var/data")).status == 503


def test_what_nobody_foresaw_is_500_and_says_nothing_of_the_inside() -> None:
    told = worded(KeyError("the inside"))
    assert told.status == 500
    assert "inside" not in told.detail
