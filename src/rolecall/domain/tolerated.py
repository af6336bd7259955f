"""What was tolerated: each integration's client and its oddities, counted from the attempts.

Every attempt names in its details the quirks that its request needed; here they are added up, so
that an operator sees which oddities a provider has and when each was last met.
"""

import msgspec

from rolecall.domain import access
from rolecall.domain.attempts import Attempt
from rolecall.domain.names import Name
from rolecall.domain.ports import Reading
from rolecall.domain.queries import Query
from rolecall.domain.session import Session

ATTEMPTS_MAX = 10_000
"""How many of an integration's newest attempts are looked through."""
FOREVER = 2**62


class _Details(msgspec.Struct):
    quirks: tuple[str, ...] = ()


class Tolerated(msgspec.Struct, frozen=True, kw_only=True):
    """A quirk that an integration's client has: how often, and when it was first and last met."""

    integration: Name
    quirk: str
    requests: int
    first_at: int
    last_at: int
    last_request: str


class ToleratedQuirks(Query[tuple[Tolerated, ...]], frozen=True, kw_only=True):
    """The quirks of integrations that the session owns, by integration, then by name."""


def quirks_in(attempt: Attempt) -> tuple[str, ...]:
    """The quirks that a request needed, by its attempt."""
    if attempt.details is None or '"quirks"' not in attempt.details:
        return ()
    return msgspec.json.decode(attempt.details, type=_Details).quirks


def tolerated_quirks(
    reading: Reading, session: Session, _query: ToleratedQuirks
) -> tuple[Tolerated, ...]:
    """Add up the newest attempts of each integration."""
    found: dict[tuple[Name, str], Tolerated] = {}
    for integration in reading.integrations():
        if not access.owns(reading, session, integration.owner):
            continue
        name = integration.name
        for noted in reading.attempts_of_integration(name, 0, FOREVER, ATTEMPTS_MAX):
            attempt = noted.attempt
            for quirk in quirks_in(attempt):
                before = found.get((name, quirk))
                found[name, quirk] = Tolerated(
                    integration=name,
                    quirk=quirk,
                    requests=1 if before is None else before.requests + 1,
                    first_at=attempt.at if before is None else before.first_at,
                    last_at=attempt.at,
                    last_request=f"{attempt.method} {attempt.endpoint}",
                )
    return tuple(found[place] for place in sorted(found))
