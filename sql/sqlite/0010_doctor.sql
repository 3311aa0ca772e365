-- What `autentico doctor` found the last time: one row.
CREATE TABLE doctor_report (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    report TEXT NOT NULL,               -- JSON
    made_at INTEGER NOT NULL
) STRICT;

-- Since when a secret of the configuration has been what it is; of the secret itself only
-- what tells it from another one.
CREATE TABLE secrets_seen (
    name TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    since_at INTEGER NOT NULL
) STRICT;

-- When an application last got something by a grant type that it is registered for.
CREATE TABLE client_grants (
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE ON UPDATE CASCADE,
    grant_type TEXT NOT NULL,
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, grant_type)
) STRICT, WITHOUT ROWID;
