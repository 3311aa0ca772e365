#include "config.h"

#include "oidc/client_draft.h"

#include <string.h>

enum rc draft_bad(const struct draft *d, const char *member, const char *why)
{
    return refuse(d->no, REFUSE_INVALID_CLIENT_METADATA, "%s: %s", member, why);
}

/* Design D17: known, but the feature is not built: nothing may fail open. */
enum rc draft_not_yet(const struct draft *d, const char *member, const char *value)
{
    return refuse(d->no, REFUSE_INVALID_CLIENT_METADATA, "%s: %s is not available yet", member, value);
}

enum rc draft_bad_type(const struct draft *d, const char *member, const char *wanted)
{
    return refuse(d->no, REFUSE_INVALID_REQUEST, "%s must be %s", member, wanted);
}

enum rc draft_text(const struct draft *d, const char *member, const char **out)
{
    const struct json *j = json_get(d->body, member);

    if (j == NULL)
        return RC_NONE;
    if (json_str(j) == NULL)
        return draft_bad_type(d, member, "a string");
    *out = json_str(j);
    return RC_OK;
}

enum rc draft_bool(const struct draft *d, const char *member, bool *out)
{
    const struct json *j = json_get(d->body, member);

    if (j == NULL)
        return RC_NONE;
    return json_get_bool(d->body, member, out) == RC_OK ? RC_OK : draft_bad_type(d, member, "true or false");
}

enum rc draft_list(const struct draft *d, const char *member, struct text_list *out)
{
    const struct json *j = json_get(d->body, member);
    struct text_list list;

    if (j == NULL)
        return RC_NONE;
    if (json_type(j) != JSON_ARRAY)
        return draft_bad_type(d, member, "an array of strings");
    list = (struct text_list){ arena_array(d->a, const char *, json_len(j)), json_len(j) };
    for (size_t i = 0; i < list.n; i++) {
        const char *text = json_str(json_at(j, i));
        if (text == NULL)
            return draft_bad_type(d, member, "an array of strings");
        list.v[i] = arena_strdup(d->a, text);
    }
    *out = list;
    return RC_OK;
}

enum rc draft_word(const struct draft *d, const char *member, const char *word, const char *now,
                   const char *later)
{
    if (strchr(word, ' ') == NULL && text_list_has(now, word))
        return RC_OK;
    if (strchr(word, ' ') == NULL && text_list_has(later, word))
        return draft_not_yet(d, member, word);
    return draft_bad(d, member, arena_printf(d->a, "%.60s is unknown", word));
}
