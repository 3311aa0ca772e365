#include "config.h"

#include "serve/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "account/routes.h"
#include "admin/routes.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "hasher/hasher.h"
#include "http/csrf.h"
#include "http/problem.h"
#include "oidc/browser_origins.h"
#include "oidc/keys.h"
#include "oidc/routes.h"
#include "pages/routes.h"
#include "serve/gate.h"
#include "serve/theme.h"
#include "signer/signer.h"
#include "store/clients_kept.h"
#include "store/limits.h"
#include "store/settings_table.h"
#include "util/clock.h"

#define UNTOLD_MS 1000
#define SIGNER_MS 5000 /* a signature takes one: who waits longer waits for a hanging signer */

/* Settings, keys, theme and what all registrations say, as of one settings version. */
struct snapshot {
    struct arena *arena;
    struct settings settings;
    struct key_set keys;
    struct clients_facts facts;
    struct cors cors;
    const struct json *theme;
};

struct kept {
    struct kept_setup setup;
    struct snapshot now;
    struct clients_kept *clients; /* of the same version */
    uint64_t changes_seen;
    int64_t looked_ms;
};

enum rc dispatch_router(struct arena *a, const char *oauth_path, struct router **out)
{
    const struct route_table tables[] = { oidc_routes, pages_routes, account_routes, admin_routes };

    return router_new(a, tables, ARRAY_LEN(tables), oauth_path, out);
}

struct kept *kept_new(const struct kept_setup *setup)
{
    struct kept *k = calloc(1, sizeof(*k));

    if (k == NULL)
        die("dispatch: no memory");
    k->setup = *setup;
    k->clients = clients_kept_new();
    return k;
}

void kept_free(struct kept *k)
{
    if (k->now.arena != NULL)
        arena_done(k->now.arena);
    clients_kept_free(k->clients);
    free(k);
}

static enum rc load_snapshot(struct kept *k, struct snapshot *out)
{
    TRY(settings_load(k->setup.db, out->arena, &out->settings));
    TRY(key_set_load(k->setup.db, out->arena, &out->keys));
    TRY(clients_facts_load(k->setup.db, &out->facts));
    TRY(browser_origins_load(k->setup.db, out->arena, k->setup.conf, &out->settings, &out->cors));
    out->theme = theme_model(out->arena, k->setup.conf, &out->settings);
    return RC_OK;
}

static enum rc read_snapshot(struct kept *k)
{
    struct snapshot fresh;
    int64_t version;

    TRY(installation_version(k->setup.db, &version));
    if (k->now.arena != NULL && k->now.settings.version == version)
        return RC_OK;
    memset(&fresh, 0, sizeof(fresh));
    fresh.arena = arena_start("settings");
    enum rc rc = load_snapshot(k, &fresh);
    if (rc != RC_OK) {
        arena_done(fresh.arena);
        return rc;
    }
    if (k->now.arena != NULL)
        arena_done(k->now.arena);
    k->now = fresh;
    clients_kept_empty(k->clients);
    return RC_OK;
}

/* A write by any process moves the counter, so it is live on the next request.  We also
 * look without having been told: another version of the program, whose counter is not
 * ours, or somebody with a shell may have written. */
static enum rc refresh_snapshot(struct kept *k)
{
    int64_t now_ms = clock_mono_ms();
    uint64_t seen = k->changes_seen;
    bool has_changed = db_has_changed(k->setup.db, &seen);

    if (!has_changed && k->now.arena != NULL && now_ms < k->looked_ms + UNTOLD_MS)
        return RC_OK;
    TRY(read_snapshot(k));
    k->changes_seen = seen;
    k->looked_ms = now_ms;
    return RC_OK;
}

static void use_snapshot(struct exchange *x, const struct kept *k)
{
    x->settings = &k->now.settings;
    x->key_set = &k->now.keys;
    x->facts = &k->now.facts;
    x->cors = &k->now.cors;
    x->theme = k->now.theme;
}

/* Whoever reaches the socket could claim any address and TLS (design D11a). */
static enum rc check_front(struct exchange *x)
{
    uint8_t hash[SHA256_BYTES];

    if (!x->keys->has_front)
        return RC_OK;
    sha256(bytes_of(x->rq->front_secret), hash);
    if (ct_equal(BYTES(hash), BYTES(x->keys->front_hash)))
        return RC_OK;
    return refuse(&x->no, REFUSE_FRONT, NULL);
}

/* Never a cookie or a token over plain http where the public address is https
 * (design 4): safe methods go to https, others end here. */
