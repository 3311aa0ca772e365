#include "config.h"

#include "admin/settings_change.h"

#include <string.h>

#include "authn/setting_secret.h"
#include "authn/trail.h"
#include "authn/way_in.h"
#include "store/settings_table.h"

#define KEY_BYTES 128

bool admin_setting_is_hidden(const char *key)
{
    const struct setting_row *row = setting_row_of(key);

    return text_same(key, "private_key") || (row != NULL && row->is_hidden);
}

bool admin_setting_is_reserved(const char *key)
{
    return text_same(key, "onboarded") || text_same(key, "private_key");
}

/* design D16: a guide name and its contract name may both be sent if they agree. */
static enum rc take(struct settings_change *c, const char *key, const char *value)
{
    for (size_t i = 0; i < c->n; i++) {
        if (!text_same(c->v[i].key, key))
            continue;
        if (text_same(c->v[i].value, value))
            return RC_OK;
        return refuse(&c->x->no, REFUSE_INVALID_REQUEST, "%s was given twice with different values", key);
    }
    c->v[c->n++] = (struct setting_pair){ key, value };
    return RC_OK;
}

static enum rc take_member(struct settings_change *c, const char *key, const struct json *member, bool with_unknown)
{
    const char *value = json_str(member), *why = "";

    if (admin_setting_is_reserved(key))
        return RC_OK;
    if (*key == '\0' || strlen(key) > KEY_BYTES || !is_text(key))
        return refuse(&c->x->no, REFUSE_INVALID_REQUEST, "A name is empty, too long or malformed");
    if (value == NULL)
        return refuse(&c->x->no, REFUSE_INVALID_REQUEST, "%s must be a string", key);
    if (!is_text_lines(value))
        return refuse(&c->x->no, REFUSE_INVALID_REQUEST, "%s has control characters", key);
    enum rc rc = setting_check(c->x->arena, &key, value, &why);
    if (rc == RC_REFUSED)
        return refuse(&c->x->no, REFUSE_INVALID_REQUEST, "%s", why);
    TRY(rc);
    if (admin_setting_is_reserved(key) || (!with_unknown && setting_row_of(key) == NULL))
        return RC_OK;
    TRY(setting_secret_seal(c->x, key, &value));
    return take(c, key, value);
}

static size_t count_members(const struct json *obj)
{
    struct json_iter it = { NULL };
    struct json *member;
    const char *key;
    size_t n = 0;

    while (json_next(obj, &it, &key, &member))
        n++;
    return n;
}

enum rc settings_change_read(struct settings_change *c, const struct json *obj, bool with_unknown)
{
    struct json_iter it = { NULL };
    struct json *member;
    const char *key;

    c->v = arena_array(c->x->arena, struct setting_pair, count_members(obj) + 1);
    while (json_next(obj, &it, &key, &member))
        TRY(take_member(c, key, member, with_unknown));
    return RC_OK;
}

static enum rc store(struct db *db, void *arg)
{
    struct settings_change *c = arg;

    for (size_t i = 0; i < c->n; i++)
        TRY(settings_put(db, c->v[i].key, c->v[i].value, c->x->now));
    TRY(way_in_check(c->x, db));
    TRY(installation_bump(db));
    return trail(c->x, c->event, NULL, "settings", "", (char *)NULL);
}

enum rc settings_change_store(struct settings_change *c)
{
    return c->n > 0 ? db_write(c->x->db, store, c) : RC_OK;
}
