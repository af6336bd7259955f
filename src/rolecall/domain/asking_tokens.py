"""Questions about SCIM access tokens: which there are, and which of them end soon."""

from collections.abc import Iterator

from rolecall.domain import access
from rolecall.domain.asking_history import is_administrator
from rolecall.domain.grants import integration_meant
from rolecall.domain.model import Integration, Kind, Token
from rolecall.domain.ports import Reading
from rolecall.domain.queries import TokenExpiries, TokenExpiry, Tokens
from rolecall.domain.scim_tokens import NOTICE, is_soon
from rolecall.domain.session import Session

SECOND = 1_000_000


def tokens(reading: Reading, session: Session, query: Tokens) -> tuple[Token, ...]:
    """Of the integrations that the session owns; those of dropped ones to ACCOUNTADMIN."""
    if query.integration is not None:
        found = integration_meant(reading, query.integration)
        target = access.target_of(Kind.INTEGRATION, found)
        access.require_owned(reading, session, target, query.integration)
        return reading.tokens_of(found.id)
    owned = {found.id for found in _owned(reading, session)}
    everything = is_administrator(reading, session)
    return tuple(
        token for token in reading.tokens_of(None) if everything or token.integration in owned
    )


def _owned(reading: Reading, session: Session) -> list[Integration]:
    return [each for each in reading.integrations() if access.owns(reading, session, each.owner)]


def token_expiries(
    reading: Reading, session: Session, _query: TokenExpiries
) -> tuple[TokenExpiry, ...]:
    """Sorted by integration, what ends first first."""
    found = [
        expiry
        for integration in sorted(_owned(reading, session), key=lambda each: each.name)
        for expiry in sorted(
            _expiries(reading, integration, session.at), key=lambda each: each.expires_at
        )
    ]
    return tuple(found)


def _expiries(reading: Reading, integration: Integration, at: int) -> Iterator[TokenExpiry]:
    first = integration.reject_tokens_issued_before or 0
    newest: dict[str, Token] = {}
    for token in reading.tokens_of(integration.id):  # newest first
        if token.ended_at is not None or token.issued_at < first or token.expires_at + NOTICE <= at:
            continue
        newer = None if token.purpose is None else newest.setdefault(token.purpose, token)
        if newer is None or newer is token:
            yield _expiry(token, at, replaced=False)
        elif token.expires_at > at and (token.last_used_at or 0) >= newer.issued_at:
            yield _expiry(token, at, replaced=True)


def _expiry(token: Token, at: int, *, replaced: bool) -> TokenExpiry:
    return TokenExpiry(
        integration=token.integration_name,
        purpose=token.purpose,
        token=token.id,
        expires_at=token.expires_at,
        seconds=(token.expires_at - at) // SECOND,
        soon=is_soon(token.issued_at, token.expires_at, at),
        replaced=replaced,
    )