static enum rc check_transport(struct exchange *x)
{
    if (!x->conf->is_https || x->rq->is_secure)
        return RC_OK;
    if (x->rq->is_forwarded_untrusted)
        return refuse(&x->no, REFUSE_INSECURE,
                      "The proxy in front of this server is not trusted: name it in "
                      "AUTENTICO_TRUSTED_PROXIES");
    if (x->rq->method != M_GET && x->rq->method != M_HEAD)
        return refuse(&x->no, REFUSE_INSECURE, NULL);
    return respond_redirect(x, request_with_query(x->arena, x->rq, arena_printf(x->arena, "%s%s", x->conf->url, x->rq->raw_path)));
}

static bool is_answered(const struct exchange *x)
{
    return x->rs->status != 0;
}

static enum rc take_limit(struct exchange *x)
{
    if (x->limits == NULL || x->route->limit == LIMIT_NONE)
        return RC_OK;
    if (limits_take(x->limits, x->rq->limit_key, x->now * 1000))
        return RC_OK;
    return refuse(&x->no, REFUSE_TOO_MANY, NULL);
}

static enum rc check_csrf(struct exchange *x)
{
    return x->route->csrf == CSRF_TOKEN ? csrf_check(x) : RC_OK;
}

static enum rc check_size(struct exchange *x)
{
    size_t max = x->route->body_max != 0 ? x->route->body_max : 64 * 1024;

    return x->rq->body.n > max ? refuse(&x->no, REFUSE_TOO_LARGE, NULL) : RC_OK;
}

static enum rc serve_route(struct exchange *x)
{
    TRY(check_size(x));
    TRY(take_limit(x));
    TRY(check_csrf(x));
    TRY(gate_admit(x));
    if (is_answered(x))
        return RC_OK;
    return x->route->handle(x);
}

/* In which language to say that nothing is here: below the two APIs JSON, below
 * the consoles a page, at a protocol endpoint its own, elsewhere a line of text. */
static enum speak language_of(const char *path, const struct route *row)
{
    if (text_starts(path, "/admin/api") || text_starts(path, "/account/api"))
        return SPEAK_JSON;
    if (row != NULL)
        return row->speaks;
    if (text_starts(path, "/admin/") || text_starts(path, "/account/"))
        return SPEAK_HTML;
    return SPEAK_TEXT;
}

static void speak_as(struct exchange *x, const struct route *row)
{
    struct route *nowhere = arena_new(x->arena, struct route);

    if (row != NULL)
        *nowhere = *row;
    nowhere->speaks = language_of(x->rq->path, row);
    x->route = nowhere;
}

static enum rc refuse_path(struct exchange *x, const struct route *row, int allow)
{
    speak_as(x, row);
    return refuse(&x->no, allow != 0 ? REFUSE_METHOD : REFUSE_PATH_NOT_FOUND, NULL);
}

static enum rc refuse_far(struct exchange *x, const struct route *row)
{
    speak_as(x, row);
    return refuse(&x->no, REFUSE_FORBIDDEN, "Administration is not open to this address: %s", x->rq->address);
}

/* What could not be read is refused in the language of the place it was sent to. */
static enum rc refuse_unread(struct exchange *x, const struct kept *k)
{
    const struct route *row;
    int allow;

    if (*x->rq->path == '\0')
        return RC_REFUSED;
    if (router_match(k->setup.router, x->rq->method, x->rq->path, &row, &allow) == RC_FAULT)
        return RC_FAULT;
    if (!gate_is_near(x, row))
        return refuse_far(x, row);
    speak_as(x, row);
    return RC_REFUSED;
}

/* Before anything is read: from here on even a fault knows what language to speak. */
static enum rc find_route(struct exchange *x, const struct kept *k, int *allow)
{
    const char *clean = path_clean(x->arena, x->rq->raw_path); /* goes out again: still encoded */
    const struct route *row = NULL;

    TRY(check_transport(x));
    if (is_answered(x))
        return RC_OK;
    if (clean != NULL)
        return respond_moved(x, request_with_query(x->arena, x->rq, clean));
    enum rc rc = router_match(k->setup.router, x->rq->method, x->rq->path, &row, allow);
    if (rc != RC_FAULT && !gate_is_near(x, row))
        return refuse_far(x, row);
    if (rc == RC_NONE)
        return refuse_path(x, row, *allow);
    TRY(rc);
    x->route = row;
    return RC_OK;
}

