"""The check lists that providers publish for servers, step by step.

Okta's "SCIM 2.0 SPEC test" and CRUD test (BlazeMeter), and the direct SCIM tests of Microsoft's
validation of servers for its gallery, with what each of them looks at. What they do through their
own provisioning is in `tests/conversations`.
"""

from typing import Any

import pytest

from rolecall.domain.model import ScimClient
from scim_client import ENTERPRISE, ERROR_URN, USER_URN, ScimClientInProcess, group_of, user_of

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def a_person(name: str, **more: object) -> dict[str, object]:
    return user_of(
        name,
        name={"givenName": "Ann", "familyName": "Lee"},
        emails=[{"primary": True, "value": f"{name}@example.com", "type": "work"}],
        displayName="Ann Lee",
        active=True,
        **more,
    )


# ---- Okta --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def okta() -> ScimClientInProcess:
    scim = ScimClientInProcess(scim_client=ScimClient.OKTA)
    assert scim.post("/Users", a_person("there.already")).status == 201
    return scim


def shows_a_person(user: Any) -> bool:  # noqa: ANN401  JSON as Okta reads it
    name, emails = user["name"], user["emails"]
    texts = [user["id"], name["familyName"], name["givenName"], user["userName"]]
    return all(texts) and user["active"] is True and bool(emails[0]["value"])


def test_okta_1_a_page_of_users_has_numbers_and_a_whole_person(okta: ScimClientInProcess) -> None:
    answer = okta.get("/Users?count=1&startIndex=1")
    assert (answer.status, LIST in answer.json["schemas"]) == (200, True)
    for name in ("itemsPerPage", "startIndex", "totalResults"):
        assert type(answer.json[name]) is int
    assert shows_a_person(answer.json["Resources"][0])


def test_okta_2_a_user_is_read_by_id(okta: ScimClientInProcess) -> None:
    (user, *_) = okta.get("/Users?count=1&startIndex=1").found
    answer = okta.get(f"/Users/{user}")
    assert (answer.status, answer.id, shows_a_person(answer.json)) == (200, user, True)


def test_okta_3_nobody_by_a_name_is_an_empty_list(okta: ScimClientInProcess) -> None:
    answer = okta.get("/Users?filter=userName%20eq%20%22abcdefgh@atko.com%22")
    assert (answer.status, answer.json["totalResults"]) == (200, 0)
    assert LIST in answer.json["schemas"]


@pytest.mark.parametrize("id", ["010101001010101011001010101011", "00919288221112222"])
def test_okta_4_nobody_by_an_id_is_404_with_a_detail(okta: ScimClientInProcess, id: str) -> None:
    answer = okta.get(f"/Users/{id}")
    assert (answer.status, answer.json["status"]) == (404, "404")
    assert answer.json["detail"]
    assert ERROR_URN in answer.json["schemas"]


def test_okta_5_a_user_is_created_found_in_any_case_and_not_created_twice(
    okta: ScimClientInProcess,
) -> None:
    sent = a_person("runscope300", password="rAndom1", groups=[], locale="en-US", externalId="00u1")
    made = okta.post("/Users", sent)
    assert (made.status, shows_a_person(made.json)) == (201, True)
    assert USER_URN in made.json["schemas"]
    assert okta.get(f"/Users/{made.id}").json == made.json
    assert okta.post("/Users", a_person("runscope300")).status == 409
    found = okta.get("/Users?filter=userName%20eq%20%22RUNSCOPE300%22")
    assert (found.status, found.found) == (200, [made.id])


def test_okta_6_groups_are_listed_also_when_there_are_none(okta: ScimClientInProcess) -> None:
    answer = okta.get("/Groups")
    assert (answer.status, answer.json["Resources"]) == (200, [])


def test_okta_7_without_a_good_token_it_is_401_with_a_detail(okta: ScimClientInProcess) -> None:
    for authorization in ("non-token", "Basic b2t0YTpva3Rh", ""):
        answer = okta.ask("GET", "/Users", authorization=authorization)
        assert (answer.status, answer.json["status"]) == (401, "401")
        assert answer.json["detail"]


def test_okta_crud_a_profile_is_read_changed_and_put_back_then_ended_and_begun_anew(
    okta: ScimClientInProcess,
) -> None:
    made = okta.post("/Users", a_person("crud", title="Engineer", phoneNumbers=[{"value": "415"}]))
    whole = okta.get(f"/Users/{made.id}").json
    put = okta.put(f"/Users/{made.id}", whole | {"name": whole["name"] | {"givenName": "Bea"}})
    assert put.status == 200
    name = whole["name"] | {"givenName": "Bea"}
    assert put.json == whole | {"name": name, "meta": put.json["meta"]}
    for active in (False, True, False):
        answer = okta.patch(f"/Users/{made.id}", {"op": "replace", "value": {"active": active}})
        assert (answer.status, answer.json["active"]) == (200, active)


# ---- Microsoft ---------------------------------------------------------------------------------


@pytest.fixture
def entra() -> ScimClientInProcess:
    return ScimClientInProcess(scim_client=ScimClient.AZURE)


MAPPED = (
    "userName",
    "active",
    "displayName",
    "title",
    'emails[type eq "work"].value',
    "preferredLanguage",
    "name.givenName",
    "name.familyName",
    "name.formatted",
    'addresses[type eq "work"].formatted',
    'addresses[type eq "work"].streetAddress',
    'addresses[type eq "work"].locality',
    'addresses[type eq "work"].region',
    'addresses[type eq "work"].postalCode',
    'addresses[type eq "work"].country',
    'phoneNumbers[type eq "work"].value',
    'phoneNumbers[type eq "mobile"].value',
    'phoneNumbers[type eq "fax"].value',
    f"{ENTERPRISE}:employeeNumber",
    f"{ENTERPRISE}:department",
    f"{ENTERPRISE}:manager",
    "members",
)
"""What Entra maps unless told otherwise."""


