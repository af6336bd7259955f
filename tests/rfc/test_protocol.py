"""RFC 7644 read as a hostile reviewer does: each MUST and SHOULD beside a request that probes it.

What has a file of its own is not repeated: refusals, PATCH, bulk, cursors, ETags of changes.
"""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from builders import an_id
from rolecall.domain.model import ScimClient
from scim_client import (
    ENTERPRISE,
    ERROR_URN,
    GROUP_URN,
    URL,
    USER_URN,
    ScimClientInProcess,
    group_of,
    state_of,
    user_of,
)

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@pytest.fixture(scope="module")
def people() -> Iterator[ScimClientInProcess]:
    """A directory that no test here changes."""
    scim = ScimClientInProcess()
    ann = scim.user(
        "bjensen",
        title="Tour Guide",
        userType="Employee",
        externalId="701984",
        name={"familyName": "O'Malley", "givenName": "Barbara"},
        emails=[
            {"value": "ann@example.com", "type": "work", "primary": True},
            {"value": "ann@example.org", "type": "home"},
        ],
        ims=[{"value": "ann@foo.com", "type": "xmpp"}],
        **{ENTERPRISE: {"department": "Tours"}},
    )
    scim.user("JSmith", userType="Intern")
    scim.group("Smith Family", ann)
    before = state_of(scim.account)
    yield scim
    assert state_of(scim.account) == before


# ---- 3.3 creating ------------------------------------------------------------------------------


def test_a_creation_is_201_with_the_resource_its_place_and_its_version_rfc7644_3_3(
    scim: ScimClientInProcess,
) -> None:
    made = scim.post("/Users", user_of("ann"))
    assert made.status == 201
    place = f"{URL}/Users/{made.id}"
    assert (made.headers["location"], made.json["meta"]["location"]) == (place, place)
    assert made.headers["etag"] == made.json["meta"]["version"]
    assert made.json == scim.get(f"/Users/{made.id}").json


def test_what_is_read_only_in_a_creation_is_ignored_rfc7644_3_3(scim: ScimClientInProcess) -> None:
    meta = {"resourceType": "Robot", "created": "1999-01-01T00:00:00Z", "location": "x"}
    sent = user_of("ann", id="mine", meta=meta, groups=[{"value": "7"}])
    made = scim.post("/Users", sent)
    assert (made.status, made.json["meta"]["resourceType"]) == (201, "User")
    assert made.id != "mine"
    assert "groups" not in made.json
    assert scim.post("/Groups", group_of("G")).json["meta"]["resourceType"] == "Group"


@pytest.mark.parametrize("name", ["ann", "ANN", "Ann"])
def test_a_second_creation_is_409_uniqueness_rfc7644_3_3(
    scim: ScimClientInProcess, name: str
) -> None:
    scim.user("Ann")
    answer = scim.post("/Users", user_of(name))
    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")


# ---- 3.4 reading -------------------------------------------------------------------------------


def test_a_list_names_its_schema_and_counts_in_whole_numbers_rfc7644_3_4_2(
    people: ScimClientInProcess,
) -> None:
    body = people.get("/Users?count=1").json
    assert body["schemas"] == [LIST]
    counts = (body["totalResults"], body["startIndex"], body["itemsPerPage"])
    assert counts == (2, 1, 1)
    assert all(isinstance(count, int) for count in counts)


@pytest.mark.parametrize("path", ["/Users", "/Groups", "/", ""])
def test_a_query_that_matches_nothing_is_200_with_none_rfc7644_3_4_2(
    people: ScimClientInProcess, path: str
) -> None:
    answer = people.get(f"{path}?filter=externalId%20eq%20%22nobody%22")
    assert (answer.status, answer.json["totalResults"], answer.found) == (200, 0, [])


def test_parameters_that_nobody_knows_are_ignored_rfc7644_3_4_2(
    people: ScimClientInProcess,
) -> None:
    assert people.get("/Users?colour=blue&aadOptscim062020").json["totalResults"] == 2


