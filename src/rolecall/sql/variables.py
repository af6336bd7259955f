"""Session variables outside queries: `$x` stands for its value, IDENTIFIER(…) for a name.

Both are put in before a rule reads the statement, so that no rule needs to know of them. A value
is one token whatever it holds, so it can't say more than a value: nothing is pasted into text.
"""

from collections.abc import Mapping

from rolecall.sql.calls import Constant
from rolecall.sql.cursor import Cursor, Kind, Token, tokens_of
from rolecall.sql.errors import SqlSyntaxError, UnknownVariable

STARS = "********"
NAME_EXPECTED = "a name in quotes, or a variable that holds one: IDENTIFIER('my_name')"


def put_in(cursor: Cursor, variables: Mapping[str, Constant], *, stars: bool) -> None:
    """Put values and names where variables and IDENTIFIER(…) stand; `stars` for texts.

    Raises UnknownVariable or SqlSyntaxError.
    """
    tokens = cursor.tokens
    if not any(_begins(tokens, position) for position in range(len(tokens))):
        return
    put: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if _is_variable(tokens, position):
            value, last = _value(cursor, position, variables)
            put += _literal(STARS if stars and isinstance(value, str) else value, token, last)
            position += 2
        elif _is_function(tokens, position):
            name, closing = _name(cursor, position + 2, variables)
            put += _name_tokens(cursor, name, token, tokens[closing])
            position = closing + 1
        else:
            put.append(token)
            position += 1
    cursor.put(put)


def _begins(tokens: list[Token], position: int) -> bool:
    return _is_variable(tokens, position) or _is_function(tokens, position)


def _is(tokens: list[Token], position: int, symbol: str) -> bool:
    token = tokens[min(position, len(tokens) - 1)]
    return token.kind is Kind.SYMBOL and token.text == symbol


def _is_variable(tokens: list[Token], position: int) -> bool:
    if not _is(tokens, position, "$"):
        return False
    following = tokens[position + 1]
    return following.kind is Kind.WORD and following.start == tokens[position].end


def _is_function(tokens: list[Token], position: int) -> bool:
    token = tokens[position]
    named = token.kind is Kind.WORD and token.text.upper() == "IDENTIFIER"
    return named and _is(tokens, position + 1, "(")


def _value(
    cursor: Cursor, position: int, variables: Mapping[str, Constant]
) -> tuple[Constant, Token]:
    word = cursor.tokens[position + 1]
    name = word.text.upper()
    if name not in variables:
        line, column = cursor.place(cursor.tokens[position])
        raise UnknownVariable(name, line=line, column=column)
    return variables[name], word


def _literal(value: Constant, first: Token, last: Token) -> list[Token]:
    """The value as the tokens that a literal of it would be, in the variable's place."""
    kind, text = Kind.STRING, str(value)
    if isinstance(value, bool):
        kind, text = Kind.WORD, text.upper()
    elif isinstance(value, int | float):
        kind = Kind.NUMBER
    made = [Token(kind=kind, text=text.removeprefix("-"), start=first.start, end=last.end)]
    if kind is Kind.NUMBER and text.startswith("-"):
        made.insert(0, Token(kind=Kind.SYMBOL, text="-", start=first.start, end=last.end))
    if kind is Kind.STRING:
        made = [Token(kind=kind, text=text, start=first.start, end=last.end)]
    return made


def _name(cursor: Cursor, position: int, variables: Mapping[str, Constant]) -> tuple[str, int]:
    """The text in the parentheses of IDENTIFIER, and where the closing one stands."""
    tokens = cursor.tokens
    token = tokens[position]
    text: Constant = None
    if _is_variable(tokens, position):
        text, _ = _value(cursor, position, variables)
        position += 1
    elif token.kind is Kind.STRING:
        text = token.text
    if not isinstance(text, str):
        cursor.fail(NAME_EXPECTED, token)
    if not _is(tokens, position + 1, ")"):
        cursor.fail("')'", tokens[position + 1])
    return text, position + 1


def _name_tokens(cursor: Cursor, name: str, first: Token, last: Token) -> list[Token]:
    """The words of a name, qualified ones with their dots, and nothing else."""
    try:
        words = list(tokens_of(name))[:-1]
    except SqlSyntaxError:
        words = []
    for position, word in enumerate(words):
        dotted = word.kind is Kind.SYMBOL and word.text == "."
        if (position % 2 == 1) != dotted or (not dotted and word.kind not in NAMES):
            words = []
            break
    if len(words) % 2 == 0:
        cursor.fail(NAME_EXPECTED, first)
    return [
        Token(kind=word.kind, text=word.text, start=first.start, end=last.end) for word in words
    ]


NAMES = frozenset({Kind.WORD, Kind.QUOTED})
