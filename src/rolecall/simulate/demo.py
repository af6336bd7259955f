"""The demo's provider: one fixed story, played against a server over HTTP, and what came of it."""

import time
from collections.abc import Callable
from random import Random

import httpx

from rolecall.simulate.caller import Caller
from rolecall.simulate.directory import story_of
from rolecall.simulate.player import CONCURRENCY, Player, Progress, Report, play, report_of

DEMO_SEED = 7644
ANSWER_SECONDS_MAX = 30.0


def play_demo(
    url: str,
    token: str,
    rotate: Callable[[], str],
    users: int,
    groups: int,
    on_progress: Callable[[Progress], None],
) -> Report:
    """Play the story of so many users and groups against the SCIM service at `url`.

    `url` ends in /scim/v2 or in an endpoint id. `rotate` ends the token in use and returns another;
    it is called once in the middle of the story, and again if a token is refused.
    """
    story = story_of(Random(DEMO_SEED), users, groups)
    # Nothing is read from the environment: a proxy must not come between us and loopback.
    with httpx.Client(
        base_url=f"{url.rstrip('/')}/", timeout=ANSWER_SECONDS_MAX, trust_env=False
    ) as client:
        player = Player(story, Caller(client, token, rotate, time.sleep))
        started = time.perf_counter()
        play(player, on_progress, CONCURRENCY)
        return report_of(player, time.perf_counter() - started)
