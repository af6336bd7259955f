"""One real server for the tests that don't need one of their own."""

from collections.abc import Iterator

import pytest

from rolecall_process import Server, started


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with started(folder, "--ephemeral") as running:
        running.token = running.issue_token(folder)
        yield running
    assert not running.data.exists(), "an ephemeral server leaves nothing behind"
