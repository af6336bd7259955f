"""Every rule of RFC 7643 and 7644 that says 400 about a query or a path has a test by its section.

Nothing is found, and nothing changed, by what is refused.
"""

from urllib.parse import quote

import pytest

from rolecall.domain.document import EXACT
from rolecall.scim.schema import SCHEMAS, Type
from scim_client import ENTERPRISE, ERROR_URN, ScimClientInProcess

LONE = '"\\ud800"'


@pytest.fixture(scope="module")
def scim() -> ScimClientInProcess:
    client = ScimClientInProcess()
    emails = [{"type": "work", "value": "ann@work.example"}]
    client.user("ann", title="Guide", emails=emails)
    return client


# Section, the query, the scimType; %00 and the like are written as they travel.
QUERIES: list[tuple[str, str, str]] = [
    ("7644-3.4.2.2 unknown operator", 'filter=userName like "a"', "invalidFilter"),
    ("7644-3.4.2.2 unknown attribute", 'filter=shoeSize eq "9"', "invalidFilter"),
    ("7644-3.4.2.2 unknown part", 'filter=name.nickName eq "a"', "invalidFilter"),
    ("7644-3.4.2.2 unknown schema", 'filter=urn:x:y:userName eq "a"', "invalidFilter"),
    ("7644-3.4.2.2 no value", "filter=userName eq", "invalidFilter"),
    ("7644-3.4.2.2 empty", "filter=", "invalidFilter"),
    ("7644-3.4.2.2 order of booleans", "filter=active gt true", "invalidFilter"),
    ("7644-3.4.2.2 order of binaries", 'filter=x509Certificates gt "TUlJQw=="', "invalidFilter"),
    ("7644-3.4.2.2 brackets not closed", '(userName eq "a"', "invalidFilter"),
    ("7644-3.4.2.2 value path not closed", 'filter=emails[type eq "a"', "invalidFilter"),
    ("7644-3.4.2.2 value path of text", 'filter=title[value eq "a"]', "invalidFilter"),
    ("7644-3.4.2.2 value path in another", 'filter=emails[type[a pr]]', "invalidFilter"),
    ("7644-3.4.2.2 complex has no value", 'filter=name eq "a"', "invalidFilter"),
    ("7644-3.4.2.2 not without brackets", "filter=not title pr", "invalidFilter"),
    ("7644-3.4.2.2 connective at the end", "filter=title pr and", "invalidFilter"),
    ("7644-3.4.2.2 text for a time", 'filter=meta.created gt "soon"', "invalidFilter"),
    ("7644-3.4.2.2 a day that is none", 'filter=meta.created gt "2026-02-30T00:00:00Z"',
     "invalidFilter"),
    ("7643-2.3.6 not a boolean", 'filter=active eq "maybe"', "invalidFilter"),
    ("7643-7 never returned", 'filter=password eq "x"', "invalidFilter"),
    ("7644-3.4.2.2 100 kB", f"filter={'title pr or ' * 8_500}title pr", "invalidFilter"),
    ("7644-3.4.2.2 depth 1,000", f"filter={'(' * 1_000}title pr{')' * 1_000}", "invalidFilter"),
    ("7644-3.4.2.2 depth of not", f"filter={'not (' * 40}title pr{')' * 40}", "invalidFilter"),
    ("7643-3.1 NUL", 'filter=userName eq "a%00"', "invalidFilter"),
    ("7643-3.1 escaped NUL", 'filter=userName eq "\\u0000"', "invalidFilter"),
    ("7643-3.1 half a character", f"filter=userName eq {LONE}", "invalidFilter"),
    ("7644-3.4.2.2 NaN", "filter=userName gt NaN", "invalidFilter"),
    ("7644-3.4.2.2 huge number", f"filter=userName eq {'9' * 400}", "invalidFilter"),
    ("7644-3.4.2.2 huge exponent", "filter=userName eq 1e999", "invalidFilter"),
    ("7644-3.4.2.3 unknown attribute", "sortBy=shoeSize", "invalidValue"),
    ("7644-3.4.2.3 complex", "sortBy=name", "invalidValue"),
    ("7644-3.4.2.3 never returned", "sortBy=password", "invalidValue"),
    ("7644-3.4.2.3 several values", "sortBy=groups", "invalidValue"),
    ("7644-3.4.2.3 empty", "sortBy=", "invalidValue"),
    ("7644-3.4.2.3 a filter in it", 'sortBy=emails[type eq "work"].value', "invalidValue"),
    ("7644-3.4.2.3 unknown order", "sortBy=userName&sortOrder=up", "invalidValue"),
    ("7644-3.4.2.4 startIndex", "startIndex=first", "invalidValue"),
    ("7644-3.4.2.4 count", "count=1e3", "invalidValue"),
    ("7644-3.4.2.4 huge count", f"count={'9' * 30}", "invalidValue"),
    ("7644-3.9 both lists", "attributes=id&excludedAttributes=name", "invalidValue"),
    ("7644-3.9 a list of 100 kB", f"attributes={'title,' * 17_000}", "invalidValue"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "query", "scim_type"), QUERIES, ids=[q[0] for q in QUERIES])
def test_a_query_that_the_section_refuses_is_400(
    scim: ScimClientInProcess, section: str, query: str, scim_type: str
) -> None:
    text = (
        query
        if query.startswith(("filter", "sort", "start", "count", "attr"))
        else (f"filter={query}")
    )
    answer = scim.get(f"/Users?{quote(text, safe='=&%,')}")
    assert (answer.status, answer.json["scimType"]) == (400, scim_type), section
    assert answer.json["schemas"] == [ERROR_URN]
    assert answer.json["detail"]
    assert "Resources" not in answer.json


