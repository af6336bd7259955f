"""SCIM access tokens: issued, replaced by a newer one of their purpose, ended, and soon to expire.

A purpose has at most two tokens that work: the newest, and for an overlap the one that is in use.
"""

import msgspec

from rolecall.domain import access, parameters, properties
from rolecall.domain.commands import IssueToken, Ref, RevokeToken
from rolecall.domain.effects import Effect
from rolecall.domain.errors import NotFound
from rolecall.domain.events import Event, TokenEnded, TokenIssued, TokenReplaced
from rolecall.domain.grants import integration_meant
from rolecall.domain.model import Integration, Kind, Token
from rolecall.domain.ports import Transaction
from rolecall.domain.session import Session

NEWER = "a newer token of its purpose"
HOUR = 3_600 * 1_000_000
NOTICE = 30 * 24 * HOUR
"""How long before its end a token is announced; of a short life the last sixth."""


def issue_token(tx: Transaction, session: Session, command: IssueToken) -> Effect:
    """A token is issued. Raises NotFound, InvalidValue, NotAuthorized.

    It takes OWNERSHIP of the integration (our decision).
    """
    integration = integration_meant(tx, command.integration)
    _require_owned(tx, session, integration, command.integration)

    token = Token(
        id=command.id,
        integration=integration.id,
        integration_name=integration.name,
        verifier=command.verifier,
        issued_at=command.at,
        expires_at=command.expires_at,
        purpose=properties.text("PURPOSE", command.purpose),
    )
    events = _make_way(tx, integration, token, at_once=command.instead)
    tx.save_token(token)
    tx.bump_generation()
    issued = TokenIssued(
        id=token.id,
        integration=integration.id,
        purpose=token.purpose,
        expires_at=token.expires_at,
    )
    return Effect((*events, issued), token)


def _make_way(
    tx: Transaction, integration: Integration, token: Token, *, at_once: bool
) -> list[Event]:
    """End the earlier tokens of the purpose, but the one in use only after the overlap.

    Tokens without a purpose know nothing of each other (vendor).
    """
    if token.purpose is None:
        return []
    earlier = [
        old
        for old in tx.tokens_of(token.integration)
        if old.purpose == token.purpose and is_live(old, token.issued_at)
    ]
    hours = 0 if at_once else parameters.number_of(tx, parameters.TOKEN_OVERLAP)
    first = integration.reject_tokens_issued_before or 0
    accepted = [old for old in earlier if old.issued_at >= first]
    spared = max(accepted, key=_in_use, default=None) if hours else None
    events: list[Event] = []
    for old in earlier:
        if old is not spared:
            events.append(end(tx, old, token.issued_at, NEWER))
            continue
        until = token.issued_at + hours * HOUR
        if until < old.expires_at:
            tx.save_token(msgspec.structs.replace(old, expires_at=until))
            events.append(
                TokenReplaced(id=old.id, integration=old.integration, by=token.id, expires_at=until)
            )
    return events


def _in_use(token: Token) -> tuple[int, int, str]:
    """The one most lately used comes last, else the one issued last."""
    return (token.last_used_at or 0, token.issued_at, token.id)


def revoke_token(tx: Transaction, session: Session, command: RevokeToken) -> Effect:
    """One token is ended; ending an ended one changes nothing. Raises NotFound, NotAuthorized."""
    token = tx.token(command.token)
    integration = tx.integration(token.integration) if token is not None else None
    if token is None or integration is None:
        raise NotFound(Kind.TOKEN, command.token)
    _require_owned(tx, session, integration, command.token)
    if not is_live(token, command.at):
        return Effect((), token)

    event = end(tx, token, command.at, "REVOKE TOKEN")
    tx.bump_generation()
    return Effect((event,), tx.token(token.id))


def is_live(token: Token, at: int) -> bool:
    """Whether the token itself has neither ended nor expired."""
    return token.ended_at is None and token.expires_at > at


def is_soon(issued_at: int, expires_at: int, at: int) -> bool:
    """Whether a token with this life should be replaced by now."""
    return at >= expires_at - min(NOTICE, (expires_at - issued_at) // 6)


def end(tx: Transaction, token: Token, at: int, why: str) -> Event:
    """The token ends before its time."""
    tx.save_token(msgspec.structs.replace(token, ended_at=at, ended_why=why))
    return TokenEnded(id=token.id, integration=token.integration, why=why)


def _require_owned(tx: Transaction, session: Session, integration: Integration, asked: Ref) -> None:
    target = access.target_of(Kind.INTEGRATION, integration)
    access.require_owned(tx, session, target, asked)
