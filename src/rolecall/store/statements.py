"""The SQL texts of the embedded store: each is a constant, so that engine and cache know it again.

Parameters are numbered; ?1 is the account. Lists travel as one JSON array.
"""

BEGIN_WRITE = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"
SAVEPOINT = "SAVEPOINT body"
ROLLBACK_TO = "ROLLBACK TO body"
RELEASE = "RELEASE body"

# ---- the account ---------------------------------------------------------------------------

ACCOUNTS = "SELECT body FROM accounts ORDER BY number"
ACCOUNT = "SELECT body FROM accounts WHERE number = ?1"
SAVE_ACCOUNT = """
INSERT INTO accounts (number, body) VALUES (?1, ?2)
ON CONFLICT DO UPDATE SET body = excluded.body
"""
TABLES_OF_ACCOUNTS = """
SELECT m.name, coalesce(
    (SELECT group_concat(k.name, ', ') FROM pragma_table_info(m.name) AS k WHERE k.pk > 0), 'rowid'
)
FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c ON c.name = 'account'
WHERE m.type = 'table' AND m.name <> 'generations' ORDER BY m.name
"""
ERASE = """
DELETE FROM {table} WHERE account = ?1 AND ({key}) IN (
    SELECT {key} FROM {table} WHERE account = ?1 LIMIT ?2
)
"""
GENERATION_NOW = """
SELECT coalesce((SELECT generation FROM generations WHERE account = ?1), 0)
"""
BUMP_GENERATION = """
INSERT INTO generations (account, generation) VALUES (?1, 1)
ON CONFLICT DO UPDATE SET generation = generation + 1
"""

# ---- users ---------------------------------------------------------------------------------

USER = "SELECT body FROM users WHERE account = ?1 AND id = ?2"
USER_NAMED = "SELECT body FROM users WHERE account = ?1 AND name_key = ?2 AND name = ?3"
USER_WITH_LOGIN = "SELECT body FROM users WHERE account = ?1 AND login_key = ?2"
USERS_TAKING = """
SELECT id, body FROM users WHERE account = ?1 AND name_key = ?2
UNION SELECT id, body FROM users WHERE account = ?1 AND login_key = ?3
ORDER BY id
"""
KNOWN_USERS = """
SELECT u.id FROM json_each(?2) AS given
CROSS JOIN users AS u ON u.account = ?1 AND u.id = given.value
"""
GROUPS_OF = """
SELECT m.user, m.role, r.name, r.owner, coalesce(r.body ->> '$.system', 0)
FROM json_each(?2) AS given
CROSS JOIN members AS m ON m.account = ?1 AND m.user = given.value
CROSS JOIN roles AS r ON r.account = ?1 AND r.id = m.role
ORDER BY m.user, m.role
"""
# Nearly always it is one user: without a list to unfold that is a third quicker.
GROUPS_OF_ONE = """
SELECT m.user, m.role, r.name, r.owner, coalesce(r.body ->> '$.system', 0)
FROM members AS m CROSS JOIN roles AS r ON r.account = ?1 AND r.id = m.role
WHERE m.account = ?1 AND m.user = ?2 ORDER BY m.role
"""
SAVE_USER = """
INSERT INTO users (
    account, id, name, name_key, login_key, display_key, email_key, owner, active, created_at, body,
    document, addresses
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, jsonb(?12), ?13)
ON CONFLICT (account, id) DO UPDATE SET
    name = excluded.name, name_key = excluded.name_key, login_key = excluded.login_key,
    display_key = excluded.display_key, email_key = excluded.email_key, owner = excluded.owner,
    active = excluded.active, created_at = excluded.created_at, body = excluded.body,
    document = excluded.document,
    addresses = coalesce(excluded.addresses, iif(users.addresses IS NULL, NULL, '[]'))
RETURNING addresses IS NOT NULL
"""
SAVE_USER_CONTENT = """
UPDATE users SET active = ?3, body = ?4, document = jsonb(?5) WHERE account = ?1 AND id = ?2
"""
DELETE_ADDRESSES = "DELETE FROM addresses WHERE account = ?1 AND user = ?2"
ADD_ADDRESSES = """
INSERT INTO addresses (account, key, user) SELECT ?1, value, ?2 FROM json_each(?3)
"""
ADD_USER = """
INSERT INTO users (
    account, id, name, name_key, login_key, display_key, email_key, owner, active, created_at, body,
    document, addresses
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, jsonb(?12), ?13)
ON CONFLICT DO NOTHING
"""
ADD_USER_KNOWN = """
INSERT OR IGNORE INTO users (
    account, id, name, name_key, login_key, display_key, email_key, owner, active, created_at, body,
    document, addresses
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, iif(EXISTS (
    SELECT 1 FROM links AS l CROSS JOIN users AS u ON u.account = ?1 AND u.id = l.resource
    WHERE l.account = ?1 AND l.reader = ?14 AND l.external_id = ?15 AND u.active = 0
), NULL, ?9), ?10, ?11, jsonb(?12), ?13)
"""
"""A row that must not come is ignored for its NULL: INSERT … SELECT takes twice the time."""
USERS_BY_NAME = """
SELECT o.body FROM users AS o WHERE o.account = ?1 AND o.name > ?2 AND {condition}
ORDER BY o.name LIMIT ?3
"""
ROLES_BY_NAME = """
SELECT o.body FROM roles AS o WHERE o.account = ?1 AND o.name > ?2 AND {condition}
ORDER BY o.name LIMIT ?3
"""
DELETE_USER = "DELETE FROM users WHERE account = ?1 AND id = ?2"
DELETE_MEMBERSHIPS = "DELETE FROM members WHERE account = ?1 AND user = ?2"

