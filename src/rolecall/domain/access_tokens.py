"""Programmatic access tokens: a user's own, named, for a time, perhaps for one role only.

Whoever owns the user may have them made and ended, and so may the user.
"""

import msgspec

from rolecall.domain import access, properties
from rolecall.domain.commands import (
    AddAccessToken,
    ChangeAccessToken,
    Ref,
    RemoveAccessToken,
    RotateAccessToken,
    Set,
    Unset,
)
from rolecall.domain.effects import Effect
from rolecall.domain.errors import AlreadyExists, InvalidValue, NotFound
from rolecall.domain.events import (
    AccessTokenAdded,
    AccessTokenChanged,
    AccessTokenEnded,
    Event,
)
from rolecall.domain.model import AccessToken, Kind, Scalar, User, UserType
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.session import Session
from rolecall.domain.users import require_name, require_own_or_owned, user_or_none

ACCESS_TOKENS_MAX = 15
"""Of one user (vendor: fifteen)."""
CHANGEABLE = {
    "NAME": "name",
    "COMMENT": "comment",
    "DISABLED": "disabled",
    "BYPASS_NETWORK_POLICY_UNTIL": "bypass_network_policy_until",
}
SERVICES = (UserType.SERVICE, UserType.LEGACY_SERVICE)


def add_access_token(tx: Transaction, session: Session, command: AddAccessToken) -> Effect:
    """A token more. Raises NotFound, NotAuthorized, AlreadyExists, InvalidValue."""
    user = _user_meant(tx, session, command.user, if_exists=command.if_exists)
    if user is None:
        return Effect()
    require_name("NAME", command.name)
    present = tx.access_tokens_of(user.id)
    _require_free(present, command.name)
    _require_room(present)
    token = AccessToken(
        id=command.id,
        user=user.id,
        name=command.name,
        verifier=command.verifier,
        created_at=command.at,
        expires_at=command.expires_at,
        created_by=session.actor,
        role_restriction=_restriction(tx, user, command.role_restriction),
        comment=properties.text("COMMENT", command.comment),
        bypass_network_policy_until=command.bypass_network_policy_until,
    )
    _keep(tx, user, token)
    return Effect((_added(token),), token)


def _restriction(tx: Transaction, user: User, ref: Ref | None) -> Id | None:
    """The one role of the token: one that the user holds; a service has to name one (vendor)."""
    if ref is None:
        if user.type in SERVICES:
            why = f"a token of a user of TYPE {user.type} has to name its role"
            raise InvalidValue("ROLE_RESTRICTION", why)
        return None
    role = access.role_meant(tx, ref)
    if role.id not in access.roles_of_user(tx, user.id):
        fix = f"grant role {access.quoted(role.name)} to user {access.quoted(user.name)}"
        why = f"role {role.name} is not granted to user {user.name}"
        raise InvalidValue("ROLE_RESTRICTION", why, remedy=fix)
    return role.id


def rotate_access_token(tx: Transaction, session: Session, command: RotateAccessToken) -> Effect:
    """A new text under the old name, the old one under another. Raises as for adding."""
    found = _meant(tx, session, command)
    if found is None:
        return Effect()
    user, old = found
    _require_room(tx.access_tokens_of(user.id))
    # Vendor: the old token goes on under a name with the moment of its rotation.
    old_name = Name(f"{old.name}_ROTATED_{command.at // 1_000}")
    require_name("NAME", old_name)
    rotated = msgspec.structs.replace(
        old,
        name=old_name,
        expires_at=min(old.expires_at, command.old_until),
        rotated_to=command.id,
    )
    token = msgspec.structs.replace(
        old,
        id=command.id,
        verifier=command.verifier,
        created_at=command.at,
        created_by=session.actor,
        expires_at=command.at + old.expires_at - old.created_at,
        rotated_to=None,
    )
    _keep(tx, user, rotated)
    _keep(tx, user, token)
    return Effect((*_changed(old, rotated), _added(token)), Rotated(token=token, rotated=rotated))


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """The token with the new text, and the one with the old."""

    token: AccessToken
    rotated: AccessToken


