"""The surfaces beside SCIM, as routes."""

from collections.abc import Callable

from starlette.routing import Route

from rolecall.domain.account import Account
from rolecall.fronts.world import World
from rolecall.web.accounts import Places


def routes(places: Places, account_of: Callable[[int], Account], world: World) -> list[Route]:
    """Everything that is not SCIM."""
    return []
