"""The cursor cuts by the vendor's lexical rules, once, and says where it stopped."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.sql.cursor import (
    PARENTHESES_DEPTH_MAX,
    SCRIPT_CHARACTERS_MAX,
    STATEMENT_BYTES_MAX,
    Cursor,
    Kind,
    place_of,
    split_script,
    tokens_of,
)
from rolecall.sql.errors import SqlSyntaxError


def texts(text: str) -> list[str]:
    return [token.text for token in tokens_of(text)][:-1]


@pytest.mark.parametrize(
    ("literal", "meaning"),
    [
        ("'it''s'", "it's"),
        (r"'it\'s'", "it's"),
        (r"'\\ \n \q'", "\\ \n q"),
        (r"'\x41\u00e9\101'", "AéA"),
        (r"'\ud83d\ude00'", "\U0001f600"),
        (r"'\ud83d'", "\ufffd"),
        ("$$it's \\n raw$$", "it's \\n raw"),
        ("'a\nb'", "a\nb"),
    ],
)
def test_a_literal_means_what_the_vendor_says(literal: str, meaning: str) -> None:
    assert Cursor(literal).string() == meaning


def test_comments_are_blanks() -> None:
    assert texts("a -- b\n// c\n/* d */ e/**/f") == ["a", "e", "f"]


def test_numbers_and_symbols_are_told_apart() -> None:
    assert texts("-5 1.5e3 .5 ->> => a$1") == ["-", "5", "1.5e3", ".5", "->>", "=>", "a$1"]


def test_a_place_counts_from_one_and_starts_where_the_text_starts() -> None:
    assert place_of("ab\ncd", 4) == (2, 2)
    assert place_of("ab", 1, line=3, column=5) == (3, 6)


def test_a_script_is_split_at_semicolons_outside_literals_and_comments() -> None:
    script = "a ';' ; ; -- ;\n b $$;$$;/*;*/\n  \";\";"
    pieces = [(piece.text, piece.line, piece.column) for piece in split_script(script)]
    assert pieces == [("a ';'", 1, 1), ("b $$;$$", 2, 2), ('";"', 3, 3)]


def test_ten_thousand_statements_are_cut_in_one_pass() -> None:
    statements = split_script("use role x;\n" * 10_000)
    assert len(statements) == 10_000
    assert statements[-1].line == 10_000


def test_a_script_beyond_its_size_is_refused() -> None:
    with pytest.raises(SqlSyntaxError, match="at most"):
        split_script(" " * (SCRIPT_CHARACTERS_MAX + 1))


def test_a_statement_beyond_its_size_is_refused() -> None:
    with pytest.raises(SqlSyntaxError, match="at most"):
        Cursor("'" + "é" * (STATEMENT_BYTES_MAX // 2) + "'")


def test_deep_parentheses_are_refused_where_they_become_too_deep() -> None:
    with pytest.raises(SqlSyntaxError) as refused:
        Cursor("(" * 100_000)
    assert refused.value.column == PARENTHESES_DEPTH_MAX + 1


def test_parentheses_that_close_again_may_be_many() -> None:
    assert Cursor("()" * 1_000).tokens_count == 2_000


def test_half_a_surrogate_pair_is_refused_with_its_place() -> None:
    with pytest.raises(SqlSyntaxError) as refused:
        Cursor("use role\n '\ud800'")
    assert (refused.value.line, refused.value.column) == (2, 3)


def test_a_place_in_a_larger_text_is_counted_from_there() -> None:
    cursor = Cursor("use role", line=7, column=3)
    cursor.expect("USE")
    assert cursor.place() == (7, 7)


def test_a_name_longer_than_the_vendor_allows_is_refused() -> None:
    assert Cursor("a" * 255).identifier().text == "a" * 255
    with pytest.raises(SqlSyntaxError, match="255 characters"):
        Cursor("a" * 256).identifier()


def test_a_string_is_never_repeated_in_an_error() -> None:
    with pytest.raises(SqlSyntaxError) as refused:
        Cursor("'geheim'").identifier()
    assert "geheim" not in refused.value.text


def test_the_end_stays_the_end() -> None:
    cursor = Cursor(" ; ")
    assert cursor.advance().kind is Kind.END
    assert cursor.advance().kind is Kind.END
    cursor.end()


@given(st.text())
def test_any_text_is_cut_or_refused(text: str) -> None:
    with suppress(SqlSyntaxError):
        assert all(piece.text in text for piece in split_script(text))


@given(st.text(alphabet="a'\"$/*-;\n \\("))
def test_what_was_split_is_read_alone_as_it_was_read_together(text: str) -> None:
    try:
        pieces = split_script(text)
    except SqlSyntaxError:
        return
    together = [token for token in texts(text) if token != ";"]
    alone = [token for piece in pieces for token in texts(piece.text) if token != ";"]
    assert alone == together
