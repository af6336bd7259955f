"""Refusals: what an account says no to. Each front words them in its own protocol.

A refusal carries facts, never a status or a sentence for a caller. `remedy` is for the audit
row and the operator's log: a caller who may not know it never sees it (DESIGN section 3). `step`
is the number of the step it comes of, when it comes of one of the steps of a change.
"""

from rolecall.domain.model import Kind, Privilege


class Refusal(Exception):
    """The account says no."""

    remedy: str | None = None
    step: int | None = None

    def __init__(self, *facts: object, remedy: str | None = None) -> None:
        super().__init__(*facts)
        self.remedy = remedy


class NotFound(Refusal):
    """No such object, or none that this session may know of."""

    def __init__(self, kind: Kind, name: str, *, remedy: str | None = None) -> None:
        super().__init__(kind, name, remedy=remedy)
        self.kind = kind
        self.name = name


class AlreadyExists(Refusal):
    """The name is taken, perhaps by an object that the session can't see."""

    def __init__(
        self, kind: Kind, name: str, *, id: str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(kind, name, remedy=remedy)
        self.kind = kind
        self.name = name
        self.id = id


class NotAuthorized(Refusal):
    """The session's roles don't hold what the act asks for."""

    def __init__(
        self, privilege: Privilege, kind: Kind, name: str, *, remedy: str | None = None
    ) -> None:
        super().__init__(privilege, kind, name, remedy=remedy)
        self.privilege = privilege
        self.kind = kind
        self.name = name


class RoleNotGranted(Refusal):
    """The session asks to act as a role that its user doesn't have."""

    def __init__(self, name: str, user: str, *, remedy: str | None = None) -> None:
        super().__init__(name, user, remedy=remedy)
        self.name = name
        self.user = user


class InvalidValue(Refusal):
    """A property can't take that value."""

    def __init__(self, property_name: str, reason: str, *, remedy: str | None = None) -> None:
        super().__init__(property_name, reason, remedy=remedy)
        self.property_name = property_name
        self.reason = reason


class NoTarget(Refusal):
    """A change is of entries that are not there, and nothing says what a new one would be."""

    def __init__(self, attribute: str) -> None:
        super().__init__(attribute)
        self.attribute = attribute


class UnknownMember(Refusal):
    """Some ids given as members belong to no user of this account."""

    def __init__(self, ids: tuple[str, ...], *, remedy: str | None = None) -> None:
        super().__init__(ids, remedy=remedy)
        self.ids = ids


class VersionMismatch(Refusal):
    """The resource is at another version than the caller means."""

    def __init__(self, kind: Kind, id: str, present: int) -> None:
        super().__init__(kind, id, present)
        self.kind = kind
        self.id = id
        self.present = present


class CircularGrant(Refusal):
    """Granting the role would make it inherit itself."""

    def __init__(self, role: str, grantee: str, *, id: str | None = None) -> None:
        super().__init__(role, grantee)
        self.role = role
        self.grantee = grantee
        self.id = id


class SystemObject(Refusal):
    """System roles can't be dropped, renamed or given away."""

    def __init__(self, kind: Kind, name: str) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name


class CurrentRole(Refusal):
    """A session can't drop the role that it acts as."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class DependentGrants(Refusal):
    """Ownership can't move while grants depend on it and nobody said what becomes of them."""

    def __init__(self, kind: Kind, name: str) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name


class PassedOn(Refusal):
    """What is to be revoked was passed on by its holder, and nobody said what becomes of that."""

    def __init__(self, privilege: Privilege, kind: Kind, name: str) -> None:
        super().__init__(privilege, kind, name)
        self.privilege = privilege
        self.kind = kind
        self.name = name


class InUse(Refusal):
    """What is attached to something, or stands in it, can't be dropped or replaced."""

    def __init__(self, kind: Kind, name: str, used_by: Kind, *, remedy: str) -> None:
        super().__init__(kind, name, used_by, remedy=remedy)
        self.kind = kind
        self.name = name
        self.used_by = used_by


class SearchTooLong(Refusal):
    """A search takes longer than the store gives one: what it would find stays unknown."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class NotAdoptable(Refusal):
    """An integration that keeps to Snowflake's limits doesn't take over what it didn't make."""

    def __init__(self, kind: Kind, name: str, role: str, *, remedy: str) -> None:
        super().__init__(kind, name, role, remedy=remedy)
        self.kind = kind
        self.name = name
        self.role = role


class AddressNotAdmitted(Refusal):
    """A network policy would keep out the very session that puts it in force."""

    def __init__(self, name: str, address: str) -> None:
        super().__init__(name, address)
        self.name = name
        self.address = address


class AddressRefused(Refusal):
    """The network policy in force does not admit the caller; which one is for the history alone."""

    def __init__(self, address: str, *, remedy: str | None = None) -> None:
        super().__init__(address, remedy=remedy)
        self.address = address


class TokenRefused(Refusal):
    """The credential is not, or no longer, good. `why` is one of TOKEN_REASONS."""

    def __init__(self, why: str, *, remedy: str | None = None) -> None:
        super().__init__(why, remedy=remedy)
        self.why = why


class LoginRefused(Refusal):
    """The login is refused; the caller hears nothing of why."""

    def __init__(self, login_name: str, why: str, *, remedy: str | None = None) -> None:
        super().__init__(login_name, why, remedy=remedy)
        self.login_name = login_name
        self.why = why


class ChangeHeld(Refusal):
    """The brake holds the change, number `id`, until somebody decides; `first` is when it does so.

    It `removes` that many, and the integration's limit is `limit`. It may be asked for again
    after some seconds.
    """

    def __init__(  # noqa: PLR0913  as many facts
        self,
        id: str,
        integration: str,
        removes: int,
        limit: int,
        seconds: int,
        *,
        first: bool = True,
        remedy: str | None = None,
    ) -> None:
        super().__init__(id, integration, removes, limit, seconds, remedy=remedy)
        self.id = id
        self.integration = integration
        self.removes = removes
        self.limit = limit
        self.seconds = seconds
        self.first = first


class ChangeRejected(Refusal):
    """The change was held, and somebody has rejected it: until then it is not even held."""

    def __init__(self, id: str, integration: str, until: int, *, remedy: str | None = None) -> None:
        super().__init__(id, integration, until, remedy=remedy)
        self.id = id
        self.integration = integration
        self.until = until


class StoreFailure(Exception):
    """The change is not kept: the disk is full or broken, or another process holds the file."""


TOKEN_REASONS = ("unknown", "expired", "ended", "integration_disabled", "issued_too_early")
