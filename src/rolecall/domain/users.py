"""Users: created, changed, dropped. A handler asks: may you, does it make sense, do it, say it."""

from collections.abc import Sequence

import msgspec

from rolecall.domain import (
    access,
    brake,
    credentials,
    defaults,
    keeping,
    nesting,
    profile,
    properties,
)
from rolecall.domain.commands import (
    EVERY_VERSION,
    Add,
    At,
    ByName,
    ChangeUser,
    CreateUser,
    DropUser,
    Ref,
    RoleChange,
    Set,
    Unset,
    UserChange,
    Versions,
)
from rolecall.domain.effects import Effect
from rolecall.domain.errors import (
    AlreadyExists,
    InvalidValue,
    NotAuthorized,
    NotFound,
    Refusal,
    VersionMismatch,
)
from rolecall.domain.events import Event, UserChanged, UserCreated, UserDropped
from rolecall.domain.model import Json, Kind, Privilege, Revision, User, UserCard
from rolecall.domain.names import NAME_LENGTH_MAX, Id, Name, key_of
from rolecall.domain.ports import Asked, Reading, Transaction
from rolecall.domain.predicate import And, Compare, Field, Operator
from rolecall.domain.session import Session

EXTERNAL_ID = "EXTERNAL_ID"
REPLACED = ("DISPLAY_NAME", "FIRST_NAME", "MIDDLE_NAME", "LAST_NAME", "TYPE")
"""Properties that a replacement (PUT) without them unsets; what SQL governs too stays."""


def create_user(tx: Transaction, session: Session, command: CreateUser) -> Effect:
    """A user comes to be. Raises NotAuthorized, AlreadyExists, InvalidValue."""
    if command.or_alter and tx.user_named(command.name) is not None:
        return change_user(tx, session, _as_change(command))
    access.require(tx, session, Privilege.CREATE_USER)
    require_name("NAME", command.name)
    require_name("LOGIN_NAME", command.login_name)
    ended = _make_room(tx, session, command)
    if ended is None:
        return Effect()

    shown = profile.founded(command.profile)
    if "EMAIL" in command.properties:
        address = properties.text("EMAIL", command.properties["EMAIL"])
        shown = profile.with_email(shown, address)
    user = User(
        id=command.id,
        name=command.name,
        login_name=command.login_name,
        owner=session.role,
        created_at=command.at,
        email=profile.primary_email(shown),
        profile=shown,
        **properties.fields_of(command.properties),
    )
    properties.require_consistent(user)
    user, warnings = defaults.settled(tx, session, None, user)
    known = _known_as(session, command)
    if not tx.add_user(user, known):
        revived = None if known is None else _revivable(tx, session, known[1])
        if revived is not None:
            return change_user(tx, session, _as_revival(revived, command))
        if known is None or not tx.add_user(user):
            raise _taken(tx, session, command)
        tx.save_link(known[0], user.id, known[1])

    card = UserCard(
        user=user,
        revision=Revision(version=1, changed_at=command.at),
        external_id=command.external_id,
    )
    created = UserCreated(id=user.id, name=user.name, owner=user.owner)
    return Effect((*ended, created), card, warnings)


def _known_as(session: Session, command: CreateUser) -> tuple[str, str] | None:
    """The integration and the external id that it gives the user."""
    if session.integration is None or command.external_id is None:
        return None
    return session.integration, command.external_id


def _revivable(tx: Transaction, session: Session, external_id: str) -> Id | None:
    """The one disabled user whom the integration knows by this id, if it sees that (section 3)."""
    where = And(
        (
            Compare(Field.EXTERNAL_ID, Operator.EQ, external_id),
            Compare(Field.ACTIVE, Operator.EQ, value=False),
        )
    )
    owners = access.visible_owners(tx, session, Kind.USER)
    found = tx.find_users(Asked(where, owners, session.integration), 0, 2).items
    return found[0].user.id if len(found) == 1 else None


