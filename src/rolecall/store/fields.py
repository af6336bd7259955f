"""Fields: what predicates ask of a stored object, derived from it in one place for every store.

All else of a user stands in its document (`domain.document`).
"""

import msgspec

from rolecall.domain.model import Held, Member, Role, RoleCard, User, UserCard
from rolecall.domain.names import Id, Key, key_of
from rolecall.domain.predicate import Field, Value


class UserKeys(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The comparison keys of a user's names (DESIGN contract 11)."""

    name: Key
    login: Key
    display: Key | None
    email: Key | None


def keys_of(user: User) -> UserKeys:
    return UserKeys(
        name=key_of(user.name),
        login=key_of(user.login_name),
        display=None if user.display_name is None else key_of(user.display_name),
        email=None if user.email is None else key_of(user.email),
    )


def user_fields(card: UserCard) -> dict[str, Value]:
    user, keys = card.user, keys_of(card.user)
    return {
        Field.ID: user.id,
        Field.NAME: user.name,
        Field.NAME_KEY: keys.name,
        Field.LOGIN_KEY: keys.login,
        Field.DISPLAY_KEY: keys.display,
        Field.EMAIL_KEY: keys.email,
        Field.EXTERNAL_ID: card.external_id,
        Field.OWNER: user.owner,
        Field.ACTIVE: not user.disabled,
        Field.CREATED_AT: user.created_at,
        Field.CHANGED_AT: card.revision.changed_at,
        Field.VERSION: str(card.revision.version),
    }


def role_fields(card: RoleCard) -> dict[str, Value]:
    """A role's display name is its name (RFC 7643 section 4.2); what it lacks is absent."""
    role = card.role
    return {
        Field.ID: role.id,
        Field.NAME: role.name,
        Field.NAME_KEY: key_of(role.name),
        Field.DISPLAY_KEY: key_of(role.name),
        Field.EXTERNAL_ID: card.external_id,
        Field.OWNER: role.owner,
        Field.CREATED_AT: role.created_at,
        Field.CHANGED_AT: card.revision.changed_at,
        Field.VERSION: str(card.revision.version),
    }


def membership_fields(held: Held, owner: Id | None) -> dict[str, Value]:
    """What a predicate asks of a role that a user holds."""
    return {Field.ID: held.role, Field.NAME_KEY: key_of(held.name), Field.OWNER: owner}


def granted_fields(role: Role) -> dict[str, Value]:
    """What a predicate asks of a role at the other end of a nested grant."""
    key = key_of(role.name)
    return {
        Field.ID: role.id,
        Field.NAME_KEY: key,
        Field.DISPLAY_KEY: key,
        Field.OWNER: role.owner,
    }


def member_fields(member: Member) -> dict[str, Value]:
    """What a predicate asks of a user that holds a role."""
    shown = member.display_name if member.display_name is not None else member.login_name
    return {
        Field.ID: member.user,
        Field.DISPLAY_KEY: key_of(shown),
        Field.OWNER: member.owner,
    }
