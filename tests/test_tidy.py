"""The house numbers of our style, executed: sizes, names, docstrings, reasons beside exceptions."""

import ast
import io
import os
import re
import socket
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 600
LINE_CHARACTERS_MAX = 100
FOLDERS_MAX = 2
NAMES_THAT_SAY_NOTHING = re.compile(r"^_?(util|common|helper|base|manager)s?$")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
SUPPRESSION = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:\s*no\s*(?:cover|branch))(.*)")
CODES_AND_REASON = re.compile(r"^(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[a-z, -]+\]|)\s+\S+\s+\S+")

Rule = Callable[[Path, str], Iterator[str]]


def long_functions(path: Path, text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"{path}:{node.lineno}: {node.name} has {lines} lines"


def long_files(path: Path, text: str) -> Iterator[str]:
    lines = len(text.splitlines())
    if lines > FILE_LINES_MAX:
        yield f"{path}: {lines} lines: is this one room, or two?"


def long_lines(path: Path, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > LINE_CHARACTERS_MAX:
            yield f"{path}:{number}: {len(line)} characters"


def modules_without_a_claim(path: Path, text: str) -> Iterator[str]:
    if not ast.get_docstring(ast.parse(text)):
        yield f"{path}: its first line does not say what the file is for"


def deep_folders(path: Path, _: str) -> Iterator[str]:
    folders = path.parts[:-1]
    if folders[:2] == ("src", "rolecall") and len(folders) - 2 > FOLDERS_MAX:
        yield f"{path}: deeper than {FOLDERS_MAX} folders"


def names_that_say_nothing(path: Path, _: str) -> Iterator[str]:
    for part in (*path.parts[:-1], path.stem):
        if NAMES_THAT_SAY_NOTHING.match(part):
            yield f"{path}: '{part}' does not say what it holds"


def comments_of(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def exceptions_without_a_reason(path: Path, text: str) -> Iterator[str]:
    for number, comment in comments_of(text):
        suppression = SUPPRESSION.search(comment)
        if suppression and not CODES_AND_REASON.match(suppression[1]):
            yield f"{path}:{number}: {comment} names no code, or no reason after it"


def unfinished_work(path: Path, text: str) -> Iterator[str]:
    for number, comment in comments_of(text):
        if UNFINISHED.search(comment):
            yield f"{path}:{number}: {comment}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield f"{path}:{node.lineno}: a stub"


PLANTED: dict[Rule, tuple[str, str]] = {
    long_functions: ("src/rolecall/a.py", "def f():\n" + "    g()\n" * FUNCTION_LINES_MAX),
    long_files: ("src/rolecall/a.py", "x = 1\n" * (FILE_LINES_MAX + 1)),
    long_lines: ("src/rolecall/a.py", "x" * (LINE_CHARACTERS_MAX + 1)),
    modules_without_a_claim: ("src/rolecall/a.py", "import os\n"),
    deep_folders: ("src/rolecall/web/pages/parts/a.py", ""),
    names_that_say_nothing: ("src/rolecall/web/utils.py", ""),
    exceptions_without_a_reason: ("src/rolecall/a.py", "x = y  # noqa: F821\n"),
    unfinished_work: ("src/rolecall/a.py", "x = 1  # TODO count\n"),
}
"""Every rule, with a file that breaks it."""


def source_files() -> Iterator[Path]:
    for top in ("src", "tests", "bench", "tools"):
        for folder, folders, files in os.walk(ROOT / top):
            folders[:] = [name for name in folders if not name.startswith(".")]  # environments
            yield from (Path(folder, name) for name in files if name.endswith(".py"))


@pytest.fixture(scope="module")
def texts() -> dict[Path, str]:
    return {path.relative_to(ROOT): path.read_text("utf-8") for path in sorted(source_files())}


@pytest.mark.parametrize("rule", PLANTED, ids=lambda rule: rule.__name__)
def test_no_file_breaks_the_rule(rule: Rule, texts: dict[Path, str]) -> None:
    assert Path("src/rolecall/__init__.py") in texts
    breaches = [breach for path, text in texts.items() for breach in rule(path, text)]
    assert not breaches, "\n".join(breaches)


@pytest.mark.parametrize("rule", PLANTED, ids=lambda rule: rule.__name__)
def test_the_rule_notices_what_breaks_it(rule: Rule) -> None:
    path, text = PLANTED[rule]
    assert len(list(rule(Path(path), text))) == 1


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: S608  the predicate comes from store.predicate",
        "# noqa: S608, E731 a table of short functions",
        "# type: ignore[arg-type]  the driver's stub is wrong",
        "# pragma: no cover  only on macOS",
    ],
)
def test_an_exception_with_its_reason_is_accepted(comment: str) -> None:
    assert list(exceptions_without_a_reason(Path("a.py"), f"x = 1  {comment}\n")) == []


def test_a_test_reaches_no_other_machine() -> None:
    with (
        socket.socket() as client,
        pytest.raises((RuntimeError, UserWarning), match=r"192\.0\.2\.1"),
    ):
        client.connect(("192.0.2.1", 443))
