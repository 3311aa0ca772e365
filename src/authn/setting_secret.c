#include "config.h"

#include "authn/setting_secret.h"

#include <string.h>

#include "signer/signer.h"
#include "store/settings_table.h"
#include "util/encode.h"
#include "util/log.h"

static struct seal_place place_of(const char *key)
{
    return (struct seal_place){ "settings", "value", key };
}

enum rc setting_secret_seal(struct exchange *x, const char *key, const char **value)
{
    const struct setting_row *row = setting_row_of(key);
    struct seal_place where = place_of(key);
    struct bytes sealed;

    if (row == NULL || !row->is_hidden || text_empty(*value))
        return RC_OK;
    enum rc rc = signer_seal(x->signer, x->arena, &where, bytes_of(*value), &sealed);
    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_BUSY, NULL);
    TRY(rc);
    *value = arena_printf(x->arena, "%s%s", SETTING_SEALED, base64url_encode(x->arena, sealed));
    return RC_OK;
}

enum rc setting_secret_open(struct signer *s, struct arena *a, const char *key, const char *stored, const char **out)
{
    struct seal_place where = place_of(key);
    struct bytes sealed, plain;

    if (text_empty(stored)) {
        *out = "";
        return RC_OK;
    }
    if (!text_starts(stored, SETTING_SEALED) ||
        base64url_decode(a, stored + strlen(SETTING_SEALED), &sealed) != RC_OK)
        return fault("the setting %s is not sealed: set it again", key);
    enum rc rc = signer_open(s, a, &where, sealed, &plain);
    if (rc == RC_REFUSED)
        return RC_FAULT;
    TRY(rc);
    *out = arena_strndup(a, (const char *)plain.p, plain.n);
    return RC_OK;
}
