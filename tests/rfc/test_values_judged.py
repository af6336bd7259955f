"""Which values are refused, and which are kept as they were sent: RFC 7643 sections 2.3, 4.1 and 7.

The type of an attribute is judged, for `/Schemas` says it; the wording of a text is not, for real
providers send what their directories hold (decision 81).
"""

from typing import Any

import pytest

from rolecall.domain.model import ScimClient
from rolecall.scim.schema import SCHEMAS, Attribute, Mutability, Type
from scim_client import (
    ENTERPRISE,
    EXTENSION,
    GROUP_URN,
    ScimClientInProcess,
    group_of,
    user_of,
)


@pytest.fixture(scope="module")
def scim() -> ScimClientInProcess:
    return ScimClientInProcess()


def refused(answer: Any, named: str) -> None:  # noqa: ANN401  an Answered, whatever asked for it
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue"), answer.text
    assert f"'{named}'" in answer.json["detail"]


NO_REFERENCES = ["not a uri", "https://example.com/<id>", "C:\\photos\\ann.jpg", "100%"]


@pytest.mark.parametrize("text", NO_REFERENCES)
def test_a_reference_that_is_no_uri_is_refused_rfc7643_2_3_7(
    scim: ScimClientInProcess, text: str
) -> None:
    refused(scim.post("/Users", user_of("new", profileUrl=text)), "profileUrl")
    photos = [{"value": "https://example.com/a.png"}, {"value": text}]
    refused(scim.post("/Users", user_of("new", photos=photos)), "photos.value")
    manager = {"manager": {"value": "7", "$ref": text}}
    led = scim.post("/Users", user_of("new", **{ENTERPRISE: manager}))
    refused(led, f"{ENTERPRISE}:manager.$ref")
    group = {"displayName": "G", "members": [{"value": "7", "$ref": text}]}
    refused(scim.post("/Groups", group), "members.$ref")
    assert scim.get("/Users?count=0").json["totalResults"] == 0


def test_a_patch_or_put_of_no_uri_is_refused_and_changes_nothing(
    scim: ScimClientInProcess,
) -> None:
    user = scim.user("ann", profileUrl="https://example.com/ann")
    before = scim.get(f"/Users/{user}").json
    for operation in (
        {"op": "replace", "path": "profileUrl", "value": "no uri"},
        {"op": "replace", "value": {"profileUrl": "no uri"}},
        {"op": "add", "path": "photos", "value": [{"value": "no uri", "type": "photo"}]},
        {"op": "add", "path": 'photos[type eq "photo"].value', "value": "no uri"},
    ):
        answer = scim.patch(f"/Users/{user}", operation)
        assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
        assert answer.json["detail"].startswith("Operations[0]: ")
    refused(scim.put(f"/Users/{user}", user_of("ann", profileUrl="no uri")), "profileUrl")
    assert scim.get(f"/Users/{user}").json == before
    scim.delete(f"/Users/{user}")


def test_what_no_uri_is_can_be_asked_for_and_is_not_there(scim: ScimClientInProcess) -> None:
    assert scim.get("/Users?filter=profileUrl%20eq%20%22no%20uri%22").found == []


KEPT: list[dict[str, object]] = [
    {"profileUrl": "../people/ann"},
    {"profileUrl": "https://example.com/Jörg"},
    {"profileUrl": ""},
    {"photos": [{"value": "data:image/png;base64,iVBORw0KGgo=", "type": "badge"}]},
    {"locale": "en-US"},
    {"locale": "en_US"},
    {"locale": "x-pig-latin"},
    {"locale": "English (United States)"},
    {"preferredLanguage": "da, en-gb;q=0.8, en;q=0.7"},
    {"preferredLanguage": "EN"},
    {"preferredLanguage": "Deutsch"},
    {"timezone": "America/Los_Angeles"},
    {"timezone": "Pacific Standard Time"},
    {"timezone": "(UTC+01:00) Amsterdam, Berlin, Bern"},
    {"addresses": [{"type": "work", "country": "US"}]},
    {"addresses": [{"type": "Head office", "country": "United States", "formatted": "1\n2"}]},
    {"emails": [{"value": "ann@EXAMPLE.com", "type": "corporate"}]},
    {"phoneNumbers": [{"value": "+1 (201) 555-0123 ext. 7", "type": "Work"}]},
    {"phoneNumbers": [{"value": "tel:+1-201-555-0123", "type": "company"}]},
    {"ims": [{"value": "Ann Smith", "type": "teams"}]},
    {"roles": [{"value": "lead", "type": "WindowsAzureActiveDirectoryRole"}]},
    {"userType": "kontraktør", "title": "", "nickName": " "},
]


