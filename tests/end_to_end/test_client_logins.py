"""The ways in by the vendor's own clients: keys, access tokens, renewal, and each way out."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from client_programs import (
    CONNECTORS,
    PASSWORD,
    Outcome,
    Place,
    connected,
    reached,
    snow,
    statements,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
WHO = "select current_user(), current_role()"
FAILED_IN_A_ROW = 5


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key's file; its public half stands beside it."""
    made = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    file = tmp_path_factory.mktemp("key") / "rsa_key.p8"
    file.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    file.with_suffix(".pub").write_text("".join(public.decode().splitlines()[1:-1]))
    file.chmod(0o600)
    return file


def by_key(place: Place, key: Path) -> dict[str, Any]:
    public = key.with_suffix(".pub").read_text()
    place.server.sql(f"alter user driver set rsa_public_key = '{public}'")
    return {"authenticator": "SNOWFLAKE_JWT", "private_key_file": str(key), "password": None}


def by_token(place: Place, name: str) -> dict[str, Any]:
    printed = place.server.sql(
        f"alter user driver add programmatic access token {name} role_restriction = 'ACCOUNTADMIN'",
        "--format",
        "json",
    )
    (row,) = json.loads(printed)
    secret = row["token_secret"]
    return {"authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": secret, "password": None}


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_logs_in_with_a_key(client: str, place: Place, key: Path) -> None:
    _, asked = connected(client, place, statements(WHO), **by_key(place, key))
    assert asked["rows"] == [["DRIVER", "ACCOUNTADMIN"]]


@pytest.mark.parametrize("place", ["http"], indirect=True)
@pytest.mark.parametrize("client", CONNECTORS)
def test_a_key_that_is_not_the_users_is_the_connectors_own_exception(
    client: str, place: Place, key: Path
) -> None:
    way = by_key(place, key)
    place.server.sql("alter user driver unset rsa_public_key")
    (refused,) = connected(client, place, [], **way)
    assert (refused["error"], refused["errno"]) == ("DatabaseError", 390_144)


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_connector_logs_in_with_an_access_token_until_it_is_removed(
    client: str, place: Place
) -> None:
    way = by_token(place, "t")
    steps = statements(
        WHO, "use role public", "alter user driver remove programmatic access token t", WHO
    )
    _, asked, restricted, removed, after = connected(client, place, steps, **way)
    assert asked["rows"] == [["DRIVER", "ACCOUNTADMIN"]]
    assert (restricted["error"], restricted["errno"]) == ("ProgrammingError", 3_013)
    assert "error" not in removed
    assert "error" in after, "the token's sessions end with it"
    (refused,) = connected(client, place, [], **way)
    assert (refused["error"], refused["errno"]) == ("DatabaseError", 394_400)


@pytest.mark.parametrize("place", ["http"], indirect=True)
def test_snow_logs_in_with_a_key_and_with_an_access_token(place: Place, key: Path) -> None:
    for way in (by_key(place, key), by_token(place, "of_snow")):
        assert "DRIVER" in snow(place, WHO, **way)


@pytest.mark.parametrize("place", ["http"], indirect=True)
def test_snow_says_that_a_password_is_wrong(place: Place) -> None:
    assert "390100" in snow(place, "select 1", fails=1, password="wrong")


@pytest.mark.parametrize("place", ["http"], indirect=True)
@pytest.mark.parametrize("client", CONNECTORS)
def test_a_password_that_must_change_is_said_by_the_connector(client: str, place: Place) -> None:
    place.server.sql(
        f"create or replace user fresh password = '{PASSWORD}' must_change_password = true"
    )
    (refused,) = connected(client, place, [], user="fresh")
    assert (refused["error"], refused["errno"]) == ("DatabaseError", 390_106)
    assert "must be changed" in refused["message"]


@pytest.mark.parametrize("place", ["http"], indirect=True)
@pytest.mark.parametrize("client", CONNECTORS)
def test_a_locked_user_hears_what_a_wrong_password_hears(client: str, place: Place) -> None:
    place.server.sql(f"create or replace user guessed password = '{PASSWORD}'")
    (opened,) = connected(client, place, [], user="guessed")
    assert "error" not in opened
    for _ in range(FAILED_IN_A_ROW):
        connected(client, place, [], user="guessed", password="guess")
    (locked,) = connected(client, place, [], user="guessed")
    assert (locked["error"], locked["errno"]) == ("DatabaseError", 390_100)


@pytest.mark.parametrize("client", CONNECTORS)
def test_a_session_is_renewed_without_a_word_until_it_is_too_old(
    client: str, tmp_path: Path
) -> None:
    with reached(tmp_path, "http") as place:
        hours: list[Outcome] = [
            {"do": "post", "url": f"{place.server.root}/control/clock", "body": {"seconds": each}}
            for each in (3_700, 5 * 3_600)
        ]
        steps = [*statements(WHO), hours[0], *statements(WHO), hours[1], *statements(WHO)]
        _, first, _, renewed, _, over = connected(client, place, steps)
        assert first["rows"] == renewed["rows"] == [["DRIVER", "ACCOUNTADMIN"]]
        assert (over["errno"], "error" in over) == (390_114, True)
        _, again = connected(client, place, statements(WHO))
        assert again["rows"] == first["rows"]
