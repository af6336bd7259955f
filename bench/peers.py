"""The servers we measure ourselves against: how each is installed, and how it is started.

A peer is a row. Each lives in an environment of its own under bench/.venvs, so that nothing of it
ever reaches ours, and is started the way its own documentation says, with its access log off.
"""

import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from bench import load

BENCH = Path(__file__).resolve().parent
START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 10.0


class Peer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One server to compare with; in the commands {venv}, {bench} and {port} are filled in."""

    name: str
    serves: str
    install: tuple[str, ...]
    command: str
    prefix: str


PEERS: tuple[Peer, ...] = (
    Peer(
        name="scim2-server",
        serves="scim2-server 0.8.3, ASGI application, uvicorn[standard], one worker, in memory",
        install=(
            "{python} -m venv {venv}",
            "{venv}/bin/pip install --quiet --quiet scim2-server==0.8.3 uvicorn[standard]",
        ),
        command=(
            "{venv}/bin/uvicorn scim2_server_memory:app --app-dir {bench}/applications"
            " --host 127.0.0.1 --port {port} --workers 1 --no-access-log --log-level warning"
        ),
        prefix="/v2",
    ),
)


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A server that has been started and answers."""

    name: str
    process: subprocess.Popen[bytes]
    target: load.Target


def venv_of(peer: Peer) -> Path:
    return BENCH / ".venvs" / peer.name


def install(peer: Peer) -> None:
    """Build the peer's environment, unless this very row has been installed before."""
    mark = venv_of(peer) / "installed"
    wanted = "\n".join(peer.install)
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    for command in peer.install:
        filled = command.format(python=sys.executable, venv=venv_of(peer), bench=BENCH)
        subprocess.run(shlex.split(filled), check=True)
    mark.write_text(wanted, encoding="utf-8")


def start(peer: Peer, folder: Path) -> Running:
    """Start an installed peer on a free port and wait until it answers."""
    port = free_port()
    command = peer.command.format(venv=venv_of(peer), bench=BENCH, port=port)
    process = spawn(shlex.split(command), folder / f"{peer.name}.log")
    target = load.target_of(f"http://127.0.0.1:{port}{peer.prefix}")
    await_listener(process, target)
    return Running(name=peer.name, process=process, target=target)


def spawn(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a server whose output goes to a file: a terminal would be part of the measurement."""
    with log.open("wb") as file:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )


def await_listener(process: subprocess.Popen[bytes], target: load.Target) -> None:
    """Return when the port accepts a connection; give up when the process ends or time runs out."""
    deadline = time.perf_counter() + START_SECONDS_MAX
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            socket.create_connection((target.host, target.port), timeout=1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    stop(process)
    raise RuntimeError(f"no server on port {target.port} (exit status {process.returncode})")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End one server that we started, by its own process."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS_MAX)


def free_port() -> int:
    """Ask the system for a port that nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Install every peer."""
    for peer in PEERS:
        install(peer)
        sys.stdout.write(f"{peer.name}: {peer.serves}\n")


if __name__ == "__main__":
    main()
