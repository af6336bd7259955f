"""The cursor walks one statement word by word; whatever does not fit is refused with its place.

The words are cut by one pattern of our own, by the vendor's lexical rules. sqlglot reads queries
only: its tokenizer joins words by what they might mean in a query, lets some leading words swallow
the rest of a text, and reports no place for a literal that never ends.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from enum import Enum
from typing import NoReturn

import msgspec

from rolecall.sql.errors import SqlSyntaxError
from rolecall.sql.parts import Identifier

STATEMENT_BYTES_MAX = 1_048_576
SCRIPT_CHARACTERS_MAX = 16_777_216
# Half of what sqlglot bears on Python's own stack.
PARENTHESES_DEPTH_MAX = 24
IDENTIFIER_CHARACTERS_MAX = 255

# The groups are possessive: a text is cut in one pass, whatever it holds.
TOKEN = re.compile(
    r"""
      (?P<BLANK>      \s++ | (?:--|//)[^\n]*+ | /\*.*?\*/ )
    | (?P<STRING>     '(?:[^'\\]++|''|\\.)*+' )
    | (?P<RAW_STRING> \$\$.*?\$\$ )
    | (?P<QUOTED>     "(?:[^"]++|"")++" )
    | (?P<WORD>       [A-Za-z_][A-Za-z0-9_$]*+ )
    | (?P<NUMBER>     [0-9]++(?:\.[0-9]*+)?+(?:[eE][+-]?[0-9]++)?+ | \.[0-9]++ )
    | (?P<SYMBOL>     (?!/\*|\$\$)
                      (?: ->> | => | :: | \|\| | <> | != | <= | >=
                        | [-+*/%=<>(),.;:$@?!|&^~\[\]{}\#`\\] ) )
    """,
    re.VERBOSE | re.DOTALL,
)

ESCAPE = re.compile(
    r"''|\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([0-3]?[0-7]{1,2})|(.))", re.DOTALL
)
ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

# What the vendor reserves: these words are names only inside double quotes.
RESERVED = frozenset(
    """
    ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONSTRAINT CREATE CROSS CURRENT
    CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DELETE DISTINCT DROP ELSE EXISTS FALSE
    FOLLOWING FOR FROM FULL GRANT GROUP HAVING ILIKE IN INCREMENT INNER INSERT INTERSECT INTO IS
    JOIN LATERAL LEFT LIKE LOCALTIME LOCALTIMESTAMP MINUS NATURAL NOT NULL OF ON OR ORDER QUALIFY
    REGEXP REVOKE RIGHT RLIKE ROW ROWS SAMPLE SELECT SET SOME START TABLE TABLESAMPLE THEN TO
    TRIGGER TRUE TRY_CAST UNION UNIQUE UPDATE USING VALUES WHEN WHENEVER WHERE WITH
    """.split()  # noqa: SIM905  a list would take a line a word
)


class Kind(Enum):
    """What a token is."""

    WORD = "a word"
    QUOTED = "a quoted name"
    STRING = "a string"
    NUMBER = "a number"
    SYMBOL = "a symbol"
    END = "the end"


class Token(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One word of the text: `text` is what it means, start and end are where it stands."""

    kind: Kind
    text: str
    start: int
    end: int


class StatementText(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One statement of a script, without its semicolon, and where it begins."""

    text: str
    line: int
    column: int


def tokens_of(text: str, *, line: int = 1, column: int = 1) -> Iterator[Token]:
    """Cut the text into tokens, blanks and comments left out; never looks at a character twice."""
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            at = place_of(text, position, line=line, column=column)
            raise SqlSyntaxError(_unreadable(text, position), line=at[0], column=at[1])
        if match.lastgroup != "BLANK":
            yield _token(match)
        position = match.end()
    yield Token(kind=Kind.END, text="", start=len(text), end=len(text))


def _token(match: re.Match[str]) -> Token:
    raw = match.group()
    start, end = match.span()
    match match.lastgroup:
        case "STRING":
            return Token(kind=Kind.STRING, text=_unescaped(raw[1:-1]), start=start, end=end)
        case "RAW_STRING":
            return Token(kind=Kind.STRING, text=raw[2:-2], start=start, end=end)
        case "QUOTED":
            name = raw[1:-1].replace('""', '"')
            return Token(kind=Kind.QUOTED, text=name, start=start, end=end)
        case "WORD":
            return Token(kind=Kind.WORD, text=raw, start=start, end=end)
        case "NUMBER":
            return Token(kind=Kind.NUMBER, text=raw, start=start, end=end)
        case _:
            return Token(kind=Kind.SYMBOL, text=raw, start=start, end=end)


def _unescaped(text: str) -> str:
    if "'" not in text and "\\" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        two, four, octal, other = match.groups()
        if two or four:
            return chr(int(two or four, 16))
        if octal:
            return chr(int(octal, 8))
        return "'" if other is None else ESCAPED.get(other, other)

    unescaped = ESCAPE.sub(character, text)
    # Two escapes can name the halves of one character; a half that stays alone is no text.
    return unescaped.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unreadable(text: str, position: int) -> str:
    opening = {"'": "string", '"': "quoted name", "$": "$$ string", "/": "comment"}
    character = text[position]
    if text.startswith('""', position):
        return "unexpected '\"\"': a name has at least one character."
    if character in opening:
        return f"unexpected end: the {opening[character]} that begins here never ends."
    return f"unexpected {character!r}: a name with this character needs double quotes."


def is_semicolon(token: Token) -> bool:
    """Whether a statement ends here; a quoted name may be ";" too."""
    return token.kind is Kind.SYMBOL and token.text == ";"


def place_of(text: str, position: int, *, line: int = 1, column: int = 1) -> tuple[int, int]:
    """Line and column (from 1) of a position, when the text itself begins at line and column."""
    lines = text.count("\n", 0, position)
    if lines == 0:
        return line, column + position
    return line + lines, position - text.rfind("\n", 0, position)


def split_script(text: str) -> list[StatementText]:
    """The statements of a script; semicolons in literals and comments do not count."""
    if len(text) > SCRIPT_CHARACTERS_MAX:
        raise SqlSyntaxError(
            f"unexpected length: a script holds at most {SCRIPT_CHARACTERS_MAX} characters.",
            line=1,
            column=1,
        )
    spans: list[tuple[int, int]] = []
    open_statement = False
    for token in tokens_of(text):
        if is_semicolon(token):
            open_statement = False
        elif open_statement and token.kind is not Kind.END:
            spans[-1] = (spans[-1][0], token.end)
        elif token.kind is not Kind.END:
            spans.append((token.start, token.end))
            open_statement = True

    statements = []
    line, column, position = 1, 1, 0
    for start, end in spans:
        between = text[position:start]
        line, column = place_of(between, len(between), line=line, column=column)
        statements.append(StatementText(text=text[start:end], line=line, column=column))
        position = start
    return statements


class Cursor:
    """Walks the tokens of one statement; each rule takes what it knows and leaves the rest."""

    def __init__(self, text: str, *, line: int = 1, column: int = 1) -> None:
        """Cut the text; line and column say where it begins in a larger one."""
        self.text = text
        self.line = line
        self.column = column
        self._check_size()
        self._tokens = list(tokens_of(text, line=line, column=column))
        while len(self._tokens) > 1 and is_semicolon(self._tokens[-2]):
            del self._tokens[-2]
        self._index = 0
        self._check_depth()

    def _check_size(self) -> None:
        try:
            size = len(self.text.encode())
        except UnicodeEncodeError as error:
            line, column = place_of(self.text, error.start, line=self.line, column=self.column)
            raise SqlSyntaxError(
                "unexpected half of a surrogate pair: the text is not Unicode.",
                line=line,
                column=column,
            ) from None
        if size > STATEMENT_BYTES_MAX:
            raise SqlSyntaxError(
                f"unexpected length: a statement holds at most {STATEMENT_BYTES_MAX} bytes, "
                f"this one {size}.",
                line=self.line,
                column=self.column,
            )

    def _check_depth(self) -> None:
        depth = 0
        for token in self._tokens:
            if token.kind is Kind.SYMBOL and token.text in "([{":
                depth += 1
            elif token.kind is Kind.SYMBOL and token.text in ")]}":
                depth -= 1
            if depth > PARENTHESES_DEPTH_MAX:
                self.fail(f"at most {PARENTHESES_DEPTH_MAX} parentheses in one another", token)

    @property
    def tokens_count(self) -> int:
        """How many tokens the statement has."""
        return len(self._tokens) - 1

    @property
    def tokens(self) -> list[Token]:
        """All tokens, the end included."""
        return self._tokens

    def put(self, tokens: list[Token]) -> None:
        """Other tokens for the same text, the end included, to be read from the first on."""
        self._tokens = tokens
        self._index = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._index]

    def advance(self) -> Token:
        """Take the next token; the end stays where it is."""
        token = self._tokens[self._index]
        if token.kind is not Kind.END:
            self._index += 1
        return token

    def place(self, token: Token | None = None) -> tuple[int, int]:
        """Line and column of a token, the next one when none is named."""
        position = (token or self.token).start
        return place_of(self.text, position, line=self.line, column=self.column)

    def fail(self, expected: str, token: Token | None = None) -> NoReturn:
        """Refuse the token, the next one when none is named, and say what was expected."""
        token = token or self.token
        line, column = self.place(token)
        # A string may be a password in the wrong place: it is never repeated.
        is_string = token.kind is Kind.STRING
        found = "…" if is_string else self.text[token.start : token.end][:80] or "<EOF>"
        hint = " <Angle brackets> stand for a name: write the name." if found == "<" else ""
        raise SqlSyntaxError(
            f"unexpected '{found}'.\nExpected {expected}.{hint}", line=line, column=column
        )

    def fail_among(self, names: list[str], what: str, token: Token) -> NoReturn:
        """Refuse a word that is none of the names, and say which come near."""
        near = get_close_matches(token.text.upper(), names, n=3)
        self.fail(f"{what} (did you mean {' or '.join(near)}?)" if near else what, token)

    def peek(self, *keywords: str) -> bool:
        """Whether these keywords come next, in this order."""
        ahead = self._tokens[self._index : self._index + len(keywords)]
        return len(ahead) == len(keywords) and all(
            token.kind is Kind.WORD and token.text.upper() == keyword
            for token, keyword in zip(ahead, keywords, strict=True)
        )

    def accept(self, *keywords: str) -> bool:
        """Take these keywords if all of them come next."""
        if not self.peek(*keywords):
            return False
        self._index += len(keywords)
        return True

    def expect(self, *keywords: str) -> None:
        """Take these keywords, or refuse the first that is not there."""
        for keyword in keywords:
            if not self.accept(keyword):
                self.fail(keyword)

    def accept_symbol(self, symbol: str) -> bool:
        """Take this symbol if it comes next."""
        if self.token.kind is not Kind.SYMBOL or self.token.text != symbol:
            return False
        self._index += 1
        return True

    def expect_symbol(self, symbol: str) -> None:
        """Take this symbol, or refuse what stands there."""
        if not self.accept_symbol(symbol):
            self.fail(f"'{symbol}'")

    def choice(self, *keywords: str) -> str:
        """Take one of these keywords, or refuse and list them."""
        for keyword in keywords:
            if self.accept(keyword):
                return keyword
        return self.fail(" or ".join(keywords))

    def identifier(self) -> Identifier:
        """Take a name: a word that is not reserved, or anything in double quotes."""
        token = self.token
        if token.kind is Kind.WORD and token.text.upper() in RESERVED:
            self.fail(f'a name; the reserved word needs double quotes: "{token.text.upper()}"')
        if token.kind not in {Kind.WORD, Kind.QUOTED}:
            self.fail("a name")
        if len(token.text) > IDENTIFIER_CHARACTERS_MAX:
            self.fail(f"a name of at most {IDENTIFIER_CHARACTERS_MAX} characters")
        self._index += 1
        return Identifier(text=token.text, quoted=token.kind is Kind.QUOTED)

    def identifiers(self) -> tuple[Identifier, ...]:
        """Take names with commas between them, at least one."""
        names = [self.identifier()]
        while self.accept_symbol(","):
            names.append(self.identifier())
        return tuple(names)

    def string(self) -> str:
        """Take a literal in single quotes, or between $$ and $$."""
        if self.token.kind is not Kind.STRING:
            self.fail("a string in single quotes")
        return self.advance().text

    def number(self) -> int:
        """Take a whole number, with its sign."""
        token = self.token
        negative = self.accept_symbol("-")
        digits = self.token
        # 18 digits are more than any property holds, and fit every engine's integer.
        if digits.kind is not Kind.NUMBER or not digits.text.isdecimal() or len(digits.text) > 18:
            self.fail("a whole number of at most 18 digits", token)
        self._index += 1
        return -int(digits.text) if negative else int(digits.text)

    def boolean(self) -> bool:
        """Take TRUE or FALSE; the vendor takes them as strings too."""
        token = self.token
        if token.kind in {Kind.WORD, Kind.STRING} and token.text.upper() in {"TRUE", "FALSE"}:
            self._index += 1
            return token.text.upper() == "TRUE"
        return self.fail("TRUE or FALSE")

    def whole(self) -> str:
        """Take everything: the statement's text from its first token to its last."""
        self._index = len(self._tokens) - 1
        return self.text[self._tokens[0].start : self._tokens[self._index - 1].end]

    def expression(self) -> str:
        """Take an expression: its text, up to a comma or parenthesis that is not its own."""
        first = last = self.token
        depth = 0
        while not self.at_end():
            symbol = self.token.text if self.token.kind is Kind.SYMBOL else ""
            if depth == 0 and symbol in {",", ")", ";"}:
                break
            depth += (symbol == "(") - (symbol == ")")
            last = self.advance()
        if first is self.token:
            self.fail("an expression")
        return self.text[first.start : last.end]

    def at_end(self) -> bool:
        """Whether nothing comes any more."""
        return self.token.kind is Kind.END

    def end(self) -> None:
        """Refuse whatever still comes."""
        if not self.at_end():
            self.fail("the end of the statement")