# ---- roles ---------------------------------------------------------------------------------

ROLE = "SELECT body FROM roles WHERE account = ?1 AND id = ?2"
ROLE_NAMED = "SELECT body FROM roles WHERE account = ?1 AND name = ?2"
ROLES = "SELECT body FROM roles WHERE account = ?1 ORDER BY name"
SAVE_ROLE = """
INSERT INTO roles (account, id, name, name_key, owner, created_at, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (account, id) DO UPDATE SET
    name = excluded.name, name_key = excluded.name_key, owner = excluded.owner,
    created_at = excluded.created_at, body = excluded.body
"""
DELETE_ROLE = "DELETE FROM roles WHERE account = ?1 AND id = ?2"
DELETE_ROLE_MEMBERS = "DELETE FROM members WHERE account = ?1 AND role = ?2"
DELETE_MEMBERS_BY_GRANTOR = "DELETE FROM members WHERE account = ?1 AND granted_by = ?2"
DELETE_ROLE_GRANTS = """
DELETE FROM role_grants
WHERE account = ?1 AND (role = ?2 OR grantee = ?2 OR granted_by = ?2)
"""
DELETE_ROLE_PRIVILEGES = """
DELETE FROM privileges
WHERE account = ?1 AND (role = ?2 OR granted_by = ?2 OR (kind = 'ROLE' AND object = ?2))
"""

# ---- members: nothing here reads a member list to change one member --------------------------

