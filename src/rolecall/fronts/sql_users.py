"""Statements about users become commands; secrets that are made here are answered once.

The language counts minutes and days from now, the account keeps moments: they are reckoned here,
before the transaction, as password hashes are (DESIGN contract 3).
"""

from typing import assert_never

from rolecall.domain import commands, queries
from rolecall.domain.access import fold_role, quoted
from rolecall.domain.access_tokens import Rotated
from rolecall.domain.commands import At, ByName, Command, Ref
from rolecall.domain.credentials import password_reset
from rolecall.domain.effects import Effect
from rolecall.domain.errors import InvalidValue, NotFound
from rolecall.domain.model import AccessToken, Json, Kind, UserCard
from rolecall.domain.properties import KEPT, KNOWN
from rolecall.domain.tables import Table
from rolecall.fronts.sql_names import json_of, meant, name_of
from rolecall.fronts.sql_refusals import unsupported
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables import table_of
from rolecall.fronts.tables_users import (
    ADDED_ACCESS_TOKEN,
    RESET_PASSWORD,
    ROTATED_ACCESS_TOKEN,
    SHOW_ACCESS_TOKENS,
    AccessTokenRow,
    Secret,
)
from rolecall.sql.parts import Identifier, Property, RenameTo, SetProperties, UnsetProperties, Value
from rolecall.sql.statements import AlterUser, CreateUser
from rolecall.sql.statements_users import (
    AbortAllQueries,
    AddAccessToken,
    ModifyAccessToken,
    RemoveAccessToken,
    ResetPassword,
    RotateAccessToken,
    ShowAccessTokens,
)

MINUTE = 60 * 1_000_000
DAY = 24 * 60 * MINUTE
DAYS_MAX = 36_525
"""A hundred years: no calendar ends before."""
TOKEN_DAYS = 15
TOKEN_DAYS_MAX = 365
ROTATED_HOURS = 24
"""How long the old text of a rotated token lives (vendor)."""

UNTIL = {
    "MINS_TO_BYPASS_MFA": "BYPASS_MFA_UNTIL",
    "MINS_TO_BYPASS_NETWORK_POLICY": "BYPASS_NETWORK_POLICY_UNTIL",
    "MINS_TO_UNLOCK": "LOCKED_UNTIL",
}
"""Minutes of the language, and the moment that the account keeps."""
ALWAYS_FALSE = frozenset({"DISABLE_MFA", "EXT_AUTHN_DUO", "SNOWFLAKE_LOCK", "SNOWFLAKE_SUPPORT"})
"""What the vendor alone could make true, or what there is nothing here to do about."""
WITHOUT_EFFECT = KEPT.keys() - UNTIL.values() | {
    name for name, kept in UNTIL.items() if kept in KEPT
}
"""What is kept and shown, and governs nothing here."""
DATED = {
    "PASSWORD": "PASSWORD_SET_AT",
    "RSA_PUBLIC_KEY": "RSA_PUBLIC_KEY_SET_AT",
    "RSA_PUBLIC_KEY_2": "RSA_PUBLIC_KEY_2_SET_AT",
}
"""Credentials, and where it stands when they were set."""
NAMES = frozenset({"DEFAULT_ROLE", "DEFAULT_WAREHOUSE", "DEFAULT_NAMESPACE"})
SETTABLE = (
    {name for name in KNOWN if not name.endswith(("_SET_AT", "_UNTIL", "EXPIRES_AT"))}
    | UNTIL.keys()
    | ALWAYS_FALSE
    | {"DAYS_TO_EXPIRY", "EMAIL", "LOGIN_NAME"}
)
"""The user properties of this account; the parser knows the rest of the vendor's."""


# ---- CREATE and ALTER ------------------------------------------------------------------------


def create_user(statement: CreateUser, moment: Moment) -> Command:
    """The command of CREATE USER. Raises a Refusal or a SqlRefusal."""
    name = name_of(statement.name)
    # CREATE USER: DISPLAY_NAME and LOGIN_NAME default to the name, DEFAULT_SECONDARY_ROLES to ALL.
    properties: dict[str, Json] = {"DISPLAY_NAME": name, "DEFAULT_SECONDARY_ROLES": ["ALL"]}
    properties |= user_properties(statement.properties, moment)
    login_name = properties.pop("LOGIN_NAME", None)
    return commands.CreateUser(
        id=moment.world.ids.new(),
        name=name,
        login_name=str(login_name) if login_name is not None else name,
        at=moment.at,
        properties=properties,
        or_replace=statement.or_replace,
        or_alter=statement.or_alter,
        if_not_exists=statement.if_not_exists,
    )


