"""A tiny SCIM server that can have one flaw: for tests of what finds flaws in servers."""

import itertools
import json
import re
from threading import RLock
from typing import Any, TypeAlias

import httpx

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
Json: TypeAlias = Any
PICKED = re.compile(r'(\w+)\[type eq "(\w+)"\]\.(\w+)')
REMOVED = re.compile(r'members\[value eq "(.*)"\]')


class TinyScimServer:
    """Users and groups in memory; `flaw` names the one thing that it does wrong."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        self.resources: dict[str, dict[str, dict[str, Any]]] = {"Users": {}, "Groups": {}}
        self.requests: list[httpx.Request] = []
        self._serials = itertools.count(1)
        self._lock = RLock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            endpoint, _, id = request.url.path.split("/v2/")[1].partition("/")
            body = json.loads(request.content) if request.content else {}
            answer = self.answer(request, endpoint, id, body)
        if self.flaw == "content-type":
            answer.headers["Content-Type"] = "text/plain"
        return answer

    def answer(
        self, request: httpx.Request, endpoint: str, id: str, body: dict[str, Any]
    ) -> httpx.Response:
        resources = self.resources[endpoint]
        if not id:
            if request.method == "GET":
                return self.search(endpoint, request.url.params)
            return self.create(endpoint, body)
        if id not in resources:
            return self.refused(400 if self.flaw == "missing" else 404, "no such resource")
        if request.method == "DELETE":
            if self.flaw != "gone":
                del resources[id]
                for group in self.resources["Groups"].values():
                    group["members"] = [m for m in group["members"] if m["value"] != id]
            return httpx.Response(204)
        if request.method == "PUT":
            kept = {name: value for name, value in body.items() if name != "password"}
            resources[id].update(kept)
        elif request.method == "PATCH":
            for operation in body["Operations"]:
                self.change(resources[id], operation)
        return self.shown(200, resources[id])

    def search(self, endpoint: str, params: httpx.QueryParams) -> httpx.Response:
        found = list(self.resources[endpoint].values())
        wanted = re.fullmatch(r'(\S+|emails\[.*\]\.value) eq "([^"]*)"', params.get("filter", ""))
        if wanted is None and "filter" in params:
            return self.refused(400, "only one comparison")
        if wanted:
            name, value = wanted[1], wanted[2].lower()
            found = [each for each in found if value in map(str.lower, values_of(each, name))]
            if self.flaw == "link":
                found = [each for each in found if each.get("active", True)]
            if self.flaw == "wrong-match":
                found = found or list(self.resources[endpoint].values())[:1]
            if self.flaw == "no-match" and not found:
                return self.refused(404, "nobody")
        total: Any = str(len(found)) if self.flaw == "list-shape" else len(found)
        start, count = int(params.get("startIndex", 1)) - 1, int(params.get("count", 1000))
        if self.flaw == "walk":
            start, count = start + (start > 0), 20
        page = found[start:][:count]
        body = {"schemas": [LIST], "totalResults": total, "startIndex": 1, "Resources": page}
        return httpx.Response(200, json={**body, "itemsPerPage": len(page)})

    def create(self, endpoint: str, body: dict[str, Any]) -> httpx.Response:
        if self.flaw == "no-answer" and endpoint == "Groups":
            raise httpx.ReadError("gone")
        name = "userName" if endpoint == "Users" else "displayName"
        taken = {each[name].lower() for each in self.resources[endpoint].values()}
        if body[name].lower() in taken:
            if self.flaw == "status":
                return self.refused(500, "duplicate key")
            return self.refused(409, "taken")
        id = f"id-{next(self._serials)}"
        kept = {key: value for key, value in body.items() if key != "password"}
        self.resources[endpoint][id] = {"id": id, "members": [], **kept}
        if self.flaw == "echo":
            self.resources[endpoint][id][name] = body[name].upper()
        if self.flaw == "id":
            return httpx.Response(201, json={"schemas": body["schemas"]})
        return self.shown(201, self.resources[endpoint][id])

    def shown(self, status: int, resource: dict[str, Any]) -> httpx.Response:
        body = dict(resource)
        if self.flaw == "null":
            body["nickName"] = None
        if self.flaw == "boolean" and "active" in body:
            body["active"] = str(body["active"])
        if self.flaw == "password-shown" and "userName" in body:
            body["password"] = "1mz050nq"
        return httpx.Response(status, json=body)

    def refused(self, status: int, detail: str) -> httpx.Response:
        if self.flaw == "not-json":
            return httpx.Response(status, html="<html>no</html>")
        if self.flaw == "error-shape":
            return httpx.Response(status, json={"error": detail})
        told = {"schemas": [ERROR], "status": str(status), "detail": detail}
        return httpx.Response(status, json=told)

    def change(self, resource: dict[str, Any], operation: dict[str, Any]) -> None:
        op, path = operation["op"].lower(), operation.get("path")
        value: Json = operation.get("value")
        if path is None:
            for key, inner in value.items():
                if key == "members":
                    self.change_members(resource, op, key, inner)
                elif key != "password":
                    self.set(resource, key, inner)
        elif path == "members" or REMOVED.fullmatch(path):
            self.change_members(resource, op, path, value)
        elif op == "remove":
            resource.pop(path, None)
        else:
            self.set(resource, path, value)

    def change_members(self, resource: dict[str, Any], op: str, path: str, value: Json) -> None:
        picked = REMOVED.fullmatch(path)
        if op == "remove":
            gone = {picked[1]} if picked else {member["value"] for member in value}
            if self.flaw == "lost-member":
                gone = {member["value"] for member in resource["members"]}
            resource["members"] = [m for m in resource["members"] if m["value"] not in gone]
            return
        value = value if isinstance(value, list) else [value]
        kept = [] if op == "replace" else resource["members"]
        new = {member["value"] for member in kept} if self.flaw != "twice" else set()
        added = [{"value": member["value"]} for member in value if member["value"] not in new]
        resource["members"] = kept + added

    def set(self, resource: dict[str, Any], path: str, value: Json) -> None:
        if path == "active":
            if self.flaw != "lost-change":
                resource["active"] = value not in {False, "False"}
        elif picked := PICKED.fullmatch(path):
            entries = resource.setdefault(picked[1], [])
            if not any(entry["type"] == picked[2] for entry in entries):
                entries.append({"type": picked[2]})
            for entry in entries:
                if entry["type"] == picked[2]:
                    entry[picked[3]] = value
        elif path != "id":
            resource[SPELLED.get(path, path)] = value


SPELLED = {
    "username": "userName",
    "urn:ietf:params:scim:schemas:core:2.0:User:displayName": "displayName",
}


def values_of(resource: dict[str, Any], name: str) -> list[str]:
    """What a resource has under a name, or under that of the values of its work addresses."""
    if name.startswith("emails["):
        return [email["value"] for email in resource.get("emails", [])]
    return [resource[name]] if name in resource else []
