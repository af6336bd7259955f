"""Cursors: where a walk through a list stands, in text that only this server can have made.

RFC 9865. The position is an id, which never changes, in a sorted list after what the resource
there is sorted by: what keeps its place throughout a walk is met exactly once, whatever changes
around it. A cursor is good for the query, the account and the integration that it was made for,
and says nothing of what may be seen: every page asks anew.
"""

import base64
import binascii
import hmac

import msgspec

from rolecall.domain.ports import Secrets
from rolecall.domain.predicate import Value
from rolecall.fronts.scim_answers import Exchange
from rolecall.fronts.scim_steps import Accepted
from rolecall.scim import errors

CURSOR_SECONDS = 3_600
KEY_CHARACTERS_MAX = 1_000
"""A list can be walked through by what is no longer; a cursor has to fit into a URL."""
CURSOR_CHARACTERS_MAX = 10_000
BOUND = ("filter", "sortBy", "sortOrder", "attributes", "excludedAttributes")
"""Parameters that stay the same through a walk, beside `count`."""

_decode_position = msgspec.json.Decoder(tuple[int, int, int, int, str, Value]).decode
_encode = msgspec.json.Encoder().encode


class Position(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The id that the next page comes after, in one of the lists that are walked through.

    `key` is what the resource of that id is sorted by, when the list is sorted.
    `total` is what the first page counted, and `count` how many a page of this walk has.
    """

    count: int
    total: int
    part: int = 0
    after: str = ""
    key: Value = None


class Cursors:
    """Makes and reads the cursors of one query."""

    def __init__(self, secrets: Secrets, exchange: Exchange, accepted: Accepted) -> None:
        params = exchange.params()
        self._secrets = secrets
        self._at = exchange.at
        self._bound = _encode(
            [
                "cursor",
                accepted.session.number,
                accepted.integration.id,
                exchange.resource,
                *(params.get(name) for name in BOUND),
            ]
        ).decode()

    def text_of(self, position: Position) -> str:
        """The cursor of a position, good for an hour from now. Raises invalidValue."""
        if isinstance(position.key, str) and len(position.key) > KEY_CHARACTERS_MAX:
            raise errors.invalid_value(
                f"Some values of 'sortBy' are longer than {KEY_CHARACTERS_MAX} characters; page "
                "with 'startIndex', or sort by another attribute."
            )
        expires_at = self._at + CURSOR_SECONDS * 1_000_000
        count, total, part, after = position.count, position.total, position.part, position.after
        packed = _encode((expires_at, count, total, part, after, position.key))
        text = base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
        return f"{text}.{self._signature(text)}"

    def position_in(self, cursor: str, count: int) -> Position:
        """The position of a cursor. Raises invalidCursor, expiredCursor, invalidCount."""
        text, _, signature = cursor.partition(".")
        if len(cursor) > CURSOR_CHARACTERS_MAX or not cursor.isascii():
            raise _invalid()
        if not hmac.compare_digest(signature, self._signature(text)):
            raise _invalid()
        try:
            packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            expires_at, counted, total, part, after, key = _decode_position(packed)
        except (binascii.Error, msgspec.DecodeError) as error:  # an older version's, signed
            raise _invalid() from error
        if expires_at <= self._at:
            raise errors.expired_cursor(
                f"The cursor was good for {CURSOR_SECONDS} seconds; begin again with an empty one."
            )
        if counted != count:
            raise errors.invalid_count(f"This walk has count={counted}; keep it to the end.")
        return Position(count=counted, total=total, part=part, after=after, key=key)

    def _signature(self, text: str) -> str:
        return self._secrets.sign(f"{self._bound}\n{text}")


def _invalid() -> errors.ScimError:
    return errors.invalid_cursor(
        "The cursor is not one of this query's. Send the nextCursor of the page before with the "
        "same parameters, or an empty cursor to begin."
    )
