-- Autentico, schema 1.  Times are unix seconds named *_at; hashes are bytes;
-- booleans are 0 and 1; ids are 20 characters [0-9a-v]; lists are child tables.
-- What grows with every sign-in and grant is kept by its id, which is in the order
-- of time, and has few indexes: each costs every such write a page.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    username_folded TEXT NOT NULL,      -- lower case, for search and conflicts of spelling
    email TEXT UNIQUE,                  -- lower case; NULL: none
    role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    is_email_verified INTEGER NOT NULL DEFAULT 0 CHECK (is_email_verified IN (0, 1)),
    phone_number_verified INTEGER NOT NULL DEFAULT 0 CHECK (phone_number_verified IN (0, 1)),
    given_name TEXT NOT NULL DEFAULT '',
    family_name TEXT NOT NULL DEFAULT '',
    middle_name TEXT NOT NULL DEFAULT '',
    nickname TEXT NOT NULL DEFAULT '',
    website TEXT NOT NULL DEFAULT '',
    gender TEXT NOT NULL DEFAULT '',
    birthdate TEXT NOT NULL DEFAULT '',
    profile TEXT NOT NULL DEFAULT '',
    phone_number TEXT NOT NULL DEFAULT '',
    picture TEXT NOT NULL DEFAULT '',
    locale TEXT NOT NULL DEFAULT '',
    zoneinfo TEXT NOT NULL DEFAULT '',
    address_street TEXT NOT NULL DEFAULT '',
    address_locality TEXT NOT NULL DEFAULT '',
    address_region TEXT NOT NULL DEFAULT '',
    address_postal_code TEXT NOT NULL DEFAULT '',
    address_country TEXT NOT NULL DEFAULT '',
    last_login_at INTEGER,
    deactivated_at INTEGER,
    registered_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_created ON users (created_at, id);

-- A person without a row here has no password.
CREATE TABLE passwords (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,                 -- PHC or crypt(3) form
    changed_at INTEGER NOT NULL,        -- by a person
    hashed_at INTEGER NOT NULL          -- later than that when a login upgraded the hash
) STRICT, WITHOUT ROWID;

-- Failure counters; no row: no failures.
CREATE TABLE lockouts (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    failures_n INTEGER NOT NULL,
    locked_until_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE,
    client_name TEXT NOT NULL,
    client_name_folded TEXT NOT NULL,
    client_type TEXT NOT NULL CHECK (client_type IN ('confidential', 'public')),
    scopes TEXT NOT NULL DEFAULT '',
    token_endpoint_auth_method TEXT NOT NULL,
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    profile TEXT NOT NULL DEFAULT 'oauth' CHECK (profile IN ('oauth', 'fapi2')),
    access_token_expiration TEXT,
    refresh_token_expiration TEXT,
    authorization_code_expiration TEXT,
    sso_session_idle_timeout TEXT,
    trust_device_expiration TEXT,
    allow_self_signup INTEGER CHECK (allow_self_signup IN (0, 1)),
    trust_device_enabled INTEGER CHECK (trust_device_enabled IN (0, 1)),
    consent_required INTEGER CHECK (consent_required IN (0, 1)),
    require_mfa INTEGER CHECK (require_mfa IN (0, 1)),
    id_token_signed_response_alg TEXT,
    access_token_signing_alg TEXT,
    access_token_format TEXT,
    has_allowed_audiences INTEGER NOT NULL DEFAULT 0 CHECK (has_allowed_audiences IN (0, 1)),
    last_used_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX clients_by_created ON clients (created_at, id);

-- Lists of a client, in their order.  kind: redirect_uri,
-- post_logout_redirect_uri, grant_type, response_type, allowed_audience.
CREATE TABLE client_values (
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE ON UPDATE CASCADE,
    kind TEXT NOT NULL,
    position INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (client_id, kind, position)
) STRICT, WITHOUT ROWID;

-- Several secrets of a client may live side by side while one replaces another.
CREATE TABLE client_secrets (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE ON UPDATE CASCADE,
    sha256 BLOB CHECK (sha256 IS NULL OR length(sha256) = 32), -- made by us, or at least 32 bytes
    hash TEXT,                          -- Argon2id otherwise
    created_at INTEGER NOT NULL,
    expires_at INTEGER,                 -- NULL: until removed
    CHECK ((sha256 IS NULL) <> (hash IS NULL))
) STRICT;
CREATE INDEX client_secrets_by_client ON client_secrets (client_id, created_at, id);

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- One row: facts about this installation and counters that workers watch.
CREATE TABLE installation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    settings_version INTEGER NOT NULL DEFAULT 1,    -- +1 with every settings or key write
    encryption_fingerprint TEXT,
    onboard_token_hash BLOB,
    onboard_token_expires_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO installation (id, created_at) VALUES (1, CAST(strftime('%s', 'now') AS INTEGER));

-- Single-sign-on sessions of browsers ("IdP sessions").
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,                -- public, = sid
    cookie_hash BLOB NOT NULL UNIQUE CHECK (length(cookie_hash) = 32),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    auth_time_at INTEGER NOT NULL,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,                  -- space-separated RFC 8176 values
    user_agent TEXT NOT NULL DEFAULT '',
    ip_address TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id, last_activity_at);
