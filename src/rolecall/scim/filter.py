"""Filters are read by the grammar of RFC 7644 section 3.4.2.2, or refused at a column.

    filter    = term *("or" term)            term = factor *("and" factor)
    factor    = ["not"] "(" filter ")" / path "[" filter "]" / path "pr" / path operator value
    path      = [URN ":"] name ["." name]

"not" binds tighter than "and", "and" tighter than "or". Chains of one connective are flat, so that
the depth of a filter is the depth of its brackets.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, NamedTuple, TypeAlias, assert_never

import msgspec
from msgspec import Meta, Struct
from msgspec.json import Decoder

from rolecall.scim import errors, quirks
from rolecall.scim.values import has_forbidden_character

FILTER_CHARACTERS_MAX = 8192
FILTER_DEPTH_MAX = 32

Scalar: TypeAlias = str | bool | int | float | None


class Operator(StrEnum):
    """RFC 7644 section 3.4.2.2, Table 3; `pr` is a filter of its own, `Present`."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


class AttributePath(Struct, frozen=True, kw_only=True, gc=False):
    """An attribute as a filter writes it; `path.resolve` finds the row that it names."""

    schema: str | None = None
    name: str
    sub_attribute: str | None = None


class Comparison(Struct, frozen=True, kw_only=True, gc=False):
    attribute: AttributePath
    operator: Operator
    value: Scalar


class Present(Struct, frozen=True, kw_only=True, gc=False):
    attribute: AttributePath


class And(Struct, frozen=True, kw_only=True, gc=False):
    """All of two or more terms, none of them an And."""

    terms: tuple["Filter", ...]


class Or(Struct, frozen=True, kw_only=True, gc=False):
    """Any of two or more terms, none of them an Or."""

    terms: tuple["Filter", ...]


class Not(Struct, frozen=True, kw_only=True, gc=False):
    term: "Filter"


class ValuePath(Struct, frozen=True, kw_only=True, gc=False):
    """One value of a complex attribute matches the whole filter; its paths are sub-attributes."""

    attribute: AttributePath
    filter: "Filter"


Filter: TypeAlias = Comparison | Present | And | Or | Not | ValuePath


def parse_filter(text: str, tolerated: list[str] | None = None) -> Filter:
    """Read a filter, or say in which column it goes wrong.

    The names of quirks that were met are appended to `tolerated`.
    """
    parser = _Parser(text, tolerated)
    parsed = parser.filter()
    parser.end()
    return parsed


class PlainComparison(NamedTuple):
    """`attribute operator "value"`, in parts: what most filters are."""

    attribute: str
    operator: str
    value: str


def plain_comparison(text: str) -> PlainComparison | None:
    """The parts of a filter that is one comparison with a text without escapes.

    Only the text's value is known to be right: the grammar judges the other two, and all of
    whatever is None here.
    """
    found = _PLAIN_COMPARISON.fullmatch(text) if len(text) <= FILTER_CHARACTERS_MAX else None
    return None if found is None else PlainComparison(*found.groups())


class PlainSelection(NamedTuple):
    """`attribute[part operator "value"]`, in parts: how most PATCH paths pick a value."""

    attribute: str
    part: str
    operator: str
    value: str


def plain_selection(text: str) -> PlainSelection | None:
    """The parts of a path with such a comparison in brackets, as `plain_comparison`."""
    found = _PLAIN_SELECTION.fullmatch(text)
    return None if found is None else PlainSelection(*found.groups())


class ValueSelection(NamedTuple):
    """A PATCH path as it is written (RFC 7644 section 3.5.2, Figure 7)."""

    attribute: AttributePath
    filter: Filter | None
    sub_attribute: str | None


def parse_selection(text: str, tolerated: list[str] | None = None) -> ValueSelection:
    """Read `path` or `path[filter]` or `path[filter].name`; quirks as for `parse_filter`."""
    parser = _Parser(text, tolerated)
    attribute = parser.attribute()
    selection = parser.bracketed() if parser.accept("[") else None
    sub_attribute = parser.sub_attribute() if selection is not None else None
    parser.end()
    return ValueSelection(attribute, selection, sub_attribute)


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


