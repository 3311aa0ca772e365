/* Secrets of the configuration and signing keys: how long, how random, how old. */
#include "config.h"

#include <string.h>

#include "cli/doctor.h"
#include "crypto/hash.h"
#include "crypto/keyring.h"
#include "serve/secret_ages.h"
#include "store/settings.h"
#include "store/signing_keys.h"
#include "util/encode.h"

#define BYTES_MIN 32
#define REPEATED_N 6      /* of 64 random hex digits as many come twice once in ten thousand times */
#define IN_A_ROW_N 8      /* abcdefgh */
#define OVERLAP_MAX_S (31 * 86400LL)
#define RSA_BITS_MIN 2048

/* --- length and entropy ----------------------------------------------------------- */

static bool comes_twice(struct bytes b)
{
    for (size_t i = 0; i + 2 * REPEATED_N <= b.n; i++)
        for (size_t k = i + REPEATED_N; k + REPEATED_N <= b.n; k++)
            if (memcmp(b.p + i, b.p + k, REPEATED_N) == 0)
                return true;
    return false;
}

static bool counts_up(struct bytes b)
{
    size_t in_a_row = 2;

    for (size_t i = 2; i < b.n && in_a_row < IN_A_ROW_N; i++)
        in_a_row = b.p[i] - b.p[i - 1] == b.p[i - 1] - b.p[i - 2] ? in_a_row + 1 : 2;
    return in_a_row >= IN_A_ROW_N;
}

static void check_secret(struct doctor *d, const struct secret *s, const char *name, const char *word)
{
    struct bytes b = secret_bytes(s);
    bool is_needed = text_same(word, "encryption"); /* until everything is sealed anew */
    const char *mend = mend_reloaded(d, mend_command(d, "secrets rotate %s%s", word, is_needed ? "" : " --now"));

    if (s->n == 0)
        doctor_ok(d, "there is none");
    else if (s->n < BYTES_MIN)
        doctor_fail(d, "", mend, "%s has %zu bytes, and needs %d", name, s->n, BYTES_MIN);
    else if (comes_twice(b) || counts_up(b)) /* which proves that it is bad; its absence proves nothing */
        doctor_fail(d, "", mend, "%s repeats itself or counts up: nobody's dice made it", name);
    else
        doctor_ok(d, "%zu bytes, and they look random", s->n);
}

void doctor_cookie_secret(struct doctor *d)
{
    check_secret(d, &d->conf.secrets->cookie, "AUTENTICO_COOKIE_SECRET", "cookie");
}

void doctor_encryption_key(struct doctor *d)
{
    check_secret(d, &d->conf.secrets->encryption, "AUTENTICO_ENCRYPTION_KEY", "encryption");
}

void doctor_admin_token(struct doctor *d)
{
    check_secret(d, &d->conf.secrets->admin_token, "AUTENTICO_ADMIN_TOKEN", "admin-token");
}

/* --- age -------------------------------------------------------------------------- */

static struct secret_ages ages_of(struct doctor *d)
{
    struct secret_ages ages = { 0 };
    struct keyring keys;

    keyring_of(d->conf.secrets, &keys);
    if (secret_ages_find(d->db, d->arena, &keys, &ages) != RC_OK)
        doctor_skip(d, "the database does not tell");
    explicit_bzero(&keys, sizeof(keys));
    return ages;
}

static void check_age(struct doctor *d, int64_t since, const char *name, const char *mend)
{
    if (since > 0 && d->now - since > d->settings.secret_max_age)
        doctor_warn(d, name, mend, "has been in use for %s", doctor_days(d->arena, d->now - since));
}

static const char *mend_rotate(struct doctor *d, const char *word)
{
    return mend_reloaded(d, mend_command(d, "secrets rotate %s", word));
}

