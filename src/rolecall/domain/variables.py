"""Session variables: a few short values under names, which queries read as `$name`."""

from collections.abc import Mapping

from rolecall.domain.errors import InvalidValue
from rolecall.domain.model import Variable

VARIABLES_MAX = 100
CHARACTERS_MAX = 256
"""Of one value (vendor: 256 bytes)."""


def changed(
    before: Mapping[str, Variable], changes: Mapping[str, Variable | None]
) -> dict[str, Variable]:
    """The variables after the changes; None unsets. Raises InvalidValue."""
    after = dict(before)
    for name, value in changes.items():
        if value is None:
            after.pop(name, None)
            continue
        if len(str(value)) > CHARACTERS_MAX:
            raise InvalidValue(name, f"a variable holds at most {CHARACTERS_MAX} characters")
        after[name] = value
    if len(after) > VARIABLES_MAX:
        raise InvalidValue(next(iter(changes)), f"a session has at most {VARIABLES_MAX} variables")
    return after
