"""Each error has the status and scimType of RFC 7644 section 3.12."""

from collections.abc import Callable

import pytest

from rolecall.scim import errors
from rolecall.scim.errors import ScimError


@pytest.mark.parametrize(
    ("make", "status", "scim_type"),
    [
        (errors.invalid_filter, 400, "invalidFilter"),
        (errors.invalid_path, 400, "invalidPath"),
        (errors.invalid_value, 400, "invalidValue"),
        (errors.invalid_syntax, 400, "invalidSyntax"),
        (errors.no_target, 400, "noTarget"),
        (errors.mutability, 400, "mutability"),
        (errors.too_many, 400, "tooMany"),
        (errors.sensitive, 400, "sensitive"),
        (errors.uniqueness, 409, "uniqueness"),
        (errors.unauthorized, 401, None),
        (errors.forbidden, 403, None),
        (errors.not_found, 404, None),
        (errors.method_not_allowed, 405, None),
        (errors.precondition_failed, 412, None),
        (errors.too_large, 413, None),
        (errors.unsupported_media_type, 415, None),
        (errors.too_many_requests, 429, None),
        (errors.internal, 500, None),
        (errors.not_implemented, 501, None),
        (errors.unavailable, 503, None),
    ],
)
def test_an_error_has_its_status_and_type_rfc7644_3_12(
    make: Callable[[str], ScimError], status: int, scim_type: str | None
) -> None:
    error = make("Do this.")

    assert (error.status, error.scim_type, error.detail) == (status, scim_type, "Do this.")


def test_a_place_stands_in_front_of_the_sentence() -> None:
    error = errors.invalid_value("userName is required.").within("Operations[2]")

    assert error.detail == "Operations[2]: userName is required."
    assert (error.status, error.scim_type) == (400, "invalidValue")
