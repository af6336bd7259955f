"""The commands about an account as a whole: they name nothing in it."""

import msgspec

from rolecall.domain.model import Conformance
from rolecall.domain.names import Id, Name


class FoundAccount(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An account is born: system roles, their hierarchy, DEMO_DB and its first administrator.

    `role_ids` gives an id for each of `founding.SYSTEM_ROLES`; `conformance` is what its
    integrations speak unless they say.
    """

    id: Id
    organization: Name
    name: Name
    role_ids: dict[str, Id]
    database: Id
    administrator: Id
    administrator_name: Name
    password: str
    at: int
    comment: str | None = None
    conformance: Conformance | None = None


class DropAccount(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Nobody gets into the account any more; from `until` on its rows may be erased."""

    at: int
    until: int


class RestoreAccount(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A dropped account is as it was before."""

    at: int


class PurgeHistory(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A person's data leaves the histories behind these numbers; `rows` were blanked before."""

    person: Id
    after_attempt: int = 0
    after_event: int = 0
    rows: int = 0
    last: bool = False
