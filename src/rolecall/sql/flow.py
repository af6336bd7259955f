"""The flow operator: `SHOW … ->> SELECT … FROM $1` is one statement of several stages."""

from rolecall.sql.cursor import Kind, StatementText, place_of, tokens_of
from rolecall.sql.errors import SqlSyntaxError

STAGES_MAX = 20
ARROW = "->>"


def split_flow(text: str, *, line: int = 1, column: int = 1) -> list[StatementText]:
    """The stages of a statement; one that has no arrow is its own only stage."""
    spans: list[tuple[int, int]] = []
    start = 0
    for token in tokens_of(text, line=line, column=column):
        if token.kind is Kind.SYMBOL and token.text == ARROW:
            spans.append((start, token.start))
            start = token.end
    if not spans:
        return [StatementText(text=text, line=line, column=column)]
    spans.append((start, len(text)))
    if len(spans) > STAGES_MAX:
        raise SqlSyntaxError(
            f"unexpected length: a statement has at most {STAGES_MAX} stages.",
            line=line,
            column=column,
        )
    return [_stage(text, span, line, column) for span in spans]


def _stage(text: str, span: tuple[int, int], line: int, column: int) -> StatementText:
    stage = text[span[0] : span[1]]
    start = span[0] + len(stage) - len(stage.lstrip())
    at = place_of(text, start, line=line, column=column)
    return StatementText(text=stage.strip(), line=at[0], column=at[1])
