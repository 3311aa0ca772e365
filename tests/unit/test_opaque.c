/* Opaque access tokens (design D4, D8): BT-06, BT-09, RV-04, RV-05, IN-01, IN-03, IN-08, AT-06, IT-05. */
#include "oidc_test.h"

#include "oidc/bearer.h"
#include "oidc/issue.h"

static int setting(void **state)
{
    world(state);
    assert_ok(settings_put(DB, "access_token_format", "opaque", T0));
    return 0;
}

static void set_format(const char *client_id, const char *format)
{
    struct client c;

    assert_ok(clients_find(DB, A, client_id, &c));
    c.access_token_format = format;
    assert_ok(clients_update(DB, &c));
}

static const char *access_of(const char *client_id, const char *user_id)
{
    return text_of(sign_in(client_id, user_id, SCOPES), "access_token");
}

static bool is_opaque(const char *token)
{
    struct opaque_value v;

    return issue_read_opaque(token, &v) == RC_OK;
}

/* The setting, and a client's own word above it; a JWT by default. */
static void test_who_gets_which(void **state)
{
    static const struct { const char *setting, *own; bool is_opaque; } rows[] = {
        { "jwt", NULL, false }, { "jwt", "opaque", true }, { "opaque", NULL, true }, { "opaque", "jwt", false },
        { "", NULL, false },    { "paper", NULL, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_ok(settings_put(DB, "access_token_format", rows[i].setting, T0));
        set_format("app", rows[i].own);
        assert_int_equal(is_opaque(access_of("app", "u1")), rows[i].is_opaque);
    }
}

static void test_answer(void **state)
{
    struct json *answer = sign_in("app", "u1", SCOPES), *id;
    const char *access = text_of(answer, "access_token"), *refresh = text_of(answer, "refresh_token");
    struct exchange *x = a_post("");
    struct token_value v;

    (void)state;
    assert_int_equal(strlen(access), 63);
    assert_string_equal(text_of(answer, "token_type"), "Bearer");
    assert_int_equal(int_of(answer, "expires_in"), 900);
    id = claims_of(x, text_of(answer, "id_token"));
    assert_string_equal(text_of(id, "sub"), "u1");
    assert_string_equal(text_of(id, "at_hash"), jws_half_hash(A, ALG_RS256, access)); /* IT-05 */
    assert_ok(token_read(x, access, &v));
    assert_null(v.claims);
    /* one row, two secrets, and neither stands in it */
    assert_memory_equal(access, refresh, 20);
    assert_string_not_equal(access, refresh);
    assert_int_equal(v.view.token.access_hash.n, 32);
    assert_false(ct_equal(v.view.token.access_hash, v.view.token.refresh_hash));
    assert_true(ct_equal(v.view.token.access_hash, sha256_of(A, access + 20)));
}

/* A JWT's row has no secret to match. */
static void test_no_secret_of_a_jwt(void **state)
{
    struct exchange *x = a_post("");
    struct token_value v;
    const char *access;
    char id[21];

    (void)state;
    set_format("app", "jwt");
    access = access_of("app", "u1");
    assert_ok(token_read(x, access, &v));
    assert_int_equal(v.view.token.access_hash.n, 0);
    selector_to_id(v.view.token.selector, id);
    assert_none(token_read(x, arena_printf(A, "%s%s", id, random_token(A)), &v));
    assert_none(token_read(x, arena_printf(A, "%s%s", id, "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"), &v));
}

static void test_at_userinfo(void **state)
{
    struct json *answer = sign_in("app", "u1", SCOPES);
    const char *access = text_of(answer, "access_token");
    struct exchange *x = a_post("");
    char *altered = arena_strdup(A, access);

    (void)state;
    assert_ok(bearer_check(x, access));
    assert_ok(userinfo_handle(x));
    assert_string_equal(text_of(answer_of(x), "sub"), "u1");
    assert_dead(text_of(answer, "refresh_token")); /* BT-06 */
    assert_dead(text_of(answer, "id_token"));
    assert_dead(arena_strndup(A, access, 62));
    assert_dead(arena_printf(A, "%sA", access));
    altered[62] = altered[62] == 'A' ? 'B' : 'A';
    assert_dead(altered);
    altered = arena_strdup(A, access);
    altered[19] = altered[19] == '0' ? '1' : '0';
    assert_dead(altered);
    x = a_post("");
    x->now += 900;
    assert_no(x, bearer_check(x, access), REFUSE_INVALID_TOKEN);
}

/* An access token is no refresh token either, and trying it does not hurt the family. */
static void test_at_the_token_endpoint(void **state)
{
    struct json *answer = sign_in("app", "u1", SCOPES);
    const char *access = text_of(answer, "access_token"), *next;
    struct exchange *x;

    (void)state;
    x = with_header(a_post(arena_printf(A, "grant_type=refresh_token&refresh_token=%s", access)), basic("app", SECRET));
    assert_no(x, token_handle(x), REFUSE_INVALID_GRANT);
    x = with_header(a_post(arena_printf(A, "grant_type=refresh_token&refresh_token=%s",
                                        text_of(answer, "refresh_token"))), basic("app", SECRET));
    assert_ok(token_handle(x));
    next = text_of(answer_of(x), "access_token");
    assert_true(is_opaque(next));
    assert_dead(access); /* rotated */
    x = a_post("");
    assert_ok(bearer_check(x, next));
}

/* flows 10 "Liveness" */
static void test_ended(void **state)
{
    struct token_value v;
    struct exchange *x;
    const char *token;

    for (int how = 0; how < 5; how++) {
        if (how > 0) {
            after(state);
            setting(state);
        }
        token = access_of("app", "u1");
        x = a_post("");
        assert_ok(bearer_read(x, token, &v));
        switch (how) {
        case 0: assert_ok(tokens_revoke(DB, v.view.token.selector, T0)); break;
        case 1: assert_ok(families_revoke(DB, v.view.family.id, "test", T0)); break;
        case 2: assert_ok(sessions_end(DB, "s1", "test", T0)); break;
        case 3: assert_ok(clients_set_active(DB, "app", false, T0)); break;
        default: assert_ok(users_deactivate(DB, "u1", T0)); break;
        }
        assert_dead(token);
    }
}

static struct exchange *by(const char *client_id, const char *secret, const char *token)
{
    struct exchange *x = with_header(a_post(arena_printf(A, "token=%s", token)), basic(client_id, secret));

    assert_ok(client_or_admin(x));
    return x;
}

static struct json *introspected(struct exchange *x)
{
    assert_ok(introspect_handle(x));
    return answer_of(x);
}

static bool is_active(const struct json *answer)
{
    bool is;

    assert_ok(json_get_bool(answer, "active", &is));
    return is;
}

static void test_introspection(void **state)
{
    static const char *audience[] = { "api" };
    const char *access = access_of("app", "u1");
    struct json *answer = introspected(by("app", SECRET, access));
    struct client c;

    (void)state;
    assert_true(is_active(answer));
    assert_string_equal(text_of(answer, "client_id"), "app");
    assert_string_equal(text_of(answer, "sub"), "u1");
    assert_string_equal(text_of(answer, "username"), "ann");
    assert_string_equal(text_of(answer, "scope"), SCOPES);
    assert_string_equal(text_of(answer, "iss"), ISSUER);
    assert_int_equal(int_of(answer, "exp") - int_of(answer, "iat"), 900);
    assert_true(audience_has(json_get(answer, "aud"), ISSUER));
    assert_true(audience_has(json_get(answer, "aud"), "app"));
    assert_memory_equal(text_of(answer, "jti"), access, 20);
    /* IN-08: a resource server sees it once it is in the audience */
    put_client_of("api", false, "client_secret_basic", SECRET "5");
    assert_false(is_active(introspected(by("api", SECRET "5", access))));
    assert_ok(clients_find(DB, A, "app", &c));
    c.has_allowed_audiences = true;
    c.allowed_audiences = (struct text_list){ audience, 1 };
    assert_ok(clients_update(DB, &c));
    assert_true(is_active(introspected(by("api", SECRET "5", access))));
    put_client_of("shop", false, "client_secret_basic", SECRET "6");
    assert_false(is_active(introspected(by("shop", SECRET "6", access))));
}

static void test_refresh_token_is_for_its_client_only(void **state)
{
    const char *refresh = text_of(sign_in("app", "u1", SCOPES), "refresh_token");
    struct json *answer = introspected(by("app", SECRET, refresh));
    static const char *audience[] = { "poster" };
    struct client c;

    (void)state;
    assert_true(is_active(answer));
    assert_false(json_has(answer, "aud"));
    assert_ok(clients_find(DB, A, "app", &c));
    c.has_allowed_audiences = true;
    c.allowed_audiences = (struct text_list){ audience, 1 };
    assert_ok(clients_update(DB, &c));
    struct exchange *x = a_post(arena_printf(A, "token=%s&client_id=poster&client_secret=" SECRET "2", refresh));
    assert_ok(client_or_admin(x));
    assert_false(is_active(introspected(x)));
}

static void test_revocation(void **state)
{
    struct json *answer = sign_in("app", "u1", SCOPES);
    const char *access = text_of(answer, "access_token");
    struct exchange *x;

    (void)state;
    put_client_of("other", false, "client_secret_basic", SECRET "6");
    assert_ok(revoke_handle(by("other", SECRET "6", access))); /* RV-04: 200, and nothing happens */
    x = a_post("");
    assert_ok(bearer_check(x, access));
    assert_ok(revoke_handle(by("app", SECRET, access)));
    assert_dead(access);
    assert_false(is_active(introspected(by("app", SECRET, access))));
    assert_false(is_active(introspected(by("app", SECRET, text_of(answer, "refresh_token"))))); /* the pair */
}

/* http-api 1.10, step by step */
static void assert_api(const char *token, bool needs_admin, enum refusal_code code)
{
    struct exchange *x = with_header(an_exchange(a_request(M_GET)), bearer(token));
    enum rc rc = bearer_api(x, needs_admin);

    if (code == REFUSE_NOTHING)
        assert_int_equal(rc, RC_OK);
    else
        assert_no(x, rc, code);
    assert_int_equal(x->user != NULL, code == REFUSE_NOTHING);
}

static void test_api(void **state)
{
    const char *admin = access_of("autentico-admin", "u2"), *user = access_of("autentico-admin", "u1"),
               *other = access_of("spa", "u2"),
               *narrow = text_of(sign_in("autentico-admin", "u2", "openid"), "access_token");

    (void)state;
    assert_true(is_opaque(admin));
    assert_api(admin, true, REFUSE_NOTHING);
    assert_api(other, true, REFUSE_FORBIDDEN);
    assert_api(user, true, REFUSE_FORBIDDEN);
    assert_api(user, false, REFUSE_NOTHING);
    assert_api(narrow, false, REFUSE_INSUFFICIENT_SCOPE);
    assert_ok(settings_put(DB, "access_token_audience", "[\"https://api.example\"]", T0));
    assert_api(admin, true, REFUSE_NOTHING); /* its audience is the one of now */
    assert_ok(sessions_end(DB, "s2", "test", T0));
    assert_api(admin, true, REFUSE_INVALID_TOKEN);
}

/* Nothing is signed: the signer is not asked. */
static void test_client_credentials(void **state)
{
    struct exchange *x = with_header(a_post("grant_type=client_credentials"), basic("app", SECRET));

    (void)state;
    register_for("app", "client_credentials", "api:read");
    x = with_header(a_post("grant_type=client_credentials"), basic("app", SECRET));
    x->signer = NULL;
    assert_ok(token_handle(x));
    const char *access = text_of(answer_of(x), "access_token");
    assert_true(is_opaque(access));
    x = a_post("");
    assert_ok(bearer_check(x, access));
    assert_null(x->token->family.user_id);
    assert_api(access, true, REFUSE_FORBIDDEN);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setting, after)
    const struct CMUnitTest tests[] = {
        T(test_who_gets_which), T(test_answer), T(test_no_secret_of_a_jwt), T(test_at_userinfo),
        T(test_at_the_token_endpoint), T(test_ended), T(test_introspection),
        T(test_refresh_token_is_for_its_client_only), T(test_revocation), T(test_api), T(test_client_credentials),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
