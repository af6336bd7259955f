"""Statements about held changes: what the deprovisioning brake has stopped."""

import msgspec

from rolecall.sql.parts import EVERYTHING, Identifier, ShowOptions


class AlterHeldChanges(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Carries out what the deprovisioning brake holds, or refuses it: all, or those named.

    ALTER [ SECURITY ] INTEGRATION [ IF EXISTS ] <name> { RELEASE | REJECT } HELD CHANGES
    [ '<id>' [ , '<id>' ... ] ]

    The integration's owner. A release is judged as if the integration asked now, with its rights.
    """

    name: Identifier
    release: bool
    ids: tuple[str, ...] = ()
    if_exists: bool = False


class ShowHeldChanges(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists what the deprovisioning brake holds, and what was decided about it.

    SHOW HELD CHANGES [ LIKE … ] [ IN [ [ SECURITY ] INTEGRATION ] <name> ] [ LIMIT … ]

    The integration's owner, and roles with MONITOR on it.
    """

    integration: Identifier | None = None
    options: ShowOptions = EVERYTHING


HeldStatement = AlterHeldChanges | ShowHeldChanges
