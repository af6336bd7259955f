"""Lists and filters tell the truth: totals, pages and order, of what may be seen."""

import pytest

from builders import an_id
from scim_client import URL, ScimClientInProcess


@pytest.fixture
def scim() -> ScimClientInProcess:
    client = ScimClientInProcess()
    for number in range(5):
        client.user(f"user{number}", externalId=f"Ext{number}", active=number != 4)
    return client


def users(scim: ScimClientInProcess, query: str) -> list[str]:
    """The user names that a query finds."""
    answer = scim.get(f"/Users?{query}")
    assert answer.status == 200, answer.text
    return [each["userName"] for each in answer.json["Resources"]]


def filtered(scim: ScimClientInProcess, text: str) -> list[str]:
    return users(scim, f"filter={text}".replace(" ", "%20").replace("+", "%2B"))


def test_a_list_is_in_the_order_of_creation(scim: ScimClientInProcess) -> None:
    assert users(scim, "") == [f"user{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("query", "start", "found"),
    [
        ("startIndex=2&count=2", 2, ["user1", "user2"]),
        ("startIndex=5&count=100", 5, ["user4"]),
        ("startIndex=6", 6, []),
        ("startIndex=900", 900, []),
        ("startIndex=0&count=1", 1, ["user0"]),
        ("startIndex=-7&count=1", 1, ["user0"]),
        ("count=0", 1, []),
        ("count=-1", 1, []),
        ("count=100000", 1, [f"user{number}" for number in range(5)]),
        ("startIndex=999999999999999999", 2**53, []),
    ],
)
def test_a_page_says_where_it_is_and_how_many_there_are(
    scim: ScimClientInProcess, query: str, start: int, found: list[str]
) -> None:
    body = scim.get(f"/Users?{query}").json
    assert [each["userName"] for each in body["Resources"]] == found
    assert body["totalResults"] == 5
    assert (body["startIndex"], body["itemsPerPage"]) == (start, len(found))


@pytest.mark.parametrize("query", ["startIndex=one", "count=1.5", "count="])
def test_a_page_that_is_no_number_is_refused(scim: ScimClientInProcess, query: str) -> None:
    answer = scim.get(f"/Users?{query}")
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('userName eq "user1"', ["user1"]),
        ('userName eq "USER1"', ["user1"]),
        ('USERNAME EQ "user1"', ["user1"]),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "user1"', ["user1"]),
        ('userName sw "us"', ["user0", "user1", "user2", "user3", "user4"]),
        ('userName co "R3"', ["user3"]),
        ('userName ew "2"', ["user2"]),
        ('externalId eq "Ext1"', ["user1"]),
        ('externalId eq "ext1"', []),
        ('userName eq "user1" or userName eq "user3"', ["user1", "user3"]),
        ('userName sw "user" and not (active eq true)', ["user4"]),
        ("active eq false", ["user4"]),
        ("externalId pr and active eq false", ["user4"]),
        ("displayName pr", []),
        ("displayName eq null", ["user0", "user1", "user2", "user3", "user4"]),
        ('meta.created gt "2026-01-01T00:00:00Z"', []),
        ('meta.created ge "2026-01-01T01:00:00+01:00" and userName eq "user0"', ["user0"]),
        ('meta.lastModified lt "2026-01-01T00:00:00"', []),
        ('userName gt "user3"', ["user4"]),
        ('id eq "nonsense"', []),
    ],
)
def test_a_filter_finds_what_it_says(
    scim: ScimClientInProcess, text: str, found: list[str]
) -> None:
    assert filtered(scim, text) == found


def test_an_id_finds_one(scim: ScimClientInProcess) -> None:
    user = scim.get('/Users?filter=userName eq "user2"').found[0]
    assert filtered(scim, f'id eq "{user}"') == ["user2"]