MEMBERS_OF = """
SELECT m.user, u.body ->> '$.login_name', u.body ->> '$.display_name', u.owner
FROM members AS m CROSS JOIN users AS u ON u.account = ?1 AND u.id = m.user
WHERE m.account = ?1 AND m.role = ?2 AND m.user > ?4 ORDER BY m.user LIMIT ?3
"""
MEMBERS_OF_EACH = """
SELECT m.role, m.user, u.body ->> '$.login_name', u.body ->> '$.display_name', u.owner
FROM members AS m CROSS JOIN users AS u ON u.account = ?1 AND u.id = m.user
WHERE m.account = ?1 AND m.role IN (SELECT value FROM json_each(?2))
ORDER BY m.role, m.user LIMIT ?3
"""
HAS_MORE_MEMBERS = "SELECT 1 FROM members WHERE account = ?1 AND role = ?2 LIMIT 1 OFFSET ?3"
MEMBER_GRANTS_OF = """
SELECT role, user, granted_by, created_at, origin FROM members
WHERE account = ?1 AND role = ?2 ORDER BY user LIMIT ?3
"""
MEMBER_GRANTS_TO = """
SELECT role, user, granted_by, created_at, origin FROM members
WHERE account = ?1 AND user = ?2 ORDER BY role
"""
MEMBER_GRANTS_BY = """
SELECT role, user, granted_by, created_at, origin FROM members
WHERE account = ?1 AND granted_by = ?2 ORDER BY role, user
"""
ADD_MEMBERS = """
INSERT INTO members (account, role, user, granted_by, origin, created_at)
SELECT ?1, ?2, u.id, ?4, ?5, ?6 FROM json_each(?3) AS given
CROSS JOIN users AS u ON u.account = ?1 AND u.id = given.value
WHERE TRUE ON CONFLICT DO NOTHING RETURNING user
"""
ADD_MEMBER = """
INSERT OR IGNORE INTO members (account, role, user, granted_by, origin, created_at)
VALUES (?1, ?2, (SELECT id FROM users WHERE account = ?1 AND id = ?3), ?4, ?5, ?6)
"""
REMOVE_MEMBER = "DELETE FROM members WHERE account = ?1 AND role = ?2 AND user = ?3"
REMOVE_MEMBERS = """
DELETE FROM members
WHERE account = ?1 AND role = ?2 AND user IN (SELECT value FROM json_each(?3)) RETURNING user
"""
REMOVE_ALL_MEMBERS = "DELETE FROM members WHERE account = ?1 AND role = ?2 RETURNING user"
ROLE_COUNTS = """
SELECT role, sum(users), sum(takers), sum(given) FROM (
    SELECT role, count(*) AS users, 0 AS takers, 0 AS given
    FROM members WHERE account = ?1 GROUP BY role
    UNION ALL
    SELECT role, 0, count(*), 0 FROM role_grants WHERE account = ?1 GROUP BY role
    UNION ALL
    SELECT grantee, 0, 0, count(*) FROM role_grants WHERE account = ?1 GROUP BY grantee
) GROUP BY role
"""

# ---- grants --------------------------------------------------------------------------------

HIERARCHY = """
SELECT role, grantee, granted_by, created_at, origin, grant_option FROM role_grants
WHERE account = ?1 ORDER BY role, grantee
"""
SAVE_ROLE_GRANT = """
INSERT INTO role_grants (account, role, grantee, granted_by, created_at, origin, grant_option)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING
"""
DELETE_ROLE_GRANT = """
DELETE FROM role_grants WHERE account = ?1 AND role = ?2 AND grantee = ?3
"""
PRIVILEGES_ON = """
SELECT kind, object, role, privilege, granted_by, created_at, grant_option FROM privileges
WHERE account = ?1 AND kind = ?2 AND object = ?3 ORDER BY role, privilege
"""
PRIVILEGES_OF = """
SELECT kind, object, role, privilege, granted_by, created_at, grant_option FROM privileges
WHERE account = ?1 AND role = ?2 ORDER BY kind, object, privilege
"""
PRIVILEGES_BY = """
SELECT kind, object, role, privilege, granted_by, created_at, grant_option FROM privileges
WHERE account = ?1 AND granted_by = ?2 ORDER BY kind, object, role, privilege
"""
SAVE_PRIVILEGE = """
INSERT INTO privileges (
    account, kind, object, role, privilege, granted_by, created_at, grant_option
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING
"""
ADD_GRANT_OPTION = """
UPDATE privileges SET grant_option = 1
WHERE account = ?1 AND kind = ?2 AND object = ?3 AND role = ?4 AND privilege = ?5
"""
DELETE_PRIVILEGE = """
DELETE FROM privileges
WHERE account = ?1 AND kind = ?2 AND object = ?3 AND role = ?4 AND privilege = ?5
"""
DELETE_PRIVILEGES_ON = """
DELETE FROM privileges WHERE account = ?1 AND kind = ?2 AND object = ?3
"""
OWNED_BY = """
SELECT 'DATABASE' AS kind, id, name FROM databases WHERE account = ?1 AND owner = ?2
UNION ALL SELECT 'INTEGRATION', id, name FROM integrations WHERE account = ?1 AND owner = ?2
UNION ALL SELECT kind, id, name FROM governed WHERE account = ?1 AND owner = ?2
UNION ALL SELECT 'ROLE', id, name FROM roles WHERE account = ?1 AND owner = ?2
UNION ALL SELECT 'USER', id, name FROM users WHERE account = ?1 AND owner = ?2
ORDER BY kind, id LIMIT ?3
"""
REASSIGN = tuple(
    f"""
UPDATE {table} SET owner = ?3, body = json_set(body, '$.owner', ?3)
WHERE account = ?1 AND owner = ?2
"""  # noqa: S608  the five tables are named here
    for table in ("databases", "governed", "integrations", "roles", "users")
)

