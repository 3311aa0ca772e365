/* A command's own signer: does it have the other half of a key? */
#include "config.h"

#include "audit_test.h"

#include "cli/own_signer.h"
#include "util/log.h"

static bool has(struct own_signer *s, const struct signing_key *k, const char *public_jwk)
{
    const struct conf conf = { .issuer = ISSUER };
    const struct signing_key_row row = { .kid = k->kid, .alg = "ES256", .public_jwk = public_jwk,
                                         .private_sealed = k->private_sealed };
    struct jwk jwk;

    return own_signer_has(s, A, &conf, &row, &jwk);
}

static void the_other_half(void **state)
{
    struct own_signer s = { .cli = cli, .courier = courier };

    (void)state;
    assert_true(has(&s, &key, key.public_jwk));
    assert_false(has(&s, &key, other_key.public_jwk));
}

/* Between its start and the question a large database was looked through. */
static void long_after_its_start(void **state)
{
    struct own_signer s = { .cli = cli, .courier = courier };

    (void)state;
    s.courier.deadline_ms = clock_mono_ms() - 1;
    assert_true(has(&s, &key, key.public_jwk));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
    const struct CMUnitTest tests[] = { T(the_other_half), T(long_after_its_start) };

    log_setup(LOG_TEXT, LOG_LEVEL_ERROR);
    alarm(300);
    return cmocka_run_group_tests(tests, start_signer, stop_signer);
}