def test_nobody_is_an_empty_list_and_never_404(scim: ScimClientInProcess) -> None:
    answer = scim.get(f'/Users?filter=userName eq "{an_id(4711)}"')
    assert answer.status == 200
    assert answer.json["totalResults"] == 0
    assert answer.json["Resources"] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        'userName eq "open',
        'userName like "x"',
        'shoeSize eq "9"',
        'password eq "hunter2"',
        'userName eq "\\ud800"',
        "active gt true",
        "userName eq 1.5",
        'meta.created eq "yesterday"',
        'meta.created eq "2026-02-30T00:00:00Z"',
        'meta.created co "2026"',
        "(" * 40 + 'userName eq "x"' + ")" * 40,
    ],
)
def test_a_filter_that_cannot_be_answered_is_refused(scim: ScimClientInProcess, text: str) -> None:
    answer = scim.get(f"/Users?filter={text}")
    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")
    assert "hunter2" not in answer.text


def test_each_address_is_searched_and_one_has_to_meet_all_that_brackets_say(
    scim: ScimClientInProcess,
) -> None:
    emails = [
        {"type": "work", "value": "Bob@Work.example", "primary": True},
        {"type": "home", "value": "bob@home.example"},
    ]
    scim.user("bob", emails=emails)
    assert filtered(scim, 'emails.value eq "bob@work.example"') == ["bob"]
    assert filtered(scim, 'emails co "@work"') == ["bob"]
    assert filtered(scim, 'emails[type eq "work"].value eq "bob@work.example"') == ["bob"]
    assert filtered(scim, 'emails[type eq "work" and value sw "bob"]') == ["bob"]
    assert filtered(scim, 'emails[value eq "bob@home.example"]') == ["bob"]
    assert filtered(scim, 'emails[type eq "work" and value eq "bob@home.example"]') == []


def test_groups_are_found_by_name_in_any_case_and_external_id(
    scim: ScimClientInProcess,
) -> None:
    group = scim.group("Guides", externalId="g1")
    scim.group("Leads")
    assert scim.get('/Groups?filter=displayName eq "GUIDES"').found == [group]
    assert scim.get('/Groups?filter=externalId eq "g1"').found == [group]
    assert scim.get('/Groups?filter=displayName sw "x"').found == []
    assert scim.get("/Groups?count=1").json["totalResults"] == 2


def test_a_lookup_names_in_its_attempt_what_it_found(scim: ScimClientInProcess) -> None:
    (user,) = scim.get('/Users?filter=userName eq "user2"').found
    attempt = scim.last_attempt()
    assert (attempt.resource_id, attempt.resource_name) == (user, "user2")


def test_every_place_is_under_the_public_url(scim: ScimClientInProcess) -> None:
    scim.group("GUIDES", scim.get("/Users?count=1").found[0])
    for path in ("/Users", "/Groups", "/ResourceTypes", "/Schemas", "/ServiceProviderConfig"):
        places = [part.split('"')[0] for part in scim.get(path).text.split('"https://')[1:]]
        assert places
        assert all(
            place.startswith((URL.removeprefix("https://"), "datatracker", "www.rfc"))
            for place in places
            if "acme" in place or "example" in place
        )


def test_an_integrations_own_url_names_its_places_too(scim: ScimClientInProcess) -> None:
    endpoint = endpoint_of(scim)
    (user,) = scim.get(f'/{endpoint}/Users?filter=userName eq "user2"').found
    location = scim.get(f"/{endpoint}/Users/{user}").headers["location"]
    assert location == f"{URL}/{endpoint}/Users/{user}"


def endpoint_of(scim: ScimClientInProcess) -> str:
    """The integration's SCIM_ENDPOINT_ID."""
    id = scim.session.integration_id
    assert id is not None
    found = scim.account.store.read(1, lambda r: r.integration(id))
    assert found is not None
    return found.endpoint


def test_another_integrations_url_is_refused_and_the_audit_says_the_right_one(
    scim: ScimClientInProcess,
) -> None:
    answer = scim.get(f"/{an_id(99)}/Users")
    assert answer.status == 401
    assert endpoint_of(scim) in (scim.last_attempt().fix or "")
    assert endpoint_of(scim) not in answer.text


@pytest.mark.parametrize("flag", ["aadOptscim062020", "aadOptscim062020=", "sortBy=userName"])
def test_parameters_that_mean_nothing_here_are_passed_over(
    scim: ScimClientInProcess, flag: str
) -> None:
    assert users(scim, f'{flag}&filter=userName eq "user1"') == ["user1"]