def alter_user(statement: AlterUser, moment: Moment) -> Command:
    """The command of ALTER USER, where it makes no secret. Raises a Refusal or a SqlRefusal."""
    user = _meant(statement, moment)
    changes: tuple[commands.UserChange, ...]
    match statement.action:
        case RenameTo(name=name):
            changes = (commands.Set(At("NAME"), name_of(name)),)
        case SetProperties(properties=items):
            given = user_properties(items, moment)
            changes = tuple(commands.Set(At(name), value) for name, value in given.items())
        case UnsetProperties(names=names):
            changes = tuple(commands.Unset(At(name)) for name in _unset(names))
        case AbortAllQueries():
            changes = ()  # who may not change the user is refused all the same
        case ModifyAccessToken(name=name, action=action):
            return commands.ChangeAccessToken(
                user=user,
                name=name_of(name),
                changes=_token_changes(action, moment),
                at=moment.at,
                if_exists=statement.if_exists,
            )
        case RemoveAccessToken(name=name):
            return commands.RemoveAccessToken(
                user=user, name=name_of(name), at=moment.at, if_exists=statement.if_exists
            )
        case ResetPassword() | AddAccessToken() | RotateAccessToken():
            raise AssertionError("what makes a secret answers with it")
        case _:
            assert_never(statement.action)
    return commands.ChangeUser(
        user=user, changes=changes, at=moment.at, if_exists=statement.if_exists
    )


def _meant(statement: AlterUser, moment: Moment) -> Ref:
    return _named(statement.name, moment)


def _named(name: Identifier | None, moment: Moment) -> Ref:
    """The user with this name, else the session's own."""
    if name is not None:
        return meant(name)
    if moment.session.user is None:
        raise NotFound(Kind.USER, moment.session.actor)
    return moment.session.user


# ---- properties ------------------------------------------------------------------------------


def user_properties(items: tuple[Property, ...], moment: Moment) -> dict[str, Json]:
    """What the account is to keep of a user's properties. Raises a Refusal or a SqlRefusal."""
    given: dict[str, Json] = {}
    for item in items:
        if item.name not in SETTABLE:
            what = f"property {item.name} of a user"
            raise unsupported(what, line=item.line, column=item.column)
        given |= _property(item.name, item.value, moment)
    return given


def _property(name: str, value: Value, moment: Moment) -> dict[str, Json]:
    """What the account is to keep of one property."""
    if name in DATED:
        kept = _credential(name, value, moment)
        return {name: kept, DATED[name]: None if kept is None else moment.at}
    if name in UNTIL:
        return {UNTIL[name]: minutes_from(name, value, moment)}
    if name == "DAYS_TO_EXPIRY":
        return {"EXPIRES_AT": _days_from(name, value, moment)}
    if name in ALWAYS_FALSE:
        if value is True and name != "DISABLE_MFA":
            raise InvalidValue(name, "it is always false here; to keep a user out: disabled = true")
        return {}
    if name in NAMES and isinstance(value, Identifier):
        return {name: quoted(name_of(value))}
    return {name: json_of(value)}


def _credential(name: str, value: Value, moment: Moment) -> str | None:
    """A password's verifier, a key's DER; an empty one is none."""
    if not isinstance(value, str) or not value:
        return None
    if name == "PASSWORD":
        return moment.world.secrets.hash_password(value)
    key = moment.world.secrets.public_key(value)
    if key is None:
        why = "it takes an RSA public key of at least 2048 bits in PEM, with or without its header"
        raise InvalidValue(name, why)
    return key


def minutes_from(name: str, value: Value, moment: Moment) -> int | None:
    """The moment so many minutes from now; of none and of 0 there is none. InvalidValue."""
    minutes = _whole(name, value, DAYS_MAX * 24 * 60)
    return moment.at + minutes * MINUTE if minutes else None


def _days_from(name: str, value: Value, moment: Moment) -> int | None:
    days = _whole(name, value, DAYS_MAX)
    return None if days is None else moment.at + days * DAY


def _whole(name: str, value: Value, most: int, least: int = 0) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or not least <= value <= most:
        raise InvalidValue(name, f"it takes a whole number from {least} to {most}")
    return value


def _unset(names: tuple[Identifier, ...]) -> tuple[str, ...]:
    wanted: list[str] = []
    for identifier in names:
        name = identifier.text.upper()
        if name not in SETTABLE:
            raise unsupported(f"property {name} of a user")
        if name in DATED:
            wanted += (name, DATED[name])
        elif name not in ALWAYS_FALSE:
            wanted.append("EXPIRES_AT" if name == "DAYS_TO_EXPIRY" else UNTIL.get(name, name))
    return tuple(wanted)


# ---- what makes a secret ---------------------------------------------------------------------

Secretive = ResetPassword | AddAccessToken | RotateAccessToken
"""The actions of ALTER USER that answer with a secret."""


