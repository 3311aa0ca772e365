/* RS256 by libcrypto and by GnuTLS: the same key gives the same bytes (PKCS#1 v1.5 has no chance in it). */
#include "config.h"

#include "arena_test.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "signer/signer_native.h"
#include "signer/signer_rsa.h"
#include "util/encode.h"

static struct native_key *load(struct bytes der, enum jws_alg alg)
{
    struct native_key *k = NULL;

    assert_int_equal(native_import(der, alg, &k), RC_OK);
    return k;
}

static struct native_key *fresh(enum jws_alg alg)
{
    struct bytes der;

    assert_int_equal(native_generate(A, alg, &der), RC_OK);
    return load(der, alg);
}

static void assert_same_as_gnutls(struct native_key *k, const char *input)
{
    gnutls_datum_t data = { (unsigned char *)input, (unsigned)strlen(input) }, sig;
    struct bytes ours;

    assert_int_equal(native_sign(A, k, ALG_RS256, bytes_of(input), &ours), RC_OK);
    assert_int_equal(gnutls_privkey_sign_data2(native_handle(k), GNUTLS_SIGN_RSA_SHA256, 0, &data, &sig), 0);
    assert_int_equal(ours.n, sig.size);
    assert_memory_equal(ours.p, sig.data, sig.size);
    gnutls_free(sig.data);
}

static void test_who_signs(void **state)
{
    (void)state;
#ifdef HAVE_LIBCRYPTO
    assert_string_equal(native_rsa_name(), "openssl");
#else
    assert_string_equal(native_rsa_name(), "gnutls");
#endif
}

static void test_same_bytes(void **state)
{
    struct native_key *k = fresh(ALG_RS256);

    (void)state;
    assert_same_as_gnutls(k, "eyJhbGciOiJSUzI1NiJ9.e30");
    assert_same_as_gnutls(k, "");
    for (int i = 0; i < 40; i++) /* the blinding values are used again and renewed */
        assert_same_as_gnutls(k, arena_printf(A, "input %d", i));
    native_free(k);
}

/* The key of the environment may be PKCS#1 or PKCS#8, and larger. */
static char *make_pem(bool is_pkcs8)
{
    gnutls_x509_privkey_t key;
    gnutls_datum_t pem;
    char *text;

    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, 3072, 0), 0);
    assert_int_equal(is_pkcs8 ? gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem)
                              : gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), 0);
    text = arena_strdup(A, (const char *)pem.data);
    gnutls_free(pem.data);
    gnutls_x509_privkey_deinit(key);
    return text;
}

static void test_pem_forms(void **state)
{
    (void)state;
    for (int is_pkcs8 = 0; is_pkcs8 < 2; is_pkcs8++) {
        struct native_key *k = NULL;
        const char *why = NULL;

        assert_int_equal(native_import_pem(make_pem(is_pkcs8), &k, &why), RC_OK);
        assert_same_as_gnutls(k, "input");
        native_free(k);
    }
}

static void test_no_rsa_key(void **state)
{
    struct native_key *k = NULL;
    struct rsa_key *rsa = NULL;
    struct bytes ec, junk = bytes_of("no key at all");

    (void)state;
    assert_int_equal(native_generate(A, ALG_ES256, &ec), RC_OK);
    assert_int_equal(native_import(ec, ALG_RS256, &k), RC_NONE);
    assert_int_equal(native_import(junk, ALG_RS256, &k), RC_NONE);
    assert_int_not_equal(rsa_import(ec, &rsa), RC_OK);
    assert_int_not_equal(rsa_import(junk, &rsa), RC_OK);
    assert_null(k);
    assert_null(rsa);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_who_signs), TEST(test_same_bytes), TEST(test_pem_forms), TEST(test_no_rsa_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
