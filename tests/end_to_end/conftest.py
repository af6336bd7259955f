"""One real server for the tests that don't need one of their own, and two for the clients."""

from collections.abc import Iterator

import pytest

from client_programs import Place, reached
from rolecall_process import Server, started


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with started(folder, "--ephemeral") as running:
        running.token = running.issue_token(folder)
        yield running
    assert not running.data.exists(), "an ephemeral server leaves nothing behind"


@pytest.fixture(scope="session")
def anew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One process for the tests that want an account of their own."""
    with started(tmp_path_factory.mktemp("anew"), "--ephemeral") as running:
        yield running


@pytest.fixture
def empty(anew: Server) -> Server:
    """A server with an empty account that nobody else uses."""
    anew.reset()
    return anew


@pytest.fixture(scope="session", params=["http", "https"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A server that the vendor's clients are connected to, over HTTP and over HTTPS."""
    with reached(tmp_path_factory.mktemp(request.param), request.param) as found:
        yield found