# Section, the operation, the scimType.
OPERATIONS: list[tuple[str, dict[str, object], str]] = [
    ("7644-3.5.2 unknown operation", {"op": "move", "path": "title"}, "invalidSyntax"),
    ("7644-3.5.2 path of two", {"op": "replace", "path": "a b", "value": 1}, "invalidPath"),
    ("7644-3.5.2 path is a number", {"op": "replace", "path": 7, "value": 1}, "invalidPath"),
    ("7644-3.5.2 path not closed", {"op": "remove", "path": 'emails[type eq "x"'}, "invalidPath"),
    ("7644-3.5.2 filter of a text", {"op": "remove", "path": "title[a pr]"}, "invalidPath"),
    ("7644-3.5.2 path of 100 kB", {"op": "remove", "path": "a" * 100_000}, "invalidPath"),
    ("7644-3.5.2 path 1,000 deep", {"op": "remove", "path": f"emails[{'(' * 900}"}, "invalidPath"),
    ("7643-3.1 NUL in a path", {"op": "remove", "path": "emails\0"}, "invalidPath"),
    ("7643-3.1 half a character in a path", {"op": "remove", "path": "\ud800"}, "invalidSyntax"),
    ("7644-3.5.2 readOnly", {"op": "replace", "path": "id", "value": "7"}, "mutability"),
    ("7644-3.5.2 readOnly groups", {"op": "add", "path": "groups", "value": []}, "mutability"),
    ("7644-3.5.2.1 no value", {"op": "add", "path": "title"}, "invalidValue"),
    ("7644-3.5.2.1 wrong kind", {"op": "add", "path": "title", "value": 7}, "invalidValue"),
    ("7644-3.5.2.2 no path", {"op": "remove"}, "noTarget"),
    ("7644-3.5.2.2 required", {"op": "remove", "path": "userName"}, "mutability"),
    ("7644-3.5.2.3 no match",
     {"op": "replace", "path": 'emails[value co "nobody"].type', "value": "x"}, "noTarget"),
    ("7644-3.5.2.3 no match of two",
     {"op": "replace", "path": 'emails[type eq "x" or type eq "y"].value', "value": "x"},
     "noTarget"),
    ("7643-2.3.6 base64", {"op": "add", "path": "x509Certificates", "value": [{"value": "%"}]},
     "invalidValue"),
    ("7643-2.4 two primaries", {"op": "add", "path": "emails",
     "value": [{"value": "a", "primary": True}, {"value": "b", "primary": True}]}, "invalidValue"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("section", "operation", "scim_type"), OPERATIONS, ids=[each[0] for each in OPERATIONS]
)
def test_an_operation_that_the_section_refuses_is_400_and_changes_nothing(
    scim: ScimClientInProcess, section: str, operation: dict[str, object], scim_type: str
) -> None:
    (user,) = scim.get("/Users").found
    before = scim.get(f"/Users/{user}").json
    good = {"op": "replace", "path": "title", "value": "Changed"}
    answer = scim.patch(f"/Users/{user}", good, operation)
    assert (answer.status, answer.json["scimType"]) == (400, scim_type), section
    assert scim.get(f"/Users/{user}").json == before


BODIES: list[tuple[str, bytes]] = [
    ("a name twice, told apart by case", b'{"userName": "a", "USERNAME": "b"}'),
    ("half a character", b'{"userName": "\\ud800"}'),
    ("not UTF-8", b'{"userName": "\xff"}'),
    ("NaN", b'{"userName": NaN}'),
    ("infinity", b'{"userName": -Infinity}'),
    ("NUL", b'{"userName": "a\\u0000b"}'),
    ("a number for text", b'{"userName": 1e400}'),
    ("depth 100,000", b'{"userName": ' + b"[" * 100_000),
]


@pytest.mark.parametrize(("kind", "body"), BODIES, ids=[each[0] for each in BODIES])
def test_a_body_that_json_or_no_store_can_hold_is_400(
    scim: ScimClientInProcess, kind: str, body: bytes
) -> None:
    answer = scim.ask("POST", "/Users", raw=body)
    assert answer.status == 400, (kind, answer.text)
    assert answer.json["scimType"] in {"invalidSyntax", "invalidValue"}


def test_of_a_name_given_twice_alike_the_last_counts_rfc8259_4(scim: ScimClientInProcess) -> None:
    answer = scim.ask("POST", "/Users", raw=b'{"userName": "first", "userName": "second"}')
    assert (answer.status, answer.json["userName"]) == (201, "second")
    scim.delete(f"/Users/{answer.id}")


def test_the_managers_name_is_kept_as_it_was_sent_rfc7643_4_3(scim: ScimClientInProcess) -> None:
    manager = {"value": "26118915", "$ref": "../Users/26118915", "displayName": "John Smith"}
    user = scim.user("led", **{ENTERPRISE: {"manager": manager}})
    assert scim.get(f"/Users/{user}").json[ENTERPRISE] == {"manager": manager}
    asked = quote(f'{ENTERPRISE}:manager.displayName eq "john smith"')
    assert scim.get(f"/Users?filter={asked}").found == [user]
    scim.delete(f"/Users/{user}")


def test_what_a_document_compares_exactly_is_what_the_schemas_say_rfc7643_2_2() -> None:
    cased = {Type.STRING, Type.REFERENCE, Type.BINARY}
    exact = {
        (row.name,) if part is row else (row.name, part.name)
        for schema in SCHEMAS
        for row in schema.attributes
        for part in row.sub_attributes or (row,)
        if part.case_exact and part.type in cased and row.name not in {"members", "groups"}
    }
    named = {place[1:] if place[0] == "account" else place for place in EXACT}
    assert exact - {("password",)} == named
