/*
 * Results: whose fault is it?
 *
 * RC_OK       done.
 * RC_NONE     no such row or value; the caller knows what that means.
 * RC_REFUSED  the client is wrong and may be told why; the reason stands in a
 *             struct refusal.  Never logged as an error.
 * RC_FAULT    we are wrong; the cause was logged where it happened.  Never
 *             shown to a client.
 *
 * Every function that can fail returns enum rc and is MUST_CHECK.  Output
 * comes last, is named `out`, and is untouched unless RC_OK.
 */
#ifndef AUTENTICO_UTIL_RC_H
#define AUTENTICO_UTIL_RC_H

#include <stddef.h>
#include <stdint.h>

enum rc { RC_OK, RC_NONE, RC_REFUSED, RC_FAULT };

#define TRY(call)                                                              \
    do {                                                                       \
        enum rc rc_ = (call);                                                  \
        if (rc_ != RC_OK)                                                      \
            return rc_;                                                        \
    } while (0)

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Binary data that somebody else owns. */
struct bytes {
    const uint8_t *p;
    size_t n;
};

#define BYTES(array) ((struct bytes){ (const uint8_t *)(array), sizeof(array) })

struct bytes bytes_of(const char *text); /* without the final NUL; NULL gives {0} */

/* What a client can be told; the table is refusals.def. */
enum refusal_code {
    REFUSE_NOTHING,
#define REFUSAL(id, status, code, text, spec) REFUSE_##id,
#include "refusals.def"
#undef REFUSAL
    REFUSAL_CODES_N
};

/*
 * Why RC_REFUSED was returned.
 *
 *   code       row of refusals.def: HTTP status, wire code, default text
 *   detail     text for this case, or "" for the default one.  Only
 *              %x20-21 / %x23-5B / %x5D-7E (RFC 6749 5.2): refuse() replaces
 *              everything else by '?'.
 *   return_to  set by the authorization endpoint once redirect_uri is verified;
 *              later refusals travel there (RFC 6749 4.1.2.1).  Opaque here,
 *              a `struct return_to` of http/problem.h.
 */
struct refusal {
    enum refusal_code code;
    char detail[200];
    const struct return_to *return_to;
};

/* Fill `no` and return RC_REFUSED.  `fmt` NULL: the default text of the row. */
#define refuse(...) (refuse_with(__VA_ARGS__), RC_REFUSED) /* seen by analysers */
void refuse_with(struct refusal *no, enum refusal_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

int refusal_status(enum refusal_code code);         /* HTTP status */
const char *refusal_wire(enum refusal_code code);   /* "invalid_grant" */
const char *refusal_text(const struct refusal *no); /* detail, else the row's */

#endif