@pytest.mark.parametrize(
    "query", ["Filter=userName eq %22bjensen%22", "FILTER=userName eq %22bjensen%22&Count=1"]
)
def test_a_parameter_in_another_case_is_not_passed_over(
    people: ScimClientInProcess, query: str
) -> None:
    found = people.get(f"/Users?{query.replace(' ', '%20')}").json
    assert [each["userName"] for each in found["Resources"]] == ["bjensen"]
    assert len(people.get("/Users?COUNT=1&STARTINDEX=2").found) == 1


ROOT = ["meta.resourceType eq User", '(meta.resourceType eq User) or meta.resourceType eq "Group"']


@pytest.mark.parametrize(("text", "total"), [(None, 3), (ROOT[0], 2), (ROOT[1], 3)])
@pytest.mark.parametrize("path", ["", "/"])
def test_a_query_at_the_root_includes_every_resource_rfc7644_3_4_2_1(
    people: ScimClientInProcess, path: str, text: str | None, total: int
) -> None:
    query = "" if text is None else f"?filter={quote(text)}"
    answer = people.get(path + query)
    assert (answer.status, answer.json["totalResults"]) == (200, total)
    searched = people.post("/.search", {} if text is None else {"filter": text})
    assert answer.json == searched.json


def test_the_root_is_walked_by_cursor_too_rfc7644_3_4_2_1(people: ScimClientInProcess) -> None:
    first = people.get("/?sortBy=id&count=2&cursor=").json
    second = people.get(f"/?sortBy=id&count=2&cursor={first['nextCursor']}").json
    met = [each["id"] for each in (*first["Resources"], *second["Resources"])]
    assert met == sorted(met)
    assert (len(met), "nextCursor" in second) == (3, False)


def test_the_root_of_an_integrations_own_url_is_the_same(people: ScimClientInProcess) -> None:
    integrations = people.account.store.read(1, lambda reading: reading.integrations())
    (endpoint,) = {each.endpoint for each in integrations if each.name == people.name}
    assert people.get(f"/{endpoint}").json["totalResults"] == 3
    assert people.get(f"/{endpoint}/").json["totalResults"] == 3
    for nowhere in (f"/{an_id(7)}", f"/{an_id(7)}/"):
        assert people.get(nowhere).status == 404
    assert people.get(f"/{an_id(7)}/Users").status == 401


FIGURE_2 = {
    'userName eq "bjensen"': 1,
    """name.familyName co "O'Malley\"""": 1,
    'userName sw "J"': 1,
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"': 1,
    "title pr": 1,
    'meta.lastModified gt "2011-05-13T04:42:34Z"': 2,
    'meta.lastModified ge "2011-05-13T04:42:34Z"': 2,
    'meta.lastModified lt "2011-05-13T04:42:34Z"': 0,
    'meta.lastModified le "2011-05-13T04:42:34Z"': 0,
    'title pr and userType eq "Employee"': 1,
    'title pr or userType eq "Intern"': 2,
    f'schemas eq "{ENTERPRISE}"': 1,
    'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")': 1,
    'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")': 1,
    'userType eq "Employee" and (emails.type eq "work")': 1,
    'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]': 1,
    'emails[type eq "work" and value co "@example.com"] or '
    'ims[type eq "xmpp" and value co "@foo.com"]': 1,
    'emails[type eq "home" and value co "@example.com"]': 0,
    'userName Eq "john" or Username EQ "BJENSEN"': 1,
}
"""Figure 2, and what section 3.4.2.2 says in words."""


@pytest.mark.parametrize("text", FIGURE_2)
def test_the_printed_filters_work_rfc7644_3_4_2_2(people: ScimClientInProcess, text: str) -> None:
    assert people.get(f"/Users?filter={quote(text)}").json["totalResults"] == FIGURE_2[text]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("startIndex=0&count=1", (2, 1, 1)),
        ("startIndex=-7", (2, 1, 2)),
        ("count=0", (2, 1, 0)),
        ("count=-1", (2, 1, 0)),
        ("startIndex=9", (2, 9, 0)),
        ("count=100000", (2, 1, 2)),
    ],
)
def test_pages_begin_at_one_and_hold_no_more_than_asked_for_rfc7644_3_4_2_4(
    people: ScimClientInProcess, query: str, shown: tuple[int, int, int]
) -> None:
    body = people.get(f"/Users?{query}").json
    assert (body["totalResults"], body["startIndex"], len(body["Resources"])) == shown
    assert body["itemsPerPage"] == shown[2]


