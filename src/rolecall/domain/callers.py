"""Users who speak for an integration: by a programmatic access token or OAuth, and USAGE on it.

What such a request does is done as the integration's RUN_AS_ROLE, whatever the user may do. All
that lets it in is asked at each request, and once more in its transaction.
"""

import msgspec

from rolecall.domain import access, credentials, oauth
from rolecall.domain.errors import LoginRefused, NotAuthorized, RoleNotGranted, TokenRefused
from rolecall.domain.model import AccessToken, Integration, Kind, Privilege, User
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading
from rolecall.domain.session import Proven, Session

REMEDIES = {
    "disabled": "alter user {user} set disabled = false",
    "expired": "alter user {user} unset days_to_expiry",
    "locked": "alter user {user} set mins_to_unlock = 0",
}


class Shown(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An access token or a proof that was shown, good or not, and whose it is.

    `only` is the one role whose rights count; without one all of the user's do.
    """

    user: User
    issued_at: int
    expires_at: int
    only: Id | None = None
    token: AccessToken | None = None
    proven: Proven | None = None


def shown(reading: Reading, verifier: str) -> Shown | None:
    """The access token with this verifier."""
    token = reading.access_token_with(verifier)
    user = None if token is None else reading.user(token.user)
    return None if token is None or user is None else _by_token(user, token)


def _by_token(user: User, token: AccessToken) -> Shown:
    return Shown(
        user=user,
        issued_at=token.created_at,
        expires_at=token.expires_at,
        only=token.role_restriction,
        token=token,
    )


def shown_by(reading: Reading, proven: Proven) -> Shown:
    """The user whom a proof means, with the role that it is for. Raises TokenRefused."""
    user = oauth.user_meant(reading, proven)
    return Shown(
        user=user,
        issued_at=proven.issued_at,
        expires_at=proven.expires_at,
        only=oauth.role_meant(reading, proven, user),
        proven=proven,
    )


def only_integration(reading: Reading) -> Integration | None:
    """The one that a URL without SCIM_ENDPOINT_ID means: the only one that is enabled (vendor)."""
    enabled = reading.memo(
        "enabled integrations",
        lambda: tuple(each for each in reading.integrations() if each.enabled),
    )
    return enabled[0] if len(enabled) == 1 else None


def require_good(reading: Reading, who: Shown, at: int) -> None:
    """Refuse a token that has ended, and one whose user can't log in.

    Raises TokenRefused, LoginRefused.
    """
    if access.is_dropped(reading):
        raise TokenRefused("ended", remedy=access.undropping(reading.account().name))
    token, user = who.token, access.quoted(who.user.name)
    if token is None:
        if who.expires_at + oauth.LEEWAY <= at:
            raise TokenRefused("expired", remedy="the client asks its issuer for a new token")
    else:
        changing = f"alter user {user} {{}} programmatic access token {access.quoted(token.name)}"
        if token.expires_at <= at:
            raise TokenRefused("expired", remedy=changing.format("rotate"))
        if token.disabled:
            raise TokenRefused("ended", remedy=f"{changing.format('modify')} set disabled = false")
    ended = credentials.why_not_let_in(who.user, at)
    if ended is not None:
        remedy = REMEDIES[ended].format(user=user)
        if token is None:  # it says no more than of a user that is not there
            raise TokenRefused("unknown", remedy=remedy)
        raise LoginRefused(who.user.login_name, ended, remedy=remedy)


def require_usage(reading: Reading, integration: Integration, who: Shown) -> None:
    """Refuse an integration that takes no tokens, or not the user's.

    Raises TokenRefused, RoleNotGranted, NotAuthorized.
    """
    user = who.user
    again = (
        "the client asks its issuer for a new token"
        if who.token is None
        else f"alter user {access.quoted(user.name)} add programmatic access token …"
    )
    access.require_accepting(integration, who.issued_at, again)
    roles = access.roles_of_user(reading, user.id)
    only = who.only
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
    who = (
        shown_by(reading, caller.proven)
        if caller.proven is not None
        else _present(reading, caller.user, caller.access_token)
    )
    if integration is None or who is None or who.user.id != caller.user:
        raise TokenRefused("ended")
    require_good(reading, who, session.at)
    require_usage(reading, integration, who)


def _present(reading: Reading, user: Id, token: Id | None) -> Shown | None:
    found = reading.user(user)
    if found is None:
        return None
    for each in reading.access_tokens_of(user):
        if each.id == token:
            return _by_token(found, each)
    return None
