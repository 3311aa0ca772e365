/* Client authentication: conformance TK-01 to TK-10, HT-03, HT-24. */
#include "oidc_test.h"

#include "oidc/client_auth.h"
#include "oidc/client_metadata.h"
#include "oidc/client_secret.h"

static struct exchange *query_post(const char *query, const char *form)
{
    struct exchange *x = a_post(form);
    struct request *rq = arena_memdup(A, x->rq, sizeof(*rq));

    assert_ok(params_parse(A, query, strlen(query), &rq->query));
    x->rq = rq;
    return x;
}

struct row {
    const char *what, *header, *query, *form;
    const char *client_id;      /* who is let in, or NULL */
    enum refusal_code code;     /* why not */
};

static void try_row(const struct row *r)
{
    struct exchange *x = query_post(r->query ? r->query : "", r->form ? r->form : "");
    enum rc rc;

    if (r->header != NULL)
        with_header(x, r->header);
    rc = client_authenticate(x, CLIENT_REQUIRED);
    if (r->client_id != NULL && (rc != RC_OK || !text_same(x->client->client_id, r->client_id)))
        fail_msg("%s: %d %s", r->what, rc, refusal_text(&x->no));
    if (r->client_id == NULL && (rc != RC_REFUSED || x->no.code != r->code || x->client != NULL))
        fail_msg("%s: %d %s", r->what, rc, refusal_text(&x->no));
}