def test_what_is_always_returned_can_not_be_excluded_rfc7644_3_9(
    people: ScimClientInProcess,
) -> None:
    for query in ("excludedAttributes=id,schemas,userName", "attributes=title"):
        for each in people.get(f"/Users?{query}").json["Resources"]:
            assert {"id", "schemas"} <= set(each)
            assert "userName" not in each


def test_the_password_is_never_returned_rfc7643_4_1_1(scim: ScimClientInProcess) -> None:
    made = scim.post("/Users?attributes=password,userName", user_of("ann", password="t1meMa$heen"))
    assert made.status == 201
    for path in (f"/Users/{made.id}?attributes=password", "/Users?attributes=password"):
        assert "t1meMa$heen" not in scim.get(path).text
        assert "password" not in scim.get(path).text.replace("attributes=password", "")


# ---- 3.5 and 3.6: replacing, deleting ----------------------------------------------------------


def test_put_never_creates_rfc7644_3_5_1(scim: ScimClientInProcess) -> None:
    answer = scim.put(f"/Users/{an_id(7)}", user_of("ann"))
    assert answer.status == 404
    assert scim.get("/Users").found == []


def test_a_put_of_what_was_read_changes_nothing_rfc7644_3_5_1(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob", title="Guide", emails=[{"value": "b@example.com", "primary": True}])
    group = scim.group("G", bob)
    for place in (f"/Users/{bob}", f"/Groups/{group}"):
        read = scim.get(place)
        answer = scim.put(place, read.json)
        assert (answer.status, answer.json) == (200, read.json)
        assert answer.headers["etag"] == read.headers["etag"]


@pytest.mark.parametrize("empty", [{"title": None, "emails": []}, {}])
def test_a_put_clears_what_it_names_as_empty_or_not_at_all_rfc7644_3_5_1(
    scim: ScimClientInProcess, empty: dict[str, object]
) -> None:
    bob = scim.user("bob", title="Guide", emails=[{"value": "b@example.com"}])
    answer = scim.put(f"/Users/{bob}", user_of("bob", **empty))
    assert not {"title", "emails"} & set(answer.json)


def test_a_deleted_resource_is_404_by_every_method_and_frees_its_name_rfc7644_3_6(
    scim: ScimClientInProcess,
) -> None:
    bob = scim.user("bob", externalId="7")
    gone = scim.delete(f"/Users/{bob}")
    assert (gone.status, gone.text) == (204, "")
    place = f"/Users/{bob}"
    operation = {"op": "add", "path": "title", "value": "x"}
    answers = [
        scim.get(place), scim.put(place, user_of("bob")), scim.patch(place, operation),
        scim.delete(place),
    ]  # fmt: skip
    assert [answer.status for answer in answers] == [404] * 4
    assert scim.get("/Users").found == []
    assert scim.post("/Users", user_of("bob", externalId="7")).status == 201


@pytest.mark.parametrize("size", [1, 101, 1_001])
@pytest.mark.parametrize("client", ScimClient)
def test_a_patch_that_asks_for_attributes_is_answered_with_them_rfc7644_3_5_2(
    client: ScimClient, size: int
) -> None:
    scim = ScimClientInProcess(scim_client=client)
    people = [scim.user(f"user{number}") for number in range(size)]
    place = f"/Groups/{scim.group('G', *people[1:])}"
    operation = {"op": "add", "path": "members", "value": [{"value": people[0]}]}
    named = scim.patch(f"{place}?attributes=displayName", operation)
    assert (named.status, named.json["displayName"]) == (200, "G")
    assert "members" not in named.json
    whole = scim.patch(f"{place}?attributes=members", operation)
    assert whole.status == 200
    assert {each["value"] for each in whole.json["members"]} == set(people)


@pytest.mark.parametrize("client", [ScimClient.AZURE, ScimClient.GENERIC])
def test_a_patch_without_operations_changes_nothing(client: ScimClient) -> None:
    scim = ScimClientInProcess(scim_client=client)
    for place in (f"/Users/{scim.user('ann')}", f"/Groups/{scim.group('G')}"):
        before = state_of(scim.account)
        assert scim.patch(place).status in {200, 204}
        assert state_of(scim.account) == before
    strict = ScimClientInProcess(scim_client=ScimClient.OKTA)
    refused = strict.patch(f"/Users/{strict.user('ann')}")
    assert (refused.status, refused.json["scimType"]) == (400, "invalidSyntax")


# ---- 3.8 to 3.14: formats, errors, versions ----------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/Users", "/Groups", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/"]
)
def test_head_is_answered_as_get_is_rfc9110_9_3_2(people: ScimClientInProcess, path: str) -> None:
    head, get = people.ask("HEAD", path), people.get(path)
    assert (head.status, head.headers) == (get.status, get.headers)
    assert people.ask("HEAD", "/Users/nobody").status == 404


