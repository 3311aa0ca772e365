/*
 * grow DATABASE CLIENT_ID PEOPLE TOKENS EXPIRED POOL
 *
 * Fills the database of an installation that is onboarded and stopped: people with a
 * browser session each, one or more token families of those sessions, token rows of the
 * families in rounds of rotation.  The rows and what proves them are made by the product's
 * own code, in the order in which time would have brought them; who signs in and which
 * family is refreshed is spread over all of them, so that neighbours in one table are none
 * in the next.  The cookie secret comes in AUTENTICO_COOKIE_SECRET, in hex.
 *
 *   EXPIRED  so many more rows that the clean-up has to take: half of them tokens
 *   POOL     about so many living tokens are told on standard output, one a line:
 *            access token, refresh token, cookie of the session, username
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "crypto/hash.h"
#include "crypto/keyring.h"
#include "crypto/random.h"
#include "util/encode.h"

#define DAY 86400
#define SPAN (20 * (int64_t)DAY)    /* the youngest is a minute old */
#define LIFE (30 * (int64_t)DAY)
#define AGENT "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

struct session { char id[21], cookie[44]; int64_t user; };
struct family { char id[21]; int64_t last; /* of its tokens, the one that is not spent */ };

struct growth {
    sqlite3 *db;
    struct keyring keys;
    struct arena *arena;
    const char *client_id, *password_hash;
    int64_t now, people_n, families_n, tokens_n, expired_n, pool_n;
    struct session *sessions;
    char (*users)[21];
    struct family *families;
};

/* ---- small things ---- */

static void check(struct growth *g, int code)
{
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return;
    fprintf(stderr, "grow: %s\n", sqlite3_errmsg(g->db));
    exit(1);
}

