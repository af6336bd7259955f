"""Bad input over the wire: its status, a sentence that says what to do, and nothing changed."""

from typing import Any

import httpx
import msgspec
import pytest

from rolecall_process import PATCH_SCHEMA, Server, group_body, user_body

pytestmark = pytest.mark.e2e

UNKNOWN = "018f0000-0000-7000-8000-000000000000"
MEBIBYTE = 1 << 20


class Bad(msgspec.Struct, frozen=True):
    """A request and how it must be answered."""

    method: str
    path: str
    body: bytes | dict[str, Any]
    status: int
    scim_type: str | None = None
    says: str = ""


def patch(value: object, path: str | None = None, op: str = "replace") -> dict[str, Any]:
    operation = {"op": op, "value": value} | ({"path": path} if path else {})
    return {"schemas": [PATCH_SCHEMA], "Operations": [operation]}


BAD = {
    "JSON cut short": Bad("POST", "/Users", b'{"userName": "bo', 400, "invalidSyntax", "JSON"),
    "no body": Bad("POST", "/Users", b"", 400, "invalidSyntax", "empty"),
    "a list": Bad("POST", "/Users", b"[]", 400, "invalidSyntax"),
    "bytes that are no text": Bad("POST", "/Users", b'{"userName": "\xff"}', 400, "invalidSyntax"),
    "brackets without end": Bad("POST", "/Users", b"[" * 100_000, 400, "invalidSyntax"),
    "no userName": Bad("POST", "/Users", {"active": True}, 400, "invalidValue", "userName"),
    "an empty userName": Bad("POST", "/Users", user_body(""), 400, "invalidValue"),
    "a userName of a number": Bad("POST", "/Users", {"userName": 7}, 400, "invalidValue"),
    "active in words": Bad("POST", "/Users", user_body("bob", active="perhaps"), 400),
    "a duplicate": Bad("POST", "/Users", user_body("TAKEN"), 409, "uniqueness", "exists"),
    "a duplicate group": Bad("POST", "/Groups", group_body("taken"), 409, "uniqueness"),
    "an unknown member": Bad("POST", "/Groups", group_body("g", UNKNOWN), 400, "invalidValue"),
    "an unknown id": Bad("GET", f"/Users/{UNKNOWN}", b"", 404, None, UNKNOWN),
    "an unknown id to change": Bad("PATCH", f"/Users/{UNKNOWN}", patch({"active": False}), 404),
    "an unknown id to delete": Bad("DELETE", f"/Groups/{UNKNOWN}", b"", 404),
    "an unknown endpoint": Bad("GET", "/Devices", b"", 404, None, "/Users"),
    "an unknown filter": Bad("GET", "/Users?filter=userName%20is%201", b"", 400, "invalidFilter"),
    "a filter cut short": Bad("GET", "/Users?filter=userName%20eq", b"", 400, "invalidFilter"),
    "a page that is no number": Bad("GET", "/Users?count=many", b"", 400, "invalidValue"),
    "an unknown operation": Bad("PATCH", "/Users/{user}", patch(1, "active", "flip"), 400),
    "a path of nothing": Bad("PATCH", "/Users/{user}", patch(1, "emails["), 400, "invalidPath"),
    "a change of the id": Bad("PATCH", "/Users/{user}", patch("x", "id"), 400, "mutability"),
    "a method for nothing": Bad("DELETE", "/Users", b"", 405),
    "a body over 1 MiB": Bad(
        "POST", "/Users", user_body("big", title="x" * MEBIBYTE), 413, None, "1 MiB"
    ),
}


@pytest.fixture(scope="module")
def user(server: Server) -> str:
    with server.client() as client:
        client.post("/Groups", json=group_body("taken"))
        return str(client.post("/Users", json=user_body("taken")).json()["id"])


def resources(client: httpx.Client) -> tuple[int, int]:
    """How many users and groups there are."""
    users, groups = (
        client.get(path, params={"count": 0}).json()["totalResults"]
        for path in ("/Users", "/Groups")
    )
    return users, groups


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_has_its_status_and_changes_nothing(server: Server, user: str, kind: str) -> None:
    bad = BAD[kind]
    content = bad.body if isinstance(bad.body, bytes) else msgspec.json.encode(bad.body)
    with server.client() as client:
        before = client.get(f"/Users/{user}").json(), resources(client)
        answer = client.request(
            bad.method,
            bad.path.format(user=user),
            content=content,
            headers={"Content-Type": "application/scim+json"},
        )
        assert (client.get(f"/Users/{user}").json(), resources(client)) == before
    told = answer.json()
    assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert (answer.status_code, told["status"]) == (bad.status, str(bad.status)), answer.text
    assert bad.scim_type in {None, told.get("scimType")}, answer.text
    assert bad.says in told["detail"]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", "Basic Ym9iOmJvYg==", "Bearer \xe9\xff"]
)
def test_a_bad_token_is_401_with_a_challenge(server: Server, header: str) -> None:
    headers = [(b"Authorization", header.encode("latin-1"))] if header else []
    answer = httpx.get(f"{server.url}/Users", headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (401, "401")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "token" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["", "/", "/Users", "/scim", "/scim/v1/Users"])
def test_a_wrong_address_is_told_the_right_one(server: Server, path: str) -> None:
    answer = httpx.get(server.root + path)
    told = answer.json()
    assert (answer.status_code, told["status"]) == (404, "404")
    assert answer.headers["content-type"] == "application/scim+json"
    assert "/scim/v2" in told["detail"]


def test_a_foreign_content_type_is_named(server: Server) -> None:
    with server.client() as client:
        answer = client.post("/Users", content=b"<user/>", headers={"Content-Type": "text/xml"})
    assert (answer.status_code, "application/scim+json" in answer.json()["detail"]) == (415, True)


def test_a_body_without_a_length_is_cut_off_at_the_limit(server: Server) -> None:
    chunks = (b"x" * 65_536 for _ in range(64))
    with server.client() as client:
        headers = {"Content-Type": "application/scim+json"}
        assert client.post("/Users", content=chunks, headers=headers).status_code == 413
