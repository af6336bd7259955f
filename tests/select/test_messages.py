"""A message is read whole or not at all."""

from io import BytesIO

import msgspec

from rolecall.domain.tables import Column, Table
from rolecall.select.messages import Question, read_message, write_message

QUESTION = Question(
    sql="SELECT 1", relations={"t": Table(columns=(Column(name="A"),), rows=[("x",), (None,)])}
)


def test_what_is_written_is_read() -> None:
    stream = BytesIO()
    write_message(stream, QUESTION)
    stream.seek(0)
    body = read_message(stream)
    assert body is not None
    assert msgspec.msgpack.decode(body, type=Question) == QUESTION
    assert read_message(stream) is None


def test_half_a_message_is_none() -> None:
    stream = BytesIO()
    write_message(stream, QUESTION)
    assert read_message(BytesIO(stream.getvalue()[:-1])) is None