@pytest.mark.parametrize("attributes", KEPT, ids=str)
@pytest.mark.parametrize("client", ScimClient)
def test_the_wording_of_a_text_is_kept_as_it_was_sent_rfc7643_4_1(
    client: ScimClient, attributes: dict[str, object]
) -> None:
    scim = ScimClientInProcess(scim_client=client)
    user = scim.user("ann", **attributes)
    shown = scim.get(f"/Users/{user}").json
    assert {name: shown[name] for name in attributes} == attributes
    again = scim.patch(f"/Users/{user}", {"op": "replace", "value": attributes})
    assert (again.status, again.json) == (200, shown)


@pytest.mark.parametrize(
    ("name", "value"),
    [("type", "robot"), ("defaultSecondaryRoles", "SOME"), ("allowedInterfaces", "TELNET")],
)
def test_canonical_values_restrict_where_the_account_knows_no_other_rfc7643_2_3_1(
    scim: ScimClientInProcess, name: str, value: str
) -> None:
    answer = scim.post("/Users", user_of("new", **{EXTENSION: {name: value}}))
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    listed = scim.get(f"/Schemas/{EXTENSION}").json["attributes"]
    (row,) = (each for each in listed if each["name"] == name)
    for canonical in row["canonicalValues"]:
        user = scim.user("new", **{EXTENSION: {name: canonical}})
        scim.delete(f"/Users/{user}")


@pytest.mark.parametrize("kind", ["User", "user", "Group", "Person", ""])
def test_the_type_of_a_member_is_what_its_id_is(scim: ScimClientInProcess, kind: str) -> None:
    ann = scim.user("ann")
    body = {"schemas": [GROUP_URN], "displayName": "G", "members": [{"value": ann, "type": kind}]}
    group = scim.post("/Groups", body)
    assert [member["type"] for member in group.json["members"]] == ["User"]
    for place in (f"/Groups/{group.id}", f"/Users/{ann}"):
        scim.delete(place)


WRONG: dict[Type, list[object]] = {
    Type.STRING: [7, True, {}, []],
    Type.REFERENCE: [7, {}, "no uri"],
    Type.BOOLEAN: ["yes", 1, {}],
    Type.BINARY: ["%", "A", 7],
    Type.COMPLEX: [7],
}


def writable() -> list[tuple[str, Attribute, Attribute | None]]:
    """Every attribute and part that a client can set, with the schema that it is of."""
    found: list[tuple[str, Attribute, Attribute | None]] = []
    for schema in SCHEMAS:
        for row in schema.attributes:
            parts = [
                part for part in row.sub_attributes if part.mutability is Mutability.READ_WRITE
            ]
            if row.mutability is not Mutability.READ_ONLY and row.name != "members":
                found += [(schema.urn, row, None), *((schema.urn, row, part) for part in parts)]
    return found


@pytest.mark.parametrize(
    ("urn", "row", "part"), writable(), ids=lambda each: getattr(each, "name", str(each))
)
def test_what_schemas_says_of_a_type_is_what_is_judged_rfc7643_2_3(
    scim: ScimClientInProcess, urn: str, row: Attribute, part: Attribute | None
) -> None:
    for wrong in WRONG[(part or row).type]:
        value: object = wrong if part is None else {part.name: wrong}
        if row.multi_valued:
            value = [value]
        body: dict[str, object] = (
            {**group_of("G"), row.name: value}
            if urn == GROUP_URN
            else user_of(
                "new", **({row.name: value} if "core" in urn else {urn: {row.name: value}})
            )
        )
        answer = scim.post("/Groups" if urn == GROUP_URN else "/Users", body)
        assert (answer.status, answer.json.get("scimType")) == (400, "invalidValue"), wrong
