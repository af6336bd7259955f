"""A query is bounded before it is read, and sqlglot waits for the first one."""

import subprocess
import sys

import pytest

from rolecall.sql.errors import SqlSyntaxError
from rolecall.sql.select import QUERY_TOKENS_MAX, plan_select


def test_a_query_of_too_many_words_is_refused_before_it_is_read() -> None:
    with pytest.raises(SqlSyntaxError, match="at most"):
        plan_select("select " + "1+" * QUERY_TOKENS_MAX + "1")


def test_administration_never_imports_sqlglot() -> None:
    program = (
        "import sys; from rolecall.sql import select, parser, printer; "
        "parser.parse('use role x'); sys.exit('sqlglot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