def _as_revival(user: Id, command: CreateUser) -> ChangeUser:
    """A POST of who is there, disabled: replaced by what was sent, and enabled unless it says no.

    The id stays, and with it the identity provider's link and the memberships.
    """
    properties_given: dict[str, Json] = {"DISABLED": False, **command.properties}
    changes = [
        Set(At("NAME"), command.name),
        Set(At("LOGIN_NAME"), command.login_name),
        Set(At(EXTERNAL_ID), command.external_id),
        *(Set(At(name), value) for name, value in properties_given.items()),
    ]
    for name, value in command.profile.items():
        if name.startswith("urn:") and isinstance(value, dict):
            changes += [Set(At(part, name), inner) for part, inner in value.items()]
        else:
            changes.append(Set(At(name), value))
    return ChangeUser(user=user, changes=tuple(changes), at=command.at, replaces=True)


def _taken(tx: Transaction, session: Session, command: CreateUser) -> AlreadyExists:
    """Why a user could not be added."""
    taken = tx.users_taking(key_of(command.name), key_of(command.login_name))
    if not taken:  # the id is there
        return AlreadyExists(Kind.USER, command.name)
    return _conflict_of(tx, session, taken[0], command.name)


def _make_room(tx: Transaction, session: Session, command: CreateUser) -> tuple[Event, ...] | None:
    """A replaced user is gone afterwards; None when IF NOT EXISTS finds the user there."""
    if not command.or_replace and not command.if_not_exists:
        return ()
    taken = tx.users_taking(key_of(command.name), key_of(command.login_name))
    if not taken:
        return ()
    if command.if_not_exists and any(user.name == command.name for user in taken):
        return None
    if command.or_replace and len(taken) == 1 and taken[0].name == command.name:
        return drop_user(tx, session, DropUser(user=taken[0].id, at=command.at)).events
    raise _conflict_of(tx, session, taken[0], command.name)


def change_user(tx: Transaction, session: Session, command: ChangeUser) -> Effect:
    """A user changes. Raises NotFound, NotAuthorized, VersionMismatch, AlreadyExists."""
    card = find_user(tx, session, command.user)
    if card is None:
        return _absent(command.user, if_exists=command.if_exists)
    before = card.user
    _require_changeable(tx, session, before, command)
    require_version(Kind.USER, before.id, card.revision, command.versions)

    after, external_id = _changed(card, command)
    after, warnings = defaults.settled(tx, session, before, _consistent(after, command.changes))
    _require_free(tx, session, before, after, command.changes)
    groups = nesting.groups_of(tx, session, [after.id]) if session.integration else {}
    if after.disabled and not before.disabled:
        brake.judge_user(tx, session, command, before)
    kept = keeping.kept_user(tx, session, command, before)
    tokens_ended = credentials.access_tokens_ended(tx, after, "disabled") if after.disabled else ()
    if tokens_ended:
        after = msgspec.structs.replace(after, has_access_token=False)
    linked = (
        session.integration is not None
        and external_id != card.external_id
        and tx.save_link(session.integration, after.id, external_id)
    )
    if after == before and not linked:
        card = msgspec.structs.replace(card, groups=groups.get(after.id, ()))
        return Effect(tuple(kept), card, warnings)

    tx.save_user(after, before)
    revision = tx.touch(after.id, command.at, card.revision)
    answer = UserCard(
        user=after,
        revision=revision,
        external_id=external_id,
        groups=groups.get(after.id, ()),
    )
    return Effect((*kept, *tokens_ended, *_said(tx, before, after)), answer, warnings)


def _said(tx: Transaction, before: User, after: User) -> tuple[Event, ...]:
    was, now = properties.differences(before, after)
    changed = UserChanged(id=after.id, before=was, after=now)
    if before.disabled:  # whoever was out has no sessions
        return (changed,)
    if after.disabled:
        return (changed, *credentials.sessions_ended(tx, after.id, "disabled"))
    if after.password != before.password:
        return (changed, *credentials.sessions_ended(tx, after.id, "password"))
    return (changed,)


def drop_user(tx: Transaction, session: Session, command: DropUser) -> Effect:
    """A user is gone. Raises NotFound, NotAuthorized, VersionMismatch."""
    card = find_user(tx, session, command.user)
    if card is None:
        return _absent(command.user, if_exists=command.if_exists)
    user = card.user
    access.require_owned(tx, session, access.target_of(Kind.USER, user), command.user)
    require_version(Kind.USER, user.id, card.revision, command.versions)
    brake.judge_user(tx, session, command, user)

    ended = (
        *credentials.sessions_ended(tx, user.id, "dropped"),
        *credentials.access_tokens_ended(tx, user, "dropped"),
    )
    tx.delete_privileges_on(Kind.USER, user.id)
    tx.delete_user(user.id)
    dropped = UserDropped(
        id=user.id,
        name=user.name,
        owner=user.owner,
        created_at=user.created_at,
        was=properties.described(user),
    )
    return Effect((*ended, dropped), card)