class Making:
    """A secret in the making: a command, and what is answered when it is carried out."""

    def __init__(self, statement: AlterUser, action: Secretive, moment: Moment) -> None:
        """Mint the secret. Raises a Refusal."""
        self._secrets = moment.world.secrets
        self._text = ""
        self.command = self._command(statement, action, moment)

    def _command(self, statement: AlterUser, action: Secretive, moment: Moment) -> Command:
        user = _meant(statement, moment)
        match action:
            case ResetPassword():
                self._text = self._secrets.mint_password()
                verifier = self._secrets.hash_password(self._text)
                return commands.ChangeUser(
                    user=user,
                    changes=password_reset(verifier, moment.at),
                    at=moment.at,
                    if_exists=statement.if_exists,
                )
            case AddAccessToken():
                return self._added(user, action, moment, if_exists=statement.if_exists)
            case RotateAccessToken():
                given = {item.name: item.value for item in action.properties}
                name = "EXPIRE_ROTATED_TOKEN_AFTER_HOURS"
                hours = _whole(name, given.get(name, ROTATED_HOURS), ROTATED_HOURS)
                minted = self._secrets.mint_token(moment.at)
                self._text = minted.text
                return commands.RotateAccessToken(
                    id=moment.world.ids.new(),
                    user=user,
                    name=name_of(action.name),
                    verifier=minted.verifier,
                    at=moment.at,
                    old_until=moment.at + (hours or 0) * 60 * MINUTE,
                    if_exists=statement.if_exists,
                )
            case _:
                assert_never(action)

    def _added(
        self, user: Ref, action: AddAccessToken, moment: Moment, *, if_exists: bool
    ) -> Command:
        given = {item.name: item.value for item in action.properties}
        days = given.get("DAYS_TO_EXPIRY", TOKEN_DAYS)
        lives = _whole("DAYS_TO_EXPIRY", days, TOKEN_DAYS_MAX, least=1)
        role = given.get("ROLE_RESTRICTION")
        comment = given.get("COMMENT")
        minted = self._secrets.mint_token(moment.at, (lives or TOKEN_DAYS) * 86_400)
        self._text = minted.text
        return commands.AddAccessToken(
            id=moment.world.ids.new(),
            user=user,
            name=name_of(action.name),
            verifier=minted.verifier,
            at=moment.at,
            expires_at=minted.expires_at,
            role_restriction=None if role is None else _role(role),
            comment=None if comment is None else str(comment),
            bypass_network_policy_until=minutes_from(BYPASS, given.get(BYPASS), moment),
            if_exists=if_exists,
        )

    def table(self, effect: Effect) -> Table:
        """The secret, this once; nothing when IF EXISTS found nobody."""
        match effect.answer:
            case UserCard(user=user):
                return table_of(RESET_PASSWORD, [Secret(name=user.name, text=self._text)])
            case Rotated(token=token, rotated=rotated):
                secret = Secret(name=token.name, text=self._text, rotated=rotated.name)
                return table_of(ROTATED_ACCESS_TOKEN, [secret])
            case AccessToken(name=name):
                return table_of(ADDED_ACCESS_TOKEN, [Secret(name=name, text=self._text)])
            case _:
                return table_of(ADDED_ACCESS_TOKEN, ())


# ---- access tokens ---------------------------------------------------------------------------

BYPASS = "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT"
TOKEN_PLACES = {BYPASS: "BYPASS_NETWORK_POLICY_UNTIL"}


def _role(value: Value) -> ByName:
    """A role's name; text is read as an identifier is."""
    return ByName(name_of(value) if isinstance(value, Identifier) else fold_role(str(value)))


def _token_changes(
    action: SetProperties | UnsetProperties | RenameTo, moment: Moment
) -> tuple[commands.Set | commands.Unset, ...]:
    match action:
        case RenameTo(name=name):
            return (commands.Set(At("NAME"), name_of(name)),)
        case SetProperties(properties=items):
            return tuple(
                commands.Set(
                    At(TOKEN_PLACES.get(item.name, item.name)),
                    minutes_from(BYPASS, item.value, moment)
                    if item.name == BYPASS
                    else json_of(item.value),
                )
                for item in items
            )
        case UnsetProperties(names=names):
            words = (name.text.upper() for name in names)
            return tuple(commands.Unset(At(TOKEN_PLACES.get(word, word))) for word in words)
        case _:
            assert_never(action)


def show_access_tokens(statement: ShowAccessTokens, moment: Moment) -> Table:
    """SHOW USER PROGRAMMATIC ACCESS TOKENS, by name."""
    found = moment.ask(queries.AccessTokens(user=_named(statement.user, moment)))
    return table_of(
        SHOW_ACCESS_TOKENS, [AccessTokenRow(summary=one, at=moment.at) for one in found]
    )
