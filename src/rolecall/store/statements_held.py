"""The SQL texts about held changes and what was removed lately. ?1 is the account."""

MEMBERS_AMONG = """
SELECT m.user FROM members AS m
WHERE m.account = ?1 AND m.role = ?2 AND m.user IN (SELECT value FROM json_each(?3))
ORDER BY m.user
"""
MEMBERS_BUT = """
SELECT user FROM members WHERE account = ?1 AND role = ?2
EXCEPT SELECT value FROM json_each(?3)
"""
STRANGERS_AMONG = """
SELECT value FROM json_each(?3)
EXCEPT SELECT user FROM members WHERE account = ?1 AND role = ?2
"""
MEMBERS_MEETING = """
SELECT m.user FROM members AS m JOIN users AS g ON g.account = ?1 AND g.id = m.user
WHERE m.account = ?1 AND m.role = ?2 AND {condition}
ORDER BY m.user
"""
SPELLS_OF = "SELECT body FROM removals WHERE account = ?1 AND integration = ?2"
SAVE_SPELLS = """
INSERT INTO removals (account, integration, body) VALUES (?1, ?2, ?3)
ON CONFLICT DO UPDATE SET body = excluded.body
"""
HELD_CHANGE = "SELECT body FROM held_changes WHERE account = ?1 AND id = ?2"
HELD_CHANGE_LIKE = """
SELECT body FROM held_changes WHERE account = ?1 AND integration = ?2 AND fingerprint = ?3
"""
HELD_CHANGES = "SELECT body FROM held_changes WHERE account = ?1 ORDER BY id"
HELD_CHANGES_OF = """
SELECT body FROM held_changes WHERE account = ?1 AND integration = ?2 ORDER BY id
"""
HELD_CHANGES_ABOUT = """
SELECT body FROM held_changes
WHERE account = ?1 AND json_extract(body, '$.resource') = ?2 ORDER BY id
"""
SAVE_HELD_CHANGE = """
INSERT INTO held_changes (account, id, integration, fingerprint, decided_at, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (account, id) DO UPDATE SET
    integration = excluded.integration, fingerprint = excluded.fingerprint,
    decided_at = excluded.decided_at, body = excluded.body
"""
DELETE_HELD_CHANGE = "DELETE FROM held_changes WHERE account = ?1 AND id = ?2"
FORGET_DECIDED_CHANGES = """
DELETE FROM held_changes WHERE account = ?1 AND integration = ?2 AND decided_at < ?3
"""
