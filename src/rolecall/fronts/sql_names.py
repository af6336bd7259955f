"""Names and values of the SQL language as the account takes them: folded, as JSON."""

from rolecall.domain.commands import ByName
from rolecall.domain.model import Json
from rolecall.domain.names import Name
from rolecall.sql.parts import Identifier, Pairs, Value, folded


def name_of(identifier: Identifier) -> Name:
    """The name that an identifier means."""
    return Name(folded(identifier))


def meant(identifier: Identifier) -> ByName:
    """The object that an identifier means."""
    return ByName(name_of(identifier))


def json_of(value: Value) -> Json:
    """A property's value as a command carries it; names are read as names before."""
    assert not isinstance(value, Identifier), "names are read as names before"
    if isinstance(value, Pairs):
        return dict(value.pairs)
    return list(value) if isinstance(value, tuple) else value