# A JSON string is matched whole; what its escapes mean is left to the JSON decoder. A word takes
# everything else up to a space or a bracket, so that an unquoted value is one token too.
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<bracket>[()\[\]])
      | (?P<word>[^\s()\[\]"]+)""",
    re.VERBOSE | re.DOTALL,
)
# Behind the dot stands one name, or two where the vendor writes urn:…:User.manager.value.
_NAME = r"[A-Za-z$][A-Za-z0-9_$-]*"
_ATTRIBUTE = re.compile(
    rf"(?:(?P<schema>urn:[^\s:]+(?::[^\s:]+)*):)?(?P<name>{_NAME})"
    rf"(?:\.(?P<sub>{_NAME}(?:\.{_NAME})?))?",
    re.IGNORECASE,
)
_SUB_ATTRIBUTE = re.compile(rf"\.({_NAME})")
# A text in quotes is its own value without what JSON escapes and what no attribute can hold.
_PLAIN_WORD = r"([A-Za-z0-9$_.:-]{1,200})"
_PLAIN_END = r'([A-Za-z]{2}) +"([^"\\\x00-\x1f\ud800-\udfff]*)"'
_PLAIN_COMPARISON = re.compile(rf"{_PLAIN_WORD} +{_PLAIN_END}")
_PLAIN_SELECTION = re.compile(rf"{_PLAIN_WORD}\[{_PLAIN_WORD} +{_PLAIN_END}\]")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_JSON_VALUE: Decoder[str | int | float] = Decoder(str | _Integer | float)
_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_OPERATORS = {operator.value: operator for operator in Operator}
_CONNECTIVES = frozenset({"and", "or"})
_RESERVED = _CONNECTIVES | {"not"}
_ORDERED = frozenset({Operator.GT, Operator.GE, Operator.LT, Operator.LE})
_END = "end"


def _tokens(text: str) -> Iterator[_Token]:
    """Cut a text into tokens, each character looked at once."""
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise errors.invalid_filter(
                f"The quoted value that begins at column {position + 1} has no closing quote."
            )
        if found.lastgroup != "space":
            yield _Token(found.lastgroup or "", found.group(), position + 1)
        position = found.end()
    yield _Token(_END, "", len(text) + 1)


class _Parser:
    """A place in a filter's tokens, and how deep in brackets it is."""

    def __init__(self, text: str, tolerated: list[str] | None) -> None:
        if len(text) > FILTER_CHARACTERS_MAX:
            raise errors.invalid_filter(
                f"The filter has {len(text)} characters; send at most {FILTER_CHARACTERS_MAX}."
            )
        self.tokens = list(_tokens(text))
        self.position = 0
        self.depth = 0
        self.in_value_path = False
        self.tolerated = tolerated if tolerated is not None else []

    def filter(self) -> Filter:
        terms = [self.term()]
        while self.accept("or"):
            terms.append(self.term())
        return _joined(Or, terms)

    def term(self) -> Filter:
        factors = [self.factor()]
        while self.accept("and"):
            factors.append(self.factor())
        return _joined(And, factors)

    def factor(self) -> Filter:
        if self.accept("("):
            return self.closed(")")
        if self.accept("not"):
            self.expect("(")
            return Not(term=self.closed(")"))
        return self.expression()

    def expression(self) -> Filter:
        attribute = self.attribute()
        if self.accept("["):
            return self.value_path(attribute)
        if self.accept("pr"):
            return Present(attribute=attribute)
        return self.comparison(attribute)

    def value_path(self, attribute: AttributePath) -> Filter:
        selection = self.bracketed()
        sub_attribute = self.sub_attribute()
        if sub_attribute is None:
            return ValuePath(attribute=attribute, filter=selection)
        # Entra matches users by emails[type eq "work"].value eq "…": one value meets both.
        self.tolerated.append(quirks.VALUE_PATH_COMPARED.name)
        within = AttributePath(name=sub_attribute)
        compared = Present(attribute=within) if self.accept("pr") else self.comparison(within)
        return ValuePath(attribute=attribute, filter=_joined(And, [selection, compared]))

    def bracketed(self) -> Filter:
        """Read the filter behind an opening square bracket; its values are not complex."""
        if self.in_value_path:
            raise self.error("A filter in square brackets can't hold another one")
        self.in_value_path = True
        selection = self.closed("]")
        self.in_value_path = False
        return selection

    def closed(self, bracket: str) -> Filter:
        self.depth += 1
        if self.depth > FILTER_DEPTH_MAX:
            raise self.error(f"Brackets are nested deeper than {FILTER_DEPTH_MAX}")
        inner = self.filter()
        self.depth -= 1
        self.expect(bracket)
        return inner

    def comparison(self, attribute: AttributePath) -> Comparison:
        token = self.tokens[self.position]
        operator = _OPERATORS.get(token.text.lower()) if token.kind == "word" else None
        if operator is None:
            raise self.error(f"Expected an operator ({', '.join(_OPERATORS)} or pr)")
        self.position += 1
        value = self.value(operator)
        if operator in _ORDERED and (value is None or isinstance(value, bool)):
            self.position -= 1
            raise self.error(f"The operator {operator} compares texts and numbers")
        return Comparison(attribute=attribute, operator=operator, value=value)

    def value(self, operator: Operator) -> Scalar:
        token = self.tokens[self.position]
        word = token.text.lower()
        value: Scalar
        if token.kind == "string" or _NUMBER.fullmatch(token.text):
            value = self.json_value(token.text)
        elif word in _LITERALS:
            value = _LITERALS[word]
        elif token.text.startswith("'"):
            raise self.error("Expected text in double quotes, not in single ones")
        elif token.kind == "word" and operator is Operator.EQ and word not in _RESERVED:
            # Entra's own documentation prints filters without quotes.
            self.tolerated.append(quirks.UNQUOTED_VALUE.name)
            value = token.text
        else:
            raise self.error("Expected a value: text in double quotes, a number, true or false")
        if isinstance(value, str) and has_forbidden_character(value):
            raise self.error("The value holds a character that no attribute can hold")
        self.position += 1
        return value

    def json_value(self, text: str) -> str | int | float:
        try:
            return _JSON_VALUE.decode(text.encode())
        except (msgspec.DecodeError, UnicodeEncodeError):
            raise self.error("Expected a JSON text or a 64-bit number") from None

    def attribute(self) -> AttributePath:
        token = self.tokens[self.position]
        found = _ATTRIBUTE.fullmatch(token.text) if token.kind == "word" else None
        if found is None or token.text.lower() in _RESERVED:
            raise self.error("Expected an attribute")
        self.position += 1
        schema, name, sub_attribute = found.group("schema", "name", "sub")
        return AttributePath(schema=schema, name=name, sub_attribute=sub_attribute)

    def sub_attribute(self) -> str | None:
        """Read `.name` if it stands right behind a closing square bracket."""
        token = self.tokens[self.position]
        found = _SUB_ATTRIBUTE.fullmatch(token.text)
        if found is None:
            return None
        self.position += 1
        return found.group(1)

    def accept(self, word: str) -> bool:
        token = self.tokens[self.position]
        if token.kind == "string" or token.text.lower() != word:
            return False
        self.position += 1
        return True

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise self.error(f"Expected '{word}'")

    def end(self) -> None:
        if self.tokens[self.position].kind != _END:
            raise self.error("Expected the end")

    def error(self, claim: str) -> errors.ScimError:
        token = self.tokens[self.position]
        found = "the end" if token.kind == _END else f"'{token.text[:40]}'"
        return errors.invalid_filter(f"{claim}, found {found} at column {token.column}.")


def _joined(connective: type[And] | type[Or], terms: list[Filter]) -> Filter:
    """Join terms, taking in the terms of a bracket that holds the same connective."""
    if len(terms) == 1:
        return terms[0]
    flat: list[Filter] = []
    for term in terms:
        if isinstance(term, connective):
            flat.extend(term.terms)
        else:
            flat.append(term)
    return connective(terms=tuple(flat))


def print_filter(filter_: Filter) -> str:
    """Write a filter so that it reads back as the same value."""
    match filter_:
        case Comparison():
            value = msgspec.json.encode(filter_.value).decode()
            return f"{print_attribute(filter_.attribute)} {filter_.operator} {value}"
        case Present():
            return f"{print_attribute(filter_.attribute)} pr"
        case And():
            return " and ".join(_print_term(term, Or) for term in filter_.terms)
        case Or():
            return " or ".join(_print_term(term, None) for term in filter_.terms)
        case Not():
            return f"not ({print_filter(filter_.term)})"
        case ValuePath():
            return f"{print_attribute(filter_.attribute)}[{print_filter(filter_.filter)}]"
        case _:
            assert_never(filter_)


def _print_term(term: Filter, looser: type[Or] | None) -> str:
    text = print_filter(term)
    return f"({text})" if looser is not None and isinstance(term, looser) else text


def print_attribute(attribute: AttributePath) -> str:
    """Write an attribute path in standard notation (RFC 7644 section 3.10)."""
    schema = "" if attribute.schema is None else f"{attribute.schema}:"
    sub_attribute = "" if attribute.sub_attribute is None else f".{attribute.sub_attribute}"
    return f"{schema}{attribute.name}{sub_attribute}"
