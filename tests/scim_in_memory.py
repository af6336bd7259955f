"""A tiny SCIM server behind httpx.MockTransport: for tests of the client, over no socket."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import httpx

URL = "https://scim.example.com/scim/v2"
TOKEN = "token-of-a-test"


class ScimInMemory:
    """Holds users and groups as JSON; `refusals` are answers given instead, each once."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, dict[str, Any]]] = {"Users": {}, "Groups": {}}
        self.requests: list[httpx.Request] = []
        self.refusals: list[tuple[str, str, httpx.Response]] = []
        self.page_rows_max = 1000
        self.user_attributes: tuple[str, ...] = ()
        self.drops: tuple[str, ...] = ()
        self.lists_members = True
        self.transport = httpx.MockTransport(self.answer)

    @property
    def writes(self) -> list[httpx.Request]:
        return [request for request in self.requests if request.method != "GET"]

    def add(self, kind: str, **attributes: object) -> str:
        number = sum(len(resources) for resources in self.resources.values()) + 1
        resource_id = f"id-{number}"
        kept = {name: value for name, value in attributes.items() if name not in self.drops}
        self.resources[kind][resource_id] = {"id": resource_id, **kept}
        return resource_id

    def user(self, user_name: str) -> dict[str, Any]:
        return next(u for u in self.resources["Users"].values() if u["userName"] == user_name)

    def members(self, group: str) -> set[str]:
        """User names of the members of a group."""
        found = next(g for g in self.resources["Groups"].values() if g["displayName"] == group)
        users = self.resources["Users"]
        return {users[member["value"]]["userName"] for member in found.get("members", ())}

    def refuse(self, method: str, path: str, answer: httpx.Response) -> None:
        """Answer the next request of this method, to a path that contains `path`, with this."""
        self.refusals.append((method, path, answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        for refusal in self.refusals:
            if request.method == refusal[0] and refusal[1] in request.url.path:
                self.refusals.remove(refusal)
                return refusal[2]
        parts = request.url.path.removeprefix("/scim/v2/").split("/", 1)
        if not request.url.path.startswith("/scim/v2/") or parts[0] not in self.resources:
            return self._discovery(parts)
        resources = self.resources[parts[0]]
        if len(parts) == 1:
            return self._collection(request, parts[0])
        resource_id = unquote(parts[1])
        if resource_id not in resources:
            return httpx.Response(404, json={"detail": "no such resource"})
        if request.method == "PATCH":
            for operation in json.loads(request.content)["Operations"]:
                _apply(resources[resource_id], operation, self.drops)
        return httpx.Response(200, json=resources[resource_id])

    def _discovery(self, parts: list[str]) -> httpx.Response:
        if parts[0] == "ServiceProviderConfig":
            return httpx.Response(200, json={"patch": {"supported": True}})
        if parts[0] == "Schemas" and self.user_attributes:
            attributes = [{"name": name} for name in self.user_attributes]
            return httpx.Response(200, json={"id": parts[1], "attributes": attributes})
        return httpx.Response(404, json={"detail": "no such endpoint"})

    def _collection(self, request: httpx.Request, kind: str) -> httpx.Response:
        resources = self.resources[kind]
        if request.method == "POST":
            body = json.loads(request.content)
            names = {
                r.get("userName", r.get("displayName", "")).lower() for r in resources.values()
            }
            if body.get("userName", body.get("displayName")).lower() in names:
                return httpx.Response(409, json={"detail": "taken", "scimType": "uniqueness"})
            resource_id = self.add(kind, **{k: v for k, v in body.items() if k != "schemas"})
            return httpx.Response(201, json=resources[resource_id])
        found = list(resources.values())
        if wanted := re.fullmatch(r'userName eq "(.*)"', request.url.params.get("filter", "")):
            found = [user for user in found if user["userName"].lower() == wanted[1].lower()]
            return httpx.Response(200, json={"totalResults": len(found), "Resources": found})
        start = int(request.url.params["startIndex"]) - 1
        rows = min(int(request.url.params["count"]), self.page_rows_max)
        page = found[start : start + rows]
        if not self.lists_members:
            page = [{k: v for k, v in row.items() if k != "members"} for row in page]
        return httpx.Response(200, json={"totalResults": len(found), "Resources": page})


def _apply(resource: dict[str, Any], operation: dict[str, Any], drops: tuple[str, ...]) -> None:
    path, op = operation["path"], operation["op"]
    members = resource.setdefault("members", []) if path.startswith("members") else []
    if op == "add":
        members += [m for m in operation["value"] if m not in members]
    elif op == "remove":
        (gone,) = re.findall(r'^members\[value eq "(.*)"\]$', path)
        members[:] = [member for member in members if member["value"] != gone]
    elif path not in drops:
        parent, _, child = path.partition(".")
        (resource.setdefault(parent, {}) if child else resource)[child or parent] = operation[
            "value"
        ]
