#include "config.h"

#include "oidc/scope.h"

#include "util/sbuf.h"

static bool is_twice(const struct text_list *words, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (text_same(words->v[k], words->v[i]))
            return true;
    return false;
}

enum rc scope_check(struct arena *a, const char *asked, const char *allowed, struct refusal *no,
                    const char **out)
{
    struct text_list words;
    struct sbuf kept;

    if (!is_scope(asked))
        return refuse(no, REFUSE_INVALID_SCOPE, "scope has characters that no scope may have");
    words = text_split(a, asked, ' ');
    sbuf_init(&kept, a, 0);
    for (size_t i = 0; i < words.n; i++) {
        if (!text_empty(allowed) && !text_list_has(allowed, words.v[i]))
            return refuse(no, REFUSE_INVALID_SCOPE, "scope %.80s is not allowed for this client",
                          words.v[i]);
        if (is_twice(&words, i))
            continue;
        if (kept.n > 0)
            sbuf_addc(&kept, ' ');
        sbuf_add(&kept, words.v[i]);
    }
    *out = kept.text;
    return RC_OK;
}
