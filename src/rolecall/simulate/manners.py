"""How each provider behaves on the wire: what it calls itself, how it hurries, what it repeats.

What it asks is in its player (`player`, `okta`, `entra`, `others`).
"""

import msgspec

from rolecall.simulate.rules import COMMON, RULES

SCIM_JSON = "application/scim+json"
OUTAGES = frozenset({429, 500, 502, 503, 504})


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """One provider's habits; `rules` are those of `rules.RULES` that it stumbles over.

    `echoed` are the attributes that it compares with what it sent.

    `headers` go with every request, `media` is what a body is declared as. An answer in `retried`
    is asked for again, `tries` times in all; what still fails waits for the next cycle.
    """

    name: str
    title: str
    concurrency: int
    user_agent: str = "rolecall-simulate"
    media: str = SCIM_JSON
    headers: tuple[tuple[str, str], ...] = (("Accept", SCIM_JSON),)
    tries: int = 4
    retried: frozenset[int] = frozenset({429, 503})
    rules: frozenset[str] = COMMON
    echoed: tuple[str, ...] = ()


GENERIC = Manners(name="generic", title="a client by the book", concurrency=8)
OKTA = Manners(
    name="okta",
    title="Okta",
    concurrency=5,
    user_agent="Okta SCIM Client 1.0.0",
    media=f"{SCIM_JSON}; charset=utf-8",
    headers=(("Accept", SCIM_JSON), ("Accept-Charset", "utf-8")),
    tries=3,
    retried=OUTAGES,
    rules=frozenset(RULES) - {"null"},
    echoed=("userName",),
)
OKTA_AIW = msgspec.structs.replace(OKTA, name="okta-aiw", title="Okta (an app of its wizard)")
ENTRA = Manners(
    name="entra",
    title="Microsoft Entra ID",
    concurrency=8,
    user_agent="",
    media=f"{SCIM_JSON}; charset=utf-8",
    retried=OUTAGES,
    rules=frozenset(RULES),
    echoed=("userName", "displayName", "externalId"),
)
"""Entra honours Retry-After; what keeps failing puts the application in quarantine."""
ONELOGIN = Manners(name="onelogin", title="OneLogin", concurrency=4, user_agent="", retried=OUTAGES)
JUMPCLOUD = Manners(
    name="jumpcloud",
    title="JumpCloud",
    concurrency=4,
    media="application/json",
    retried=OUTAGES,
)
RIPPLING = Manners(name="rippling", title="Rippling", concurrency=4, retried=OUTAGES)

MANNERS = {
    each.name: each for each in (OKTA, OKTA_AIW, ENTRA, ONELOGIN, JUMPCLOUD, RIPPLING, GENERIC)
}
"""Every provider that can be played."""
