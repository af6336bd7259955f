"""A simulation: one provider, one seeded story, one server over HTTP, and what came of it."""

import time
from collections.abc import Callable
from ipaddress import ip_address
from random import Random

import httpx
import msgspec

from rolecall.simulate.caller import Caller
from rolecall.simulate.directory import Story, story_of
from rolecall.simulate.entra import FLAG, EntraPlayer
from rolecall.simulate.manners import ENTRA, GENERIC, MANNERS
from rolecall.simulate.okta import OktaPlayer, OktaWizardPlayer
from rolecall.simulate.others import JumpCloudPlayer, OneLoginPlayer, RipplingPlayer
from rolecall.simulate.player import Player
from rolecall.simulate.playing import (
    COMPARING,
    Choice,
    CouldNotRun,
    Progress,
    Report,
    clean_up,
    play,
    report_of,
)
from rolecall.simulate.rules import sentence_of

SEED = 7644
ANSWER_SECONDS_MAX = 30.0
PLAYERS: dict[str, type[Player]] = {
    "okta": OktaPlayer,
    "okta-aiw": OktaWizardPlayer,
    "onelogin": OneLoginPlayer,
    "jumpcloud": JumpCloudPlayer,
    "rippling": RipplingPlayer,
    "generic": Player,
}
"""Who plays which provider; Entra's player must know of the flag."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is played: which provider, how many users, groups and changes, from which seed.

    `compares` reads everything back at the end, `cleans_up` deletes what was played with after
    that: as the tool and not as the provider.
    """

    provider: str = GENERIC.name
    users: int
    groups: int
    changes: int | None = None
    seed: int = SEED
    compares: bool = True
    choice: Choice = Choice()
    cleans_up: bool = False


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

    Raises CouldNotRun when there is nobody to play with, or no longer.
    """
    story = story_of(Random(plan.seed), plan.users, plan.groups, plan.changes)
    manners = MANNERS[plan.provider]
    base, _, query = url.partition("?")
    with client_of(base, query) as client:
        player = player_of(plan, story, Caller(client, token, rotate, time.sleep, manners), query)
        knock(player.caller, base)
        started = time.perf_counter()
        played = play(
            player, on_progress, manners.concurrency, compares=plan.compares, choice=plan.choice
        )
        if plan.cleans_up:
            clean_up(player, on_progress)
        return report_of(player, time.perf_counter() - started, played)


def client_of(base: str, query: str) -> httpx.Client:
    """A client at the address. Raises CouldNotRun when it is none.

    Certificate authorities are those of SSL_CERT_FILE, if there are any, and proxies those of the
    environment; but no proxy comes between us and loopback.
    """
    try:
        host = httpx.URL(base).host
        return httpx.Client(
            base_url=f"{base.rstrip('/')}/",
            params=httpx.QueryParams(query),
            timeout=ANSWER_SECONDS_MAX,
            trust_env=not is_loopback(host),
            verify=httpx.create_ssl_context(),
        )
    except (httpx.InvalidURL, OSError) as error:
        raise CouldNotRun(f"{base} can't be asked ({error}): check --url.") from error


def is_loopback(host: str) -> bool:
    """Whether a name or an address in a URL means this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def chapters_of(provider: str) -> list[str]:
    """The names of the chapters that a provider plays, in order."""
    story = story_of(Random(SEED), 100, 3)
    with httpx.Client() as client:
        caller = Caller(client, "", None, time.sleep, MANNERS[provider])
        player = player_of(Plan(provider=provider, users=100, groups=3), story, caller)
        return [*(name for name, _ in player.chapters()), COMPARING]


def knock(caller: Caller, base: str) -> None:
    """Look whether there is a SCIM server that takes the token. Raises CouldNotRun."""
    answer = caller.probe("Users", {"startIndex": "1", "count": "1"})
    if answer is None:
        hint = "is the server running, and --url right?"
        if "CERTIFICATE_VERIFY_FAILED" in caller.trouble:
            hint = "a certificate authority of your own is named by SSL_CERT_FILE."
        raise CouldNotRun(f"nobody answers at {base} ({caller.trouble}): {hint}")
    if answer.status_code in {401, 403}:
        said = sentence_of(answer.content)
        raise CouldNotRun(f"{base} answered {answer.status_code}: {said or 'no'} Check the token.")
    if answer.status_code == 404:
        raise CouldNotRun(
            f"{answer.url.copy_with(query=None)} is not there (404): check --url, which /Users is "
            "appended to, such as https://scim.example.com/scim/v2."
        )


def player_of(plan: Plan, story: Story, caller: Caller, query: str = "") -> Player:
    """The provider that plays the story."""
    if plan.provider == ENTRA.name:
        return EntraPlayer(story, caller, flagged=FLAG in query)
    return PLAYERS[plan.provider](story, caller)