static void test_methods(void **state)
{
    const char *app = basic("app", SECRET);
    const struct row rows[] = {
        { "TK-01 basic", app, NULL, NULL, "app", 0 },
        { "HT-24 scheme without case", arena_printf(A, "bAsIc%s", app + 5), NULL, NULL, "app", 0 },
        { "basic and the same client_id", app, NULL, "client_id=app", "app", 0 },
        { "TK-02 post", NULL, NULL, "client_id=poster&client_secret=" SECRET "2", "poster", 0 },
        { "TK-03 secret in the query", NULL, "client_secret=" SECRET "2", "client_id=poster", NULL,
          REFUSE_INVALID_REQUEST },
        { "TK-03 both in the query", NULL, "client_id=poster&client_secret=" SECRET "2", NULL, NULL,
          REFUSE_INVALID_REQUEST },
        { "TK-04 basic and post", app, NULL, "client_id=app&client_secret=" SECRET, NULL, REFUSE_INVALID_REQUEST },
        { "TK-04 basic and assertion", app, NULL, "client_assertion=x.y.z", NULL, REFUSE_INVALID_REQUEST },
        { "an assertion", NULL, NULL, "client_id=app&client_assertion=x.y.z", NULL, REFUSE_INVALID_CLIENT },
        { "TK-05 wrong secret", basic("app", "wrong wrong wrong wrong wrong wrong wrong"), NULL, NULL, NULL,
          REFUSE_INVALID_CLIENT },
        { "TK-05 short wrong secret", basic("app", "wrong"), NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "TK-05 unknown", basic("nobody", SECRET), NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "TK-05 unknown, short", basic("nobody", "x"), NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "TK-06 bad base64", "Basic !!!!", NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "TK-06 no colon", "Basic YXBw", NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "TK-06 nothing", "Basic", NULL, "client_id=spa", NULL, REFUSE_INVALID_CLIENT },
        { "TK-06 empty", "Basic ", NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "TK-06 bad percent", "Basic YXBwOiV6eg==", NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "TK-06 no user", "Basic OnNlY3JldA==", NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "TK-07 another client_id", app, NULL, "client_id=poster", NULL, REFUSE_INVALID_REQUEST },
        { "TK-08 only client_id", NULL, NULL, "client_id=app", NULL, REFUSE_INVALID_CLIENT },
        { "TK-08 basic without a password", basic("app", ""), NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "TK-09 public", NULL, NULL, "client_id=spa", "spa", 0 },
        { "TK-09 public, basic without a password", basic("spa", ""), NULL, NULL, "spa", 0 },
        { "TK-09 public with a secret", NULL, NULL, "client_id=spa&client_secret=x", NULL, REFUSE_INVALID_CLIENT },
        { "TK-10 post by a basic client", NULL, NULL, "client_id=app&client_secret=" SECRET, NULL,
          REFUSE_INVALID_CLIENT },
        { "TK-10 basic by a post client", basic("poster", SECRET "2"), NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "TK-10 basic by a public client", basic("spa", "x"), NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "HT-03 client_id twice", NULL, NULL, "client_id=spa&client_id=spa", NULL, REFUSE_INVALID_REQUEST },
        { "HT-03 client_secret twice", NULL, NULL, "client_id=poster&client_secret=a&client_secret=b", NULL,
          REFUSE_INVALID_REQUEST },
        { "HT-04 an empty secret is none", NULL, NULL, "client_id=spa&client_secret=", "spa", 0 },
        { "a secret and no client_id", NULL, NULL, "client_secret=x", NULL, REFUSE_INVALID_CLIENT },
        { "nothing", NULL, NULL, NULL, NULL, REFUSE_INVALID_CLIENT },
        { "another scheme is no client authentication", "Digest x", NULL, "client_id=spa", "spa", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        try_row(&rows[i]);
}

/* TK-05: the answer does not tell an unknown client from a wrong secret. */
static void test_same_answer(void **state)
{
    struct exchange *a = with_header(a_post(""), basic("app", "wrong")),
                    *b = with_header(a_post(""), basic("nobody", "wrong"));

    (void)state;
    assert_no(a, client_authenticate(a, CLIENT_REQUIRED), REFUSE_INVALID_CLIENT);
    assert_no(b, client_authenticate(b, CLIENT_REQUIRED), REFUSE_INVALID_CLIENT);
    assert_string_equal(refusal_text(&a->no), refusal_text(&b->no));
}

static void test_optional(void **state)
{
    struct exchange *x = a_post("grant_type=x");

    (void)state;
    assert_ok(client_authenticate(x, CLIENT_OPTIONAL));
    assert_null(x->client);
    x = a_post("client_id=nobody");
    assert_no(x, client_authenticate(x, CLIENT_OPTIONAL), REFUSE_INVALID_CLIENT);
}

static void test_disabled(void **state)
{
    struct exchange *x;

    (void)state;
    assert_ok(clients_set_active(DB, "app", false, T0));
    x = with_header(a_post(""), basic("app", SECRET));
    assert_no(x, client_authenticate(x, CLIENT_REQUIRED), REFUSE_INVALID_CLIENT);
}

static void add_secret(const char *client_id, const char *secret, int64_t expires_at)
{
    struct client_secret s;
    bool needs_hash;

    client_secret_row(A, secret, T0, &s, &needs_hash);
    s.expires_at = expires_at;
    if (needs_hash)
        assert_ok(hasher_make(&HASHER, A, secret, &s.hash));
    assert_ok(clients_add_secret(DB, client_id, &s));
}

/* TK-01: every character survives the double decoding. */
static void test_odd_secret(void **state)
{
    static const char odd[] = "a:b%c+d e\"\\ gr\303\274n, and long enough for SHA-256";
    struct exchange *x = with_header(a_post(""), basic("app", odd));

    (void)state;
    add_secret("app", odd, 0);
    assert_ok(client_authenticate(x, CLIENT_REQUIRED));
}

/* Design 4 "clients": two secrets side by side, until the older one has expired. */
static void test_overlap(void **state)
{
    static const char next[] = "another secret that is long enough";
    struct exchange *x;

    (void)state;
    add_secret("app", next, 0);
    x = with_header(a_post(""), basic("app", next));
    assert_ok(client_authenticate(x, CLIENT_REQUIRED));
    assert_ok(clients_expire_secrets(DB, "app", NULL, T0 - 1));
    x = with_header(a_post(""), basic("app", SECRET));
    assert_no(x, client_authenticate(x, CLIENT_REQUIRED), REFUSE_INVALID_CLIENT);
}

/* Design D6: a short secret needs Argon2 once, then is remembered for five minutes;
 * not longer, and not when its row has gone. */
static void test_short_secret(void **state)
{
    struct hasher nobody = { .ask_fd = -1, .deadline_ms = 0 };
    struct exchange *x = with_header(a_post(""), basic("app", "short"));

    (void)state;
    add_secret("app", "short", 0);
    assert_ok(client_authenticate(x, CLIENT_REQUIRED));
    x = with_header(a_post(""), basic("app", "short"));
    x->hasher = &nobody;
    assert_ok(client_authenticate(x, CLIENT_REQUIRED)); /* remembered */
    x = with_header(a_post(""), basic("app", "shorT"));
    assert_no(x, client_authenticate(x, CLIENT_REQUIRED), REFUSE_INVALID_CLIENT);
    x = with_header(a_post(""), basic("app", "short"));
    x->now += CLIENT_SECRET_MEMO_S;
    assert_ok(client_authenticate(x, CLIENT_REQUIRED)); /* hashed again */
    assert_ok(clients_expire_secrets(DB, "app", NULL, T0 - 1));
    x = with_header(a_post(""), basic("app", "short"));
    assert_no(x, client_authenticate(x, CLIENT_REQUIRED), REFUSE_INVALID_CLIENT);
}

/* last_used_at is written at most once an hour, and for a proven client only. */
static void test_last_used(void **state)
{
    struct exchange *x = with_header(a_post(""), basic("app", "wrong"));
    struct client c;

    (void)state;
    assert_refused(client_authenticate(x, CLIENT_REQUIRED));
    assert_ok(clients_find(DB, A, "app", &c));
    assert_int_equal(c.last_used_at, 0);
    x = with_header(a_post(""), basic("app", SECRET));
    assert_ok(client_authenticate(x, CLIENT_REQUIRED));
    assert_ok(clients_find(DB, A, "app", &c));
    assert_int_equal(c.last_used_at, x->now);
    int64_t first = x->now;
    x = with_header(a_post(""), basic("app", SECRET));
    x->now = first + 3599;
    assert_ok(client_authenticate(x, CLIENT_REQUIRED));
    assert_ok(clients_find(DB, A, "app", &c));
    assert_int_equal(c.last_used_at, first);
}

/* Design D8 */
static void test_secret_row(void **state)
{
    struct client_secret s;
    bool needs_hash;

    (void)state;
    client_secret_row(A, "only 31 bytes, one less than 32", T0, &s, &needs_hash);
    assert_true(needs_hash);
    assert_int_equal(s.sha256.n, 0);
    client_secret_row(A, "32 bytes, so they may be SHA-256", T0, &s, &needs_hash);
    assert_false(needs_hash);
    assert_int_equal(s.sha256.n, 32);
    assert_non_null(s.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_methods, world, after),
        cmocka_unit_test_setup_teardown(test_same_answer, world, after),
        cmocka_unit_test_setup_teardown(test_optional, world, after),
        cmocka_unit_test_setup_teardown(test_disabled, world, after),
        cmocka_unit_test_setup_teardown(test_odd_secret, world, after),
        cmocka_unit_test_setup_teardown(test_overlap, world, after),
        cmocka_unit_test_setup_teardown(test_short_secret, world, after),
        cmocka_unit_test_setup_teardown(test_last_used, world, after),
        cmocka_unit_test_setup_teardown(test_secret_row, world, after),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
