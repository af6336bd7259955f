"""What a front takes from outside: the time, ids, secrets and the SELECT engine."""

import msgspec

from rolecall.domain.model import Conformance
from rolecall.domain.oauth import Checks
from rolecall.domain.ports import Clock, Ids, Secrets
from rolecall.domain.selecting import Selecting
from rolecall.fronts.results import Results


class World(msgspec.Struct, frozen=True, kw_only=True):
    """The ports that a front may ask. The store comes with the account.

    `conformance` is what new accounts begin with as their SCIM_CONFORMANCE;
    `oauth` checks JSON Web Tokens of OAuth issuers;
    `results` are what logged-in sessions can look at again.
    """

    clock: Clock
    ids: Ids
    secrets: Secrets
    selecting: Selecting
    conformance: Conformance | None = None
    oauth: Checks | None = None
    results: Results = msgspec.field(default_factory=Results)