CREATE INDEX sessions_live_by_activity ON sessions (last_activity_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_live_by_created ON sessions (created_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- A grant and everything issued from it ("OAuth session"): revoked as one.
CREATE TABLE token_families (
    id TEXT PRIMARY KEY,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE ON UPDATE CASCADE,
    session_id TEXT REFERENCES sessions (id) ON DELETE SET NULL,
    sid TEXT NOT NULL,                  -- session_id, else our own id; stable
    grant_type TEXT NOT NULL,
    scope TEXT NOT NULL,                -- as granted; a refresh may narrow its token, never this
    nonce TEXT,
    auth_time_at INTEGER NOT NULL,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,
    user_agent TEXT NOT NULL DEFAULT '',
    ip_address TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,        -- of its longest-living token
    revoked_at INTEGER,
    revoked_why TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX token_families_by_session ON token_families (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX token_families_by_user ON token_families (user_id, created_at);
CREATE INDEX token_families_by_client ON token_families (client_id);
CREATE INDEX token_families_by_expiry ON token_families (expires_at);

-- An access token and the refresh token issued with it (design D8): found by
-- selector (its public form is the `jti`), proven by the secret.
CREATE TABLE tokens (
    selector INTEGER PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
    access_hash BLOB CHECK (access_hash IS NULL OR length(access_hash) = 32),   -- opaque tokens only
    refresh_hash BLOB CHECK (refresh_hash IS NULL OR length(refresh_hash) = 32),
    scope TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    access_expires_at INTEGER NOT NULL,
    refresh_expires_at INTEGER,
    rotated_at INTEGER,                 -- refresh token spent; its access token died with it
    revoked_at INTEGER
) STRICT;
CREATE INDEX tokens_by_family ON tokens (family_id);
-- spent ones only: the others go with their family
CREATE INDEX tokens_spent_by_refresh_expiry ON tokens (refresh_expires_at) WHERE rotated_at IS NOT NULL;

-- They go with their session, and so with their person; an application is never deleted, and
-- proves itself when it redeems; a family that is gone needs no revocation any more.
CREATE TABLE authorization_codes (
    code_hash BLOB PRIMARY KEY CHECK (length(code_hash) = 32),
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,              -- of the session
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    scope TEXT NOT NULL,
    nonce TEXT,
    code_challenge TEXT,
    code_challenge_method TEXT,
    auth_time_at INTEGER NOT NULL,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    redeemed_at INTEGER,
    family_id TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_by_session ON authorization_codes (session_id);

-- Signed-in browsers of the two consoles (design D14); they end with their family.
CREATE TABLE console_sessions (
    id TEXT PRIMARY KEY,
    cookie_hash BLOB NOT NULL UNIQUE CHECK (length(cookie_hash) = 32),
    console TEXT NOT NULL CHECK (console IN ('admin', 'account')),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    family_id TEXT NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX console_sessions_by_family ON console_sessions (family_id);
CREATE INDEX console_sessions_by_user ON console_sessions (user_id);
CREATE INDEX console_sessions_by_expiry ON console_sessions (expires_at);

-- Values that may be used once (sealed handles carry their id here when spent).
CREATE TABLE replays (
    value_hash BLOB PRIMARY KEY CHECK (length(value_hash) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX replays_by_expiry ON replays (expires_at);

CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    alg TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    private_sealed BLOB,                -- NULL: the key of the environment
    state TEXT NOT NULL CHECK (state IN ('next', 'active', 'retired')),
    created_at INTEGER NOT NULL,
    activated_at INTEGER,
    retired_at INTEGER,
    thumbprint TEXT NOT NULL            -- RFC 7638; same kid with another one: start refused
) STRICT;

-- Append-only.  No foreign keys: rows outlive what they tell of.
CREATE TABLE audit_logs (
    id TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    actor_id TEXT,
    actor_username TEXT NOT NULL DEFAULT '',
    target_type TEXT NOT NULL DEFAULT '',
    target_id TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',    -- a JSON object of strings, or ""
    ip_address TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL         -- the seconds of the id
) STRICT, WITHOUT ROWID;
