"""The SQL of the two histories beyond appending to them: reading by number, marks, forgetting."""

ATTEMPTS_OF_INTEGRATION = """
SELECT seq, body FROM attempts WHERE account = ?1 AND integration = ?2 AND at BETWEEN ?3 AND ?4
ORDER BY at DESC, seq DESC LIMIT ?5
"""
ATTEMPTS_NUMBERED = """
SELECT seq, body FROM attempts
WHERE account = ?1 AND seq IN (SELECT value FROM json_each(?2)) ORDER BY seq
"""
ATTEMPTS_MENTIONING = """
SELECT seq, body FROM attempts AS a WHERE account = ?1 AND seq > ?3 AND seq <= ?4 AND EXISTS (
    SELECT 1 FROM json_each(?2) AS text WHERE instr(lower(a.body), lower(text.value)) > 0
) ORDER BY seq
"""
EVENTS_NUMBERED = """
SELECT seq, at, actor, request, body, attempt FROM events
WHERE account = ?1 AND seq IN (SELECT value FROM json_each(?2)) ORDER BY seq
"""
EVENTS_MENTIONING = """
SELECT seq, at, actor, request, body, attempt FROM events AS e
WHERE account = ?1 AND seq > ?3 AND seq <= ?4 AND EXISTS (
    SELECT 1 FROM json_each(?2) AS text
    WHERE instr(lower(e.body), lower(text.value)) > 0
        OR instr(lower(e.actor), lower(text.value)) > 0
) ORDER BY seq
"""
FIRST_EVENT_ABOUT = """
SELECT seq, at, actor, request, body, attempt FROM events
WHERE account = ?1 AND subject = ?2 ORDER BY seq LIMIT 1
"""
MARKS_OF = """
SELECT seq, at, actor, request, body, attempt FROM events
WHERE account = ?1 AND marks = 1 AND subject IN (SELECT value FROM json_each(?2)) ORDER BY seq
"""
LAST_EVENT = "SELECT max(seq) FROM events WHERE account = ?1"

REPLACE_ATTEMPT = """
UPDATE attempts SET kind = ?3, at = ?4, body = ?5, integration = ?6
WHERE account = ?1 AND seq = ?2
"""
REPLACE_EVENT = """
UPDATE events SET at = ?3, actor = ?4, request = ?5, kind = ?6, subject = ?7, body = ?8,
    attempt = ?9, marks = ?10
WHERE account = ?1 AND seq = ?2
"""

# The oldest are looked at, however old: a step costs the same in a short history and in a long one.
FORGET = tuple(
    f"""
DELETE FROM {table} WHERE account = ?1 AND seq IN (
    SELECT seq FROM (
        SELECT seq, at FROM {table} WHERE account = ?1 ORDER BY seq LIMIT ?3
    ) WHERE at < ?2
) AND seq < (SELECT max(seq) FROM {table} WHERE account = ?1)
"""  # noqa: S608  the two tables are named here
    for table in ("attempts", "events")
)
