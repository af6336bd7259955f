"""What SHOW SCIM TOKENS says of a token can be believed: it is never used before it is issued."""

from builders import NOW, SECOND, an_id
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