def test_microsoft_every_attribute_that_is_mapped_is_in_schemas(entra: ScimClientInProcess) -> None:
    known: set[str] = set()
    for schema in entra.get("/Schemas").json["Resources"]:
        before = "" if "core" in schema["id"] else f"{schema['id']}:"
        for row in schema["attributes"]:
            parts = row.get("subAttributes", [])
            known |= {f"{before}{row['name']}"}
            known |= {f"{before}{row['name']}.{part['name']}" for part in parts}
            labels = [part.get("canonicalValues", []) for part in parts if part["name"] == "type"]
            for label in labels[0] if labels else ():
                known |= {f'{row["name"]}[type eq "{label}"].{part["name"]}' for part in parts}
    assert not set(MAPPED) - known


EMPTIED = [
    name
    for name in MAPPED
    if name not in {"userName", "active", "members"} and not name.endswith("manager")
]


def value_at(user: Any, path: str) -> Any:  # noqa: ANN401  JSON of any shape
    """What is at a mapped path."""
    if path.startswith("urn:"):
        return user.get(ENTERPRISE, {}).get(path.removeprefix(f"{ENTERPRISE}:"))
    name, _, part = path.partition(".")
    name, _, rest = name.partition("[")
    found = user.get(name)
    if rest:
        label = rest.split('"')[1]
        found = next((each for each in found or [] if each.get("type") == label), {})
    return found.get(part) if part and found else found or None


@pytest.mark.parametrize("empty", ["", None])
def test_microsoft_what_is_emptied_is_empty_or_absent_afterwards(
    entra: ScimClientInProcess, empty: str | None
) -> None:
    user = entra.user("ann")
    filled = [{"op": "Replace", "path": path, "value": "full"} for path in EMPTIED]
    assert entra.patch(f"/Users/{user}", *filled).status == 200
    shown = entra.get(f"/Users/{user}").json
    assert {value_at(shown, path) for path in EMPTIED} == {"full"}
    for _ in range(2):
        emptied = [{"op": "Replace", "path": path, "value": empty} for path in EMPTIED]
        answer = entra.patch(f"/Users/{user}", *emptied)
        assert answer.status == 200, answer.text
        shown = entra.get(f"/Users/{user}").json
        assert not any(value_at(shown, path) for path in EMPTIED)


def test_microsoft_a_group_is_created_renamed_and_read_back(entra: ScimClientInProcess) -> None:
    made = entra.post("/Groups", group_of("Tours", externalId="g-1"))
    assert (made.status, made.json["displayName"]) == (201, "Tours")
    for path, value in (("displayName", "Guides"), ("externalId", "g-2")):
        answer = entra.patch(f"/Groups/{made.id}", {"op": "Replace", "path": path, "value": value})
        assert answer.status == 204
        assert entra.get(f"/Groups/{made.id}").json[path] == value


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_microsoft_pages_of_five_say_where_they_begin(
    entra: ScimClientInProcess, kind: str
) -> None:
    for number in range(11):
        name = f"resource{number}"
        assert entra.user(name) if kind == "Users" else entra.group(name)
    met: list[str] = []
    for page in range(3):
        answer = entra.get(f"/{kind}?startIndex={page * 5 + 1}&count=5")
        assert (answer.status, answer.json["startIndex"]) == (200, page * 5 + 1)
        met += answer.found
    assert (len(met), len(set(met))) == (11, 11)


@pytest.mark.parametrize(
    "removal",
    [
        {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": ""},
        {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": None},
        {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": {"value": None}},
        {"op": "Replace", "value": {f"{ENTERPRISE}:manager": ""}},
        {"op": "Remove", "path": f"{ENTERPRISE}:manager"},
    ],
)
@pytest.mark.parametrize("bare", [True, False])
def test_microsoft_a_manager_is_set_changed_and_removed(
    entra: ScimClientInProcess, removal: object, *, bare: bool
) -> None:
    first, second, user = (entra.user(name) for name in ("first", "second", "ann"))
    for op, manager in (("Add", first), ("Replace", second)):
        value = manager if bare else {"value": manager}
        operation = {"op": op, "path": f"{ENTERPRISE}:manager", "value": value}
        assert entra.patch(f"/Users/{user}", operation).status == 200
        shown = entra.get(f"/Users/{user}").json
        assert shown[ENTERPRISE]["manager"]["value"] == manager
    assert entra.patch(f"/Users/{user}", removal).status == 200
    assert "manager" not in entra.get(f"/Users/{user}").json.get(ENTERPRISE, {})


def test_microsoft_a_disabled_user_is_found_and_says_so(entra: ScimClientInProcess) -> None:
    user = entra.user("ann")
    entra.patch(f"/Users/{user}", {"op": "Replace", "path": "active", "value": False})
    found = entra.get("/Users?filter=userName%20eq%20%22ann%22").json["Resources"]
    assert [each["active"] for each in found] == [False]


def test_a_blank_text_for_an_object_is_no_object(entra: ScimClientInProcess) -> None:
    made = entra.post("/Users", user_of("ann", **{ENTERPRISE: {"manager": " ", "division": "D"}}))
    assert (made.status, made.json[ENTERPRISE]) == (201, {"division": "D"})
