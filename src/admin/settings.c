#include "config.h"

#include "admin/handlers.h"
#include "admin/settings_change.h"
#include "http/fields.h"
#include "http/response.h"
#include "store/settings_table.h"
#include "util/clock.h"

static enum rc visible(struct exchange *x, bool with_reserved, struct json **out)
{
    struct json *obj = json_object(x->arena);
    struct settings_rows rows;

    TRY(settings_all(x->db, x->arena, &rows));
    for (size_t i = 0; i < rows.n; i++)
        if (!admin_setting_is_hidden(rows.v[i].key) &&
            (with_reserved || !admin_setting_is_reserved(rows.v[i].key)))
            json_set_str(obj, rows.v[i].key, rows.v[i].value);
    *out = obj;
    return RC_OK;
}

enum rc admin_settings_get(struct exchange *x)
{
    struct json *obj;

    TRY(visible(x, true, &obj));
    return respond_model(x, 200, SHAPE_DATA, obj);
}

enum rc admin_settings_put(struct exchange *x)
{
    struct settings_change c = { .x = x, .event = "settings_updated" };
    struct json *body;

    TRY(json_bind(x, NULL, 0, NULL, &body));
    TRY(settings_change_read(&c, body, true));
    TRY(settings_change_store(&c));
    return respond_none(x);
}

/* ---- export and import (http-api 7.6) ---- */

enum rc admin_settings_export(struct exchange *x)
{
    struct json *out = json_object(x->arena), *settings;

    TRY(visible(x, false, &settings));
    json_set_int(out, "version", 1);
    json_set_str(out, "exported_at", clock_rfc3339(x->arena, x->now));
    json_set(out, "settings", settings);
    return respond_model(x, 200, SHAPE_DATA, out);
}

/* What was exported: with its envelope, or the envelope inside `data` as it was answered. */
static enum rc read_export(struct exchange *x, const struct json **out)
{
    const struct json *settings;
    struct json *body;

    TRY(json_bind(x, NULL, 0, NULL, &body));
    settings = json_get(body, "settings");
    if (settings == NULL)
        settings = json_get(json_get(body, "data"), "settings");
    if (settings == NULL || json_type(settings) != JSON_OBJECT)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "settings: the object of an export is missing");
    *out = settings;
    return RC_OK;
}

static const char *current_of(const struct settings_rows *rows, const char *key)
{
    for (size_t i = 0; i < rows->n; i++)
        if (text_same(rows->v[i].key, key))
            return rows->v[i].value;
    return "";
}

static struct json *preview_row(struct exchange *x, const struct settings_rows *rows, const struct setting_pair *p)
{
    struct json *row = json_object(x->arena);

    json_set_str(row, "key", p->key);
    json_set_str(row, "current", admin_setting_is_hidden(p->key) ? "" : current_of(rows, p->key));
    json_set_str(row, "incoming", admin_setting_is_hidden(p->key) ? "" : p->value);
    return row;
}

static struct json *unknown_keys(struct exchange *x, const struct json *settings)
{
    struct json *out = json_array(x->arena), *member;
    struct json_iter it = { NULL };
    const char *key;

    while (json_next(settings, &it, &key, &member))
        if (!admin_setting_is_reserved(key) && setting_row_of(setting_name(key)) == NULL)
            json_add_str(out, key);
    return out;
}

enum rc admin_settings_import_preview(struct exchange *x)
{
    struct settings_change c = { .x = x };
    struct json *out = json_object(x->arena), *list = json_array(x->arena);
    const struct json *settings;
    struct settings_rows rows;

    TRY(read_export(x, &settings));
    TRY(settings_change_read(&c, settings, false));
    TRY(settings_all(x->db, x->arena, &rows));
    for (size_t i = 0; i < c.n; i++)
        json_add(list, preview_row(x, &rows, &c.v[i]));
    json_set(out, "rows", list);
    json_set(out, "unknown", unknown_keys(x, settings));
    return respond_model(x, 200, SHAPE_DATA, out);
}

enum rc admin_settings_import_apply(struct exchange *x)
{
    struct settings_change c = { .x = x, .event = "settings_imported" };
    const struct json *settings;

    TRY(read_export(x, &settings));
    TRY(settings_change_read(&c, settings, false));
    TRY(settings_change_store(&c));
    return respond_none(x);
}
