"""A simulation: one provider, one seeded story, one server over HTTP, and what came of it."""

import time
from collections.abc import Callable
from random import Random

import httpx
import msgspec

from rolecall.simulate.caller import SCIM_JSON, Caller
from rolecall.simulate.directory import Story, story_of
from rolecall.simulate.entra import FLAG, EntraPlayer
from rolecall.simulate.manners import ENTRA, GENERIC, MANNERS, OKTA
from rolecall.simulate.okta import OktaPlayer
from rolecall.simulate.player import Player, Progress, Report, play, report_of
from rolecall.simulate.rules import sentence_of

SEED = 7644
ANSWER_SECONDS_MAX = 30.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is played: which provider, how many users, groups and changes, from which seed.

    `compares` reads everything back at the end, as the tool and not as the provider.
    """

    provider: str = GENERIC.name
    users: int
    groups: int
    changes: int | None = None
    seed: int = SEED
    compares: bool = True


def simulate(
    plan: Plan,
    url: str,
    token: str,
    rotate: Callable[[], str] | None,
    on_progress: Callable[[Progress], None],
) -> Report:
    """Play the plan against the SCIM service at `url`, which ends in /scim/v2 or an endpoint id.

    What follows a `?` in it goes with every request, as a flag in Entra's tenant URL does.
    `rotate` ends the token in use and returns another: it is called once in the middle of the
    story, and again if a token is refused. Without it one token has to do.
    """
    story = story_of(Random(plan.seed), plan.users, plan.groups, plan.changes)
    manners = MANNERS[plan.provider]
    base, _, query = url.partition("?")
    # Nothing is read from the environment: a proxy must not come between us and loopback.
    with httpx.Client(
        base_url=f"{base.rstrip('/')}/",
        params=httpx.QueryParams(query),
        timeout=ANSWER_SECONDS_MAX,
        trust_env=False,
    ) as client:
        player = player_of(plan, story, Caller(client, token, rotate, time.sleep, manners), query)
        started = time.perf_counter()
        play(player, on_progress, manners.concurrency, compares=plan.compares)
        return report_of(player, time.perf_counter() - started)


class Unreachable(Exception):
    """There is nobody to play against: what is wrong, and what to look at."""


def knock(url: str, token: str) -> None:
    """Ask once before anything is played. Raises Unreachable where a provider could not begin."""
    base, _, query = url.partition("?")
    headers = {"Authorization": f"Bearer {token}", "Accept": SCIM_JSON}
    parameters = httpx.QueryParams(query).set("count", "1")
    try:
        with httpx.Client(timeout=ANSWER_SECONDS_MAX, trust_env=False) as client:
            answer = client.get(f"{base.rstrip('/')}/Users", params=parameters, headers=headers)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        why = str(error) or type(error).__name__
        raise Unreachable(
            f"nobody answers at {base} ({why}): is the server running, and --url right?"
        ) from error
    if answer.status_code in {401, 403}:
        said = sentence_of(answer.content)
        raise Unreachable(f"{base} answered {answer.status_code}: {said or 'no'} Check the token.")
    if answer.status_code == 404 and not answer.content.lstrip().startswith(b"{"):
        raise Unreachable(f"{answer.url.copy_with(query=None)} is not there (404): check --url.")


def player_of(plan: Plan, story: Story, caller: Caller, query: str = "") -> Player:
    """The provider that plays the story."""
    if plan.provider == OKTA.name:
        return OktaPlayer(story, caller)
    if plan.provider == ENTRA.name:
        return EntraPlayer(story, caller, flagged=FLAG in query)
    return Player(story, caller)
