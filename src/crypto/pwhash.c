#include "config.h"

#include "crypto/pwhash.h"

#include <crypt.h>
#include <string.h>
#include <sys/mman.h>

#include <argon2.h>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "util/log.h"
#include "util/text.h"

/* OWASP's parameters (design D5). */
#define M_KIB 19456
#define T_COST 2
#define LANES 1
#define SALT_BYTES 16
#define TAG_BYTES 32

#define ARENA_KEPT ((size_t)M_KIB * 1024)

/* Costs of foreign hashes: what one login may cost a hasher at most, some two
 * seconds.  Hashes come in by import, so that a bound is needed. */
#define M_KIB_MAX (256 * 1024)
#define T_COST_MAX 16
#define LANES_MAX 16
#define BCRYPT_COST_MAX 14
#define SHA_ROUNDS_MAX 1000000
#define YESCRYPT_N_MAX 'C' /* 2^15 blocks of 4 KiB: 128 MiB */

#define BCRYPT_PASSWORD_MAX 72
#define CRYPT_PASSWORD_MAX (CRYPT_MAX_PASSPHRASE_SIZE - 1)

struct argon {
    argon2_type type;
    uint32_t m_kib, t_cost, lanes;
    struct bytes salt, tag;
};

/* ---- the memory that Argon2 works in ---- */

/* Fresh pages cost more than the hash does (design D6), so they are kept. */
static struct {
    uint8_t *p;
    size_t n;
} kept;

static int take_memory(uint8_t **memory, size_t n)
{
    void *p;

    if (kept.n < n) {
        if (kept.p)
            munmap(kept.p, kept.n);
        kept.p = NULL;
        kept.n = 0;
        p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            return ARGON2_MEMORY_ALLOCATION_ERROR;
        (void)madvise(p, n, MADV_HUGEPAGE);
        (void)madvise(p, n, MADV_DONTDUMP);
        kept.p = p;
        kept.n = n;
    }
    *memory = kept.p;
    return ARGON2_OK;
}

/* Already wiped by the library.  A foreign hash that needed more does not keep it. */
static void give_memory(uint8_t *memory, size_t n)
{
    if (n <= ARENA_KEPT)
        return;
    munmap(memory, kept.n);
    kept.p = NULL;
    kept.n = 0;
}

/* ---- Argon2, in PHC form ---- */

static enum rc argon_hash(const struct argon *h, struct bytes password, uint8_t *tag)
{
    argon2_context c = {
        .out = tag,
        .outlen = (uint32_t)h->tag.n,
        .pwd = (uint8_t *)password.p,
        .pwdlen = (uint32_t)password.n,
        .salt = (uint8_t *)h->salt.p,
        .saltlen = (uint32_t)h->salt.n,
        .t_cost = h->t_cost,
        .m_cost = h->m_kib,
        .lanes = h->lanes,
        .threads = 1,
        .version = ARGON2_VERSION_13,
        .allocate_cbk = take_memory,
        .free_cbk = give_memory,
    };
    int err = argon2_ctx(&c, h->type);

    return err == ARGON2_OK ? RC_OK : fault("pwhash: argon2: %s", argon2_error_message(err));
}

static const char *base64_bare(struct arena *a, struct bytes in)
{
    char *text = base64_encode(a, in);

    text[strcspn(text, "=")] = '\0';
    return text;
}

enum rc pwhash_make(struct arena *a, struct bytes password, char **out)
{
    uint8_t salt[SALT_BYTES], *tag = arena_alloc(a, TAG_BYTES);
    struct argon h = { Argon2_id, M_KIB, T_COST, LANES, BYTES(salt), { tag, TAG_BYTES } };

    random_bytes(salt, sizeof(salt));
    TRY(argon_hash(&h, password, tag));
    *out = arena_printf(a, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", ARGON2_VERSION_13, M_KIB,
                        T_COST, LANES, base64_bare(a, h.salt), base64_bare(a, h.tag));
    return RC_OK;
}

static enum rc parse_cost(const char *text, const char *name, int64_t max, uint32_t *out)
{
    int64_t n;

    if (!text_starts(text, name))
        return RC_NONE;
    TRY(text_int(text + strlen(name), &n));
    if (n < 1 || n > max)
        return RC_NONE;
    *out = (uint32_t)n;
    return RC_OK;
}

static enum rc parse_costs(struct arena *a, const char *text, struct argon *out)
{
    struct text_list costs = text_split(a, text, ',');

    if (costs.n != 3)
        return RC_NONE;
    TRY(parse_cost(costs.v[0], "m=", M_KIB_MAX, &out->m_kib));
    TRY(parse_cost(costs.v[1], "t=", T_COST_MAX, &out->t_cost));
    return parse_cost(costs.v[2], "p=", LANES_MAX, &out->lanes);
}

static enum rc argon_parse(struct arena *a, const char *encoded, struct argon *out)
{
    struct text_list part = text_split(a, encoded, '$'); /* type, version, costs, salt, tag */