# ---- who may, and CREATE OR ALTER ------------------------------------------------------------

SELF_SERVICE = frozenset({"DEFAULT_NAMESPACE", "DEFAULT_ROLE", "DEFAULT_WAREHOUSE"})
"""What users change of themselves (vendor: ALTER USER)."""

RETAINED = frozenset(
    {
        "DISABLED",
        "EXPIRES_AT",
        "LOCKED_UNTIL",
        "MUST_CHANGE_PASSWORD",
        "PASSWORD",
        "PASSWORD_SET_AT",
        "RSA_PUBLIC_KEY",
        "RSA_PUBLIC_KEY_2",
        "RSA_PUBLIC_KEY_2_SET_AT",
        "RSA_PUBLIC_KEY_SET_AT",
    }
)
"""What CREATE OR ALTER leaves alone unless it names it: who may log in, and with what."""


def _require_changeable(tx: Transaction, session: Session, user: User, command: ChangeUser) -> None:
    own = session.user == user.id
    if own and all(change.at.attribute in SELF_SERVICE for change in command.changes):
        return
    if own and not access.owns(tx, session, user.owner):
        # Users know that they exist: "does not exist" would be no answer.
        fix = access.hand_over(tx, session, access.target_of(Kind.USER, user))
        raise NotAuthorized(Privilege.OWNERSHIP, Kind.USER, user.name, remedy=fix)
    access.require_owned(tx, session, access.target_of(Kind.USER, user), command.user)


def require_own_or_owned(reading: Reading, session: Session, user: User, asked: Ref) -> None:
    """Refuse whoever is neither the user nor of the role that owns it (as require_owned)."""
    if session.user != user.id:
        access.require_owned(reading, session, access.target_of(Kind.USER, user), asked)


def _as_change(command: CreateUser) -> ChangeUser:
    """CREATE OR ALTER of a user who is there: what it doesn't name goes back to its default."""
    unnamed = properties.KNOWN - RETAINED - command.properties.keys() | {"EMAIL"}
    if "EMAIL" in command.properties:
        unnamed -= {"EMAIL"}
    return ChangeUser(
        user=ByName(command.name),  # whoever may not see the user hears the name that they said
        at=command.at,
        changes=(
            Set(At("LOGIN_NAME"), command.login_name),
            *(Unset(At(name)) for name in sorted(unnamed)),
            *(Set(At(name), value) for name, value in command.properties.items()),
        ),
    )


# ---- the steps of a change -------------------------------------------------------------------


TOO_MUCH = (
    "one change looks through entries more often than it may; send it in parts, or the list whole"
)


def _changed(card: UserCard, command: ChangeUser) -> tuple[User, str | None]:
    """The user and the external id after all steps; a refusal says which step it comes of."""
    after = _replaced(card.user) if command.replaces else card.user
    external_id = None if command.replaces else card.external_id
    step = work = 0
    try:
        for step, change in enumerate(command.changes):  # noqa: B007  the refused one's, below
            if change.at.attribute == EXTERNAL_ID:
                external_id = _external_id(change)
                continue
            work += profile.work_of(after.profile, change)
            if work > profile.WORK_MAX:
                raise InvalidValue(change.at.attribute, TOO_MUCH)
            after = apply_change(after, change)
        if after.profile is not card.user.profile and command.changes:
            profile.require_kept(after.profile, command.changes[-1].at.attribute)
    except Refusal as refusal:
        refusal.step = step
        raise
    return after, external_id


def last_step(changes: Sequence[RoleChange | UserChange], *attributes: str) -> int | None:
    """The last step that is about one of the attributes."""
    found = (
        step
        for step, change in enumerate(changes)
        if isinstance(change, Set | Unset | Add) and change.at.attribute in attributes
    )
    return max(found, default=None)


