#include "config.h"

#include <string.h>

#include "admin/handlers.h"
#include "authn/trail.h"
#include "authn/way_in.h"
#include "http/fields.h"
#include "http/response.h"
#include "store/settings_table.h"

#define KEY_BYTES 128

/* ---- read ---- */

/* Never told: what is a secret, and the reserved key (settings 3). */
static bool is_hidden(const char *key)
{
    const struct setting_row *row = setting_row_of(key);

    return text_same(key, "private_key") || (row != NULL && row->is_hidden);
}

enum rc admin_settings_get(struct exchange *x)
{
    struct json *obj = json_object(x->arena);
    struct settings_rows rows;

    TRY(settings_all(x->db, x->arena, &rows));
    for (size_t i = 0; i < rows.n; i++)
        if (!is_hidden(rows.v[i].key))
            json_set_str(obj, rows.v[i].key, rows.v[i].value);
    return respond_model(x, 200, SHAPE_DATA, obj);
}

/* ---- write ---- */

struct pair { const char *key, *value; };
struct change {
    struct exchange *x;
    struct pair *v;
    size_t n;
};

/* Dropped without a word, as the contract has it. */
static bool is_reserved(const char *key)
{
    return text_same(key, "onboarded") || text_same(key, "private_key");
}

/* design D16: a guide name and its contract name may both be sent if they agree. */
static enum rc take(struct change *c, const char *key, const char *value)
{
    for (size_t i = 0; i < c->n; i++) {
        if (!text_same(c->v[i].key, key))
            continue;
        if (text_same(c->v[i].value, value))
            return RC_OK;
        return refuse(&c->x->no, REFUSE_INVALID_REQUEST, "%s was given twice with different values", key);
    }
    c->v[c->n++] = (struct pair){ key, value };
    return RC_OK;
}

static enum rc take_member(struct change *c, const char *key, const struct json *member)
{
    const char *value = json_str(member), *why = "";

    if (is_reserved(key))
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
    return is_reserved(key) ? RC_OK : take(c, key, value);
}

static size_t count_members(const struct json *body)
{
    struct json_iter it = { NULL };
    struct json *member;
    const char *key;
    size_t n = 0;

    while (json_next(body, &it, &key, &member))
        n++;
    return n;
}

/* All are looked at before any is stored. */
static enum rc read_body(struct change *c)
{
    struct json_iter it = { NULL };
    struct json *body, *member;
    const char *key;

    TRY(json_bind(c->x, NULL, 0, NULL, &body));
    c->v = arena_array(c->x->arena, struct pair, count_members(body) + 1);
    while (json_next(body, &it, &key, &member))
        TRY(take_member(c, key, member));
    return RC_OK;
}

static enum rc store(struct db *db, void *arg)
{
    struct change *c = arg;

    for (size_t i = 0; i < c->n; i++)
        TRY(settings_put(db, c->v[i].key, c->v[i].value, c->x->now));
    TRY(way_in_check(c->x, db));
    TRY(installation_bump(db));
    return trail(c->x, "settings_updated", NULL, "settings", "", (char *)NULL);
}

enum rc admin_settings_put(struct exchange *x)
{
    struct change c = { .x = x };

    TRY(read_body(&c));
    if (c.n > 0)
        TRY(db_write(x->db, store, &c));
    return respond_none(x);
}
