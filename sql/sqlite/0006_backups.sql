-- The last backup that was made and found good: one row, for whoever asks how old it is.
CREATE TABLE last_backup (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    file TEXT NOT NULL,                 -- where it was put; may have been moved since
    bytes_n INTEGER NOT NULL,
    is_encrypted INTEGER NOT NULL CHECK (is_encrypted IN (0, 1)),
    taken_at INTEGER NOT NULL,          -- what was acknowledged before is in it
    verified_at INTEGER NOT NULL
) STRICT;
