"""Secrets and ids: random enough, kept as verifiers only, alive six calendar months."""

from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import pytest

from rolecall.vault import RandomIds, SystemClock, Vault, token_expiry


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


def test_ids_are_uuids_of_version_7_in_canonical_text() -> None:
    ids = [RandomIds().new() for _ in range(600)]
    read = [UUID(text) for text in ids]
    assert [str(each) for each in read] == ids
    assert {(each.version, each.variant) for each in read} == {(7, RFC_4122)}


def test_no_id_comes_twice_and_later_ones_do_not_sort_before_an_earlier_millisecond() -> None:
    source = RandomIds()
    ids = [source.new() for _ in range(5_000)]
    assert len(set(ids)) == len(ids)
    assert [text[:13] for text in ids] == sorted(text[:13] for text in ids)


def test_an_id_begins_with_the_milliseconds_of_its_making() -> None:
    before = SystemClock().now() // 1_000
    made = UUID(RandomIds().new()).int >> 80
    assert before <= made <= SystemClock().now() // 1_000


@pytest.mark.parametrize(
    ("issued", "expires"),
    [
        ("2026-01-15T10:00:00", "2026-07-15T10:00:00"),
        ("2026-08-31T10:00:00", "2027-02-28T10:00:00"),
        ("2027-08-31T10:00:00", "2028-02-29T10:00:00"),
    ],
)
def test_a_token_lives_six_calendar_months(issued: str, expires: str) -> None:
    assert token_expiry(moment(issued)) == moment(expires)


def test_a_token_is_256_random_bits_kept_as_its_hash() -> None:
    vault = Vault()
    token = vault.mint_token(0)
    assert token.text.startswith("rolecall_")
    assert len(token.text) == len("rolecall_") + 43
    assert token.verifier == vault.verifier_of(token.text)
    assert token.text not in token.verifier


def test_a_token_may_be_minted_for_a_shorter_life() -> None:
    assert Vault().mint_token(1_000_000, 60).expires_at == 61_000_000


def test_a_minted_token_does_not_show_itself() -> None:
    token = Vault().mint_token(0)
    assert token.text not in repr(token)
    assert token.verifier not in repr(token)


def test_a_password_matches_its_verifier_and_no_other() -> None:
    vault = Vault()
    password = vault.mint_password()
    verifier = vault.hash_password(password)
    assert verifier.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert vault.password_matches(verifier, password)
    assert not vault.password_matches(verifier, password + "x")


@pytest.mark.parametrize("verifier", [None, "", "not a verifier"])
def test_without_a_verifier_no_password_matches(verifier: str | None) -> None:
    assert not Vault().password_matches(verifier, "anything")
