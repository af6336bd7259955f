"""How each provider behaves on the wire: what it calls itself, how it hurries, what it repeats.

What it asks is in its player (`player`, `okta`, `entra`).
"""

import msgspec

from rolecall.simulate.rules import COMMON, RULES


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """One provider's habits; `rules` are those of `rules.RULES` that it stumbles over."""

    name: str
    title: str
    concurrency: int
    user_agent: str = "rolecall-simulate"
    tries: int = 4
    retried: frozenset[int] = frozenset({429, 503})
    rules: frozenset[str] = COMMON


GENERIC = Manners(name="generic", title="a client by the book", concurrency=8)
OKTA = Manners(
    name="okta",
    title="Okta",
    concurrency=5,
    user_agent="Okta SCIM Client 1.0.0",
    tries=3,
    retried=frozenset({429, 500, 502, 503, 504}),
    rules=frozenset(RULES) - {"null"},
)
ENTRA = Manners(
    name="entra",
    title="Microsoft Entra ID",
    concurrency=8,
    user_agent="",
    retried=frozenset({429, 500, 502, 503, 504}),
    rules=frozenset(RULES),
)
"""Entra honours Retry-After; what keeps failing puts the application in quarantine."""

MANNERS = {each.name: each for each in (GENERIC, OKTA, ENTRA)}
