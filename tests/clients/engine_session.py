"""Run by SQLAlchemy's Snowflake dialect in its own environment: a task in, its outcomes out."""

import json
import sys
import time
import warnings
from importlib import import_module
from typing import Any, TypeAlias

Step = dict[str, Any]
Theirs: TypeAlias = Any
"""An object of the client's, which this environment does not know."""


def outcomes_of(alchemy: Theirs, task: Step) -> list[Step]:
    """What came of a task's steps, and of letting the engine go."""
    url = import_module("snowflake.sqlalchemy").URL
    engine = alchemy.create_engine(url(**task["connect"]), connect_args=task["arguments"])
    outcomes: list[Step] = []
    for step in task["steps"]:
        started = time.monotonic()
        try:
            with engine.connect() as connection:
                outcome: Step = {"rows": []}
                for sql in step["sql"]:
                    result = connection.execute(alchemy.text(sql), step.get("values") or {})
                    outcome = {
                        "columns": list(result.keys()),
                        "rows": [list(row) for row in result.fetchall()],
                    }
        except alchemy.exc.DBAPIError as error:
            outcome = {
                "error": type(error.orig).__name__,
                "errno": getattr(error.orig, "errno", None),
                "sqlstate": getattr(error.orig, "sqlstate", None),
                "message": str(error.orig),
            }
        outcomes.append({**outcome, "seconds": time.monotonic() - started})
    engine.dispose()
    return outcomes


def main() -> None:
    """Read tasks, do them, write what came of each."""
    warnings.simplefilter("ignore")
    alchemy = import_module("sqlalchemy")
    for line in sys.stdin:
        sys.stdout.write(json.dumps(outcomes_of(alchemy, json.loads(line)), default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
