"""A rule reads what follows a statement's leading words; rows of words lead to rules."""

from collections.abc import Callable, Mapping

import msgspec

from rolecall.sql.cursor import Cursor
from rolecall.sql.parts import Identifier, ObjectKind
from rolecall.sql.statements import Statement


class Head(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What stood between the verb and the kind of object."""

    or_replace: bool = False
    or_alter: bool = False
    grant_option: bool = False
    terse: bool = False


Rule = Callable[[Cursor, Head], Statement]

INTEGRATION_KINDS = ("API", "CATALOG", "EXTERNAL ACCESS", "NOTIFICATION", "SECURITY", "STORAGE")


def dispatch(cursor: Cursor, rules: Mapping[tuple[str, ...], Rule], head: Head) -> Statement:
    """Follow the row with the most leading words that stand here, or refuse the first odd one."""
    for words in sorted(rules, key=len, reverse=True):
        if cursor.accept(*words):
            return rules[words](cursor, head)

    rows = list(rules)
    while True:
        following = sorted({row[0] for row in rows})
        rows = [row[1:] for row in rows if cursor.peek(row[0])]
        if not rows:
            cursor.fail_among(following, " or ".join(following), cursor.token)
        cursor.advance()


def object_kind(cursor: Cursor) -> ObjectKind:
    """Take the kind of object that a grant is about; SECURITY before INTEGRATION is allowed."""
    if cursor.accept("SECURITY"):
        cursor.expect("INTEGRATION")
        return ObjectKind.INTEGRATION
    for kind in ObjectKind:
        if cursor.accept(*kind.split()):
            return kind
    return cursor.fail(" or ".join(ObjectKind))


def object_on(cursor: Cursor) -> tuple[ObjectKind, Identifier | None]:
    """Take the object that a grant is about; the account has no name."""
    kind = object_kind(cursor)
    return kind, None if kind is ObjectKind.ACCOUNT else cursor.identifier()
