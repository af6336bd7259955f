"""External OAuth: what an integration of that type says, and which user a proven token means.

The signature is checked outside; all that the account has to say is asked at each request, and
once more in its transaction.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from rolecall.domain import access, properties
from rolecall.domain.errors import InvalidValue, TokenRefused
from rolecall.domain.model import ExternalOauth, Json, Kind, User
from rolecall.domain.names import Id, Name, key_of
from rolecall.domain.ports import Reading
from rolecall.domain.predicate import Compare, Field, Operator
from rolecall.domain.properties import PropertyRule
from rolecall.domain.session import Proven

TYPES = ("OKTA", "AZURE", "PING_FEDERATE", "CUSTOM")
ATTRIBUTES = ("LOGIN_NAME", "EMAIL_ADDRESS")
SCOPES = ("scp", "scope")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
LEEWAY = 30_000_000
"""By so much may clocks differ, in microseconds."""
ROLE_SCOPE = "session:role:"


class Checks(Protocol):
    """What checks JSON Web Tokens: it may ask the issuer for its keys, and takes its time."""

    def claims_of(self, token: str) -> Mapping[str, object]:
        """What it says, verified by nobody; nothing if it can't be read."""
        ...

    def proven(self, token: str, by: ExternalOauth, at: int) -> Proven:
        """What the token proves. Raises TokenRefused, whose remedy says what is wrong."""
        ...


def is_token(text: str) -> bool:
    """Whether the text has the form of a signed JSON Web Token: three parts."""
    return text.count(".") == 2 and all(text.split("."))


# ---- the integration ---------------------------------------------------------------------------


def _needed(name: str, value: Json) -> str:
    found = properties.text(name, value)
    if not found:
        raise InvalidValue(name, "it is needed, and can't be empty")
    return found


def _word(choices: tuple[str, ...]) -> Callable[[str, Json], str]:
    def read(name: str, value: Json) -> str:
        found = {choice.upper(): choice for choice in choices}.get(str(value).upper())
        if found is None:
            raise InvalidValue(name, f"it takes one of {', '.join(choices)}")
        return found

    return read


def _url(name: str, value: Json) -> str:
    found = _needed(name, value)
    if not found.isascii() or not found.isprintable() or " " in found:  # it is repeated in the log
        raise InvalidValue(name, "it takes an address of plain ASCII characters, percent-encoded")
    try:
        parts = urlsplit(found)
        host = parts.hostname if parts.port != 0 and parts.username is None else None
        safe = host is not None and _is_safe(parts.scheme, host)
    except ValueError:
        safe = False
    if not safe:
        raise InvalidValue(name, "it takes an address that begins with https://")
    return found


def _is_safe(scheme: str, host: str) -> bool:
    return scheme == "https" or (scheme == "http" and host in LOOPBACK)


def _audiences(name: str, value: Json) -> tuple[str, ...]:
    assert isinstance(value, list), "the grammar reads a list"
    return tuple(dict.fromkeys(_needed(name, each) for each in value))


PROPERTIES = {
    "ENABLED": PropertyRule(field="enabled", read=properties.truth, default=True),
    "EXTERNAL_OAUTH_TYPE": PropertyRule(field="type", read=_word(TYPES)),
    "EXTERNAL_OAUTH_ISSUER": PropertyRule(field="issuer", read=_needed),
    "EXTERNAL_OAUTH_JWS_KEYS_URL": PropertyRule(field="jws_keys_url", read=_url),
    "EXTERNAL_OAUTH_RSA_PUBLIC_KEY": PropertyRule(field="rsa_public_key", read=_needed),
    "EXTERNAL_OAUTH_AUDIENCE_LIST": PropertyRule(
        field="audience_list", read=_audiences, default=()
    ),
    "EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM": PropertyRule(field="user_claim", read=_needed),
    "EXTERNAL_OAUTH_SNOWFLAKE_USER_MAPPING_ATTRIBUTE": PropertyRule(
        field="user_attribute", read=_word(ATTRIBUTES)
    ),
    "EXTERNAL_OAUTH_SCOPE_MAPPING_ATTRIBUTE": PropertyRule(
        field="scope_attribute", read=_word(SCOPES), default="scp"
    ),
    "COMMENT": PropertyRule(field="comment", read=properties.text),
}
"""What CREATE takes and ALTER changes; what is needed can't be unset."""

