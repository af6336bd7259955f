"""Migrations: numbered steps from one schema to the next, applied when a file is opened.

`PRAGMA user_version` counts the steps that a file has seen. A step is never edited once it has
been released: files in the world have seen it as it was.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import apsw

from rolecall.domain.document import further_addresses, searched
from rolecall.store.failures import StoreTooNew
from rolecall.store.rows import user_from

COPIES_MAX = 1_000
"""More copies of one version beside a file than anybody makes."""

FIRST = """
CREATE TABLE accounts (
    number INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE generations (
    account INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL
) STRICT;

-- A rowid table: bodies are long, and a clustered key would be copied into every index
-- (measured: 29 against 53 microseconds an insert).
CREATE TABLE users (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    login_key TEXT NOT NULL,
    display_key TEXT,
    email_key TEXT,
    owner TEXT,
    active INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_by_id ON users (account, id);
CREATE UNIQUE INDEX users_by_name ON users (account, name_key);
CREATE UNIQUE INDEX users_by_login ON users (account, login_key);
CREATE INDEX users_by_display ON users (account, display_key) WHERE display_key IS NOT NULL;
CREATE INDEX users_by_email ON users (account, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX users_by_owner ON users (account, owner, id);

CREATE TABLE roles (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    owner TEXT,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX roles_by_id ON roles (account, id);
CREATE UNIQUE INDEX roles_by_name ON roles (account, name);
CREATE INDEX roles_by_name_key ON roles (account, name_key);
CREATE INDEX roles_by_owner ON roles (account, owner, id);

CREATE TABLE revisions (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    account INTEGER NOT NULL,
    role TEXT NOT NULL,
    user TEXT NOT NULL,
    granted_by TEXT,
    origin TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, role, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (account, user, role);
CREATE INDEX members_by_grantor ON members (account, granted_by);

CREATE TABLE role_grants (
    account INTEGER NOT NULL,
    role TEXT NOT NULL,
    grantee TEXT NOT NULL,
    granted_by TEXT,
    origin TEXT,
    created_at INTEGER NOT NULL,
    grant_option INTEGER NOT NULL,
    PRIMARY KEY (account, role, grantee)
) STRICT, WITHOUT ROWID;

CREATE TABLE privileges (
    account INTEGER NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    role TEXT NOT NULL,
    privilege TEXT NOT NULL,
    granted_by TEXT,
    created_at INTEGER NOT NULL,
    grant_option INTEGER NOT NULL,
    PRIMARY KEY (account, kind, object, role, privilege)
) STRICT, WITHOUT ROWID;
CREATE INDEX privileges_by_role ON privileges (account, role);

CREATE TABLE integrations (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX integrations_by_name ON integrations (account, name);

CREATE TABLE endpoints (
    account INTEGER NOT NULL,
    name TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    integration TEXT NOT NULL,
    verifier TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tokens_by_verifier ON tokens (account, verifier);

CREATE TABLE links (
    account INTEGER NOT NULL,
    resource TEXT NOT NULL,
    reader TEXT NOT NULL,
    external_id TEXT NOT NULL,
    PRIMARY KEY (account, resource, reader)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_external_id ON links (account, reader, external_id);

CREATE TABLE databases (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX databases_by_name ON databases (account, name);

CREATE TABLE sessions (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    user TEXT NOT NULL,
    verifier TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sessions_by_verifier ON sessions (account, verifier);
CREATE INDEX sessions_by_user ON sessions (account, user);

CREATE TABLE events (
    account INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    request TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
    account INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_by_time ON attempts (account, kind, at);

-- What the planner should believe, told instead of measured: an account alone selects nothing,
-- so that a key's own index is taken even where another would save the sorting.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('users', 'users_by_id', '1000000 1000000 1'),
    ('users', 'users_by_name', '1000000 1000000 1'),
    ('users', 'users_by_login', '1000000 1000000 1'),
    ('users', 'users_by_display', '1000000 1000000 2'),
    ('users', 'users_by_email', '1000000 1000000 2'),
    ('users', 'users_by_owner', '1000000 1000000 200000 1'),
    ('roles', 'roles_by_id', '10000 10000 1'),
    ('roles', 'roles_by_name', '10000 10000 1'),
    ('roles', 'roles_by_name_key', '10000 10000 1'),
    ('roles', 'roles_by_owner', '10000 10000 2000 1'),
    ('links', 'links', '1000000 1000000 1 1'),
    ('links', 'links_by_external_id', '1000000 1000000 500000 1 1'),
    ('members', 'members', '10000000 10000000 1000 1'),
    ('members', 'members_by_user', '10000000 10000000 10 1'),
    ('members', 'members_by_grantor', '10000000 10000000 1000000 1000 1'),
    ('revisions', 'revisions', '1000000 1000000 1');
"""

SECOND = """
-- Network policies and rules.
CREATE TABLE governed (
    account INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (account, kind, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX governed_by_name ON governed (account, kind, name);

CREATE TABLE parameters (
    account INTEGER NOT NULL,
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account, scope, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX parameters_by_value ON parameters (account, name, value);

CREATE TABLE access_tokens (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    user TEXT NOT NULL,
    name TEXT NOT NULL,
    verifier TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX access_tokens_by_verifier ON access_tokens (account, verifier);
CREATE UNIQUE INDEX access_tokens_by_name ON access_tokens (account, user, name);

CREATE INDEX events_by_subject ON events (account, subject, seq);
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('events', 'events', '10000000 10000000 1'),
    ('events', 'events_by_subject', '10000000 10000000 100 1');
"""

HISTORIES = """
-- One integration's requests by time; what caused an event; the few events after which their
-- subject has another name or owner, or is gone.
ALTER TABLE attempts ADD COLUMN integration TEXT;
UPDATE attempts SET integration = body ->> '$.integration' WHERE kind = 'SCIM';
CREATE INDEX attempts_by_integration ON attempts (account, integration, at)
WHERE integration IS NOT NULL;

ALTER TABLE events ADD COLUMN attempt INTEGER;
ALTER TABLE events ADD COLUMN marks INTEGER NOT NULL DEFAULT 0;
CREATE TABLE causes (
    account INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (account, first)
) STRICT, WITHOUT ROWID;
INSERT OR REPLACE INTO causes (account, first, last, seq)
SELECT account, body ->> '$.events[0]', body ->> '$.events[1]', seq FROM attempts
WHERE json_type(body, '$.events') = 'array';
UPDATE events SET
    attempt = (
        SELECT iif(c.last >= events.seq, c.seq, NULL) FROM causes AS c
        WHERE c.account = events.account AND c.first <= events.seq
        ORDER BY c.first DESC LIMIT 1
    ),
    marks = kind GLOB '*Dropped' OR kind = 'OwnershipTransferred'
        OR kind GLOB '*Changed' AND json_type(body, '$.before.NAME') IS NOT NULL;
DROP TABLE causes;
CREATE INDEX events_with_marks ON events (account, subject, seq) WHERE marks = 1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('attempts', 'attempts_by_integration', '10000000 10000000 2000000 2'),
    ('events', 'events_with_marks', '100000 100000 2 1');
"""

SESSIONS_RENEWED = """
-- Sessions that a master token renews, and that are swept when neither token is good any more.
ALTER TABLE sessions ADD COLUMN master TEXT;
ALTER TABLE sessions ADD COLUMN ends_at INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET ends_at = body ->> '$.expires_at';
CREATE UNIQUE INDEX sessions_by_master ON sessions (account, master) WHERE master IS NOT NULL;
"""

SEARCHED = """
-- What filters ask beyond the fields: the searched form of a user's attributes (JSONB: searched in
-- half the time that text takes), and the addresses beside the primary one, which are rows of a
-- table with an index as well. Both are NULL for whoever never had any, and cost nothing then.
ALTER TABLE users ADD COLUMN document BLOB;
ALTER TABLE users ADD COLUMN addresses TEXT;
CREATE TABLE addresses (
    account INTEGER NOT NULL,
    key TEXT NOT NULL,
    user TEXT NOT NULL,
    PRIMARY KEY (account, key, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX addresses_by_user ON addresses (account, user);
-- Only what is deleted has a trigger: on an insert one takes 17 microseconds (measured).
CREATE TRIGGER addresses_removed AFTER DELETE ON users WHEN old.addresses IS NOT NULL BEGIN
    DELETE FROM addresses WHERE account = old.account AND user = old.id;
END;
CREATE INDEX users_by_created ON users (account, created_at);
CREATE INDEX users_inactive ON users (account, id) WHERE active = 0;
CREATE INDEX roles_by_created ON roles (account, created_at);
CREATE INDEX revisions_by_changed ON revisions (account, changed_at);
UPDATE users SET document = jsonb(searched(body)), addresses = further_addresses(body);
INSERT INTO addresses (account, key, user)
SELECT u.account, a.value, u.id FROM users AS u, json_each(u.addresses) AS a
WHERE u.addresses IS NOT NULL;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('users', 'users_by_created', '1000000 1000000 10'),
    ('users', 'users_inactive', '2000 2000 1'),
    ('roles', 'roles_by_created', '10000 10000 10'),
    ('revisions', 'revisions_by_changed', '1000000 1000000 10'),
    ('addresses', 'addresses', '100000 100000 2 1'),
    ('addresses', 'addresses_by_user', '100000 100000 2');
"""

EVENTS_BY_TIME = """
-- Changes by time: a number is given at the commit, a time before, so that the one is no measure
-- of the other.
CREATE INDEX events_by_time ON events (account, at, seq);
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('events', 'events_by_time', '10000000 10000000 2 1');
"""

HELD = """
CREATE TABLE removals (
    account INTEGER NOT NULL,
    integration TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, integration)
) STRICT, WITHOUT ROWID;
CREATE TABLE held_changes (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    integration TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    decided_at INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (account, id)
) STRICT;
CREATE UNIQUE INDEX held_changes_by_effect ON held_changes (account, integration, fingerprint);
"""

SOUGHT = """
-- What audits ask for: what failed, one user's logins and statements, what happens seldom. None of
-- them is written for a request of a provider that succeeds: an index of those by resource takes
-- as long as the row and its other indexes three times over (measured).
CREATE INDEX attempts_failed ON attempts (account, kind, at) WHERE body ->> '$.succeeded' = 0;
CREATE INDEX attempts_of_users ON attempts (
    account, kind, (iif(kind = 'LOGIN', body ->> '$.resource_name', body ->> '$.actor')), at
) WHERE kind <> 'SCIM';
UPDATE events SET marks = 2 WHERE marks = 0 AND kind NOT IN (
    'UserCreated', 'UserChanged', 'MembersAdded', 'MembersRemoved', 'SessionOpened',
    'SessionsEnded'
);
CREATE INDEX events_seldom ON events (account, kind, seq) WHERE marks > 0;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('attempts', 'attempts_failed', '500000 500000 250000 1'),
    ('attempts', 'attempts_of_users', '1000000 1000000 500000 50 1'),
    ('events', 'events_seldom', '1000000 1000000 50000 1');
"""

HELD_BY_RESOURCE = """
CREATE INDEX held_changes_by_resource
    ON held_changes (account, json_extract(body, '$.resource'), id);
UPDATE users SET body = json_set(body, '$.was_held', json('true')) WHERE (account, id) IN
    (SELECT account, json_extract(body, '$.resource') FROM held_changes);
UPDATE roles SET body = json_set(body, '$.was_held', json('true')) WHERE (account, id) IN
    (SELECT account, json_extract(body, '$.resource') FROM held_changes);
"""

MIGRATIONS = (
    FIRST,
    SECOND,
    HISTORIES,
    SESSIONS_RENEWED,
    SEARCHED,
    EVENTS_BY_TIME,
    HELD,
    SOUGHT,
    HELD_BY_RESOURCE,
)


def bring_up(
    connection: apsw.Connection,
    path: Path,
    steps: Sequence[str],
    notice: Callable[[Path], None] | None = None,
) -> None:
    """Apply the steps that the file has not seen, all or none, after a copy of the file.

    A new file is not copied; a file that has seen more steps than there are is left alone.
    """
    found = _version(connection, path, steps)
    if found == len(steps):
        return
    if found > 0:
        copy = _copy(connection, path, found)
        if notice is not None:
            notice(copy)
    connection.create_scalar_function("searched", _searched, 1, deterministic=True)
    connection.create_scalar_function("further_addresses", _further, 1, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have brought the file up since: ask again under the lock.
        for step in steps[_version(connection, path, steps) :]:
            connection.execute(step)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
    # What the steps say of the tables is else believed from the next connection on: this one,
    # the writer's, would look for the last event by passing all of them.
    connection.execute("ANALYZE sqlite_master")


def _searched(*body: "apsw.SQLiteValue") -> str | None:
    return searched(user_from(str(body[0])))


def _further(*body: "apsw.SQLiteValue") -> str | None:
    return further_addresses(user_from(str(body[0])))


def _version(connection: apsw.Connection, path: Path, steps: Sequence[str]) -> int:
    found = connection.execute("PRAGMA user_version").get
    assert isinstance(found, int), "a pragma's version is a number"
    if found > len(steps):
        raise StoreTooNew(str(path), found, len(steps))
    return found


def _copy(connection: apsw.Connection, path: Path, version: int) -> Path:
    """A whole copy through the backup interface, which other writers don't disturb."""
    copy = _free_name(path, version)
    copy.touch(mode=0o600, exist_ok=False)
    target = apsw.Connection(str(copy))
    with target.backup("main", connection, "main") as backup:
        while not backup.done:
            backup.step(1_000)
    target.close()
    return copy


def _free_name(path: Path, version: int) -> Path:
    for number in range(1, COPIES_MAX):
        suffix = "" if number == 1 else f"-{number}"
        copy = path.with_name(f"{path.name}.v{version}-backup{suffix}")
        if not copy.exists():
            return copy
    raise FileExistsError(f"{path} has {COPIES_MAX} copies of version {version}: remove some")
