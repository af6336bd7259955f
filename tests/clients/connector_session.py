"""Run by the vendor's Python connector in its own environment: steps in as JSON, outcomes out.

Each outcome is what the connector made of one step: its rows, or its own exception.
"""

import json
import sys
import time
import warnings
from importlib import import_module
from typing import Any, TypeAlias

Step = dict[str, Any]
Theirs: TypeAlias = Any
"""An object of the connector's, which this environment does not know."""


def outcome_of(connection: Theirs, step: Step) -> Step:
    """What one step came to."""
    action = step.get("do", "execute")
    if action == "close":
        connection.close()
        return {}
    if action == "script":
        cursors = connection.execute_string(step["sql"])
        return {"rows": [[list(row) for row in cursor.fetchall()] for cursor in cursors]}
    cursor = connection.cursor()
    if action == "describe":
        return {"columns": [column.name for column in cursor.describe(step["sql"])]}
    if action == "later":
        query = cursor.execute_async(step["sql"])["queryId"]
        while connection.is_still_running(connection.get_query_status(query)):
            time.sleep(0.1)
        return {"status": connection.get_query_status(query).name}
    values = step.get("values")
    cursor.execute(step["sql"], tuple(values) if values else None, **step.get("options", {}))
    results = [rows_of(cursor)]
    while step.get("options") and cursor.nextset():
        results.append(rows_of(cursor))
    return {
        "columns": [column.name for column in cursor.description],
        "rows": results[0],
        "results": results,
        "types": [type(cell).__name__ for cell in results[0][0]] if results[0] else [],
    }


def rows_of(cursor: Theirs) -> list[list[Any]]:
    """The rows that a cursor has."""
    return [list(row) for row in cursor.fetchall()]


def main() -> None:
    """Read the task, do it, write what came of it."""
    warnings.simplefilter("ignore")
    connector = import_module("snowflake.connector")
    task = json.load(sys.stdin)
    outcomes: list[dict[str, Any]] = []
    connection = None
    for step in [None, *task["steps"]]:
        started = time.monotonic()
        try:
            if step is None:
                connection = connector.connect(**task["connect"])
                outcome: dict[str, Any] = {"version": connector.__version__}
            else:
                outcome = outcome_of(connection, step)
        except connector.errors.Error as error:
            outcome = {
                "error": type(error).__name__,
                "errno": error.errno,
                "sqlstate": error.sqlstate,
                "message": str(error),
            }
        outcomes.append({**outcome, "seconds": time.monotonic() - started})
        if connection is None:
            break
    json.dump(outcomes, sys.stdout, default=str)


if __name__ == "__main__":
    main()
