"""Users who speak for an integration: by a programmatic access token, and USAGE on it.

What such a request does is done as the integration's RUN_AS_ROLE, whatever the user may do. All
that lets it in is asked at each request, and once more in its transaction.
"""

import msgspec

from rolecall.domain import access, admission, credentials
from rolecall.domain.errors import LoginRefused, NotAuthorized, RoleNotGranted, TokenRefused
from rolecall.domain.model import AccessToken, Integration, Kind, Privilege, User
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading
from rolecall.domain.session import Session

REMEDIES = {
    "disabled": "alter user {user} set disabled = false",
    "expired": "alter user {user} unset days_to_expiry",
    "locked": "alter user {user} set mins_to_unlock = 0",
}


class Shown(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An access token that was shown, good or not, and whose it is."""

    token: AccessToken
    user: User


def shown(reading: Reading, verifier: str) -> Shown | None:
    """The access token with this verifier."""
    token = reading.access_token_with(verifier)
    user = None if token is None else reading.user(token.user)
    return None if token is None or user is None else Shown(token=token, user=user)


def only_integration(reading: Reading) -> Integration | None:
    """The one that a URL without SCIM_ENDPOINT_ID means: the only one that is enabled (vendor)."""
    enabled = reading.memo(
        "enabled integrations",
        lambda: tuple(each for each in reading.integrations() if each.enabled),
    )
    return enabled[0] if len(enabled) == 1 else None


def require_admitted(
    reading: Reading, address: str | None, integration: Integration | None, who: Shown, at: int
) -> None:
    """Judge the address by the integration's policy, the user's and the account's.

    A token that bypasses policies bypasses the user's and the account's. Raises AddressRefused.
    """
    if (who.token.bypass_network_policy_until or 0) > at:
        if integration is not None and integration.network_policy is not None:
            admission.require_admitted(reading, address, integration)
        return
    admission.require_admitted(reading, address, integration, who.user.id)


def require_good(reading: Reading, who: Shown, at: int) -> None:
    """Refuse a token that has ended, and one whose user can't log in.

    Raises TokenRefused, LoginRefused.
    """
    if access.is_dropped(reading):
        raise TokenRefused("ended", remedy=access.undropping(reading.account().name))
    token, user = who.token, access.quoted(who.user.name)
    changing = f"alter user {user} {{}} programmatic access token {access.quoted(token.name)}"
    if token.expires_at <= at:
        raise TokenRefused("expired", remedy=changing.format("rotate"))
    if token.disabled:
        raise TokenRefused("ended", remedy=f"{changing.format('modify')} set disabled = false")
    ended = credentials.why_not_let_in(who.user, at)
    if ended is not None:
        raise LoginRefused(who.user.login_name, ended, remedy=REMEDIES[ended].format(user=user))


def require_usage(reading: Reading, integration: Integration, who: Shown) -> None:
    """Refuse an integration that takes no tokens, or not the user's.

    Raises TokenRefused, RoleNotGranted, NotAuthorized.
    """
    user, token = who.user, who.token
    again = f"alter user {access.quoted(user.name)} add programmatic access token …"
    access.require_accepting(integration, token.created_at, again)
    roles = access.roles_of_user(reading, user.id)
    only = token.role_restriction
    name = "…"
    if only is not None:
        name = access.quoted(access.names_of(reading, [only]).get(only) or Name(only))
        if only not in roles:
            fix = f"grant role {name} to user {access.quoted(user.name)}"
            raise RoleNotGranted(name, user.name, remedy=fix)
        roles = access.reached(reading, only)
    users = access.holders(reading, Privilege.USAGE, Kind.INTEGRATION, integration.id)
    if roles.isdisjoint(users) and integration.owner not in roles:
        raise NotAuthorized(
            Privilege.USAGE,
            Kind.INTEGRATION,
            integration.name,
            remedy=f"grant usage on integration {access.quoted(integration.name)} to role {name}",
        )


def require_live(reading: Reading, session: Session) -> None:
    """Refuse what has ended since the request was accepted (DESIGN contract 2)."""
    caller = session.caller
    if caller is None:
        return
    named = session.integration_id
    assert named is not None, "a caller speaks for an integration"
    integration = reading.memo(("integration", named), lambda: reading.integration(named))
    who = _present(reading, caller.user, caller.access_token)
    if integration is None or who is None:
        raise TokenRefused("ended")
    require_good(reading, who, session.at)
    require_usage(reading, integration, who)


def _present(reading: Reading, user: Id, token: Id) -> Shown | None:
    found = reading.user(user)
    if found is None:
        return None
    for each in reading.access_tokens_of(user):
        if each.id == token:
            return Shown(token=each, user=found)
    return None