NEEDED = (
    "EXTERNAL_OAUTH_TYPE",
    "EXTERNAL_OAUTH_ISSUER",
    "EXTERNAL_OAUTH_AUDIENCE_LIST",
    "EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM",
    "EXTERNAL_OAUTH_SNOWFLAKE_USER_MAPPING_ATTRIBUTE",
)


def require_sensible(reading: Reading, after: ExternalOauth) -> None:
    """Refuse an integration that lacks something, and an issuer that another has."""
    for name in NEEDED:
        if not getattr(after, PROPERTIES[name].field):
            raise InvalidValue(name, "it is needed, and can't be empty")
    if (after.jws_keys_url is None) == (after.rsa_public_key is None):
        raise InvalidValue(
            "EXTERNAL_OAUTH_JWS_KEYS_URL",
            "either it is set or EXTERNAL_OAUTH_RSA_PUBLIC_KEY, and not both",
        )
    for other in all_of(reading):
        if other.id != after.id and other.name != after.name and other.issuer == after.issuer:
            raise InvalidValue("EXTERNAL_OAUTH_ISSUER", f"it is that of {other.name} already")


def all_of(reading: Reading) -> Iterable[ExternalOauth]:
    """The account's integrations of this type."""
    found = reading.governed_all(Kind.EXTERNAL_OAUTH)
    return [each for each in found if isinstance(each, ExternalOauth)]


def by_issuer(reading: Reading, claims: Mapping[str, object]) -> ExternalOauth:
    """The enabled integration that takes the issuer's tokens. Raises TokenRefused."""
    found = _with_issuer(reading, claims)
    if found is not None:
        return _enabled(found)
    raise TokenRefused(
        "unknown", remedy="no EXTERNAL_OAUTH integration has the token's issuer: see its iss claim"
    )


def _with_issuer(reading: Reading, claims: Mapping[str, object]) -> ExternalOauth | None:
    issuer = claims.get("iss")
    return next((each for each in all_of(reading) if each.issuer == issuer), None)


def _enabled(found: ExternalOauth) -> ExternalOauth:
    if not found.enabled:
        name = access.quoted(found.name)
        fix = f"alter security integration {name} set enabled = true"
        raise TokenRefused("unknown", remedy=fix)
    return found


# ---- whom a token means ------------------------------------------------------------------------


def user_claimed(reading: Reading, claims: Mapping[str, object]) -> Id | None:
    """Whose the token says it is, verified by nobody.

    That user's policy judges the address before the signature is looked at.
    """
    by = _with_issuer(reading, claims)
    subject = None if by is None else claims.get(by.user_claim)
    if by is None or not isinstance(subject, str):
        return None
    found = _users_with(reading, by, subject)
    return found[0].id if len(found) == 1 else None


def _users_with(reading: Reading, by: ExternalOauth, subject: str) -> tuple[User, ...]:
    if by.user_attribute == "LOGIN_NAME":
        user = reading.user_with_login(key_of(subject))
        return () if user is None else (user,)
    email = Compare(Field.EMAIL_KEY, Operator.EQ, key_of(subject))
    return tuple(reading.users_by_name(email, Name(""), 2))


def user_meant(reading: Reading, proven: Proven) -> User:
    """The one user whom the claim names. Raises TokenRefused."""
    by = reading.governed(Kind.EXTERNAL_OAUTH, proven.integration)
    if not isinstance(by, ExternalOauth):
        raise TokenRefused("unknown", remedy=f"integration {proven.name} was dropped")
    _enabled(by)
    found = _users_with(reading, by, proven.subject)
    if len(found) != 1:
        who = "no user has" if not found else "more than one user has"
        attribute = f"{by.user_attribute} = its claim {proven.claim}"
        raise TokenRefused("unknown", remedy=f"{who} {attribute}, which the token says")
    return found[0]


def role_meant(reading: Reading, proven: Proven, user: User) -> Id:
    """The role that a scope names, else the user's default role. Raises TokenRefused."""
    asked = [
        scope[len(ROLE_SCOPE) :] for scope in proven.scopes if scope.lower().startswith(ROLE_SCOPE)
    ]
    if len(asked) > 1:
        raise TokenRefused("unknown", remedy="the token's scopes name more than one role")
    name = asked[0] if asked else user.default_role
    role = None if name is None else reading.role_named(access.fold_role(name))
    if role is None:
        named = access.quoted(user.name)
        fix = f"alter user {named} set default_role = …" if not asked else f"create role {name}"
        raise TokenRefused("unknown", remedy=fix)
    return role.id
