-- The trail becomes a chain: every row carries the hash of itself and of all before it.
-- `seq` is its place, without gaps; rows from before the chain have no hash.
CREATE TABLE audit_logs_chained (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,            -- in the order of time: lists, counts and dates go by it
    event TEXT NOT NULL,
    actor_id TEXT,
    actor_username TEXT NOT NULL DEFAULT '',
    target_type TEXT NOT NULL DEFAULT '',
    target_id TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',    -- a JSON object of strings, or ""
    ip_address TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    hash BLOB CHECK (hash IS NULL OR length(hash) = 32)
) STRICT;
INSERT INTO audit_logs_chained (seq, id, event, actor_id, actor_username, target_type, target_id, detail, ip_address,
    created_at)
    SELECT row_number() OVER (ORDER BY created_at, id), id, event, actor_id, actor_username, target_type, target_id,
        detail, ip_address, created_at FROM audit_logs;
DROP TABLE audit_logs;
ALTER TABLE audit_logs_chained RENAME TO audit_logs;

-- The end of the chain, and the anchor, where what is left of it begins: the last row that
-- was taken away because of its age, signed.  One row.
CREATE TABLE audit_chain (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,               -- of the last row
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    unchained_seq INTEGER NOT NULL,     -- of the last row from before the chain; 0: there was none
    anchor_seq INTEGER NOT NULL,
    anchor_hash BLOB NOT NULL CHECK (length(anchor_hash) = 32),
    anchor_jws TEXT,                    -- NULL: nothing was taken away so far
    checkpoints_n INTEGER NOT NULL,     -- the number of the last one
    copied_seq INTEGER NOT NULL         -- of the last row that went to syslog; 0: none does
) STRICT;
INSERT INTO audit_chain (id, seq, hash, unchained_seq, anchor_seq, anchor_hash, checkpoints_n, copied_seq)
    SELECT 1, COUNT(*), zeroblob(32), COUNT(*), 0, zeroblob(32), 0, 0 FROM audit_logs;

-- "Up to here it was so", signed now and then: whoever rewrites the chain cannot sign.
CREATE TABLE audit_checkpoints (
    number INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    kid TEXT NOT NULL,                  -- who signed it
    jws TEXT NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_checkpoints_by_seq ON audit_checkpoints (seq);
