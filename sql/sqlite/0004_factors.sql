-- Second factors, passkeys, recovery, mail.

-- An authenticator app, one a person.  The secret is sealed by the signer (table,
-- column and user_id are its associated data) and verified there.
CREATE TABLE totp_secrets (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret_sealed BLOB NOT NULL,
    last_step INTEGER NOT NULL DEFAULT 0,   -- time step accepted last; the next must be later
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER                    -- NULL: begun in the account pages, no factor yet
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    code_hash BLOB PRIMARY KEY CHECK (length(code_hash) = 32),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

-- Wrong second factors of a person, whatever the method, the challenge and the
-- browser; a right password does not reset them (RFC 4226 7.3).
CREATE TABLE factor_lockouts (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    failures_n INTEGER NOT NULL,
    locked_until_at INTEGER
) STRICT, WITHOUT ROWID;

-- A sign-in whose first factor was right and whose second is missing.
CREATE TABLE mfa_challenges (
    id_hash BLOB PRIMARY KEY CHECK (length(id_hash) = 32),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method TEXT NOT NULL CHECK (method IN ('totp', 'email')),
    request BLOB NOT NULL,                  -- the validated authorization request (authz_request_pack)
    browser_hash BLOB NOT NULL,             -- of the CSRF cookie it began in
    amr TEXT NOT NULL,                      -- what was proven so far
    code_hash BLOB,                         -- HMAC of the code that was mailed
    code_sent_at INTEGER,
    failures_n INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX mfa_challenges_by_expiry ON mfa_challenges (expires_at);
CREATE INDEX mfa_challenges_by_user ON mfa_challenges (user_id);

CREATE TABLE trusted_devices (
    id TEXT PRIMARY KEY,                    -- public
    cookie_hash BLOB NOT NULL UNIQUE CHECK (length(cookie_hash) = 32),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX trusted_devices_by_user ON trusted_devices (user_id, created_at);
CREATE INDEX trusted_devices_by_expiry ON trusted_devices (expires_at);

-- WebAuthn: what an authenticator knows a person by, random and without meaning.
CREATE TABLE user_handles (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    user_handle BLOB NOT NULL UNIQUE CHECK (length(user_handle) = 32)
) STRICT;

CREATE TABLE passkeys (
    credential_id BLOB PRIMARY KEY CHECK (length(credential_id) BETWEEN 1 AND 1023),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    public_key BLOB NOT NULL,               -- COSE_Key
    alg INTEGER NOT NULL,                   -- COSE algorithm of the registration
    sign_count INTEGER NOT NULL,
    transports TEXT NOT NULL DEFAULT '',    -- space-separated
    aaguid BLOB NOT NULL CHECK (length(aaguid) = 16),
    is_uv_initialized INTEGER NOT NULL CHECK (is_uv_initialized IN (0, 1)),
    is_backup_eligible INTEGER NOT NULL CHECK (is_backup_eligible IN (0, 1)),
    is_backed_up INTEGER NOT NULL CHECK (is_backed_up IN (0, 1)),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_by_user ON passkeys (user_id, created_at);

-- Links that are good once: a new password, recovery by an administrator, "this was not me".
CREATE TABLE one_time_links (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    kind TEXT NOT NULL CHECK (kind IN ('reset', 'recover', 'not_me')),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_links_by_user ON one_time_links (user_id);
CREATE INDEX one_time_links_by_expiry ON one_time_links (expires_at);

-- What the courier has to deliver.  Codes and links travel in it: sealed under a key of
-- the cookie secret, and gone when delivered.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('mail', 'logout')),
    content_sealed BLOB NOT NULL,
    tries_n INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,            -- a late code helps nobody
    last_error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_by_next_try ON outbox (next_try_at, id);
CREATE INDEX outbox_by_expiry ON outbox (expires_at);
