"""The SQL front in a world that stands still, with secrets that can be foreseen."""

import hashlib
import json
from collections.abc import Mapping

from builders import CountedIds, FixedClock, an_account
from rolecall.domain.account import Account
from rolecall.domain.attempts import Attempt
from rolecall.domain.ports import MintedToken
from rolecall.domain.selecting import Relation, Selecting
from rolecall.domain.tables import Cell, Table
from rolecall.fronts.sql import Answer, SqlRefusal, Worksheet, World, local_worksheet

SIX_MONTHS = 181 * 86_400


class ReadableSecrets:
    """Secrets that a test can foresee: `token-1`, `verifier of …`, `hash of …`."""

    def __init__(self) -> None:
        self.minted = 0
        self.compared: list[str | None] = []

    def mint_token(self, at: int, seconds: int | None = None) -> MintedToken:
        self.minted += 1
        text = f"token-{self.minted}"
        lives = SIX_MONTHS if seconds is None else seconds
        return MintedToken(
            text=text, verifier=self.verifier_of(text), expires_at=at + lives * 1_000_000
        )

    def verifier_of(self, token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    def mint_password(self) -> str:
        return "a password"

    def sign(self, text: str) -> str:
        return hashlib.sha256(f"signed {text}".encode()).hexdigest()

    def hash_password(self, password: str) -> str:
        return f"hash of {password}"

    def public_key(self, text: str) -> str | None:
        return text if text.startswith("MII") else None

    def claims_of(self, token: str) -> Mapping[str, object] | None:
        """A readable token is `signature:{json}`."""
        _, _, claims = token.partition(":")
        try:
            found: Mapping[str, object] = json.loads(claims)
        except ValueError:
            return None
        return found

    def is_signed_with(self, token: str, public_key: str) -> bool:
        return token.partition(":")[0] == f"signed with {public_key}"

    def password_matches(self, verifier: str | None, password: str) -> bool:
        self.compared.append(verifier)
        return verifier == f"hash of {password}"


class NoEngine:
    """For tests that select nothing."""

    def select(self, sql: str, relations: Mapping[str, Relation], **_: object) -> Table:
        raise AssertionError(f"nothing should be selected: {sql}, {relations}")

    def cancel(self, query: str) -> bool:
        return query == "what runs"


class Desk:
    """A founded account with a local worksheet on it, and what a test asks of both."""

    def __init__(self, selecting: Selecting | None = None) -> None:
        self.account: Account = an_account()
        self.clock = FixedClock()
        self.secrets = ReadableSecrets()
        self.world = World(
            clock=self.clock,
            ids=CountedIds(),
            secrets=self.secrets,
            selecting=selecting or NoEngine(),
        )
        self.worksheet: Worksheet = local_worksheet(self.account, self.world, "ann")

    def run(self, text: str) -> list[Answer]:
        """The answers to a script."""
        return list(self.worksheet.run(text))

    def said(self, text: str) -> str | None:
        """The last statement's sentence."""
        return self.run(text)[-1].message

    def rows(self, text: str) -> list[tuple[Cell, ...]]:
        """The last statement's rows."""
        return self.run(text)[-1].table.rows

    def column(self, text: str, name: str) -> list[Cell]:
        """One column of the last statement's table."""
        table = self.run(text)[-1].table
        position = [column.name for column in table.columns].index(name)
        return [row[position] for row in table.rows]

    def refusal(self, text: str) -> SqlRefusal:
        """The refusal that ends a script."""
        return refusal_of(self.worksheet, text)

    def attempts(self) -> list[Attempt]:
        """What the history says was tried, oldest first."""
        self.account.store.flush()
        noted = self.account.store.read(1, lambda reading: reading.attempts_after(0, 10_000))
        return [one.attempt for one in noted]


def refusal_of(worksheet: Worksheet, text: str) -> SqlRefusal:
    """The refusal that ends a script on this worksheet."""
    try:
        answers = list(worksheet.run(text))
    except SqlRefusal as refusal:
        return refusal
    raise AssertionError(f"it was not refused: {answers}")
