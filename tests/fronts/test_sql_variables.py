"""Variables belong to one session: a login keeps them from statement to statement."""

from collections.abc import Mapping

from rolecall.domain.selecting import Relation
from rolecall.domain.tables import Column, ColumnType, Table
from rolecall.fronts.login import log_in, session_of
from rolecall.fronts.sql import Worksheet
from sql_world import Desk, refusal_of


class Engine:
    """Answers 4 to everything, and twice to a UNION."""

    def cancel(self, query: str) -> bool:
        raise AssertionError(query)

    def select(self, sql: str, relations: Mapping[str, Relation], **_: object) -> Table:
        assert relations == {}
        column = Column(name="X", type=ColumnType.FIXED, length=1, precision=1, scale=0)
        return Table(columns=(column,), rows=[(4,), (4,)] if "UNION" in sql else [(4,)])


def logged_in(desk: Desk) -> Worksheet:
    token = log_in(desk.account, desk.world, "bob", "geheim", None).token
    return session_of(desk.account, desk.world, token, None)


def test_a_logins_variables_last_as_long_as_the_session() -> None:
    desk = Desk()
    desk.run("create user bob password = 'geheim'")
    one, other = logged_in(desk), logged_in(desk)
    answers = list(one.run("set (a, b) = (1, 'x'); unset a; select $b"))
    assert answers[-1].table.rows == [("x",)]
    assert refusal_of(other, "select $b").code == "002211"


def test_what_takes_more_than_one_value_is_refused() -> None:
    desk = Desk(Engine())
    assert desk.refusal("set a = 1 from nowhere").code == "002003"
    assert "it takes one value" in desk.refusal("set a = 1 union select 2").message


def test_an_expression_is_evaluated_with_the_variables_that_are_set() -> None:
    desk = Desk(Engine())
    desk.run("set a = 1; set (b, c) = (greatest($a, 2), 'x')")
    assert desk.rows("select $b, $c") == [(4, "x")]


def test_a_hundred_variables_are_enough() -> None:
    desk = Desk()
    desk.run("".join(f"set v{number} = {number};" for number in range(100)))
    assert "at most 100" in desk.refusal("set more = 1").message


def test_no_value_is_on_record() -> None:
    desk = Desk()
    desk.run("set a = 'geheim'")
    attempt = desk.attempts()[-1]
    assert attempt.method == "SET VARIABLES"
    assert "geheim" not in str(attempt)


def test_what_a_variable_holds_is_not_on_record_where_it_is_used() -> None:
    desk = Desk()
    desk.run("set (who, secret, flag) = ('eve', 'hush', 'true')")
    desk.run("create user identifier($who) comment = $secret")
    attempt = desk.attempts()[-1]
    assert (attempt.method, attempt.resource_name) == ("CREATE USER", "EVE")
    assert attempt.details == (
        '{"statement":"CREATE USER eve COMMENT = \'********\'","role":"ACCOUNTADMIN"}'
    )
    desk.run("alter user eve set disabled = $flag")
    attempt = desk.attempts()[-1]
    assert (attempt.method, attempt.resource_name) == ("ALTER", "EVE")
    assert attempt.details == '{"role":"ACCOUNTADMIN"}'
