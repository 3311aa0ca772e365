#include "config.h"

#include "admin/settings_change.h"

#include <string.h>

#include "authn/setting_secret.h"
#include "authn/trail.h"
#include "authn/way_in.h"
#include "net/smtp.h"
#include "store/settings_table.h"
#include "util/log.h"

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

static const char *value_of(const struct settings_change *c, const char *key, const char *otherwise)
{
    for (size_t i = 0; i < c->n; i++)
        if (text_same(c->v[i].key, key))
            return c->v[i].value;
    return otherwise;
}

/* Before anything is stored. */
static enum rc clear_password(struct settings_change *c, struct db *db)
{
    struct smtp_server before = { NULL }, after = { NULL };
    struct settings now;

    c->left = NULL;
    if (value_of(c, "smtp_password", NULL) != NULL ||
        (value_of(c, "smtp_host", NULL) == NULL && value_of(c, "smtp_port", NULL) == NULL))
        return RC_OK;
    TRY(settings_load(db, c->x->arena, &now));
    before.host = now.smtp_host;
    before.port = now.smtp_port;
    after.host = value_of(c, "smtp_host", now.smtp_host);
    after.port = value_of(c, "smtp_port", now.smtp_port);
    if (text_empty(now.smtp_password) || text_empty(before.host) || smtp_same_server(&before, &after))
        return RC_OK;
    c->left = before.host;
    return settings_put(db, "smtp_password", "", c->x->now);
}

static enum rc store(struct db *db, void *arg)
{
    struct settings_change *c = arg;

    TRY(clear_password(c, db));
    for (size_t i = 0; i < c->n; i++)
        TRY(settings_put(db, c->v[i].key, c->v[i].value, c->x->now));
    TRY(way_in_check(c->x, db));
    TRY(installation_bump(db));
    return trail(c->x, c->event, NULL, "settings", "", c->left != NULL ? "smtp_password" : (char *)NULL, "cleared", (char *)NULL);
}

enum rc settings_change_store(struct settings_change *c)
{
    if (c->n == 0)
        return RC_OK;
    TRY(db_write(c->x->db, store, c));
    if (c->left != NULL)
        log_event(LOG_LEVEL_WARNING, "smtp_password_cleared", "was_for", c->left, "hint",
                  "smtp_host is another one: set smtp_password anew", NULL);
    return RC_OK;
}
