"""What ALTER USER can do beyond SET, UNSET and RENAME, and SHOW of programmatic access tokens."""

import msgspec

from rolecall.sql.parts import Identifier, Property, RenameTo, SetProperties, UnsetProperties


class ResetPassword(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: a new password, made here and shown once; the old one and its sessions end.

    RESET PASSWORD
    """


class AbortAllQueries(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: accepted for scripts that send it; no statement outlives its request.

    ABORT ALL QUERIES
    """


class AddAccessToken(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: one more access token, whose secret is shown once.

    ADD { PROGRAMMATIC ACCESS TOKEN | PAT } <token> [ <property> = <value> ... ]
    """

    name: Identifier
    properties: tuple[Property, ...] = ()


class RotateAccessToken(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: a new secret under the same name; the old one lives on for some hours.

    ROTATE { PROGRAMMATIC ACCESS TOKEN | PAT } <token> [ EXPIRE_ROTATED_TOKEN_AFTER_HOURS = <n> ]
    """

    name: Identifier
    properties: tuple[Property, ...] = ()


class ModifyAccessToken(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: an access token is renamed, disabled, enabled or described anew.

    MODIFY { PROGRAMMATIC ACCESS TOKEN | PAT } <token> { SET … | UNSET … | RENAME TO <name> }
    """

    name: Identifier
    action: SetProperties | UnsetProperties | RenameTo


class RemoveAccessToken(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: an access token ends.

    REMOVE { PROGRAMMATIC ACCESS TOKEN | PAT } <token>
    """

    name: Identifier


UserAction = (
    ResetPassword
    | AbortAllQueries
    | AddAccessToken
    | RotateAccessToken
    | ModifyAccessToken
    | RemoveAccessToken
)
"""What ALTER USER can do besides what every ALTER does."""


class ShowAccessTokens(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists a user's programmatic access tokens without their secrets; alone, one's own.

    SHOW USER { PROGRAMMATIC ACCESS TOKENS | PATS } [ FOR USER <name> ]

    The user, and the user's owner.
    """

    user: Identifier | None = None
