"""Rows: how values become columns and come back. A column is derived in one place, its `save_`."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from rolecall.domain.attempts import Attempt, Noted
from rolecall.domain.commands import Add, Set
from rolecall.domain.document import further_addresses, searched
from rolecall.domain.events import (
    Event,
    IntegrationChanged,
    Recorded,
    RoleChanged,
    UserChanged,
    UserDropped,
    weight_of,
)
from rolecall.domain.held import HeldChange, Spells
from rolecall.domain.model import (
    AccessToken,
    Account,
    Database,
    ExternalOauth,
    Governed,
    Integration,
    Kind,
    Member,
    NetworkPolicy,
    NetworkRule,
    Privilege,
    PrivilegeGrant,
    Revision,
    Role,
    RoleCard,
    RoleGrant,
    SqlSession,
    Token,
    User,
    UserCard,
)
from rolecall.domain.names import Id, key_of
from rolecall.domain.ports import Link
from rolecall.store.fields import keys_of

Row = tuple[Any, ...]
"""What the engine hands over: the statement and the STRICT tables say of which types."""

ENCODER = msgspec.json.Encoder()

# The decoder can't follow the recursive alias Json; what was stored was of that type before.
for struct, fields in (
    (User, ("profile",)),
    (UserChanged, ("before", "after")),
    (RoleChanged, ("before", "after")),
    (IntegrationChanged, ("before", "after")),
    (UserDropped, ("was",)),
):
    struct.__annotations__.update(dict.fromkeys(fields, dict[str, Any]))
Set.__annotations__["value"] = Any
Add.__annotations__["values"] = tuple[Any, ...]

account_from = msgspec.json.Decoder(Account).decode
user_from = msgspec.json.Decoder(User).decode
role_from = msgspec.json.Decoder(Role).decode
integration_from = msgspec.json.Decoder(Integration).decode
token_from = msgspec.json.Decoder(Token).decode
database_from = msgspec.json.Decoder(Database).decode
access_token_from = msgspec.json.Decoder(AccessToken).decode
governed_from: dict[Kind, Callable[[str], Governed]] = {
    Kind.NETWORK_POLICY: msgspec.json.Decoder(NetworkPolicy).decode,
    Kind.NETWORK_RULE: msgspec.json.Decoder(NetworkRule).decode,
    Kind.EXTERNAL_OAUTH: msgspec.json.Decoder(ExternalOauth).decode,
}
session_from = msgspec.json.Decoder(SqlSession).decode
held_change_from = msgspec.json.Decoder(HeldChange).decode
spells_from = msgspec.json.Decoder[Spells](Spells).decode
event_from = msgspec.json.Decoder[Event](Event).decode
attempt_from = msgspec.json.Decoder(Attempt).decode
_page_from = msgspec.json.Decoder(list[tuple[int, Attempt]]).decode


def text_of(value: msgspec.Struct) -> str:
    return ENCODER.encode(value).decode()


def save_held_change(account: int, change: HeldChange) -> Row:
    return (
        account,
        change.id,
        change.integration,
        change.fingerprint,
        change.decided_at,
        text_of(change),
    )


def list_of(ids: Iterable[str | int]) -> str:
    """A JSON array, in which any number of ids or numbers travels as one parameter."""
    return ENCODER.encode(list(ids)).decode()


ADDRESSES = 12
"""Where in a user's row its further addresses are."""


def save_user(account: int, user: User) -> Row:
    keys = keys_of(user)
    return (
        account,
        user.id,
        user.name,
        keys.name,
        keys.login,
        keys.display,
        keys.email,
        user.owner,
        not user.disabled,
        user.created_at,
        text_of(user),
        searched(user),
        further_addresses(user),
    )


def is_filed_alike(user: User, before: User) -> bool:
    """Whether two states of a user have the same columns but for those of `save_user_content`.

    All but one of the indices are on others: a change of a title leaves them alone.
    """
    return (
        user.name == before.name
        and user.login_name == before.login_name
        and user.display_name == before.display_name
        and user.email == before.email
        and user.owner == before.owner
        and user.created_at == before.created_at
        and user.profile.get("emails") == before.profile.get("emails")
    )


def save_user_content(account: int, user: User) -> Row:
    return (account, user.id, not user.disabled, text_of(user), searched(user))


def save_role(account: int, role: Role) -> Row:
    return (
        account,
        role.id,
        role.name,
        key_of(role.name),
        role.owner,
        role.created_at,
        text_of(role),
    )


