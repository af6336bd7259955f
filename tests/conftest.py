"""Ground rules of every test: the same examples on every machine, no clock, no other machine.

Sockets reach 127.0.0.1 alone; pyproject.toml sets that with pytest-socket's options.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from rolecall.domain.ports import Store
from scim_client import ScimClientInProcess
from stores import STORES

settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=2_000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "developer")
)

collect_ignore = ["clients"]
"""Scripts that run in the environments of other people's clients."""


@pytest.fixture(params=STORES)
def each_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each store in turn."""
    store = STORES[request.param](tmp_path)
    yield store
    store.close()


@pytest.fixture
def scim() -> ScimClientInProcess:
    """A SCIM client of an empty account in this process."""
    return ScimClientInProcess()