# ---- integrations, tokens, databases, sessions -----------------------------------------------

INTEGRATION = "SELECT body FROM integrations WHERE account = ?1 AND id = ?2"
INTEGRATION_NAMED = "SELECT body FROM integrations WHERE account = ?1 AND name = ?2"
INTEGRATIONS = "SELECT body FROM integrations WHERE account = ?1 ORDER BY name"
SAVE_INTEGRATION = """
INSERT INTO integrations (account, id, name, owner, body) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (account, id) DO UPDATE SET
    name = excluded.name, owner = excluded.owner, body = excluded.body
"""
DELETE_INTEGRATION = "DELETE FROM integrations WHERE account = ?1 AND id = ?2"
ENDPOINT = "SELECT endpoint FROM endpoints WHERE account = ?1 AND name = ?2"
SAVE_ENDPOINT = """
INSERT INTO endpoints (account, name, endpoint) VALUES (?1, ?2, ?3)
ON CONFLICT DO UPDATE SET endpoint = excluded.endpoint
"""
TOKEN = "SELECT body FROM tokens WHERE account = ?1 AND id = ?2"
TOKEN_WITH = "SELECT body FROM tokens WHERE account = ?1 AND verifier = ?2"
TOKENS = "SELECT body FROM tokens WHERE account = ?1 ORDER BY issued_at DESC, id DESC"
TOKENS_OF = """
SELECT body FROM tokens WHERE account = ?1 AND integration = ?2
ORDER BY issued_at DESC, id DESC
"""
SAVE_TOKEN = """
INSERT INTO tokens (account, id, integration, verifier, issued_at, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (account, id) DO UPDATE SET
    integration = excluded.integration, verifier = excluded.verifier,
    issued_at = excluded.issued_at, body = excluded.body
"""
USE_TOKEN = tuple(
    f"""
UPDATE {table} SET body = json_set(body, '$.last_used_at', ?3)
WHERE account = ?1 AND id = ?2 AND coalesce(body ->> '$.last_used_at', 0) < ?3
"""  # noqa: S608  the two tables are named here
    for table in ("tokens", "access_tokens")
)
DATABASE_NAMED = "SELECT body FROM databases WHERE account = ?1 AND name = ?2"
DATABASES = "SELECT body FROM databases WHERE account = ?1 ORDER BY name"
SAVE_DATABASE = """
INSERT INTO databases (account, id, name, owner, body) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (account, id) DO UPDATE SET
    name = excluded.name, owner = excluded.owner, body = excluded.body
"""
DELETE_DATABASE = "DELETE FROM databases WHERE account = ?1 AND id = ?2"
SESSION = "SELECT body FROM sessions WHERE account = ?1 AND id = ?2"
SESSION_WITH_MASTER = """
SELECT body FROM sessions WHERE account = ?1 AND master = ?2
"""
SESSION_WITH = "SELECT body FROM sessions WHERE account = ?1 AND verifier = ?2"
SAVE_SESSION = """
INSERT INTO sessions (account, id, user, verifier, master, ends_at, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (account, id) DO UPDATE SET
    user = excluded.user, verifier = excluded.verifier, master = excluded.master,
    ends_at = excluded.ends_at, body = excluded.body
"""
DELETE_LAPSED_SESSIONS = """
DELETE FROM sessions WHERE account = ?1 AND user = ?2 AND ends_at <= ?3
"""
SESSIONS_OPEN = "SELECT account, count(*) FROM sessions WHERE ends_at > ?1 GROUP BY account"
DELETE_SESSION = "DELETE FROM sessions WHERE account = ?1 AND id = ?2"
DELETE_SESSIONS_OF = "DELETE FROM sessions WHERE account = ?1 AND user = ?2"

