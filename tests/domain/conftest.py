"""An account in every store that is here, founded with its administrator."""

from collections.abc import Iterator

import pytest

from builders import add_role, add_user, admin, an_account, integration_session
from rolecall.domain.account import Account
from rolecall.domain.names import Id
from rolecall.domain.session import Session
from rolecall.store.memory import MemoryStore


@pytest.fixture
def account() -> Iterator[Account]:
    store = MemoryStore()
    yield an_account(store)
    store.close()


@pytest.fixture
def local(account: Account) -> Session:
    """ACCOUNTADMIN, from the machine itself."""
    return admin(account)


@pytest.fixture
def okta(account: Account) -> Session:
    """A SCIM integration that runs as OKTA_PROVISIONER."""
    return integration_session(account, "OKTA", "OKTA_PROVISIONER")


@pytest.fixture
def azure(account: Account) -> Session:
    """Another integration, with another role."""
    return integration_session(account, "AAD", "AAD_PROVISIONER")


@pytest.fixture
def people(account: Account, okta: Session) -> list[Id]:
    return [add_user(account, okta, f"USER{number}") for number in range(6)]


@pytest.fixture
def team(account: Account, okta: Session, people: list[Id]) -> Id:
    return add_role(account, okta, "TEAM", *people)
