-- A retired key is published until the last token it signed has expired; one that was
-- revoked (a compromise) is neither published nor believed any more.
ALTER TABLE signing_keys ADD COLUMN unpublished_at INTEGER;
ALTER TABLE signing_keys ADD COLUMN revoked_at INTEGER;

-- While columns are sealed again under another encryption key: the fingerprint of the one
-- before; NULL: everything is sealed under the one of encryption_fingerprint.
ALTER TABLE installation ADD COLUMN reseal_from TEXT;
