"""A host name leads to its account; whatever names none leads to the first."""

import pytest

from rolecall.web import accounts
from rolecall.web.accounts import AccountRow, Places, label_of

ROWS: list[AccountRow] = [(1, "ACME", "ONE"), (2, "ACME", "TEST_TWO")]


@pytest.fixture
def places() -> Places:
    return Places(lambda: ROWS, "https://scim.example.com:8443")


def test_a_label_has_hyphens_where_names_have_underscores() -> None:
    assert label_of("ACME", "TEST_TWO") == "acme-test-two"


@pytest.mark.parametrize(
    ("host", "number"),
    [
        ("acme-one.example.com", 1),
        ("acme-test-two.example.com", 2),
        ("ACME-TEST_TWO.example.com:8443", 2),
        ("acme-test-two", 2),
        ("acme-test-two:8443", 2),
        ("localhost:8480", 1),
        ("127.0.0.1", 1),
        ("[::1]:8480", 1),
        ("", 1),
        ("acme-none.example.com", 1),
    ],
)
def test_a_host_leads_to_its_account(places: Places, host: str, number: int) -> None:
    assert places.at(host).number == number


def test_the_first_answers_at_the_public_url_and_the_others_under_it(places: Places) -> None:
    assert [place.url for place in places.all()] == [
        "https://scim.example.com:8443",
        "https://acme-test-two.scim.example.com:8443",
    ]


def test_beside_an_account_url_the_others_have_theirs() -> None:
    places = Places(lambda: ROWS, "https://acme-one.example.com")
    assert places.at("acme-test-two").url == "https://acme-test-two.example.com"


@pytest.mark.parametrize("public", ["http://127.0.0.1:8480", "http://[::1]:8480"])
def test_under_a_numeric_address_another_account_is_at_localhost(public: str) -> None:
    places = Places(lambda: ROWS, public)
    assert places.at("acme-test-two.localhost").url == "http://acme-test-two.localhost:8480"


@pytest.mark.parametrize("name", ["TEST_TWO", "test-two", "acme-test_two"])
def test_an_account_is_found_by_its_name(places: Places, name: str) -> None:
    found = places.named(name)
    assert found is not None
    assert found.number == 2


def test_no_account_is_found_by_another_name(places: Places) -> None:
    assert places.named("three") is None


def test_an_account_that_is_made_while_the_server_runs_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = ROWS[:1]
    moments = iter([10.0, 10.5, 20.0, 20.0])
    monkeypatch.setattr(accounts, "monotonic", lambda: next(moments))
    places = Places(lambda: rows, "https://scim.example.com")
    rows = ROWS
    assert places.at("acme-test-two.example.com").number == 1
    assert places.at("acme-test-two.example.com").number == 2


def test_a_name_that_was_erased_and_taken_anew_is_the_new_account() -> None:
    rows = [*ROWS]
    places = Places(lambda: rows, "https://scim.example.com")
    number, organization, name = rows.pop()
    rows.append((number + 9, organization, name))
    found = places.named(name)
    assert found is not None
    assert found.number == number + 9
