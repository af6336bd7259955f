"""Run by the vendor's Python connector in its own environment: a task a line in, its outcomes out.

Each outcome is what the connector made of one step: its rows, or its own exception. The first one
is the connection's.
"""

import json
import sys
import time
import urllib.request
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
    if action == "post":  # to the server's control endpoint
        headers = {"content-type": "application/json"}
        content = json.dumps(step["body"]).encode()
        request = urllib.request.Request(step["url"], content, headers)  # noqa: S310  the test's
        with urllib.request.urlopen(request):  # noqa: S310  the test's
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
        status = connection.get_query_status(query).name
        cursor.get_results_from_sfqid(query)
        return {"status": status, "rows": rows_of(cursor)}
    if action == "many":
        cursor.executemany(step["sql"], [tuple(values) for values in step["values"]])
        return {}
    if action == "count":
        return {"count": sum(1 for _ in cursor.execute(step["sql"]))}
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


def outcomes_of(connector: Theirs, task: Step) -> list[Step]:
    """What came of a task's connection and its steps."""
    outcomes: list[Step] = []
    connection = None
    for step in [None, *task["steps"]]:
        started = time.monotonic()
        try:
            if step is None:
                connection = connector.connect(**task["connect"])
                outcome: Step = {"version": connector.__version__}
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
    if connection is not None:
        connection.close()
    return outcomes


def main() -> None:
    """Read tasks, do them, write what came of each."""
    warnings.simplefilter("ignore")
    connector = import_module("snowflake.connector")
    for line in sys.stdin:
        sys.stdout.write(json.dumps(outcomes_of(connector, json.loads(line)), default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