def change_access_token(tx: Transaction, session: Session, command: ChangeAccessToken) -> Effect:
    """A token changes. Raises NotFound, NotAuthorized, AlreadyExists, InvalidValue."""
    found = _meant(tx, session, command)
    if found is None:
        return Effect()
    user, before = found
    after = before
    for change in command.changes:
        after = _with(after, change)
    if after.name != before.name:
        require_name("NAME", after.name)
        _require_free(tx.access_tokens_of(user.id), after.name)
    if after == before:
        return Effect((), after)
    _keep(tx, user, after)
    return Effect(_changed(before, after), after)


def _with(token: AccessToken, change: Set | Unset) -> AccessToken:
    name = change.at.attribute
    value = change.value if isinstance(change, Set) else None
    read: object
    match name:
        case "DISABLED":
            read = properties.truth(name, value)
        case "BYPASS_NETWORK_POLICY_UNTIL":
            read = properties.whole(name, value)
        case _:
            read = properties.text(name, value)
    return msgspec.structs.replace(token, **{CHANGEABLE[name]: read})


def remove_access_token(tx: Transaction, session: Session, command: RemoveAccessToken) -> Effect:
    """A token is gone. Raises NotFound, NotAuthorized."""
    found = _meant(tx, session, command)
    if found is None:
        return Effect()
    user, token = found
    tx.delete_access_token(token.id)
    tx.bump_generation()
    if not tx.access_tokens_of(user.id):
        tx.save_user(msgspec.structs.replace(user, has_access_token=False), user)
    return Effect((AccessTokenEnded(id=token.id, user=user.id, why="removed"),), token)


# ---- what several handlers ask ---------------------------------------------------------------


def _user_meant(tx: Reading, session: Session, ref: Ref, *, if_exists: bool) -> User | None:
    user = user_or_none(tx, ref)
    if user is None:
        if if_exists:
            return None
        raise NotFound(Kind.USER, access.label(ref))
    require_own_or_owned(tx, session, user, ref)
    return user


def _meant(
    tx: Transaction,
    session: Session,
    command: RotateAccessToken | ChangeAccessToken | RemoveAccessToken,
) -> tuple[User, AccessToken] | None:
    user = _user_meant(tx, session, command.user, if_exists=command.if_exists)
    if user is None:
        return None
    for token in tx.access_tokens_of(user.id):
        if token.name == command.name:
            return user, token
    raise NotFound(Kind.TOKEN, command.name)


def _require_free(present: tuple[AccessToken, ...], name: Name) -> None:
    for token in present:
        if token.name == name:
            raise AlreadyExists(Kind.TOKEN, name, id=token.id)


def _require_room(present: tuple[AccessToken, ...]) -> None:
    if len(present) >= ACCESS_TOKENS_MAX:
        why = f"a user has at most {ACCESS_TOKENS_MAX}: remove one first"
        raise InvalidValue("PROGRAMMATIC ACCESS TOKEN", why)


def _keep(tx: Transaction, user: User, token: AccessToken) -> None:
    tx.save_access_token(token)
    tx.bump_generation()
    if not user.has_access_token:
        tx.save_user(msgspec.structs.replace(user, has_access_token=True), user)


def _added(token: AccessToken) -> Event:
    return AccessTokenAdded(
        id=token.id, user=token.user, name=token.name, expires_at=token.expires_at
    )


def _changed(before: AccessToken, after: AccessToken) -> tuple[Event, ...]:
    fields = [
        field
        for field in (*CHANGEABLE.values(), "expires_at", "rotated_to")
        if getattr(before, field) != getattr(after, field)
    ]
    was: dict[str, Scalar] = {field: getattr(before, field) for field in fields}
    now: dict[str, Scalar] = {field: getattr(after, field) for field in fields}
    return (AccessTokenChanged(id=after.id, user=after.user, before=was, after=now),)
