"""One group of a hundred thousand: told in little memory, to slow clients too, and never lost."""

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import apsw
import pytest

from rolecall.domain.model import User
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Transaction
from rolecall.store.sqlite import SqliteStore
from rolecall_process import Server, group_body, patch_body, started

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MEMBERS = 100_000
MEGABYTES_MAX = 10
"""So much may the server grow for an answer of some 15: a few pieces of it."""
NOW = 1_767_225_600_000_000
PATCHES = 64
BATCH = 5_000


class Crowd:
    """A server with a hundred thousand users, and the id of the group that holds them all."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.database = server.data / "rolecall.db"
        self.users = [Id(f"019b0000-0000-7000-8000-{number:012x}") for number in range(MEMBERS)]
        with server.client() as client:
            answer = client.post("/Groups", json=group_body("everybody"))
            self.group = Id(answer.json()["id"])
        self._fill()

    def _fill(self) -> None:
        store = SqliteStore(self.database, durable=False)

        for first in range(0, MEMBERS, BATCH):
            store.transact(1, partial(self._fill_some, self.users[first : first + BATCH]))
        store.close()

    def _fill_some(self, users: list[Id], tx: Transaction) -> None:
        role = tx.role(self.group)
        assert role is not None
        for user in users:
            name = f"user-{user[-6:]}@example.com"
            tx.save_user(
                User(
                    id=user,
                    name=Name(name.upper()),
                    login_name=name,
                    owner=role.owner,
                    created_at=NOW,
                )
            )
        tx.add_members(role.id, tuple(users), role.owner, None, NOW)

    def memory(self, name: str) -> int:
        """A line of the server's memory account, in megabytes."""
        text = Path(f"/proc/{self.server.pid}/status").read_text()
        found = re.search(rf"{name}:\s+(\d+) kB", text)
        assert found is not None
        return int(found[1]) >> 10

    def forget_peak(self) -> None:
        Path(f"/proc/{self.server.pid}/clear_refs").write_text("5")

    def asked_slowly(self, path: str) -> socket.socket:
        """A connection that has asked, and has read no more than the status."""
        place = urlsplit(self.server.url)
        assert place.hostname is not None
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(60)
        connection.connect((place.hostname, place.port))
        connection.sendall(
            f"GET {place.path}{path} HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Authorization: Bearer {self.server.token}\r\nConnection: close\r\n\r\n".encode()
        )
        assert connection.recv(12) == b"HTTP/1.1 200"
        return connection


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    folder = tmp_path_factory.mktemp("crowd")
    with started(folder, "--data", str(folder / "data")) as server:
        server.token = server.issue_token(folder)
        yield Crowd(server)


def ids_in(body: bytes) -> list[str]:
    return [member["value"] for member in json.loads(body)["members"]]


@pytest.mark.parametrize("path", ["/Groups/{}", "/Groups?count=100"])
def test_a_hundred_thousand_members_are_told_in_little_memory(crowd: Crowd, path: str) -> None:
    with crowd.server.client() as client:
        client.get("/Groups")
        before = crowd.memory("VmRSS")
        crowd.forget_peak()
        answer = client.get(path.format(crowd.group))
    grown = crowd.memory("VmHWM") - before
    assert answer.status_code == 200
    found = answer.json()
    (group,) = found.get("Resources", [found])
    assert [each["value"] for each in group["members"]] == crowd.users
    assert grown < MEGABYTES_MAX, f"the server grew by {grown} MB"


def test_a_slow_client_holds_no_moment_of_the_database(crowd: Crowd) -> None:
    connection = crowd.asked_slowly(f"/Groups/{crowd.group}")
    with crowd.server.client() as client:
        for number in range(20):
            assert client.post("/Groups", json=group_body(f"meanwhile-{number}")).is_success
    beside = apsw.Connection(str(crowd.database))
    busy, in_log, _ = next(beside.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    beside.close()
    assert (busy, in_log) == (0, 0)
    head, _, chunked = rest_of(connection).partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    assert ids_in(unchunked(chunked)) == crowd.users


def rest_of(connection: socket.socket) -> bytes:
    """What the server still sends until it closes the connection."""
    received: list[bytes] = []
    while part := connection.recv(1 << 20):
        received.append(part)
    connection.close()
    return b"".join(received)


def unchunked(text: bytes) -> bytes:
    """The body in chunks; it must have its end."""
    found: list[bytes] = []
    while text:
        size, _, text = text.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return b"".join(found)
        found.append(text[:length])
        text = text[length + 2 :]
    raise ValueError("the answer has no end")


def test_a_group_that_goes_meanwhile_is_an_answer_without_an_end(crowd: Crowd) -> None:
    body = group_body("going", *crowd.users)
    with crowd.server.client() as client:
        group = client.post("/Groups?excludedAttributes=members", json=body).json()["id"]
        connection = crowd.asked_slowly(f"/Groups/{group}")
        assert client.delete(f"/Groups/{group}").status_code == 204
    _, _, chunked = rest_of(connection).partition(b"\r\n\r\n")
    with pytest.raises(ValueError, match="no end"):
        unchunked(chunked)
    assert "Traceback" not in crowd.server.output()


def test_64_patches_at_once_over_http_leave_exactly_their_sum(crowd: Crowd) -> None:
    leaving, joining = crowd.users[:PATCHES], crowd.users[PATCHES : 2 * PATCHES]
    with crowd.server.client() as client:
        group = client.post("/Groups", json=group_body("busy", *leaving)).json()["id"]
    ready = Barrier(PATCHES)

    def change(number: int) -> int:
        added = {"op": "add", "path": "members", "value": [{"value": joining[number]}]}
        removed = {"op": "remove", "path": f'members[value eq "{leaving[number]}"]'}
        with crowd.server.client() as client:
            client.get("/ServiceProviderConfig")
            ready.wait(60)
            return client.patch(f"/Groups/{group}", json=patch_body(added, removed)).status_code

    with ThreadPoolExecutor(PATCHES) as threads:
        assert set(threads.map(change, range(PATCHES))) == {200}
    with crowd.server.client() as client:
        shown = client.get(f"/Groups/{group}").json()
    assert sorted(each["value"] for each in shown["members"]) == joining
    assert shown["meta"]["version"] == f'W/"{PATCHES + 1}"'
