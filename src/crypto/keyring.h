/*
 * What a worker is handed instead of the root secrets (design D3a): one subkey
 * per purpose, of the current cookie secret and of the previous one, and hashes
 * of the secrets that are only compared.  Made in the parent before the fork.
 */
#ifndef AUTENTICO_CRYPTO_KEYRING_H
#define AUTENTICO_CRYPTO_KEYRING_H

#include <stdbool.h>

#include "conf/secrets.h"
#include "util/rc.h"

enum key_purpose {
    KEY_CSRF,          /* cookie and form tokens */
    KEY_HANDLE,        /* sealed interactions */
    KEY_SESSION,       /* HMAC of browser-session cookies */
    KEY_CONSOLE,       /* HMAC of console-session cookies, sealed console state */
    KEY_SHORT_CODE,    /* HMAC of six-digit codes and one-time links */
    KEY_CLIENT_SECRET, /* MAC of a client secret that needed Argon2 (design D6) */
    KEY_ENROL,         /* sealed TOTP secrets that are not confirmed yet */
    KEY_PASSKEY,       /* sealed WebAuthn challenges (design D7) */
    KEY_OUTBOX,        /* sealed mails that wait for the courier */
    KEY_PURPOSES_N
};

struct keyring {
    struct { uint8_t key[32]; uint8_t id[4]; } now[KEY_PURPOSES_N], previous[KEY_PURPOSES_N];
    bool has_previous;
    const int *is_overlapping;       /* shared; not 0: processes that know only the previous one are at work
                                      * beside us, so that it still makes what all have to understand.  NULL: never */
    uint8_t admin_token_hash[2][32]; /* SHA-256; current, previous */
    bool has_admin_token[2];
    uint8_t front_hash[32];
    bool has_front;
};

struct keyring_roots { struct bytes cookie, cookie_previous, admin_token, admin_token_previous, front; };
void keyring_derive(const struct keyring_roots *roots, struct keyring *out);
void keyring_of(const struct secrets *s, struct keyring *out); /* the same, of a configuration */
/* Wipe everything but the keys of one purpose. */
void keyring_keep_only(struct keyring *k, enum key_purpose purpose);

/*
 * HMAC-SHA256 under the current (i = 0) or previous (i = 1) key, or with KEY_MAKES the one that
 * makes what is handed out: the current one, while generations overlap the previous.  RC_NONE
 * when there is no previous key.  Whoever looks something up tries 0 and 1: which one makes may
 * change in between.
 */
#define KEY_MAKES (-1)
MUST_CHECK enum rc keyring_mac(const struct keyring *k, enum key_purpose purpose, int i,
                               struct bytes in, uint8_t out[32]);
/*
 * What is stored under such a MAC: `find` looks under key i.  The current one, the previous,
 * and the current again: somebody may have taken it over in between.  *goes_over: it was
 * under the previous one, and is to be stored under the current one now.  Returns what
 * `find` does; RC_NONE: under neither.
 */
typedef enum rc keyring_find(void *arg, int i);
MUST_CHECK enum rc keyring_look_up(const struct keyring *k, keyring_find *find, void *arg, bool *goes_over);
/* Does the current key make what is handed out?  Not while generations overlap. */
bool keyring_is_settled(const struct keyring *k);
/* Seal with the key that makes what is handed out (its id travels in front); open with the one named. */
struct arena;
struct bytes keyring_seal(const struct keyring *k, enum key_purpose purpose, struct arena *a,
                          struct bytes aad, struct bytes plain);
MUST_CHECK enum rc keyring_open(const struct keyring *k, enum key_purpose purpose, struct arena *a,
                                struct bytes aad, struct bytes sealed, struct bytes *out);

#endif
