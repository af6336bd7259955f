"""Every store there is, fresh and holding one account, for the suite that they all pass."""

from pathlib import Path

import pytest

from builders import NOW, an_id
from rolecall.domain.model import Account
from rolecall.domain.names import Name
from rolecall.domain.ports import Store


def an_account(number: int = 1) -> Account:
    return Account(
        number=number,
        id=an_id(900 + number),
        organization=Name("ORG"),
        name=Name(f"DEMO{number}"),
        created_at=NOW,
    )


@pytest.fixture
def store(each_store: Store) -> Store:
    each_store.transact(1, lambda tx: tx.save_account(an_account()))
    return each_store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rolecall.db"
