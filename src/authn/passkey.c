#include "config.h"

#include "authn/passkey.h"

#include <string.h>

#include "crypto/cose.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "store/replays.h"
#include "store/settings_table.h"
#include "util/frame.h"

#define CHALLENGE_VERSION 2
#define HANDLE_MAX 8192 /* a request of INTERACTION_MAX in it */
#define TIMEOUT_MS 300000

/* ---- challenges ---- */

/* What is sealed for one ceremony opens for no other. */
static struct bytes aad_of(struct arena *a, enum passkey_ceremony ceremony)
{
    static const char *const names[] = {
        [PASSKEY_LOGIN] = "login", [PASSKEY_DISCOVERABLE] = "discoverable", [PASSKEY_REGISTRATION] = "registration",
    };

    return bytes_of(arena_printf(a, "autentico passkey %s", names[ceremony]));
}

static struct bytes frame_of(struct exchange *x, const struct passkey_challenge *c)
{
    struct sbuf b;

    sbuf_init(&b, x->arena, 1024);
    frame_put_int(&b, CHALLENGE_VERSION);
    frame_put_bytes(&b, c->challenge);
    frame_put_int(&b, c->issued_at);
    frame_put_bytes(&b, c->binding);
    frame_put_text(&b, c->user_id);
    frame_put_int(&b, c->needs_user_verified);
    frame_put_int(&b, c->is_proven);
    frame_put_bytes(&b, c->request);
    return sbuf_bytes(&b);
}

const char *passkey_challenge_new(struct exchange *x, struct passkey_challenge *inout)
{
    uint8_t *challenge = arena_alloc(x->arena, WEBAUTHN_CHALLENGE_BYTES);

    random_bytes(challenge, WEBAUTHN_CHALLENGE_BYTES);
    inout->challenge = (struct bytes){ challenge, WEBAUTHN_CHALLENGE_BYTES };
    inout->issued_at = x->now;
    return base64url_encode(x->arena, keyring_seal(x->keys, KEY_PASSKEY, x->arena, aad_of(x->arena, inout->ceremony),
                                                   frame_of(x, inout)));
}

static enum rc read_frame(struct exchange *x, struct bytes frame, struct passkey_challenge *out)
{
    struct frame_reader f;
    int64_t version;

    frame_read(&f, frame);
    version = frame_get_int(&f);
    out->challenge = frame_get_bytes(&f);
    out->issued_at = frame_get_int(&f);
    out->binding = frame_get_bytes(&f);
    out->user_id = frame_get_text(&f, x->arena);
    out->needs_user_verified = frame_get_int(&f) != 0;
    out->is_proven = frame_get_int(&f) != 0;
    out->request = frame_get_bytes(&f);
    TRY(frame_end(&f));
    return version == CHALLENGE_VERSION ? RC_OK : RC_NONE;
}

enum rc passkey_challenge_open(struct exchange *x, const char *handle, enum passkey_ceremony ceremony,
                               struct passkey_challenge *out)
{
    struct passkey_challenge c = { .ceremony = ceremony };
    struct bytes sealed, frame;

    if (text_empty(handle) || strlen(handle) > HANDLE_MAX)
        return RC_NONE;
    TRY(base64url_decode(x->arena, handle, &sealed));
    TRY(keyring_open(x->keys, KEY_PASSKEY, x->arena, aad_of(x->arena, ceremony), sealed, &frame));
    TRY(read_frame(x, frame, &c));
    if (x->now - c.issued_at >= PASSKEY_CHALLENGE_LIFE_S)
        return RC_NONE;
    *out = c;
    return RC_OK;
}

enum rc passkey_challenge_spend(struct db *db, const struct passkey_challenge *c)
{
    uint8_t hash[SHA256_BYTES];

    sha256(c->challenge, hash);
    return replays_spend(db, BYTES(hash), c->issued_at + PASSKEY_CHALLENGE_LIFE_S);
}

/* ---- options ---- */

static struct json *transports_of(struct arena *a, const struct passkey *p)
{
    struct text_list words = text_split(a, p->transports, ' ');
    struct json *list = json_array(a);

    for (size_t i = 0; i < words.n; i++)
        json_add_str(list, words.v[i]);
    return list;
}

static struct json *descriptors(struct arena *a, const struct passkey_rows *rows)
{
    struct json *list = json_array(a);

    for (size_t i = 0; i < rows->n; i++) {
        struct json *one = json_object(a);

        json_set_str(one, "type", "public-key");
        json_set_str(one, "id", base64url_encode(a, rows->v[i].credential_id));
        if (!text_empty(rows->v[i].transports))
            json_set(one, "transports", transports_of(a, &rows->v[i]));
        json_add(list, one);
    }
    return list;
}

static const char *verification_of(const struct passkey_challenge *c)
{
    return c->needs_user_verified ? "required" : "preferred";
}

static struct json *public_key(struct exchange *x, const struct passkey_challenge *c)
{
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "challenge", base64url_encode(x->arena, c->challenge));
    json_set_int(obj, "timeout", TIMEOUT_MS);
    return obj;
}

static struct json *wrapped(struct arena *a, struct json *public_key_options)
{
    struct json *obj = json_object(a);

    json_set(obj, "publicKey", public_key_options);
    return obj;
}

struct json *passkey_request_options(struct exchange *x, const struct passkey_challenge *c, const struct passkey_rows *allowed)
{
    struct json *obj = public_key(x, c);

    json_set_str(obj, "rpId", x->conf->host);
    if (allowed != NULL)
        json_set(obj, "allowCredentials", descriptors(x->arena, allowed));
    json_set_str(obj, "userVerification", verification_of(c));
    return wrapped(x->arena, obj);
}

static struct json *params(struct arena *a)
{
    struct json *list = json_array(a);

    for (size_t i = 0; i < cose_algs_n; i++) {
        struct json *one = json_object(a);

        json_set_str(one, "type", "public-key");
        json_set_int(one, "alg", cose_algs[i]);
        json_add(list, one);
    }
    return list;
}

static struct json *rp(struct exchange *x)
{
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "name", x->settings->passkey_rp_name);
    json_set_str(obj, "id", x->conf->host);
    return obj;
}

static struct json *person(struct arena *a, const struct user *u, struct bytes user_handle)
{
    struct json *obj = json_object(a);

    json_set_str(obj, "id", base64url_encode(a, user_handle));
    json_set_str(obj, "name", u->username);
    json_set_str(obj, "displayName", u->username);
    return obj;
}

static struct json *selection(struct arena *a, const struct passkey_challenge *c)
{
    struct json *obj = json_object(a);

    json_set_str(obj, "residentKey", "preferred");
    json_set_str(obj, "userVerification", verification_of(c));
    return obj;
}

struct json *passkey_creation_options(struct exchange *x, const struct passkey_challenge *c, const struct user *u,
                                      struct bytes user_handle, const struct passkey_rows *excluded)
{
    struct json *obj = public_key(x, c);

    json_set(obj, "rp", rp(x));
    json_set(obj, "user", person(x->arena, u, user_handle));
    json_set(obj, "pubKeyCredParams", params(x->arena));
    json_set(obj, "excludeCredentials", descriptors(x->arena, excluded));
    json_set(obj, "authenticatorSelection", selection(x->arena, c));
    json_set_str(obj, "attestation", "none");
    return wrapped(x->arena, obj);
}
