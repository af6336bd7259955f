"""Queries by POST, at the root and at a type, and /Me: RFC 7644 sections 3.4.3 and 3.11."""

import pytest

from scim_client import ERROR_URN, ScimClientInProcess

SEARCH_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@pytest.fixture
def scim() -> ScimClientInProcess:
    client = ScimClientInProcess()
    people = [client.user(f"user{number}", displayName=f"User {number}") for number in range(3)]
    client.group("GUIDES", people[0], externalId="g-1")
    client.group("CLERKS")
    return client


def searched(scim: ScimClientInProcess, path: str, **wanted: object) -> list[str]:
    """The names of what a search finds."""
    answer = scim.post(path, {"schemas": [SEARCH_URN], **wanted})
    assert answer.status == 200, answer.text
    return [each.get("userName") or each["displayName"] for each in answer.json["Resources"]]


def test_a_search_of_a_type_takes_what_a_get_takes(scim: ScimClientInProcess) -> None:
    asked = {"filter": 'userName sw "USER"', "startIndex": 2, "count": 1, "attributes": ["id"]}
    by_get = scim.get("/Users?filter=userName sw %22USER%22&startIndex=2&count=1&attributes=id")
    by_post = scim.post("/Users/.search", {"schemas": [SEARCH_URN], **asked})
    assert by_post.status == 200
    assert by_post.json == by_get.json
    assert list(by_post.json["Resources"][0]) == ["schemas", "id"]


def test_a_search_of_groups_finds_groups(scim: ScimClientInProcess) -> None:
    assert searched(scim, "/Groups/.search", filter='externalId eq "g-1"') == ["GUIDES"]


def test_a_search_at_the_root_finds_users_and_groups(scim: ScimClientInProcess) -> None:
    assert searched(scim, "/.search") == ["user0", "user1", "user2", "GUIDES", "CLERKS"]


@pytest.mark.parametrize(
    ("start", "count", "found"),
    [
        (1, 2, ["user0", "user1"]),
        (3, 2, ["user2", "GUIDES"]),
        (4, 9, ["GUIDES", "CLERKS"]),
        (5, 1, ["CLERKS"]),
        (6, 1, []),
        (1, 0, []),
    ],
)
def test_a_page_at_the_root_goes_on_from_users_to_groups(
    scim: ScimClientInProcess, start: int, count: int, found: list[str]
) -> None:
    asked = {"schemas": [SEARCH_URN], "startIndex": start, "count": count}
    body = scim.post("/.search", asked).json
    names = [each.get("userName") or each["displayName"] for each in body["Resources"]]
    assert (names, body["totalResults"], body["startIndex"]) == (found, 5, start)


def test_a_filter_at_the_root_finds_what_has_the_attribute(scim: ScimClientInProcess) -> None:
    assert searched(scim, "/.search", filter='userName eq "user1"') == ["user1"]
    assert searched(scim, "/.search", filter="displayName pr") == [
        "user0", "user1", "user2", "GUIDES", "CLERKS",
    ]  # fmt: skip


def test_a_filter_at_the_root_on_what_nothing_has_is_refused(scim: ScimClientInProcess) -> None:
    answer = scim.post("/.search", {"schemas": [SEARCH_URN], "filter": 'shoe eq "7"'})
    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")


def test_attributes_are_left_out_by_name(scim: ScimClientInProcess) -> None:
    asked = {"excludedAttributes": ["members", "displayName"], "filter": 'displayName eq "GUIDES"'}
    (group,) = scim.post("/Groups/.search", {"schemas": [SEARCH_URN], **asked}).json["Resources"]
    assert not {"members", "displayName"} & set(group)


def test_names_have_any_case_and_null_is_absent(scim: ScimClientInProcess) -> None:
    asked = {"Schemas": [SEARCH_URN.upper()], "FILTER": 'userName eq "user2"', "count": None}
    answer = scim.post("/Users/.search", asked)
    assert [each["userName"] for each in answer.json["Resources"]] == ["user2"]


def test_an_empty_search_finds_everything(scim: ScimClientInProcess) -> None:
    assert scim.post("/Users/.search", {"colour": "blue"}).json["totalResults"] == 3


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ([], "invalidSyntax"),
        ({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}, "invalidSyntax"),
        ({"schemas": "PatchOp"}, "invalidSyntax"),
        ({"count": 1, "Count": 2}, "invalidSyntax"),
        ({"count": True}, "invalidValue"),
        ({"startIndex": 1.5}, "invalidValue"),
        ({"startIndex": "one"}, "invalidValue"),
        ({"filter": 7}, "invalidValue"),
        ({"filter": ["userName pr"]}, "invalidValue"),
        ({"attributes": [7]}, "invalidValue"),
        ({"attributes": ["id"], "excludedAttributes": ["name"]}, "invalidValue"),
        ({"filter": "userName"}, "invalidFilter"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(
    scim: ScimClientInProcess, body: object, scim_type: str
) -> None:
    answer = scim.post("/Users/.search", body)
    assert (answer.status, answer.json["scimType"]) == (400, scim_type)


@pytest.mark.parametrize("path", ["/.search", "/Users/.search", "/Groups/.search"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_search_is_a_post_rfc7644_3_4_3(
    scim: ScimClientInProcess, path: str, method: str
) -> None:
    answer = scim.ask(method, path, {} if method in {"PUT", "PATCH"} else None)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_a_search_is_on_record_with_its_body(scim: ScimClientInProcess) -> None:
    searched(scim, "/Users/.search", filter='userName eq "user1"')
    attempt = scim.last_attempt()
    assert (attempt.method, attempt.endpoint) == ("POST", "scim/v2/Users/.search")
    assert (attempt.resource_kind, attempt.resource_name) == ("USER", "user1")
    assert 'userName eq \\"user1\\"' in str(attempt.details)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_me_is_not_implemented_by_any_method_rfc7644_3_11(
    scim: ScimClientInProcess, method: str
) -> None:
    answer = scim.ask(method, "/Me", None if method in {"GET", "DELETE"} else {})
    assert answer.status == 501
    assert answer.json["schemas"] == [ERROR_URN]
    assert "integration" in answer.json["detail"]


def test_nothing_is_below_me(scim: ScimClientInProcess) -> None:
    assert scim.get("/Me/1").status == 404
    assert "/Me" not in scim.get("/ResourceTypes").text