def apply_change(user: User, change: UserChange) -> User:
    """The user after one step. Raises InvalidValue."""
    at = change.at
    if at.attribute in {"NAME", "LOGIN_NAME"}:
        return _renamed(user, change)
    if at.attribute == "EMAIL":
        address = change.value if isinstance(change, Set) else None
        read = properties.text("EMAIL", address)
        return msgspec.structs.replace(user, profile=profile.with_email(user.profile, read))
    if at.attribute in properties.KNOWN and at.extension is None:
        if isinstance(change, Set):
            return properties.with_property(user, at.attribute, change.value)
        return properties.without_property(user, at.attribute)
    return msgspec.structs.replace(user, profile=profile.changed(user.profile, change))


def _renamed(user: User, change: UserChange) -> User:
    name = change.at.attribute
    if not isinstance(change, Set):
        raise InvalidValue(name, "it can't be unset")
    value = change.value
    if not isinstance(value, str):
        raise InvalidValue(name, "it takes text")
    require_name(name, value)
    if name == "NAME":
        return msgspec.structs.replace(user, name=Name(value))
    return msgspec.structs.replace(user, login_name=value)


def _external_id(change: Set | Unset | Add) -> str | None:
    value = change.value if isinstance(change, Set) else None
    return properties.text("externalId", value)


def _replaced(user: User) -> User:
    """The user without what SCIM writes: `active`, password and SQL's defaults stay."""
    user = msgspec.structs.replace(user, profile={})
    for name in REPLACED:
        user = properties.without_property(user, name)
    return user


def _consistent(user: User, changes: Sequence[UserChange]) -> User:
    """The e-mail property follows the primary address; TYPE allows the properties."""
    try:
        properties.require_consistent(user)
    except InvalidValue as refusal:
        refusal.step = last_step(changes, refusal.property_name, "TYPE")
        raise
    address = profile.primary_email(user.profile)
    return user if address == user.email else msgspec.structs.replace(user, email=address)


# ---- what several handlers ask ---------------------------------------------------------------


def require_name(name: str, value: str) -> None:
    """Refuse a name that is empty, too long or holds a NUL (InvalidValue)."""
    if not value:
        raise InvalidValue(name, "it can't be empty")
    if len(value) > NAME_LENGTH_MAX:
        raise InvalidValue(name, f"at most {NAME_LENGTH_MAX} characters")
    if "\x00" in value:
        raise InvalidValue(name, "it can't hold a NUL character")


def _require_free(
    tx: Reading, session: Session, before: User, after: User, changes: Sequence[UserChange]
) -> None:
    if after.name == before.name and after.login_name == before.login_name:
        return
    login = key_of(after.login_name)
    for present in tx.users_taking(key_of(after.name), login):
        if present.id != after.id:
            refusal = _conflict_of(tx, session, present, after.name)
            taken = "LOGIN_NAME" if key_of(present.login_name) == login else "NAME"
            refusal.step = last_step(changes, taken)
            raise refusal


def _conflict_of(tx: Reading, session: Session, present: User, asked: Name) -> AlreadyExists:
    """Id and name are told to those only who may know them; the remedy is for audit and log."""
    if access.owns(tx, session, present.owner):
        return AlreadyExists(Kind.USER, present.name, id=present.id)
    fix = access.hand_over(tx, session, access.target_of(Kind.USER, present))
    return AlreadyExists(Kind.USER, asked, remedy=fix)


def user_or_none(reading: Reading, ref: Ref) -> User | None:
    """The user meant, whoever owns it."""
    return reading.user_named(ref.name) if isinstance(ref, ByName) else reading.user(ref)


def find_user(reading: Reading, session: Session, ref: Ref) -> UserCard | None:
    """The user meant, whoever owns it, without groups."""
    if isinstance(ref, ByName):
        named = reading.user_named(ref.name)
        return None if named is None else reading.user_card(named.id, session.integration)
    return reading.user_card(ref, session.integration)


def _absent(ref: Ref, *, if_exists: bool) -> Effect:
    if if_exists:
        return Effect()
    raise NotFound(Kind.USER, access.label(ref))


def require_version(kind: Kind, id: Id, revision: Revision, versions: Versions) -> None:
    """Refuse a change that is meant for other versions (VersionMismatch; RFC 7644 section 3.14)."""
    present = revision.version
    if versions.expected is not None and present not in versions.expected:
        raise VersionMismatch(kind, id, present)
    if present in versions.unwanted or EVERY_VERSION in versions.unwanted:
        raise VersionMismatch(kind, id, present)
