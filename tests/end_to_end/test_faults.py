"""Disks that fill, files that are torn, floods: writes are refused cleanly and nothing is lost."""

import os
import resource
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import apsw
import httpx
import pytest

from rolecall_process import ROLECALL, Server, environment, started, user_body

pytestmark = pytest.mark.e2e

IDLE_MAX = 10_000
FLOOD = 3_000
GROWTH_MAX = 64 << 20


def created(client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/Users", json=user_body(name))


def total(server: Server) -> int:
    with server.client() as client:
        return int(client.get("/Users?count=0").json()["totalResults"])


def bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


# ---- disks -------------------------------------------------------------------------------------


def test_a_full_disk_refuses_writes_answers_reads_and_loses_nothing(tmp_path: Path) -> None:
    with started(tmp_path, "--data", str(tmp_path / "data")) as server, ExitStack() as stack:
        server.token = server.issue_token(tmp_path)
        client = stack.enter_context(server.client())
        kept = [created(client, f"before-{number}").json()["id"] for number in range(20)]
        # No file of the process may grow from here on: what a full disk is to a database.
        largest = max(file.stat().st_size for file in server.data.iterdir())
        free = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (largest, free[1]))
        refused = None
        for number in range(2_000):
            answer = created(client, f"during-{number}")
            if answer.status_code != 201:
                refused = answer
                break
            kept.append(answer.json()["id"])
        assert refused is not None
        assert (refused.status_code, refused.json()["status"]) == (503, "503")
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get(f"/Users/{kept[-1]}").status_code == 200
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, free)
        after = created(client, "after")
        assert after.status_code == 201
        kept.append(after.json()["id"])
        assert {client.get(f"/Users/{user}").status_code for user in kept} == {200}
        server.end()
    with started(tmp_path / "again", "--data", str(tmp_path / "data")) as again:
        again.token = again.issue_token(tmp_path)
        assert total(again) == len(kept)


def refused_start(data: Path, bytes_max: int) -> str:
    """The one sentence of a server whose files may not grow beyond that."""
    done = subprocess.run(
        [ROLECALL, "serve", "--port", "0", "--data", str(data)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, bytes_max)),
    )
    assert done.returncode == 1
    (sentence,) = done.stderr.strip().splitlines()
    return sentence


def test_a_folder_that_can_not_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with started(tmp_path, "--data", str(data)) as server:
        server.end()
    for file in data.iterdir():
        file.chmod(0o400)
    data.chmod(0o500)
    # Root may write anywhere: the limit on file sizes stands for the disk then.
    said = refused_start(data, 0)
    data.chmod(0o700)
    assert said.startswith("rolecall: ")


def test_a_disk_without_room_for_an_account_is_said_at_the_start(tmp_path: Path) -> None:
    said = refused_start(tmp_path / "data", 64 << 10)
    assert "rolecall.db can't be used: " in said
    assert "what room its disk has: rolecall doctor" in said


@pytest.mark.parametrize("tail", [b"\x00" * 100, b"garbage" * 5_000], ids=["zeros", "garbage"])
def test_a_torn_end_of_the_log_loses_nothing_acknowledged(tmp_path: Path, tail: bytes) -> None:
    data = tmp_path / "data"
    with started(tmp_path, "--data", str(data)) as server:
        server.token = server.issue_token(tmp_path)
        with server.client() as client:
            for number in range(30):
                assert created(client, f"user-{number}").status_code == 201
        server.kill()
        log = data / "rolecall.db-wal"
        assert log.stat().st_size > 0, "the cut came before a checkpoint"
        with log.open("ab") as file:
            file.write(tail)
    with started(tmp_path / "again", "--data", str(data)) as again:
        again.token = again.issue_token(tmp_path)
        assert total(again) == 30


# ---- floods ------------------------------------------------------------------------------------


def test_a_flood_of_bad_tokens_fills_neither_the_disk_nor_the_audit(tmp_path: Path) -> None:
    with started(tmp_path, "--data", str(tmp_path / "data")) as server:
        server.token = server.issue_token(tmp_path)
        before = bytes_in(server.data)
        began = monotonic()

        def guess(first: int) -> set[int]:
            with httpx.Client(base_url=server.url) as client:
                return {
                    client.get(
                        "/Users", headers={"Authorization": f"Bearer guess-{first}-{number}"}
                    ).status_code
                    for number in range(FLOOD // 8)
                }

        with ThreadPoolExecutor(8) as pool:
            told = set().union(*pool.map(guess, range(8)))
        seconds = monotonic() - began
        assert told <= {401, 429}
        assert server.status() == 200
        server.end()
    database = apsw.Connection(str(tmp_path / "data" / "rolecall.db"))
    found = database.execute("SELECT count(*) FROM attempts WHERE kind = 'SCIM'").get
    # Ten rows a second and one that counts the rest, beside what the test itself has asked.
    assert found <= 11 * (seconds + 2) + 10
    assert bytes_in(tmp_path / "data") - before < 8 << 20


def test_ten_thousand_idle_connections_keep_nobody_waiting(tmp_path: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = IDLE_MAX if most == resource.RLIM_INFINITY else min(IDLE_MAX, most - 1_000)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        with started(tmp_path, "--data", str(tmp_path / "data")) as server, ExitStack() as stack:
            server.token = server.issue_token(tmp_path)
            resident = memory(server.pid)
            place = urlsplit(server.root)
            for _ in range(count):
                address = (place.hostname or "", place.port or 0)
                stack.enter_context(socket.create_connection(address, timeout=10))
            with server.client() as client:
                began = monotonic()
                assert created(client, "bob").status_code == 201
                assert monotonic() - began < 5
            assert memory(server.pid) - resident < 32_000 * count
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def memory(pid: int) -> int:
    """Resident bytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