# ---- policies, rules, parameters, programmatic access tokens ---------------------------------

GOVERNED = "SELECT body FROM governed WHERE account = ?1 AND kind = ?2 AND id = ?3"
GOVERNED_NAMED = "SELECT body FROM governed WHERE account = ?1 AND kind = ?2 AND name = ?3"
GOVERNED_ALL = "SELECT body FROM governed WHERE account = ?1 AND kind = ?2 ORDER BY name"
SAVE_GOVERNED = """
INSERT INTO governed (account, kind, id, name, owner, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (account, kind, id) DO UPDATE SET
    name = excluded.name, owner = excluded.owner, body = excluded.body
"""
DELETE_GOVERNED = "DELETE FROM governed WHERE account = ?1 AND kind = ?2 AND id = ?3"
PARAMETERS = "SELECT name, value FROM parameters WHERE account = ?1 AND scope = ?2"
PARAMETER_SCOPES = """
SELECT scope FROM parameters WHERE account = ?1 AND name = ?2 AND value = ?3 ORDER BY scope
"""
SAVE_PARAMETER = """
INSERT INTO parameters (account, scope, name, value) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value
"""
DELETE_PARAMETER = """
DELETE FROM parameters WHERE account = ?1 AND scope = ?2 AND name = ?3
"""
DELETE_PARAMETERS = "DELETE FROM parameters WHERE account = ?1 AND scope = ?2"
ACCESS_TOKENS_OF = """
SELECT body FROM access_tokens WHERE account = ?1 AND user = ?2 ORDER BY name
"""
ACCESS_TOKEN_WITH = "SELECT body FROM access_tokens WHERE account = ?1 AND verifier = ?2"
SAVE_ACCESS_TOKEN = """
INSERT INTO access_tokens (account, id, user, name, verifier, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (account, id) DO UPDATE SET
    user = excluded.user, name = excluded.name, verifier = excluded.verifier,
    body = excluded.body
"""
DELETE_ACCESS_TOKEN = "DELETE FROM access_tokens WHERE account = ?1 AND id = ?2"

# ---- what stands beside a resource -----------------------------------------------------------

TOUCH = """
INSERT INTO revisions (account, id, version, changed_at) VALUES (?1, ?2, 2, ?3)
ON CONFLICT DO UPDATE SET version = version + 1, changed_at = excluded.changed_at
RETURNING version
"""
SAVE_REVISION = """
INSERT INTO revisions (account, id, version, changed_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET version = excluded.version, changed_at = excluded.changed_at
"""
DELETE_REVISION = "DELETE FROM revisions WHERE account = ?1 AND id = ?2"
SAVE_LINK = """
INSERT INTO links (account, resource, reader, external_id) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET external_id = excluded.external_id
WHERE external_id <> excluded.external_id
"""
DELETE_LINK = """
DELETE FROM links WHERE account = ?1 AND resource = ?2 AND reader = ?3
"""
DELETE_LINKS = "DELETE FROM links WHERE account = ?1 AND resource = ?2"
LINKS_OF = """
SELECT l.reader, iif(r.id IS NULL, 'USER', 'ROLE'), l.resource, l.external_id FROM (
    SELECT reader, resource, external_id FROM links
    WHERE account = ?1 AND (?2 IS NULL OR reader = ?2)
    ORDER BY reader, resource LIMIT ?3 OFFSET ?4
) AS l LEFT JOIN roles AS r ON r.account = ?1 AND r.id = l.resource
ORDER BY l.reader, l.resource
"""

# ---- histories -----------------------------------------------------------------------------