/* Pages of refusals show the theme too, if need be the one that was read last. */
static enum rc open_store(struct exchange *x, struct kept *k)
{
    db_read_begin(x->db);
    enum rc rc = refresh_snapshot(k);
    if (k->now.arena != NULL)
        use_snapshot(x, k);
    x->is_store_up = rc == RC_OK;
    return rc;
}

/* No row has OPTIONS: a preflight whose origin may call the path ends here (http-api 1.8). */
static bool is_preflight(const struct exchange *x)
{
    return x->rq->method == M_OPTIONS && x->no.code == REFUSE_METHOD;
}

static enum rc serve(struct exchange *x, struct kept *k, bool is_read, int *allow)
{
    enum rc found = is_read ? find_route(x, k, allow) : refuse_unread(x, k);
    enum rc opened = open_store(x, k);

    if (cors_allow(x, x->route) && is_preflight(x)) {
        x->no.code = REFUSE_NOTHING;
        return respond_none(x);
    }
    if (found != RC_OK || is_answered(x))
        return found;
    if (opened != RC_OK && !x->route->needs_no_store)
        return opened;
    return serve_route(x);
}

/* RFC 6749 4.1.2.1: once redirect_uri is verified our own failure travels there too. */
static void answer_fault(struct exchange *x)
{
    bool is_busy = db_is_unavailable(x->db);

    if (x->no.return_to != NULL) {
        (void)refuse(&x->no, is_busy ? REFUSE_TEMPORARILY_UNAVAILABLE : REFUSE_OAUTH_SERVER_ERROR, NULL);
        problem_respond(x, 0);
        return;
    }
    problem_fault(x, is_busy);
}

static void answer(struct exchange *x, enum rc rc, int allow)
{
    db_read_end(x->db);
    if (rc == RC_NONE)
        rc = refuse(&x->no, REFUSE_NOT_FOUND, NULL);
    if (rc == RC_REFUSED)
        problem_respond(x, allow);
    else if (rc == RC_FAULT)
        answer_fault(x);
    if (response_render(x) != RC_OK)
        problem_fault(x, false);
}

static void log_request(const struct exchange *x, int64_t began_us)
{
    if (!log_enabled(LOG_LEVEL_INFO) || (x->route != NULL && x->route->is_quiet && x->rs->status < 400))
        return;
    log_event(LOG_LEVEL_INFO, "request", "method", x->rq->method_text, "path", x->rq->raw_path,
              "status", log_num(x->rs->status), "ms", log_num((clock_mono_us() - began_us) / 1000),
              "address", x->rq->address,
              "why", x->no.code != REFUSE_NOTHING ? refusal_wire(x->no.code) : NULL, NULL);
}

static void fill_exchange(struct exchange *x, struct kept *k, struct arena *a)
{
    memset(x, 0, sizeof(*x));
    x->arena = a;
    x->db = k->setup.db;
    x->signer = &k->setup.signer;
    x->hasher = k->setup.hasher;
    x->checker = &k->setup.checker;
    x->limits = k->setup.limits;
    x->clients = k->clients;
    x->conf = k->setup.conf;
    x->keys = k->setup.keys;
    x->templates = k->setup.templates;
    x->now = clock_now();
    x->rs = arena_new(a, struct response);
    response_init(x->rs, a);
}

static void set_deadlines(struct kept *k)
{
    int64_t now = clock_mono_ms(), by = now + k->setup.conf->request_deadline_s * 1000 / 2;

    k->setup.signer.deadline_ms = by < now + SIGNER_MS ? by : now + SIGNER_MS;
    k->setup.hasher->deadline_ms = by;
    k->setup.checker.deadline_ms = by;
}

struct bytes dispatch(struct kept *k, struct arena *a, char *const *env, struct bytes body)
{
    int64_t began_us = clock_mono_us();
    struct request *rq = arena_new(a, struct request);
    struct exchange x;
    int allow = 0;

    clients_kept_trim(k->clients);
    fill_exchange(&x, k, a);
    set_deadlines(k);
    bool is_read = request_build(a, x.conf, env, body, rq, &x.no) == RC_OK;
    x.rq = rq;
    log_request_id(rq->id);
    enum rc rc = check_front(&x);
    if (rc == RC_OK)
        rc = serve(&x, k, is_read, &allow);
    else if (k->now.arena != NULL)
        use_snapshot(&x, k);
    answer(&x, rc, allow);
    struct bytes out = response_bytes(&x);
    log_request(&x, began_us);
    log_request_id(NULL);
    if (!db_is_idle(x.db))
        die("dispatch: the database is not idle after %s", rq->path != NULL ? rq->path : "?");
    return out;
}
