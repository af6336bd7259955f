"""Run by SQLAlchemy's Snowflake dialect in its own environment: steps in as JSON, outcomes out."""

import json
import sys
import time
import warnings
from importlib import import_module
from typing import Any


def main() -> None:
    """Read the task, do it, write what came of it."""
    warnings.simplefilter("ignore")
    alchemy = import_module("sqlalchemy")
    url = import_module("snowflake.sqlalchemy").URL
    task = json.load(sys.stdin)
    engine = alchemy.create_engine(url(**task["connect"]), connect_args=task["arguments"])
    outcomes: list[dict[str, Any]] = []
    for step in task["steps"]:
        started = time.monotonic()
        try:
            with engine.connect() as connection:
                outcome: dict[str, Any] = {"rows": []}
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
    json.dump(outcomes, sys.stdout, default=str)


if __name__ == "__main__":
    main()
