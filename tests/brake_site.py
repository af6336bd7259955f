"""An integration with a brake, and what a test of the brake asks of its account."""

from msgspec.structs import replace

from builders import (
    NOW,
    SECOND,
    admin,
    an_id,
    by,
    put,
)
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    ChangeIntegration,
    ChangeRole,
    ChangeUser,
    DropRole,
    DropUser,
    RoleChange,
)
from rolecall.domain.commands_held import ReleaseHeldChange
from rolecall.domain.errors import (
    Refusal,
)
from rolecall.domain.held import HeldChange
from rolecall.domain.model import Json
from rolecall.domain.names import Id
from rolecall.domain.releasing import HeldChanges
from rolecall.domain.session import Session

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def limit(account: Account, most: int | None, minutes: int = 60, *exempt: str) -> None:
    """The integration OKTA takes away only so much in so many minutes."""
    properties: dict[str, Json] = {
        "DEPROVISIONING_LIMIT": most,
        "DEPROVISIONING_WINDOW_IN_MINUTES": minutes,
        "DEPROVISIONING_EXEMPT_USERS": list(exempt),
    }
    changes = tuple(put(name, value) for name, value in properties.items())
    change = ChangeIntegration(integration=by("OKTA"), changes=changes, at=NOW)
    account.execute(admin(account), change)


def percent(account: Account, most: int | None) -> None:
    """The integration OKTA takes away only so many of a hundred."""
    change = put("DEPROVISIONING_LIMIT_IN_PERCENT", most)
    changing = ChangeIntegration(integration=by("OKTA"), changes=(change,), at=NOW)
    account.execute(admin(account), changing)


def later(session: Session, at: int, request: int = 7) -> Session:
    return replace(session, at=at, request=an_id(request))


def leave(account: Account, okta: Session, user: Id) -> Refusal | None:
    """The provider deactivates: the refusal that it hears, or None."""
    return told(account, okta, disabling(user, okta.at, out=True))


def disabling(user: Id, at: int, *, out: bool) -> ChangeUser:
    return ChangeUser(user=user, changes=(put("DISABLED", value=out),), at=at)


def change_members(
    account: Account, okta: Session, role: Id, *changes: RoleChange
) -> Refusal | None:
    return told(account, okta, ChangeRole(role=role, changes=changes, at=okta.at))


Asked = ChangeUser | ChangeRole | DropUser | DropRole


def told(account: Account, okta: Session, command: Asked) -> Refusal | None:
    try:
        (effect,) = account.execute(okta, command)
    except Refusal as refusal:
        return refusal
    return effect.answer if isinstance(effect.answer, Refusal) else None


def held(account: Account) -> tuple[HeldChange, ...]:
    return account.ask(admin(account), HeldChanges())


def is_out(account: Account, user: Id) -> bool:
    found = account.store.read(1, lambda reading: reading.user(user))
    return found is None or found.disabled


def members(account: Account, role: Id) -> set[Id]:
    return {each.user for each in account.store.read(1, lambda r: r.members_of(role, 100))}


def release(account: Account, change: HeldChange, at: int = NOW) -> None:
    account.execute(admin(account, at), ReleaseHeldChange(change=change.id, at=at))
