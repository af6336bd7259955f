"""The worksheet of a terminal: a script from anywhere, or statements as a person types them.

It knows neither how statements are carried out nor by whom: it is handed a function that runs
a text, and reads the answers and refusals by their shape.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TextIO, runtime_checkable

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from rolecall.console.printing import Answered, Format, print_answer, printable

Run = Callable[[str], Iterable[Answered]]

PROMPT = "rolecall> "
GO_ON = "     ...> "
LEAVE = frozenset({"exit", "quit", "!exit", "!quit"})
WORDS = tuple(
    """
    ACCOUNT ACCOUNTADMIN ALTER COMMENT COPY CREATE CURRENT DATABASE DATABASES DEFAULT_ROLE DESCRIBE
    DISABLED DROP EXISTS FROM GRANT GRANTS INFORMATION_SCHEMA INTEGRATION INTEGRATIONS LIKE LIMIT
    LOGIN_NAME ON OWNERSHIP PASSWORD PRIVILEGES REPLACE REST_EVENT_HISTORY REVOKE ROLE ROLES
    RUN_AS_ROLE SCHEMA SCIM SCIM_CLIENT SECONDARY SECURITY SELECT SET SHOW STARTS
    SYSTEM$GENERATE_SCIM_ACCESS_TOKEN TABLE TOKEN TOKENS TYPE UNSET USE USER USERS WAREHOUSE WHERE
    """.split()  # noqa: SIM905  a list would take a line a word
)
"""What the Tab key offers."""


@runtime_checkable
class Refused(Protocol):
    """A refusal by its shape: the fronts' and a remote server's look alike."""

    code: str
    sqlstate: str
    message: str
    line: int
    column: int
    fix: str | None


def run_script(run: Run, text: str, style: Format, out: TextIO, errors: TextIO) -> int:
    """Print the answers to a script's statements; the exit status: 1 when one was refused."""
    count = 0
    try:
        for answer in run(text):
            if style is not Format.JSON and count and not _is_bare(answer):
                out.write("\n")
            print_answer(answer, style, out)
            count += 1
    except Exception as error:
        if not isinstance(error, Refused):
            raise
        out.flush()
        errors.write(refusal_text(error, text))
        return 1
    return 0


def _is_bare(answer: Answered) -> bool:
    """Whether the answer is one cell: lines of them need no blank line between."""
    return len(answer.table.rows) == 1 and len(answer.table.columns) == 1


def refusal_text(refused: Refused, text: str) -> str:
    """The refusal, with the line that it is about and a caret below the place."""
    parts = [f"{refused.code} ({refused.sqlstate}): {_lines(refused.message)}"]
    lines = text.splitlines()
    if 0 < refused.line <= len(lines) and refused.column > 0:
        line = lines[refused.line - 1]
        caret = "".join("\t" if c == "\t" else " " for c in line[: refused.column - 1]) + "^"
        parts += [f"line {refused.line}, column {refused.column}:", _shown(line), caret]
    if refused.fix is not None:
        parts.append(f"Fix: {printable(refused.fix)}")
    return "\n".join(parts) + "\n"


def _lines(message: str) -> str:
    return "\n".join(printable(line) for line in message.splitlines())


def _shown(line: str) -> str:
    return "\t".join(printable(part) for part in line.split("\t"))


# ---- typed by a person -----------------------------------------------------------------------


def interact(run: Run, style: Format, history: Path | None, out: TextIO | None = None) -> int:
    """Ask for statements until Ctrl-D or `exit`; a refusal ends a text, not the session."""
    prompting: PromptSession[str] = PromptSession(
        message=PROMPT,
        multiline=True,
        prompt_continuation=GO_ON,
        key_bindings=_keys(),
        completer=WordCompleter(WORDS, ignore_case=True),
        complete_while_typing=False,
        history=InMemoryHistory() if history is None else SilentHistory(history),
    )
    target = out or sys.stdout
    while True:
        try:
            text = prompting.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return 0
        if leaves(text):
            return 0
        try:
            run_script(run, text, style, target, target)
        except KeyboardInterrupt:
            target.write("Interrupted.\n")


def leaves(text: str) -> bool:
    """Whether the text ends the session."""
    return text.strip().rstrip(";").strip().lower() in LEAVE


def is_complete(text: str) -> bool:
    """Whether Enter sends the text: it ends with a semicolon, leaves, or is empty."""
    stripped = text.strip()
    return not stripped or stripped.endswith(";") or leaves(stripped)


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_complete(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return keys


class SilentHistory(FileHistory):
    """A history file for the owner's eyes, without the statements that hold a password."""

    def __init__(self, path: Path) -> None:
        """Make the file, readable by its owner only, if it is not there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        super().__init__(path)

    def store_string(self, string: str) -> None:
        """Keep the text, unless it speaks of a password."""
        if "password" not in string.lower():
            super().store_string(string)