def save_named(account: int, item: Integration | Database) -> Row:
    return (account, item.id, item.name, item.owner, text_of(item))


def save_token(account: int, token: Token) -> Row:
    return (
        account,
        token.id,
        token.integration,
        token.verifier,
        token.issued_at,
        text_of(token),
    )


def save_session(account: int, session: SqlSession) -> Row:
    return (
        account,
        session.id,
        session.user,
        session.verifier,
        session.master,
        session.ends_at,
        text_of(session),
    )


def save_governed(account: int, kind: Kind, governed: Governed) -> Row:
    return (account, kind, governed.id, governed.name, governed.owner, text_of(governed))


def save_access_token(account: int, token: AccessToken) -> Row:
    return (account, token.id, token.user, token.name, token.verifier, text_of(token))


def save_event(account: int, recorded: Recorded) -> Row:
    event = recorded.event
    return (
        account,
        recorded.seq,
        recorded.at,
        recorded.actor,
        recorded.request,
        type(event).__name__,
        event.id,
        text_of(event),
        recorded.attempt,
        weight_of(event),
    )


def save_attempt(account: int, noted: Noted) -> Row:
    attempt = noted.attempt
    return (
        account,
        noted.seq,
        attempt.kind,
        attempt.at,
        text_of(attempt),
        attempt.integration,
    )


def member_from(user: Id, login_name: str, display_name: str | None, owner: Id | None) -> Member:
    return Member(user=user, login_name=login_name, display_name=display_name, owner=owner)


def user_card_from(row: Row) -> UserCard:
    body, version, changed_at, external_id = row
    user = user_from(body)
    return UserCard(
        user=user,
        revision=_revision(version, changed_at, user.created_at),
        external_id=external_id,
    )


def role_card_from(row: Row) -> RoleCard:
    body, version, changed_at, external_id = row
    role = role_from(body)
    return RoleCard(
        role=role,
        revision=_revision(version, changed_at, role.created_at),
        external_id=external_id,
    )


def _revision(version: int | None, changed_at: int | None, created_at: int) -> Revision:
    """A resource that was never touched has no row of its own."""
    if version is None or changed_at is None:
        return Revision(version=1, changed_at=created_at)
    return Revision(version=version, changed_at=changed_at)


def member_grant_from(row: Row) -> RoleGrant:
    role, user, granted_by, created_at, origin = row
    return RoleGrant(
        role=role,
        grantee_kind=Kind.USER,
        grantee=user,
        granted_by=granted_by,
        created_at=created_at,
        origin=origin,
    )


def role_grant_from(row: Row) -> RoleGrant:
    role, grantee, granted_by, created_at, origin, grant_option = row
    return RoleGrant(
        role=role,
        grantee_kind=Kind.ROLE,
        grantee=grantee,
        granted_by=granted_by,
        created_at=created_at,
        origin=origin,
        grant_option=bool(grant_option),
    )


def save_role_grant(account: int, grant: RoleGrant) -> Row:
    return (
        account,
        grant.role,
        grant.grantee,
        grant.granted_by,
        grant.created_at,
        grant.origin,
        grant.grant_option,
    )


def privilege_from(row: Row) -> PrivilegeGrant:
    kind, on, role, privilege, granted_by, created_at, grant_option = row
    return PrivilegeGrant(
        privilege=Privilege(privilege),
        kind=Kind(kind),
        object=on,
        role=role,
        granted_by=granted_by,
        created_at=created_at,
        grant_option=bool(grant_option),
    )


def save_privilege(account: int, grant: PrivilegeGrant) -> Row:
    return (
        account,
        grant.kind,
        grant.object,
        grant.role,
        grant.privilege,
        grant.granted_by,
        grant.created_at,
        grant.grant_option,
    )


def owned_from(row: Row) -> tuple[Kind, Id, str]:
    kind, id, name = row
    return Kind(kind), id, name


def link_from(row: Row) -> Link:
    reader, kind, resource, external_id = row
    return Link(reader=reader, kind=Kind(kind), resource=resource, external_id=external_id)


def noted_from(row: Row) -> Noted:
    seq, body = row
    return Noted(seq=seq, attempt=attempt_from(body))


def noted_page_from(text: str) -> tuple[Noted, ...]:
    return tuple([Noted(seq=seq, attempt=attempt) for seq, attempt in _page_from(text)])


def recorded_from(row: Row) -> Recorded:
    seq, at, actor, request, body, attempt = row
    event = event_from(body)
    return Recorded(seq=seq, at=at, actor=actor, request=request, event=event, attempt=attempt)
