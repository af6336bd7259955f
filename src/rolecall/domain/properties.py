"""The properties of a user, as SQL names them: one row each, with its field and what it takes."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec

from rolecall.domain.errors import InvalidValue
from rolecall.domain.model import Json, Scalar, User, UserType
from rolecall.domain.names import Id, Name

TEXT_LENGTH_MAX = 8_192


class PropertyRule(msgspec.Struct, frozen=True, kw_only=True):
    """A property's field in `User`, how a value is read, and what stands when it is unset."""

    field: str
    read: Callable[[str, Json], object]
    default: object = None
    secret: bool = False


def text(name: str, value: Json) -> str | None:
    """Text or nothing. Raises InvalidValue."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValue(name, "it takes text")
    if len(value) > TEXT_LENGTH_MAX:
        raise InvalidValue(name, f"at most {TEXT_LENGTH_MAX} characters")
    return value


def truth(name: str, value: Json) -> bool:
    """True or false; nothing is false. Raises InvalidValue."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise InvalidValue(name, "it takes true or false")
    return value


def whole(name: str, value: Json) -> int | None:
    """A whole number or nothing. Raises InvalidValue."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidValue(name, "it takes a whole number")


def user_type(name: str, value: Json) -> UserType | None:
    """PERSON, SERVICE, SERVICE_AGENT or LEGACY_SERVICE, in any case. Raises InvalidValue."""
    if value is None or value == "":
        return None
    try:
        return UserType(str(value).upper())
    except ValueError:
        choices = ", ".join(choice.value for choice in UserType)
        raise InvalidValue(name, f"it takes one of {choices}") from None


def secondary_roles(name: str, value: Json) -> tuple[str, ...] | None:
    """('ALL') or (): the attribute's ALL, NONE and "" (reference section 0, row 7)."""
    if value is None:
        return None
    if isinstance(value, list):
        if len(value) > 1:
            raise InvalidValue(name, "it takes ('ALL') or ()")
        value = value[0] if value else ""
    word = str(value).upper()
    if word in {"ALL", "('ALL')"}:
        return ("ALL",)
    if word in {"NONE", "", "()"}:
        return ()
    raise InvalidValue(name, "it takes ALL, NONE or an empty text")


def interfaces(name: str, value: Json) -> tuple[str, ...]:
    """ALL, SNOWFLAKE_INTELLIGENCE, STREAMLIT: a list or comma-separated. Raises InvalidValue."""
    if value is None:
        return ()
    words = value if isinstance(value, list) else str(value).split(",")
    found = tuple(str(word).strip().upper() for word in words if str(word).strip())
    unknown = set(found) - {"ALL", "SNOWFLAKE_INTELLIGENCE", "STREAMLIT"}
    if unknown:
        raise InvalidValue(name, "it takes ALL, SNOWFLAKE_INTELLIGENCE or STREAMLIT")
    return found


USER_PROPERTIES: dict[str, PropertyRule] = {
    "DISPLAY_NAME": PropertyRule(field="display_name", read=text),
    "FIRST_NAME": PropertyRule(field="first_name", read=text),
    "MIDDLE_NAME": PropertyRule(field="middle_name", read=text),
    "LAST_NAME": PropertyRule(field="last_name", read=text),
    "COMMENT": PropertyRule(field="comment", read=text),
    "DISABLED": PropertyRule(field="disabled", read=truth, default=False),
    "TYPE": PropertyRule(field="type", read=user_type),
    "DEFAULT_ROLE": PropertyRule(field="default_role", read=text),
    "DEFAULT_WAREHOUSE": PropertyRule(field="default_warehouse", read=text),
    "DEFAULT_NAMESPACE": PropertyRule(field="default_namespace", read=text),
    "DEFAULT_SECONDARY_ROLES": PropertyRule(field="default_secondary_roles", read=secondary_roles),
    "ALLOWED_INTERFACES": PropertyRule(field="allowed_interfaces", read=interfaces, default=()),
    "PASSWORD": PropertyRule(field="password", read=text, secret=True),
    "PASSWORD_SET_AT": PropertyRule(field="password_set_at", read=whole, secret=True),
    "MUST_CHANGE_PASSWORD": PropertyRule(field="must_change_password", read=truth, default=False),
    "RSA_PUBLIC_KEY": PropertyRule(field="rsa_public_key", read=text),
    "RSA_PUBLIC_KEY_SET_AT": PropertyRule(field="rsa_public_key_set_at", read=whole),
    "RSA_PUBLIC_KEY_2": PropertyRule(field="rsa_public_key_2", read=text),
    "RSA_PUBLIC_KEY_2_SET_AT": PropertyRule(field="rsa_public_key_2_set_at", read=whole),
    "EXPIRES_AT": PropertyRule(field="expires_at", read=whole),
    "LOCKED_UNTIL": PropertyRule(field="locked_until", read=whole),
}

