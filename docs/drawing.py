"""How a reference page is written: its tables, its words as code, its prose."""

import inspect
import re
from collections.abc import Iterable, Sequence


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what would end a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in line) + " |\n"
        for line in lines
    )


def code(*words: object) -> str:
    """Words as code, apart from one another."""
    return ", ".join(f"`{word}`" for word in words)


def prose(thing: object) -> str:
    """The docstring as it is meant to be read."""
    return inspect.getdoc(thing) or ""


def spaced(name: str) -> str:
    """A class's name in words: `CreateUser` is CREATE USER."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).upper()


def page(title: str, introduction: str, *parts: str) -> str:
    """A page: its title, what it lists, and the parts."""
    return "\n".join([f"# {title}\n", introduction + "\n", *parts])
