/*
 * Accounts and their profile claims.
 */
#ifndef AUTENTICO_STORE_USERS_H
#define AUTENTICO_STORE_USERS_H

#include "store/db.h"
#include "store/lists.h"

/* The profile strings of http-api 7.1, in the order of PROFILE_CLAIMS. */
#define PROFILE_CLAIMS(X)                                                                      \
    X(given_name) X(family_name) X(middle_name) X(nickname) X(website) X(gender) X(birthdate)  \
    X(profile) X(phone_number) X(picture) X(locale) X(zoneinfo) X(address_street)              \
    X(address_locality) X(address_region) X(address_postal_code) X(address_country)

struct user {
    const char *id, *username;
    const char *email;          /* NULL: none */
    const char *role;           /* "user" or "admin" */
    bool is_email_verified, phone_number_verified;
#define X(claim) const char *claim; /* "" = unset */
    PROFILE_CLAIMS(X)
#undef X
    int64_t last_login_at, deactivated_at, registered_at, created_at, updated_at;
    /* joined from lockouts: 0 when there is no row */
    int64_t failures_n, locked_until_at;
    int64_t totp_since; /* joined from totp_secrets: an authenticator app is set up; 0: none */
};

/* Active users only, except where said. RC_NONE: no such user. */
MUST_CHECK enum rc users_by_id(struct db *db, struct arena *a, const char *id, struct user *out);
/* The same without what is joined, which stays 0: all that claims are made of. */
MUST_CHECK enum rc users_profile(struct db *db, struct arena *a, const char *id, struct user *out);
MUST_CHECK enum rc users_by_username(struct db *db, struct arena *a, const char *username, struct user *out);
MUST_CHECK enum rc users_by_email(struct db *db, struct arena *a, const char *email, struct user *out); /* lower case */
MUST_CHECK enum rc users_by_id_any(struct db *db, struct arena *a, const char *id, struct user *out); /* deactivated too */

/* RC_REFUSED: username or e-mail taken; db_why() says which ("users.username", "users.email").
 * Call inside db_write. `u->id` is made by the caller. */
MUST_CHECK enum rc users_add(struct db *db, const struct user *u);
MUST_CHECK enum rc users_update(struct db *db, const struct user *u); /* everything but id, times; sets updated_at from u */
MUST_CHECK enum rc users_set_last_login(struct db *db, const char *id, int64_t now); /* RC_NONE: unknown or deactivated */
MUST_CHECK enum rc users_deactivate(struct db *db, const char *id, int64_t now); /* RC_NONE: unknown or already */
MUST_CHECK enum rc users_reactivate(struct db *db, const char *id, int64_t now);
MUST_CHECK enum rc users_delete(struct db *db, const char *id);                  /* every dependent row goes with it */
MUST_CHECK enum rc users_any(struct db *db, bool *out);                          /* is there any user row? */
MUST_CHECK enum rc users_count(struct db *db, int64_t *out);                     /* active ones */
/* Is there an active administrator besides `id`? */
MUST_CHECK enum rc users_other_admin(struct db *db, const char *id, bool *out);

/* What the active administrators have to sign in with (authn/way_in.h). */
struct user_means {
    const char *username, *email;
    bool has_password, has_passkey, has_totp;
    bool has_verifying_passkey; /* one that has verified its user before: good for two factors */
};
struct user_means_rows { struct user_means *v; size_t n; };
MUST_CHECK enum rc users_admin_means(struct db *db, struct arena *a, struct user_means_rows *out);

/* http-api 7.1 list: sort one of users_sorts (NULL-terminated), filters NULL = none. */
extern const char *const users_sorts[];
struct users_query {
    struct list_query list;
    const char *role;
    int is_email_verified;   /* -1: no filter */
    int with_totp;           /* 0: no filter; 1: those with an authenticator app, -1: those without */
    int64_t created_from, created_to; /* 0: open end */
    bool with_deactivated;   /* else they are left out */
};
struct users_page { struct user *v; size_t n; int64_t total; };
MUST_CHECK enum rc users_list(struct db *db, struct arena *a, const struct users_query *q, struct users_page *out);

#endif
