"""What passes through a port shows no secret by accident."""

from rolecall.domain.ports import MintedToken


def test_a_minted_token_does_not_show_itself() -> None:
    token = MintedToken(text="the-token", verifier="the-verifier", expires_at=5)
    assert f"{token} {token!r}" == "MintedToken(…) MintedToken(…)"
