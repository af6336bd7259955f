"""Secrets and ids: random enough, kept as verifiers only, alive six calendar months."""

from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import RFC_4122, UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from rolecall.vault import RandomIds, SystemClock, Vault, kept_key, token_expiry


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


# ---- public keys -----------------------------------------------------------------------------


def pem_of(bits: int) -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=bits).public_key()
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, shape).decode()


def test_a_public_key_is_read_with_and_without_its_header() -> None:
    pem = pem_of(2_048)
    body = "".join(pem.splitlines()[1:-1])
    assert Vault().public_key(pem) == Vault().public_key(body) == body
    assert isinstance(load_der_public_key(b64decode(body)), rsa.RSAPublicKey)


@pytest.mark.parametrize("text", ["", "no key", "AAAA", "é", "-----BEGIN PUBLIC KEY-----"])
def test_what_is_no_key_is_none(text: str) -> None:
    assert Vault().public_key(text) is None


def test_a_short_key_and_one_that_is_not_rsa_are_none() -> None:
    curve = ed25519.Ed25519PrivateKey.generate().public_key()
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    other = curve.public_bytes(serialization.Encoding.PEM, shape).decode()
    assert Vault().public_key(pem_of(1_024)) is None
    assert Vault().public_key(other) is None


def test_a_signature_is_made_again_by_the_same_key_alone() -> None:
    signature = Vault(b"k" * 32).sign("text")
    assert signature == Vault(b"k" * 32).sign("text")
    assert signature not in {Vault(b"l" * 32).sign("text"), Vault().sign("text")}
    assert signature != Vault(b"k" * 32).sign("text ")


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: kept_key(path), range(32)))
    assert [len(key) for key in keys] == [32]
    assert kept_key(path) in keys
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


# ---- key-pair tokens ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def body_of(key: rsa.RSAPrivateKey) -> str:
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = Vault().public_key(pem.decode())
    assert body is not None
    return body


def test_a_token_is_known_by_the_key_that_signed_it(private: rsa.RSAPrivateKey) -> None:
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    token = jwt.encode({"iss": "A.B", "exp": 1}, private, algorithm="RS256")
    assert Vault().claims_of(token) == {"iss": "A.B", "exp": 1}
    assert Vault().is_signed_with(token, body_of(private))
    assert not Vault().is_signed_with(token, body_of(other))


def test_no_other_algorithm_will_do(private: rsa.RSAPrivateKey) -> None:
    weak = jwt.encode({"iss": "A.B"}, "x" * 64, algorithm="HS256")
    none = jwt.encode({"iss": "A.B"}, "", algorithm="none")
    longer = jwt.encode({"iss": "A.B"}, private, algorithm="RS512")
    key = body_of(private)
    assert [Vault().is_signed_with(token, key) for token in (weak, none, longer)] == [False] * 3


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "é.é.é", "x" * 100_000])
def test_what_is_no_token_says_nothing(text: str) -> None:
    assert Vault().claims_of(text) is None