LAST_SEQUENCES = """
SELECT (SELECT seq FROM events WHERE account = ?1 ORDER BY seq DESC LIMIT 1),
    (SELECT seq FROM attempts WHERE account = ?1 ORDER BY seq DESC LIMIT 1)
"""
RECORD = """INSERT OR FAIL INTO events
(account, seq, at, actor, request, kind, subject, body, attempt, marks) VALUES """
RECORD_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
EVENTS_AFTER = """
SELECT seq, at, actor, request, body, attempt FROM events
WHERE account = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3
"""
EVENTS_ABOUT = """
SELECT seq, at, actor, request, body, attempt FROM events
WHERE account = ?1 AND subject = ?2 ORDER BY seq DESC LIMIT ?3
"""
KEEP_ATTEMPT = "INSERT OR FAIL INTO attempts (account, seq, kind, at, body, integration) VALUES "
KEEP_ATTEMPT_ROW = "(?, ?, ?, ?, ?, ?)"
ATTEMPTS_IN = """
SELECT seq, body FROM attempts WHERE account = ?1 AND kind = ?2 AND at BETWEEN ?3 AND ?4
ORDER BY at DESC, seq DESC LIMIT ?5
"""
ATTEMPTS_AFTER = """
SELECT seq, body FROM attempts WHERE account = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3
"""
LAST_ATTEMPT = "SELECT max(seq) FROM attempts WHERE account = ?1"

# ---- cards: a resource with its revision and its reader's external id -------------------------

CARD = """
SELECT o.body, r.version, r.changed_at, l.external_id FROM {table} AS o
LEFT JOIN revisions AS r ON r.account = ?1 AND r.id = o.id
LEFT JOIN links AS l ON l.account = ?1 AND l.resource = o.id AND l.reader = ?3
WHERE o.account = ?1 AND o.id = ?2
"""
USER_CARD = CARD.format(table="users")
ROLE_CARD = CARD.format(table="roles")

JOINS = """
LEFT JOIN revisions AS r ON r.account = ?1 AND r.id = o.id
LEFT JOIN links AS l ON l.account = ?1 AND l.resource = o.id AND l.reader = ?2
"""
FIRST_PAGE = """
SELECT o.body, r.version, r.changed_at, l.external_id FROM {table} AS o {joins}
WHERE o.account = ?1 AND {condition} ORDER BY {order} LIMIT ?3
"""
# A page by key costs the same at every depth.
PAGE_AFTER = """
SELECT o.body, r.version, r.changed_at, l.external_id FROM {table} AS o {joins}
WHERE o.account = ?1 AND o.id > ?4 AND {condition} ORDER BY o.id LIMIT ?3
"""
# Rows before a later page are skipped by their key, before anything is joined to them.
LATER_PAGE = """
SELECT o.body, r.version, r.changed_at, l.external_id FROM (
    SELECT o.rowid AS place FROM {table} AS o {inner}
    WHERE o.account = ?1 AND {condition} ORDER BY {order} LIMIT ?3 OFFSET ?4
) AS page CROSS JOIN {table} AS o ON o.rowid = page.place {joins} ORDER BY {order}
"""
# What follows a mark in an order: a walk by cursor through a sorted list.
PAGE_BEYOND = """
SELECT o.body, r.version, r.changed_at, l.external_id, page.key FROM (
    SELECT o.rowid AS place, o.id AS id, {key} AS key FROM {table} AS o {inner}
    WHERE o.account = ?1 AND {beyond} AND {condition} ORDER BY {order} LIMIT ?3
) AS page CROSS JOIN {table} AS o ON o.rowid = page.place {joins}
ORDER BY page.key {direction}, page.id
"""
# The place where a page of users and roles together begins: of those before it nothing is read.
MARK_AT = """
SELECT found.key, found.id FROM ({found}) AS found
ORDER BY found.key {direction}, found.id LIMIT 1 OFFSET ?3
"""
KEYS = """
SELECT {key} AS key, o.id AS id FROM {table} AS o {inner} WHERE o.account = ?1 AND {condition}
"""
TOTAL = "SELECT count(*) FROM {table} AS o {inner} WHERE o.account = ?1 AND {condition}"

# A list walks the ids in order and looks at each owner (the plus keeps the planner from sorting
# all that somebody owns); a total is counted on the index of owners alone.
WALKED = " AND +o.owner IN (SELECT value FROM json_each({placeholder}))"
WALKED_BY_FEW = " AND +o.owner IN ({placeholders})"
OWNED = " AND o.owner IN (SELECT value FROM json_each({placeholder}))"