KEPT: dict[str, Callable[[str, Json], Scalar]] = {
    "BYPASS_MFA_UNTIL": whole,
    "BYPASS_NETWORK_POLICY_UNTIL": whole,
    "CUSTOM_LANDING_PAGE_URL": text,
    "CUSTOM_LANDING_PAGE_URL_FLUSH_NEXT_UI_LOAD": truth,
    "DEFAULT_MFA_METHOD": text,
    "EXT_AUTHN_UID": text,
}
"""Properties that are kept and shown, without effect: nothing here is governed by them."""

KNOWN = USER_PROPERTIES.keys() | KEPT.keys()

PERSONS_ONLY = ("FIRST_NAME", "MIDDLE_NAME", "LAST_NAME", "PASSWORD", "MUST_CHANGE_PASSWORD")
"""What a user of TYPE SERVICE can't have (vendor: admin-user-management)."""


def fields_of(given: Mapping[str, Json]) -> dict[str, Any]:
    """The fields of a new user that properties give, all at once. Raises InvalidValue.

    EMAIL is not among them: it lives in the profile.
    """
    fields: dict[str, Any] = {
        rule.field: rule.read(name, value)
        for name, value in given.items()
        if (rule := USER_PROPERTIES.get(name)) is not None
    }
    if not KEPT.keys().isdisjoint(given):
        read = {name: KEPT[name](name, value) for name, value in given.items() if name in KEPT}
        fields["kept"] = {name: value for name, value in read.items() if value}
    return fields


def with_property(user: User, name: str, value: Json) -> User:
    """The user with one property set. Raises InvalidValue; the name must be a property."""
    if name in KEPT:
        return _with_kept(user, name, KEPT[name](name, value))
    rule = USER_PROPERTIES[name]
    return msgspec.structs.replace(user, **{rule.field: rule.read(name, value)})


def _with_kept(user: User, name: str, value: Scalar) -> User:
    rest = {key: kept for key, kept in user.kept.items() if key != name}
    return msgspec.structs.replace(user, kept={**rest, name: value} if value else rest)


def without_property(user: User, name: str) -> User:
    """The user with one property back at its default."""
    if name in KEPT:
        return _with_kept(user, name, None)
    rule = USER_PROPERTIES[name]
    return msgspec.structs.replace(user, **{rule.field: rule.default})


def require_consistent(user: User) -> None:
    """Refuse a service user with a person's properties (InvalidValue)."""
    if user.type is not UserType.SERVICE:
        return
    for name in PERSONS_ONLY:
        if getattr(user, USER_PROPERTIES[name].field):
            raise InvalidValue(name, "a user of TYPE SERVICE has no such property")
    if "BYPASS_MFA_UNTIL" in user.kept:
        raise InvalidValue("MINS_TO_BYPASS_MFA", "a user of TYPE SERVICE has no such property")


def differences(before: User, after: User) -> tuple[dict[str, Json], dict[str, Json]]:
    """The properties that differ, before and after; of a secret only whether there is one."""
    was: dict[str, Json] = {}
    now: dict[str, Json] = {}
    for name, rule in DESCRIBED.items():
        old, new = getattr(before, rule.field), getattr(after, rule.field)
        if old != new:
            was[name], now[name] = (
                (old is not None, new is not None) if rule.secret else (_json(old), _json(new))
            )
    shown_before: dict[str, Json] = {**before.kept, **before.profile}
    shown_after: dict[str, Json] = {**after.kept, **after.profile}
    for attribute in shown_before.keys() | shown_after.keys():
        old, new = shown_before.get(attribute), shown_after.get(attribute)
        if old != new:
            was[attribute], now[attribute] = old, new
    return was, now


def described(user: User) -> dict[str, Json]:
    """The properties that are set, for whoever looks back when the user is gone; no secret."""
    return {
        name: _json(value)
        for name, rule in DESCRIBED.items()
        if not rule.secret and (value := getattr(user, rule.field))
    }


def remembered(id: Id, created_at: int, was: Mapping[str, Json]) -> User:
    """The user that was described so."""
    fields = {
        rule.field: rule.read(name, was[name]) for name, rule in DESCRIBED.items() if name in was
    }
    blank = User(id=id, name=Name(""), login_name="", owner=None, created_at=created_at)
    return msgspec.structs.replace(blank, **fields)


def _json(value: object) -> Json:
    return cast("Json", list(value) if isinstance(value, tuple) else value)


DESCRIBED: dict[str, PropertyRule] = {
    "NAME": PropertyRule(field="name", read=text),
    "LOGIN_NAME": PropertyRule(field="login_name", read=text),
    "OWNER": PropertyRule(field="owner", read=text),
    "EMAIL": PropertyRule(field="email", read=text),
    **{name: rule for name, rule in USER_PROPERTIES.items() if not name.endswith("_SET_AT")},
}
"""Every property that a history shows."""
