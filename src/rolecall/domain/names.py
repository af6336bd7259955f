"""Names remember how they compare: identity is an id, a name is an attribute with a key.

An SQL identifier folds to upper case unless quoted (`fold`, `exact`); text that compares
without case is kept as sent and beside it as a key (`key_of`), computed here in Python and
never by a storage engine, so that every store agrees (RFC 7643 section 2.2, RFC 8265 in spirit).
"""

from typing import NewType
from unicodedata import normalize

Id = NewType("Id", str)
"""A UUID in its canonical text form: time-ordered, random, never reused."""

Name = NewType("Name", str)
"""An object's name as stored: compared letter by letter."""

Key = NewType("Key", str)
"""What two spellings share when only case and compatibility forms differ."""

NAME_LENGTH_MAX = 255


def fold(text: str) -> Name:
    """The name that unquoted text stands for.

    >>> fold("bob")
    'BOB'
    """
    return Name(text.upper())


def exact(text: str) -> Name:
    """The name that quoted text stands for.

    >>> exact("Bob")
    'Bob'
    """
    return Name(text)


def key_of(text: str) -> Key:
    """The comparison key: NFKC, casefold, NFKC.

    >>> key_of("STRASSE") == key_of("straße")
    True
    """
    if text.isascii():
        return Key(text.lower())
    return Key(normalize("NFKC", normalize("NFKC", text).casefold()))
