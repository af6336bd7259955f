"""Feed SCIM filters and PATCH paths what coverage leads to: nothing but a ScimError may come of it.

    pip install atheris && python tools/fuzz_scim.py [CORPUS …] -max_total_time=300 -max_len=4096

atheris is no dependency of the project: it is asked for here alone. What is read is compiled to a
condition and printed, and has to read back as the same filter; a text that takes long is an end.
"""

import sys
from contextlib import suppress
from importlib import import_module
from time import process_time
from typing import Any

atheris: Any = import_module("atheris")
"""Not among the dependencies, and so without types."""


with atheris.instrument_imports(include=["rolecall.scim", "rolecall.fronts.scim_filters"]):
    from rolecall.fronts.scim_filters import View, ordering_of, where_of
    from rolecall.scim.errors import ScimError
    from rolecall.scim.filter import parse_filter, print_filter
    from rolecall.scim.messages import parse_projection
    from rolecall.scim.path import parse_path
    from rolecall.scim.schema import GROUP, USER

VIEWS = tuple(
    View(resource_type=resource_type, base_url="https://scim.example.com/scim/v2")
    for resource_type in (USER, GROUP)
)
SECONDS_MAX = 0.5
"""What is read at all has at most 8,192 characters, which take a few milliseconds."""


def read(data: bytes) -> None:
    """One text as a filter, a path, an order and a list of attributes."""
    text = data.decode("utf-8", "surrogateescape" if data[:1] == b"\xff" else "replace")
    began = process_time()
    with suppress(ScimError):
        parsed = parse_filter(text)
        assert parse_filter(print_filter(parsed)) == parsed, text
    for view in VIEWS:
        with suppress(ScimError):
            where_of(text, view, [])
        with suppress(ScimError):
            parse_path(text, view.resource_type)
        with suppress(ScimError):
            ordering_of({"sortBy": text}, view)
        with suppress(ScimError):
            parse_projection(text, None, view.resource_type)
    assert process_time() - began < SECONDS_MAX, "a text takes too long"


def main() -> None:
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