    if (part.n != 5 || strcmp(part.v[1], "v=19") != 0)
        return RC_NONE;
    if (strcmp(part.v[0], "argon2id") == 0)
        out->type = Argon2_id;
    else if (strcmp(part.v[0], "argon2i") == 0)
        out->type = Argon2_i;
    else
        return RC_NONE;
    TRY(parse_costs(a, part.v[2], out));
    TRY(base64_decode(a, part.v[3], &out->salt));
    TRY(base64_decode(a, part.v[4], &out->tag));
    if (out->salt.n < 8 || out->salt.n > 64 || out->tag.n < 16 || out->tag.n > 64)
        return RC_NONE;
    return out->m_kib >= 8 * out->lanes ? RC_OK : RC_NONE;
}

static bool is_current(const struct argon *h)
{
    return h->type == Argon2_id && h->m_kib == M_KIB && h->t_cost == T_COST &&
           h->lanes == LANES && h->salt.n == SALT_BYTES && h->tag.n == TAG_BYTES;
}

static enum rc argon_verify(struct arena *a, struct bytes password, const struct argon *h)
{
    uint8_t *tag = arena_alloc(a, h->tag.n);

    TRY(argon_hash(h, password, tag));
    return ct_equal((struct bytes){ tag, h->tag.n }, h->tag) ? RC_OK : RC_NONE;
}

/* ---- crypt(3) ---- */

/* $2b$10$…: two digits of cost. */
static bool is_bcrypt(const char *encoded)
{
    int64_t cost;

    if (!text_starts(encoded, "$2a$") && !text_starts(encoded, "$2b$") &&
        !text_starts(encoded, "$2y$"))
        return false;
    if (strlen(encoded) != 60 || encoded[4] < '0' || encoded[4] > '9' || encoded[5] < '0' || encoded[5] > '9' || encoded[6] != '$')
        return false;
    cost = (encoded[4] - '0') * 10 + (encoded[5] - '0');
    return cost >= 4 && cost <= BCRYPT_COST_MAX;
}

/* $y$j9T$…: flavour, N, r. */
static bool is_yescrypt(const char *encoded)
{
    return text_starts(encoded, "$y$j") && encoded[4] >= '/' && encoded[4] <= YESCRYPT_N_MAX &&
           encoded[5] >= '/' && encoded[5] <= 'T' && encoded[6] == '$';
}

/* $5$…, $6$…, perhaps with rounds=n$. */
static bool is_sha_crypt(struct arena *a, const char *encoded)
{
    static const char rounds[] = "rounds=";
    const char *p;
    int64_t n;

    if (!text_starts(encoded, "$5$") && !text_starts(encoded, "$6$"))
        return false;
    if (!text_starts(encoded + 3, rounds))
        return true;
    p = encoded + 3 + sizeof(rounds) - 1;
    return text_int(arena_strndup(a, p, strcspn(p, "$")), &n) == RC_OK && n >= 1 &&
           n <= SHA_ROUNDS_MAX;
}

/*
 * Longest password that a hash of this kind looks at; 0: of no kind of ours.
 * (bcrypt ignores what follows the 72nd byte: two passwords would be one.)
 */
static size_t crypt_limit(struct arena *a, const char *encoded)
{
    if (is_bcrypt(encoded))
        return BCRYPT_PASSWORD_MAX;
    return is_yescrypt(encoded) || is_sha_crypt(a, encoded) ? CRYPT_PASSWORD_MAX : 0;
}

/* A password that cannot be right, too long or with a NUL in it, costs as much
 * as one that could. */
static enum rc crypt_verify(struct arena *a, struct bytes password, const char *encoded,
                            size_t limit)
{
    size_t n = password.n < limit ? password.n : limit;
    char *phrase = arena_strndup(a, n ? (const char *)password.p : "", n);
    struct crypt_data *data = arena_new(a, struct crypt_data);
    const char *got = crypt_r(phrase, encoded, data);
    bool is_same = got && ct_equal(bytes_of(got), bytes_of(encoded));

    if (password.n > limit || strlen(phrase) != password.n)
        return RC_NONE;
    return is_same ? RC_OK : RC_NONE;
}

/* ---- one door ---- */

/* For unknown users and hashes of no known kind: nobody's hash, at the usual price. */
static enum rc verify_nobody(struct arena *a, struct bytes password)
{
    static const uint8_t salt[SALT_BYTES] = "autentico dummy", tag[TAG_BYTES];
    struct argon nobody = { Argon2_id, M_KIB, T_COST, LANES, BYTES(salt), BYTES(tag) };
    enum rc rc = argon_verify(a, password, &nobody);

    return rc == RC_OK ? RC_NONE : rc;
}

enum rc pwhash_verify(struct arena *a, struct bytes password, const char *encoded, bool *rehash)
{
    struct argon h;
    size_t limit;

    if (encoded && argon_parse(a, encoded, &h) == RC_OK) {
        TRY(argon_verify(a, password, &h));
        *rehash = !is_current(&h);
        return RC_OK;
    }
    limit = encoded ? crypt_limit(a, encoded) : 0;
    if (limit == 0)
        return verify_nobody(a, password);
    TRY(crypt_verify(a, password, encoded, limit));
    *rehash = true;
    return RC_OK;
}