void doctor_secret_age(struct doctor *d)
{
    struct secret_ages ages = ages_of(d);

    if (d->settings.secret_max_age == 0) {
        doctor_skip(d, "the setting secret_max_age is 0: as old as they will");
        return;
    }
    check_age(d, ages.v[SECRET_COOKIE], "AUTENTICO_COOKIE_SECRET", mend_rotate(d, "cookie"));
    check_age(d, ages.v[SECRET_ADMIN_TOKEN], "AUTENTICO_ADMIN_TOKEN", mend_rotate(d, "admin-token"));
    check_age(d, ages.v[SECRET_ENCRYPTION], "AUTENTICO_ENCRYPTION_KEY", mend_rotate(d, "encryption"));
    check_age(d, ages.v[SECRET_FRONT], "AUTENTICO_FRONT_SECRET", NULL);
    if (doctor_is_clean(d))
        doctor_ok(d, "none is older than %s", doctor_days(d->arena, d->settings.secret_max_age));
}

/* Sealed under the new key, all of it? */
static bool is_key_of_before_done(struct doctor *d)
{
    const struct secrets *s = d->conf.secrets;
    const char *mine = key_fingerprint(d->arena, secret_bytes(&s->encryption));
    bool is_sealed = false;

    return s->encryption_previous.n > 0 && installation_is_sealed(d->db, d->arena, mine, &is_sealed) == RC_OK && is_sealed;
}

static void check_previous(struct doctor *d, const char *variable, const char *word, int64_t since)
{
    if (since > 0 && d->now - since > OVERLAP_MAX_S)
        doctor_warn(d, variable, mend_reloaded(d, mend_command(d, "secrets retire %s", word)),
                    "has been accepted beside the new one for %s", doctor_days(d->arena, d->now - since));
}

/* Whoever has the old one is still let in with it. */
void doctor_previous_secrets(struct doctor *d)
{
    struct secret_ages ages = ages_of(d);

    check_previous(d, "AUTENTICO_COOKIE_SECRET_PREVIOUS", "cookie", ages.v[SECRET_COOKIE_PREVIOUS]);
    check_previous(d, "AUTENTICO_ADMIN_TOKEN_PREVIOUS", "admin-token", ages.v[SECRET_ADMIN_TOKEN_PREVIOUS]);
    if (is_key_of_before_done(d))
        doctor_warn(d, "AUTENTICO_ENCRYPTION_KEY_PREVIOUS", mend_reloaded(d, mend_command(d, "secrets retire encryption")),
                    "is not needed any more: everything is sealed under the new one");
}

/* --- signing keys ----------------------------------------------------------------- */

static int rsa_bits(struct arena *a, const struct signing_key_row *row)
{
    struct json *jwk;
    const char *n;
    struct bytes modulus;

    if (json_parse(a, row->public_jwk, strlen(row->public_jwk), &jwk) != RC_OK || json_get_str(jwk, "n", &n) != RC_OK ||
        base64url_decode(a, n, &modulus) != RC_OK)
        return 0;
    return (int)modulus.n * 8;
}

static void check_key(struct doctor *d, const struct signing_key_rows *rows, const struct signing_key_row *k)
{
    bool has_heir = signing_keys_pick(rows, k->alg, "next") != NULL;
    int bits = text_same(k->alg, "RS256") ? rsa_bits(d->arena, k) : RSA_BITS_MIN;
    int64_t age = d->now - k->created_at, limit = d->settings.secret_max_age;

    if (bits < RSA_BITS_MIN)
        doctor_fail(d, k->kid, mend_command(d, "keys rotate"), "an RSA key of %d bits signs; 2048 is the least", bits);
    if (limit > 0 && age > limit && !has_heir)
        doctor_warn(d, k->kid, mend_command(d, "keys rotate --alg %s", k->alg), "this %s key has signed for %s; the "
                    "setting signing_key_rotation changes them by the calendar", k->alg, doctor_days(d->arena, age));
}

void doctor_signing_keys(struct doctor *d)
{
    struct signing_key_rows rows;
    size_t active_n = 0;

    if (signing_keys_all(d->db, d->arena, &rows) != RC_OK) {
        doctor_skip(d, "the database does not tell");
        return;
    }
    for (size_t i = 0; i < rows.n; i++)
        if (text_same(rows.v[i].state, "active")) {
            check_key(d, &rows, &rows.v[i]);
            active_n++;
        }
    if (active_n == 0)
        doctor_skip(d, "there is none yet; the first start makes one");
    else if (doctor_is_clean(d))
        doctor_ok(d, "%zu sign%s", active_n, active_n == 1 ? "s" : "");
}
