"""The statements about session variables; queries read them as `$name`."""

import msgspec

from rolecall.sql.parts import EVERYTHING, Identifier, ShowOptions


class SetVariables(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Gives session variables their values, of at most 256 characters; a query reads `$name`.

    SET <name> = <expression>  or  SET ( <name> [ , … ] ) = ( <expression> [ , … ] )

    Every session.
    """

    names: tuple[Identifier, ...]
    expressions: tuple[str, ...]


class UnsetVariables(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Forgets session variables.

    UNSET <name>  or  UNSET ( <name> [ , … ] )

    Every session.
    """

    names: tuple[Identifier, ...]


class ShowVariables(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the session's variables.

    SHOW VARIABLES [ LIKE … ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]

    Every session, its own variables.
    """

    options: ShowOptions = EVERYTHING


VariableStatement = SetVariables | UnsetVariables | ShowVariables
