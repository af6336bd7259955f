"""Rules for users: made, changed, with their access tokens, and gone."""

from collections.abc import Callable, Mapping

from rolecall.sql import properties
from rolecall.sql.cursor import Cursor
from rolecall.sql.properties import (
    PropertyTable,
    Shape,
    read_properties,
    read_rename,
    read_set,
    read_unset,
)
from rolecall.sql.rules import Head, Rule
from rolecall.sql.statements import AlterUser
from rolecall.sql.statements_users import (
    AbortAllQueries,
    AddAccessToken,
    ModifyAccessToken,
    RemoveAccessToken,
    ResetPassword,
    RotateAccessToken,
    ShowAccessTokens,
    UserAction,
)

TOKEN_ADDED = PropertyTable(
    what="a property of a programmatic access token",
    shapes={
        "COMMENT": Shape.TEXT,
        "DAYS_TO_EXPIRY": Shape.INTEGER,
        "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT": Shape.INTEGER,
        "ROLE_RESTRICTION": Shape.NAME,
    },
)
TOKEN_MODIFIED = PropertyTable(
    what="a property of a programmatic access token that can be changed",
    shapes={
        "COMMENT": Shape.TEXT,
        "DISABLED": Shape.BOOLEAN,
        "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT": Shape.INTEGER,
    },
)
TOKEN_ROTATED = PropertyTable(
    what="EXPIRE_ROTATED_TOKEN_AFTER_HOURS",
    shapes={"EXPIRE_ROTATED_TOKEN_AFTER_HOURS": Shape.INTEGER},
)


def _alter_user(cursor: Cursor, _: Head) -> AlterUser:
    if_exists = cursor.accept("IF", "EXISTS")
    # Without a name the session's own user is meant, and SET is a reserved word.
    alone = not if_exists and (cursor.peek("SET") or cursor.peek("UNSET") or _at_token(cursor))
    name = None if alone else cursor.identifier()
    if cursor.peek("SET"):
        return AlterUser(
            if_exists=if_exists, name=name, action=read_set(cursor, properties.USER_SET)
        )
    if cursor.peek("UNSET"):
        return AlterUser(
            if_exists=if_exists, name=name, action=read_unset(cursor, properties.USER_SET)
        )
    if cursor.peek("RENAME"):
        return AlterUser(if_exists=if_exists, name=name, action=read_rename(cursor))
    return AlterUser(if_exists=if_exists, name=name, action=_action(cursor))


def _at_token(cursor: Cursor) -> bool:
    """Whether a verb and an access token follow: a user may be called ADD."""
    return any(cursor.peek(verb, "PROGRAMMATIC") or cursor.peek(verb, "PAT") for verb in VERBS)


def _action(cursor: Cursor) -> UserAction:
    if cursor.accept("RESET", "PASSWORD"):
        return ResetPassword()
    if cursor.accept("ABORT", "ALL", "QUERIES"):
        return AbortAllQueries()
    for verb, rule in VERBS.items():
        if cursor.accept(verb):
            if not cursor.accept("PAT"):
                cursor.expect("PROGRAMMATIC", "ACCESS", "TOKEN")
            return rule(cursor)
    return cursor.fail(
        "SET or UNSET or RENAME TO or RESET PASSWORD or ABORT ALL QUERIES or "
        f"{' or '.join(VERBS)} PROGRAMMATIC ACCESS TOKEN"
    )


def _add(cursor: Cursor) -> AddAccessToken:
    name = cursor.identifier()
    return AddAccessToken(name=name, properties=read_properties(cursor, TOKEN_ADDED))


def _rotate(cursor: Cursor) -> RotateAccessToken:
    name = cursor.identifier()
    return RotateAccessToken(name=name, properties=read_properties(cursor, TOKEN_ROTATED))


def _modify(cursor: Cursor) -> ModifyAccessToken:
    name = cursor.identifier()
    if cursor.peek("SET"):
        return ModifyAccessToken(name=name, action=read_set(cursor, TOKEN_MODIFIED))
    if cursor.peek("UNSET"):
        return ModifyAccessToken(name=name, action=read_unset(cursor, TOKEN_MODIFIED))
    if cursor.peek("RENAME"):
        return ModifyAccessToken(name=name, action=read_rename(cursor))
    return cursor.fail("SET or UNSET or RENAME TO")


def _remove(cursor: Cursor) -> RemoveAccessToken:
    return RemoveAccessToken(name=cursor.identifier())


VERBS: Mapping[str, Callable[[Cursor], UserAction]] = {
    "ADD": _add,
    "ROTATE": _rotate,
    "MODIFY": _modify,
    "REMOVE": _remove,
}
"""What is done to an access token."""


def _show_access_tokens(cursor: Cursor, _: Head) -> ShowAccessTokens:
    named = cursor.accept("FOR")
    if named:
        cursor.expect("USER")
    return ShowAccessTokens(user=cursor.identifier() if named else None)


RULES: Mapping[tuple[str, ...], Rule] = {
    ("ALTER", "USER"): _alter_user,
}
SHOW_RULES: Mapping[tuple[str, ...], Rule] = {
    ("USER", "PROGRAMMATIC", "ACCESS", "TOKENS"): _show_access_tokens,
    ("USER", "PATS"): _show_access_tokens,
}
