/*
 * A client being registered or changed: the members of a body read one by one
 * (client_metadata.c, client_overrides.c; nobody else).
 */
#ifndef AUTENTICO_OIDC_CLIENT_DRAFT_H
#define AUTENTICO_OIDC_CLIENT_DRAFT_H

#include "store/clients.h"
#include "util/json.h"

struct draft {
    struct arena *a;
    const struct json *body;
    struct client *c;
    struct refusal *no;
    bool with_wildcard; /* in redirect_uris: the setting allow_redirect_uri_wildcard */
};

/* RC_REFUSED, the text names the member: INVALID_CLIENT_METADATA; a feature of a
 * later issue (design D17); a wrong JSON type, INVALID_REQUEST (http-api 1.2). */
enum rc draft_bad(const struct draft *d, const char *member, const char *why);
enum rc draft_not_yet(const struct draft *d, const char *member, const char *value);
enum rc draft_bad_type(const struct draft *d, const char *member, const char *wanted);

/* RC_NONE: absent or null. */
MUST_CHECK enum rc draft_text(const struct draft *d, const char *member, const char **out);
MUST_CHECK enum rc draft_bool(const struct draft *d, const char *member, bool *out);
MUST_CHECK enum rc draft_list(const struct draft *d, const char *member, struct text_list *out);

/* Absent is not an error here: the member keeps its value. */
#define GIVEN(call)                                                                                \
    do {                                                                                           \
        enum rc given_ = (call);                                                                   \
        if (given_ == RC_NONE)                                                                     \
            return RC_OK;                                                                          \
        if (given_ != RC_OK)                                                                       \
            return given_;                                                                         \
    } while (0)

/* A word of `now` is fine, one of `later` is for a later issue, others are wrong. */
MUST_CHECK enum rc draft_word(const struct draft *d, const char *member, const char *word, const char *now,
                              const char *later);

/* Durations, audiences, switches: a value, or null for the global setting. */
MUST_CHECK enum rc draft_overrides(struct draft *d);

#endif
