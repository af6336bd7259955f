"""What statements are made of: names, properties, kinds of object, actions, options.

Names stay as they were written (`Identifier`); `folded` is the one rule that makes them names.
"""

from enum import StrEnum

import msgspec


class Identifier(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A name as it was written: `bob`, or `"Bob"` (quoted, the quotes taken off)."""

    text: str
    quoted: bool = False


def folded(identifier: Identifier) -> str:
    """The name meant: unquoted text is upper-cased, quoted text is taken exactly."""
    return identifier.text if identifier.quoted else identifier.text.upper()


class Pairs(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Texts that stand for other texts: `('from' = 'to', …)`."""

    pairs: tuple[tuple[str, str], ...]


Value = str | int | bool | None | tuple[str, ...] | Identifier | Pairs


class Property(msgspec.Struct, frozen=True, kw_only=True, gc=False, eq=False):
    """`NAME = value`, the name upper-cased; its place is for messages and is not compared."""

    name: str
    value: Value
    line: int = 0
    column: int = 0

    def __eq__(self, other: object) -> bool:
        """Two properties are equal when they say the same, wherever they stand."""
        if not isinstance(other, Property):
            return NotImplemented
        return (self.name, type(self.value), self.value) == (
            other.name,
            type(other.value),
            other.value,
        )

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.name, self.value))


class ObjectKind(StrEnum):
    """What a privilege, an ownership or a SHOW GRANTS can be about."""

    ACCOUNT = "ACCOUNT"
    USER = "USER"
    ROLE = "ROLE"
    INTEGRATION = "INTEGRATION"
    DATABASE = "DATABASE"
    NETWORK_POLICY = "NETWORK POLICY"
    NETWORK_RULE = "NETWORK RULE"


class CurrentGrants(StrEnum):
    """What becomes of the grants on an object whose owner changes."""

    COPY = "COPY"
    REVOKE = "REVOKE"


class GrantsScope(StrEnum):
    """Which grants SHOW GRANTS lists."""

    CURRENT_USER = "CURRENT_USER"
    ON = "ON"
    TO_ROLE = "TO_ROLE"
    TO_USER = "TO_USER"
    OF_ROLE = "OF_ROLE"


class ParameterScope(StrEnum):
    """Whose parameters SHOW PARAMETERS lists."""

    SESSION = "SESSION"
    ACCOUNT = "ACCOUNT"
    USER = "USER"


# --- parts that statements share ------------------------------------------------------------


class SetProperties(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: give properties their values.

    SET <property> = <value> [ <property> = <value> ... ]
    """

    properties: tuple[Property, ...]


class UnsetProperties(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: give properties back their defaults.

    UNSET <property> [ , <property> ... ]
    """

    names: tuple[Identifier, ...]


class RenameTo(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: the same object under another name.

    RENAME TO <name>
    """

    name: Identifier


class RevokeToken(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: end one token of an integration.

    REVOKE TOKEN '<id>'
    """

    token: str


class ShowOptions(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What narrows a SHOW.

    [ LIKE '<pattern>' ] [ STARTS WITH '<prefix>' ] [ LIMIT <rows> [ FROM '<after>' ] ]
    """

    terse: bool = False
    like: str | None = None
    starts_with: str | None = None
    limit: int | None = None
    limit_from: str | None = None


EVERYTHING = ShowOptions()
