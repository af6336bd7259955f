"""The statement that carries out a text."""

import msgspec


class ExecuteImmediate(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Carries out the statement that a text holds, as if it stood there itself; one, and no block.

    EXECUTE IMMEDIATE { '<statement>' | $$<statement>$$ | $<variable> }

    Whoever may carry out the statement. The history tells the statement alone.
    """

    text: str
