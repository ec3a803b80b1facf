-- The tables that the driver asks, and the users of json/users.json in them:
--
--   sqlite3 users.db < examples/users/sqlite/users.sql
CREATE TABLE users (
    opaque_id TEXT PRIMARY KEY NOT NULL,
    idp TEXT NOT NULL,
    username TEXT NOT NULL,
    mail TEXT,
    display_name TEXT,
    uid_number INTEGER NOT NULL
);
CREATE TABLE memberships (
    opaque_id TEXT NOT NULL REFERENCES users,
    name TEXT NOT NULL,
    UNIQUE (opaque_id, name)
);
CREATE INDEX by_username ON users (username);

INSERT INTO users VALUES
    ('7e0c1f52-build', 'https://idp.example.org', 'build-service', 'build@example.org', 'Build Service', 2001),
    ('91d4a6b3-backup', 'https://idp.example.org', 'backup-operator', 'backup@example.org', 'Backup Operator', 2002),
    ('c35f8e07-print', 'https://idp.example.org', 'print-operator', 'print@example.org', 'Print Operator', 2003),
    ('0ab27d94-guest', 'https://guests.example.net', 'guest', NULL, 'Guest Account', 2004);
INSERT INTO memberships VALUES
    ('7e0c1f52-build', 'services'),
    ('7e0c1f52-build', 'builders'),
    ('91d4a6b3-backup', 'operators'),
    ('c35f8e07-print', 'operators'),
    ('c35f8e07-print', 'printers');
