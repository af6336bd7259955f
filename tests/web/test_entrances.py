"""A token that was found good lets in whoever had come by then, and nobody who comes later."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from builders import NOW, a_token, admin
from rolecall.domain.commands import RevokeToken
from scim_client import user_of
from scim_site import SCIM, Site, listening_site

ROUNDS = 20
AT_ONCE = 40


@pytest.fixture
def served() -> Iterator[tuple[Site, str]]:
    """A site on a real socket, and its URL."""
    with listening_site() as (site, port):
        yield site, f"http://127.0.0.1:{port}/scim/v2"


def test_a_token_that_has_been_revoked_lets_nobody_in_any_more(served: tuple[Site, str]) -> None:
    site, url = served
    with httpx.Client(headers={"Content-Type": SCIM}) as client:
        for round_ in range(ROUNDS):
            token = a_token(site.one.account).id
            headers = {"Authorization": f"Bearer {token}"}
            made = client.post(f"{url}/Users", json=user_of(f"u{round_}"), headers=headers)
            assert made.status_code == 201
            revoked = RevokeToken(token=token, at=NOW)
            site.one.account.execute(admin(site.one.account), revoked)
            again = client.post(f"{url}/Users", json=user_of(f"v{round_}"), headers=headers)
            assert again.status_code == 401


def test_many_at_once_are_each_judged_by_their_own_token(served: tuple[Site, str]) -> None:
    site, url = served

    async def asked() -> list[int]:
        async with httpx.AsyncClient(headers={"Content-Type": SCIM}) as client:
            answers = [
                client.post(
                    f"{url}/Users",
                    json=user_of(f"w{number}"),
                    headers={"Authorization": f"Bearer {site.one.token}{'x' * (number % 2)}"},
                )
                for number in range(AT_ONCE)
            ]
            return [answer.status_code for answer in await asyncio.gather(*answers)]

    assert asyncio.run(asked()) == [201, 401] * (AT_ONCE // 2)
