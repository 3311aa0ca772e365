/*
 * The root secrets (design D3a).  They live in one region of the parent that is
 * locked, left out of core dumps and wiped in every child by the kernel
 * (MADV_WIPEONFORK), and reach a signer over its socketpair after the fork.
 * Workers get a struct keyring: derived subkeys and hashes only.
 */
#ifndef AUTENTICO_CONF_SECRETS_H
#define AUTENTICO_CONF_SECRETS_H

#include <stdbool.h>

#include "util/arena.h"

#define SECRET_MAX 128

struct secret {
    uint8_t p[SECRET_MAX];
    size_t n; /* 0: absent */
};

struct bytes secret_bytes(const struct secret *s); /* points into it */

struct secrets {
    struct secret cookie, cookie_previous;         /* AUTENTICO_COOKIE_SECRET */
    struct secret encryption, encryption_previous; /* AUTENTICO_ENCRYPTION_KEY, 32 bytes */
    struct secret admin_token, admin_token_previous;
    struct secret front;                           /* AUTENTICO_FRONT_SECRET */
    char private_key_pem[8192];                    /* AUTENTICO_PRIVATE_KEY decoded; "" absent */
};

/* One per reading of the configuration. */
struct secrets *secrets_new(void);   /* die()s when the region cannot be made */
void secrets_wipe(struct secrets *s);
void secrets_free(struct secrets *s); /* wiped, too; NULL is fine */

#endif
