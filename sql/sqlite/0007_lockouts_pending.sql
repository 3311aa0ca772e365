-- Attempts at a password that are being looked at just now: who finds the account locked by
-- nothing but them waits for what comes of them.
ALTER TABLE lockouts ADD COLUMN pending_n INTEGER NOT NULL DEFAULT 0;