def test_head_tells_the_version_of_a_resource_rfc9110_9_3_2(people: ScimClientInProcess) -> None:
    place = f"/Users/{people.get('/Users').found[0]}"
    etag = people.get(place).headers["etag"]
    assert people.ask("HEAD", place).headers["etag"] == etag
    assert people.ask("HEAD", place, if_none_match=etag).status == 304


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_if_match_counts_for_reading_too_rfc9110_13_1_1(
    people: ScimClientInProcess, kind: str
) -> None:
    place = f"/{kind}/{people.get(f'/{kind}').found[0]}"
    etag = people.get(place).headers["etag"]
    for tag, status in ((etag, 200), ("*", 200), ('W/"99"', 412), ("garbage", 412)):
        assert people.ask("GET", place, if_match=tag).status == status, tag


ERRORS: list[tuple[str, str, object, int]] = [
    ("GET", "/Nothing", None, 404),
    ("GET", "/Users/nobody", None, 404),
    ("POST", "/", {}, 405),
    ("DELETE", "/Users", None, 405),
    ("GET", "/Me", None, 501),
    ("POST", "/Users", {}, 400),
    ("GET", "/Users?filter=x", None, 400),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), ERRORS)
def test_an_error_names_its_schema_and_its_status_as_text_rfc7644_3_12(
    people: ScimClientInProcess, method: str, path: str, body: object, status: int
) -> None:
    answer = people.ask(method, path, body)
    assert answer.status == status
    assert answer.json["schemas"] == [ERROR_URN]
    assert answer.json["status"] == str(status)
    assert answer.json["detail"]


def test_who_sends_a_bad_token_is_told_so_and_who_sends_none_is_not_rfc6750_3_1(
    people: ScimClientInProcess,
) -> None:
    bad = people.ask("GET", "/Users", authorization="Bearer wrong")
    none = people.ask("GET", "/Users", authorization="")
    assert bad.headers["www-authenticate"] == 'Bearer realm="SCIM", error="invalid_token"'
    assert none.headers["www-authenticate"] == 'Bearer realm="SCIM"'


# ---- 4: discovery ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"])
def test_discovery_refuses_a_filter_rfc7644_4(people: ScimClientInProcess, path: str) -> None:
    assert people.get(f"{path}?filter=id%20pr").status == 403


def test_every_resource_type_and_schema_is_found_by_its_id_rfc7644_4(
    people: ScimClientInProcess,
) -> None:
    for path in ("/ResourceTypes", "/Schemas"):
        listed = people.get(path).json["Resources"]
        assert listed == [people.get(f"{path}/{each['id']}").json for each in listed]
        for each in listed:
            assert each["meta"]["location"] == f"{URL}{path}/{each['id']}"


def test_a_resource_uses_the_schemas_that_its_type_names_rfc7644_4(
    people: ScimClientInProcess,
) -> None:
    types = {each["name"]: each for each in people.get("/ResourceTypes").json["Resources"]}
    assert {name: each["schema"] for name, each in types.items()} == {
        "User": USER_URN, "Group": GROUP_URN,
    }  # fmt: skip
    for resource in people.get("/").json["Resources"]:
        named = types[resource["meta"]["resourceType"]]
        extensions = {each["schema"] for each in named["schemaExtensions"]} if (
            "schemaExtensions" in named) else set()  # fmt: skip
        assert set(resource["schemas"]) <= {named["schema"], *extensions}
        assert {key for key in resource if key.startswith("urn:")} <= set(resource["schemas"])
