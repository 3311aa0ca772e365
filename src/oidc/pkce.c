#include "config.h"

#include "oidc/pkce.h"

#include <string.h>

#include "crypto/hash.h"
#include "util/text.h"

#define CHALLENGE_CHARS 43 /* base64url of a SHA-256 */
#define VERIFIER_MIN 43
#define VERIFIER_MAX 128

/* RFC 7636 4.1 */
static bool is_verifier(const char *text)
{
    size_t n = strlen(text);

    return n >= VERIFIER_MIN && n <= VERIFIER_MAX && is_unreserved(text);
}

/* 4.3: the contract takes an absent method for S256, not for plain (PK-07). */
static bool is_s256(const char *method)
{
    return text_empty(method) || text_same(method, "S256");
}

enum rc pkce_check_challenge(const char *challenge, const char *method, int enforce_s256,
                             struct refusal *no)
{
    const char *text = text_or(challenge, "");

    if (is_s256(method)) {
        if (strlen(text) != CHALLENGE_CHARS || !is_base64url(text))
            return refuse(no, REFUSE_INVALID_REQUEST,
                          "code_challenge must be 43 base64url characters");
        return RC_OK;
    }
    if (!text_same(method, "plain") || enforce_s256)
        return refuse(no, REFUSE_INVALID_REQUEST, "code_challenge_method must be S256");
    if (!is_verifier(text))
        return refuse(no, REFUSE_INVALID_REQUEST,
                      "code_challenge must be 43 to 128 unreserved characters");
    return RC_OK;
}

static const char *challenge_of(struct arena *a, const char *verifier)
{
    return base64url_encode(a, sha256_of(a, verifier));
}

enum rc pkce_verify(struct arena *a, const char *challenge, const char *method,
                    const char *verifier, struct refusal *no)
{
    if (text_empty(challenge)) {
        if (text_empty(verifier))
            return RC_OK;
        /* BCP 4.8.2: somebody took the challenge out of the authorization request */
        return refuse(no, REFUSE_INVALID_GRANT, "code_verifier without a code_challenge");
    }
    if (text_empty(verifier))
        return refuse(no, REFUSE_INVALID_GRANT, "code_verifier is missing");
    if (!is_verifier(verifier))
        return refuse(no, REFUSE_INVALID_GRANT, "code_verifier is malformed");
    if (!is_s256(method) && !text_same(method, "plain"))
        return refuse(no, REFUSE_INVALID_GRANT, "code_challenge_method is not supported");
    if (!ct_same_text(challenge, is_s256(method) ? challenge_of(a, verifier) : verifier))
        return refuse(no, REFUSE_INVALID_GRANT, "code_verifier does not match");
    return RC_OK;
}
