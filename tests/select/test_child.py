"""The child answers in turn, steps behind others, and ends with its parent."""

import subprocess
import sys
from io import BytesIO

import msgspec

from rolecall.domain.tables import Column, ColumnType, Table
from rolecall.select.child import serve
from rolecall.select.messages import Answer, Page, Question, read_message, write_message


def test_questions_are_answered_in_turn_until_the_source_ends() -> None:
    source, target = BytesIO(), BytesIO()
    write_message(source, Question(sql="SELECT 5", relations={}))
    write_message(source, Question(sql="SELEC", relations={}))
    source.seek(0)
    serve(source, target, memory_megabytes=128)
    target.seek(0)
    bodies = [read_message(target), read_message(target), read_message(target)]
    answers = [msgspec.msgpack.decode(body, type=Answer) for body in bodies if body is not None]
    assert [answer.table.rows if answer.table else answer.message[:6] for answer in answers] == [
        [(5,)],
        "syntax",
    ]


NUMBERS = Table(columns=(Column(name="X", type=ColumnType.FIXED),), rows=[(1,)])


def asked(*messages: Question | Page) -> Answer:
    source, target = BytesIO(), BytesIO()
    for message in messages:
        write_message(source, message)
    source.seek(0)
    serve(source, target, memory_megabytes=128)
    target.seek(0)
    body = read_message(target)
    assert body is not None
    return msgspec.msgpack.decode(body, type=Answer)


def test_pages_of_rows_come_behind_a_question() -> None:
    question = Question(sql="SELECT sum(x) FROM t", relations={"t": NUMBERS}, more=True)
    answer = asked(question, Page(relation="t", rows=[(2,), (3,)]), Page())
    assert answer.table is not None
    assert answer.table.rows == [(6,)]


def test_a_child_that_gives_up_among_pages_is_spent() -> None:
    question = Question(sql="SELECT sum(x) FROM t", relations={"t": NUMBERS}, more=True)
    answer = asked(question, Page(relation="t", rows=[("no number",)] * 10_000), Page())
    assert answer.spent
    assert asked(question, Page(relation="t", rows=[(2,)])).message == "The query lost its rows."
    assert not asked(msgspec.structs.replace(question, sql="SELEC"), Page()).spent


def test_a_child_ends_when_its_input_ends() -> None:
    child = subprocess.run(
        [sys.executable, "-P", "-m", "rolecall.select.child", "128"],
        input=b"",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (child.returncode, child.stdout, child.stderr) == (0, b"", b"")
