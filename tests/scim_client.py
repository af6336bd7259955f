"""A client that asks a SCIM front in process, and what an account holds before and after."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from builders import (
    NOW,
    SIX_MONTHS,
    CountedIds,
    FixedClock,
    a_token,
    admin,
    an_account,
    integration_session,
)
from rolecall.domain.account import Account
from rolecall.domain.attempts import Attempt
from rolecall.domain.events import Event
from rolecall.domain.model import Conformance, ScimClient
from rolecall.domain.ports import Asked, MintedToken, Reading
from rolecall.domain.predicate import EVERYTHING
from rolecall.domain.queries import AttemptsAfter, EventsAfter
from rolecall.domain.selecting import Relation
from rolecall.domain.session import Session
from rolecall.domain.tables import Table
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.scim_answers import Exchange, Incoming
from rolecall.fronts.world import World

URL = "https://acme-demo.example.com/scim/v2"
MANY = 10_000


class PlainSecrets:
    """Secrets that can be foretold; what is kept of a password doesn't hold it."""

    def mint_token(self, at: int, seconds: int | None = None) -> MintedToken:
        expires_at = at + (SIX_MONTHS if seconds is None else seconds * 1_000_000)
        return MintedToken(text="minted", verifier="verifier-of-minted", expires_at=expires_at)

    def verifier_of(self, token: str) -> str:
        return f"verifier-of-{token}"

    def mint_password(self) -> str:
        return "a-minted-password"

    def sign(self, text: str) -> str:
        return sha256(f"signed {text}".encode()).hexdigest()

    def hash_password(self, password: str) -> str:
        return f"argon2id-{sha256(password.encode()).hexdigest()}"

    def public_key(self, text: str) -> str | None:
        return text

    def claims_of(self, token: str) -> None:
        raise AssertionError(f"nobody logs in with {token}")

    def is_signed_with(self, token: str, public_key: str) -> bool:
        raise AssertionError(f"nobody logs in with {token}, {public_key}")

    def password_matches(self, verifier: str | None, password: str) -> bool:
        return verifier == self.hash_password(password)


class NoSelecting:
    """No test of SCIM asks in SQL's SELECT."""

    def select(self, sql: str, relations: Mapping[str, Relation], **_: object) -> Table:
        raise AssertionError(f"{sql} over {list(relations)}")

    def cancel(self, query: str) -> bool:
        raise AssertionError(query)


def a_world(at: int = NOW, first: int = 1) -> World:
    return World(
        clock=FixedClock(at), ids=CountedIds(first), secrets=PlainSecrets(), selecting=NoSelecting()
    )


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A reply as a client sees it."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:  # noqa: ANN401  JSON of any shape
        return json.loads(self.text)

    @property
    def id(self) -> str:
        return str(self.json["id"])

    @property
    def found(self) -> list[str]:
        """The ids in a list response."""
        return [resource["id"] for resource in self.json["Resources"]]


class ScimClientInProcess:
    """An integration of one account, with a token, and whom it can ask."""

    def __init__(
        self,
        account: Account | None = None,
        scim_client: ScimClient = ScimClient.GENERIC,
        *,
        name: str = "OKTA",
        role: str = "OKTA_PROVISIONER",
        conformance: Conformance | None = None,
        first: int | None = None,
    ) -> None:
        self.account = account if account is not None else an_account()
        # Two clients of one account must not mint the same ids.
        self.world = a_world(first=first or (1 if account is None else 500_000))
        self.front = ScimFront(self.account, self.world)
        self.name = name
        self.session: Session = integration_session(
            self.account, name, role, scim_client=scim_client, conformance=conformance
        )
        self.token = str(a_token(self.account, name).id)
        self.at = NOW

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        authorization: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Answered:
        """One request; `body` as JSON, or `raw` as it is."""
        place, _, query = path.partition("?")
        sent = b"" if body is None else json.dumps(body).encode()
        came = Incoming(
            method=method,
            path=place,
            query=query,
            body=sent if raw is None else raw,
            authorization=f"Bearer {self.token}" if authorization is None else authorization,
            base_url=URL,
            client_ip="192.0.2.7",
            if_match=if_match,
            if_none_match=if_none_match,
        )
        answer = self.front.run(Exchange(came, self.at, self.world.ids.new()))
        headers = {name.decode(): value.decode() for name, value in answer.headers}
        return Answered(status=answer.status, text=answer.body.decode(), headers=headers)

    def get(self, path: str) -> Answered:
        return self.ask("GET", path)

    def post(self, path: str, body: object) -> Answered:
        return self.ask("POST", path, body)

    def put(self, path: str, body: object) -> Answered:
        return self.ask("PUT", path, body)

    def patch(self, path: str, *operations: object) -> Answered:
        return self.ask("PATCH", path, patch_of(*operations))

    def delete(self, path: str) -> Answered:
        return self.ask("DELETE", path)

    def user(self, user_name: str, **attributes: object) -> str:
        """The id of a new user."""
        answer = self.post("/Users", user_of(user_name, **attributes))
        assert answer.status == 201, answer.text
        return answer.id

    def group(self, name: str, *members: str, **attributes: object) -> str:
        """The id of a new group."""
        answer = self.post("/Groups", group_of(name, *members, **attributes))
        assert answer.status == 201, answer.text
        return answer.id

    def members(self, group: str) -> set[str]:
        """The ids of a group's members."""
        return {entry["value"] for entry in self.get(f"/Groups/{group}").json.get("members", ())}

    def attempts(self) -> list[Attempt]:
        """Every attempt on record."""
        self.account.store.flush()
        noted = self.account.ask(admin(self.account), AttemptsAfter(after=0, count=MANY))
        return [each.attempt for each in noted]

    def last_attempt(self) -> Attempt:
        return self.attempts()[-1]

    def events(self) -> list[Event]:
        return events_of(self.account)


def events_of(account: Account) -> list[Event]:
    """Every event on record."""
    recorded = account.ask(admin(account), EventsAfter(after=0, count=MANY))
    return [each.event for each in recorded]


def state_of(account: Account, reader: str = "OKTA") -> dict[str, object]:
    """What an account holds, histories and the tokens' last use apart."""

    def body(reading: Reading) -> dict[str, object]:
        roles = reading.find_roles(Asked(EVERYTHING, None, reader), 0, MANY).items
        return {
            "users": reading.find_users(Asked(EVERYTHING, None, reader), 0, MANY).items,
            "roles": roles,
            "members": {
                card.role.id: reading.member_grants_of(card.role.id, MANY) for card in roles
            },
            "hierarchy": reading.hierarchy(),
            "privileges": {card.role.id: reading.privileges_of(card.role.id) for card in roles},
            "integrations": reading.integrations(),
            "tokens": [
                msgspec.structs.replace(token, last_used_at=None)
                for token in reading.tokens_of(None)
            ],
            "events": len(reading.events_after(0, MANY)),
        }

    found: dict[str, object] = account.store.read(account.number, body)
    return found


# ---- bodies ----------------------------------------------------------------------------------

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EXTENSION = "urn:ietf:params:scim:schemas:extension:2.0:User"


def user_of(user_name: str, **attributes: object) -> dict[str, object]:
    return {"schemas": [USER_URN], "userName": user_name, **attributes}


def group_of(name: str, *members: str, **attributes: object) -> dict[str, object]:
    body: dict[str, object] = {"schemas": [GROUP_URN], "displayName": name, **attributes}
    if members:
        body["members"] = [{"value": member} for member in members]
    return body


def patch_of(*operations: object) -> dict[str, object]:
    return {"schemas": [PATCH_URN], "Operations": list(operations)}