static void run(struct growth *g, const char *sql)
{
    check(g, sqlite3_exec(g->db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(struct growth *g, const char *sql)
{
    sqlite3_stmt *q;

    check(g, sqlite3_prepare_v2(g->db, sql, -1, &q, NULL));
    return q;
}

static void text(sqlite3_stmt *q, int i, const char *s)
{
    sqlite3_bind_text(q, i, s, -1, SQLITE_TRANSIENT);
}

static void blob(sqlite3_stmt *q, int i, const uint8_t hash[32])
{
    sqlite3_bind_blob(q, i, hash, 32, SQLITE_TRANSIENT);
}

static void step(struct growth *g, sqlite3_stmt *q)
{
    check(g, sqlite3_step(q));
    check(g, sqlite3_reset(q));
}

static void *array(int64_t n, size_t size)
{
    void *p = calloc((size_t)n + 1, size);

    if (p == NULL) {
        fprintf(stderr, "grow: no memory\n");
        exit(1);
    }
    return p;
}

/* The same every time, and nobody's neighbour is his neighbour: a walk in steps that have
 * no divisor in common with n. */
static int64_t scattered(int64_t i, int64_t n, int64_t round)
{
    static const int64_t primes[] = { 2654435761, 2246822519, 3266489917, 668265263, 374761393 };

    return (int64_t)(((__int128)i * primes[round % 5] + round) % n);
}

static int64_t when(const struct growth *g, int64_t i, int64_t n)
{
    return g->now - SPAN - 60 + (int64_t)((__int128)SPAN * i / n);
}

/* In no order, as names are. */
static void name_of(int64_t user, char out[32])
{
    snprintf(out, 32, "p%08" PRIx32 "-%" PRId64, (uint32_t)(user * 2654435761), user);
}

/* ---- rows ---- */

static void add_user(struct growth *g, sqlite3_stmt *user, sqlite3_stmt *password, int64_t i)
{
    /* accounts are older than sessions */
    int64_t at = g->now - 700 * (int64_t)DAY + (int64_t)((__int128)600 * DAY * i / g->people_n);
    char name[32];

    strcpy(g->users[i], random_id(g->arena, at));
    name_of(i, name);
    text(user, 1, g->users[i]);
    text(user, 2, name);
    text(user, 3, arena_printf(g->arena, "%s@example.test", name));
    sqlite3_bind_int64(user, 4, at);
    step(g, user);
    text(password, 1, g->users[i]);
    text(password, 2, g->password_hash);
    sqlite3_bind_int64(password, 3, at);
    step(g, password);
}

static void add_users(struct growth *g)
{
    sqlite3_stmt *user = prepare(g,
        "INSERT INTO users (id, username, username_folded, email, is_email_verified, given_name, family_name,"
        " locale, created_at, updated_at) VALUES (?1, ?2, ?2, ?3, 1, 'Ada', 'Lovelace', 'en', ?4, ?4)");
    sqlite3_stmt *password = prepare(g,
        "INSERT INTO passwords (user_id, hash, changed_at, hashed_at) VALUES (?1, ?2, ?3, ?3)");

    for (int64_t i = 0; i < g->people_n; i++) {
        add_user(g, user, password, i);
        arena_reset(g->arena);
    }
    sqlite3_finalize(user);
    sqlite3_finalize(password);
}

static void bind_session(struct growth *g, sqlite3_stmt *q, struct session *s, int64_t at, int64_t last)
{
    uint8_t mac[32];

    strcpy(s->id, random_id(g->arena, at));
    strcpy(s->cookie, random_token(g->arena));
    if (keyring_mac(&g->keys, KEY_SESSION, 0, bytes_of(s->cookie), mac) != RC_OK)
        exit(1);
    text(q, 1, s->id);
    blob(q, 2, mac);
    text(q, 3, g->users[s->user]);
    sqlite3_bind_int64(q, 4, at);
    sqlite3_bind_int64(q, 5, last);
}

#define ADD_SESSION                                                                              \
    "INSERT INTO sessions (id, cookie_hash, user_id, auth_time_at, acr, amr, user_agent, ip_address," \
    " created_at, last_activity_at, ended_at)"                                                   \
    " VALUES (?1, ?2, ?3, ?4, '1', 'pwd', '" AGENT "', '192.0.2.77', ?4, ?5, ?6)"

static void add_sessions(struct growth *g)
{
    sqlite3_stmt *q = prepare(g, ADD_SESSION);

    for (int64_t i = 0; i < g->people_n; i++) {
        struct session *s = &g->sessions[i];
        int64_t at = when(g, i * (g->families_n / g->people_n), g->tokens_n);

        s->user = scattered(i, g->people_n, 0);
        bind_session(g, q, s, at, at + scattered(i, g->now - at, 1));
        step(g, q);
        arena_reset(g->arena);
    }
    sqlite3_finalize(q);
}

#define ADD_FAMILY                                                                                \
    "INSERT INTO token_families (id, user_id, client_id, session_id, sid, grant_type, scope, nonce,"   \
    " auth_time_at, acr, amr, user_agent, ip_address, created_at, expires_at)"                    \
    " VALUES (?1, ?2, ?3, ?4, ?4, 'authorization_code', 'openid profile email', 'n-0S6_WzA2Mj', ?5, '1', 'pwd'," \
    " '" AGENT "', '192.0.2.77', ?5, ?6)"

static void add_family(struct growth *g, sqlite3_stmt *q, struct family *f, const struct session *s, int64_t at,
                       int64_t expires_at)
{
    strcpy(f->id, random_id(g->arena, at));
    text(q, 1, f->id);
    text(q, 2, g->users[s->user]);
    text(q, 3, g->client_id);
    text(q, 4, s->id);
    sqlite3_bind_int64(q, 5, at);
    sqlite3_bind_int64(q, 6, expires_at);
    step(g, q);
}

/* Which family a token is of: in the first round each has one, then whoever comes back. */
static int64_t family_of(const struct growth *g, int64_t i)
{
    int64_t round = i / g->families_n;

    return round == 0 ? i : scattered(i % g->families_n, g->families_n, round);
}

static void add_families(struct growth *g)
{
    sqlite3_stmt *q = prepare(g, ADD_FAMILY);

    for (int64_t i = 0; i < g->tokens_n; i++)
        g->families[family_of(g, i)].last = i;
    for (int64_t i = 0; i < g->families_n; i++) {
        int64_t at = when(g, i, g->tokens_n);

        add_family(g, q, &g->families[i], &g->sessions[i * g->people_n / g->families_n], at,
                   when(g, g->families[i].last, g->tokens_n) + LIFE);
        arena_reset(g->arena);
    }
    sqlite3_finalize(q);
}

#define ADD_TOKEN                                                                                 \
    "INSERT OR IGNORE INTO tokens (selector, family_id, access_hash, refresh_hash, scope, issued_at,"  \
    " access_expires_at, refresh_expires_at, rotated_at)"                                         \
    " VALUES (?1, ?2, ?3, ?4, 'openid profile email', ?5, ?6, ?7, ?8)"

struct proof { const char *access, *refresh; };

static const char *draw_value(struct growth *g, const char *id, sqlite3_stmt *q, int column)
{
    const char *secret = random_token(g->arena);
    uint8_t hash[32];

    sha256(bytes_of(secret), hash);
    blob(q, column, hash);
    return arena_printf(g->arena, "%s%s", id, secret);
}

/* Opaque access tokens: those of our own making are known without their key. */
static struct proof add_token(struct growth *g, sqlite3_stmt *q, const char *family_id, int64_t at, int64_t life_s)
{
    struct proof out;
    char id[21];

    do {
        int64_t selector = random_selector(at);

        selector_to_id(selector, id);
        sqlite3_bind_int64(q, 1, selector);
        text(q, 2, family_id);
        out.access = draw_value(g, id, q, 3);
        out.refresh = draw_value(g, id, q, 4);
        sqlite3_bind_int64(q, 5, at);
        sqlite3_bind_int64(q, 6, at + life_s);
        sqlite3_bind_int64(q, 7, at + life_s);
        step(g, q);
    } while (sqlite3_changes(g->db) == 0);
    return out;
}

static void tell(const struct growth *g, int64_t family, const struct proof *p)
{
    const struct session *s = &g->sessions[family * g->people_n / g->families_n];
    char name[32];

    name_of(s->user, name);
    printf("%s %s %s %s\n", p->access, p->refresh, s->cookie, name);
}

static void add_tokens(struct growth *g)
{
    sqlite3_stmt *q = prepare(g, ADD_TOKEN);
    int64_t every = g->families_n / g->pool_n + 1;

    for (int64_t i = 0; i < g->tokens_n; i++) {
        int64_t at = when(g, i, g->tokens_n), family = family_of(g, i);
        bool is_last = g->families[family].last == i;

        sqlite3_bind_null(q, 8);
        if (!is_last)
            sqlite3_bind_int64(q, 8, at + 900);
        struct proof p = add_token(g, q, g->families[family].id, at, LIFE);
        if (is_last && scattered(family, every, 2) == 0)
            tell(g, family, &p);
        arena_reset(g->arena);
    }
    sqlite3_finalize(q);
}

/* ---- what has expired: for each session one family with two tokens ---- */

static void add_expired(struct growth *g)
{
    sqlite3_stmt *session = prepare(g, ADD_SESSION), *family = prepare(g, ADD_FAMILY), *token = prepare(g, ADD_TOKEN);
    int64_t n = g->expired_n / 4;

    for (int64_t i = 0; i < n; i++) {
        struct session s = { .user = scattered(i, g->people_n, 3) };
        int64_t at = g->now - 60 * (int64_t)DAY + (int64_t)((__int128)20 * DAY * i / n);
        struct family f;

        bind_session(g, session, &s, at, at);
        sqlite3_bind_int64(session, 6, at + DAY);
        step(g, session);
        add_family(g, family, &f, &s, at, at + DAY);
        add_token(g, token, f.id, at, DAY / 2);
        add_token(g, token, f.id, at + DAY / 2, DAY / 2);
        arena_reset(g->arena);
    }
    sqlite3_finalize(session);
    sqlite3_finalize(family);
    sqlite3_finalize(token);
}

/* ---- all of it ---- */

static void read_secret(struct growth *g)
{
    const char *hex = getenv("AUTENTICO_COOKIE_SECRET");
    struct keyring_roots roots = { 0 };

    if (hex == NULL || hex_decode(g->arena, hex, &roots.cookie) != RC_OK) {
        fprintf(stderr, "grow: AUTENTICO_COOKIE_SECRET is not in hex\n");
        exit(1);
    }
    keyring_derive(&roots, &g->keys);
}

/* Everybody has the administrator's. */
static void read_password(struct growth *g)
{
    sqlite3_stmt *q = prepare(g, "SELECT hash FROM passwords LIMIT 1");

    check(g, sqlite3_step(q));
    g->password_hash = strdup((const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
}

static void open_database(struct growth *g, const char *path)
{
    check(g, sqlite3_open_v2(path, &g->db, SQLITE_OPEN_READWRITE, NULL));
    run(g, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-2000000; BEGIN IMMEDIATE");
}

int main(int argc, char **argv)
{
    struct growth g = { .arena = arena_start("grow"), .now = time(NULL) };

    if (argc != 7) {
        fprintf(stderr, "usage: grow DATABASE CLIENT_ID PEOPLE TOKENS EXPIRED POOL\n");
        return 2;
    }
    g.client_id = argv[2];
    g.people_n = strtoll(argv[3], NULL, 10);
    g.tokens_n = strtoll(argv[4], NULL, 10);
    g.expired_n = strtoll(argv[5], NULL, 10);
    g.pool_n = strtoll(argv[6], NULL, 10);
    /* one family a person, two when there are tokens enough to be refreshed as well */
    g.families_n = g.tokens_n < 4 * g.people_n ? g.people_n : 2 * g.people_n;
    g.users = array(g.people_n, sizeof g.users[0]);
    g.sessions = array(g.people_n, sizeof g.sessions[0]);
    g.families = array(g.families_n, sizeof g.families[0]);
    read_secret(&g);
    open_database(&g, argv[1]);
    read_password(&g);
    add_users(&g);
    add_expired(&g);
    add_sessions(&g);
    add_families(&g);
    add_tokens(&g);
    run(&g, "COMMIT; PRAGMA journal_mode=WAL");
    check(&g, sqlite3_close(g.db));
    return 0;
}
