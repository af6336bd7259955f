"""Who asks: an actor, the roles it acts as, and the credential that must still be good."""

from enum import StrEnum

import msgspec

from rolecall.domain.names import Id, Name

ALL_ROLES = (Id("ALL"),)
"""Secondary roles: whatever the user holds at the time."""


class ActorKind(StrEnum):
    """What kind of actor a session stands for."""

    INTEGRATION = "INTEGRATION"
    USER = "USER"
    LOCAL = "LOCAL"
    SYSTEM = "SYSTEM"


class Proven(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a verified JSON Web Token says of whoever shows it, by which OAuth integration."""

    integration: Id
    name: Name
    claim: str
    subject: str
    issued_at: int
    expires_at: int
    scopes: tuple[str, ...] = ()


class Caller(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The user whose access token an integration's request came with, or who proved it by OAuth."""

    user: Id
    access_token: Id | None = None
    proven: Proven | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One request's or statement's asker.

    `role` is the primary role; `secondary` are the roles that count too, or ALL_ROLES. For SCIM,
    `integration` names the integration (whose external ids are meant, and whose origin its
    grants carry) and `token` the credential. LOCAL acts with ACCOUNTADMIN's rights from the
    machine itself; SYSTEM founds accounts and is asked nothing. `access_token` is the one by
    which a user came, and `restricted_to` the only role that it lets the user act as. A `caller`
    speaks for the integration and adds nothing to what it may do. `releases` is the held change
    that is carried out now: the brake lets it pass.
    """

    number: int
    actor: str
    actor_kind: ActorKind
    role: Id
    at: int
    request: Id
    user: Id | None = None
    secondary: tuple[Id, ...] = ()
    integration: Name | None = None
    integration_id: Id | None = None
    token: Id | None = None
    caller: Caller | None = None
    login: Id | None = None
    access_token: Id | None = None
    restricted_to: Id | None = None
    client_ip: str | None = None
    releases: Id | None = None
