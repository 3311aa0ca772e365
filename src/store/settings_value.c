#include "config.h"

#include "store/settings_table.h"

#include <string.h>

#include "util/json.h"

#define ACCESS_TOKEN_S_MAX (24 * 3600) /* design D3: no signer signs for longer */
#define ROTATION_S_MIN 3600              /* a key waits for five minutes before it signs, and for a day to go */

struct value { int64_t n; bool is; const char *text; };

static enum rc parse_int(const struct setting_row *row, const char *text, int64_t *out)
{
    TRY(text_int(text, out));
    return *out < 0 && row->choices == NULL ? RC_NONE : RC_OK;
}

static bool is_access_lifetime(const struct setting_row *row)
{
    return row->offset == offsetof(struct settings, access_token_expiration);
}

static bool is_access_lifetime_ok(int64_t n)
{
    return n > 0 && n <= ACCESS_TOKEN_S_MAX;
}

static bool is_rotation(const struct setting_row *row)
{
    return row->offset == offsetof(struct settings, signing_key_rotation);
}

/* The extra values of a duration are "", standing for none, and "-1". */
static enum rc parse_duration(const struct setting_row *row, const char *text, int64_t *out)
{
    const char *name = *text ? text : "EMPTY";

    if (row->choices && text_list_has(row->choices, name)) {
        *out = text_same(name, "-1") ? -1 : 0;
        return RC_OK;
    }
    return text_duration(text, out);
}

static enum rc parse_array(struct arena *a, const char *text)
{
    struct json *j;

    TRY(json_parse(a, text, bytes_of(text).n, &j));
    return json_type(j) == JSON_ARRAY ? RC_OK : RC_NONE;
}

static enum rc parse(struct arena *a, const struct setting_row *row, const char *text, struct value *out)
{
    out->text = text;
    switch (row->type) {
    case SET_BOOL:
        return text_bool(text, &out->is);
    case SET_INT:
        return parse_int(row, text, &out->n);
    case SET_DURATION:
        return parse_duration(row, text, &out->n);
    case SET_ENUM:
        return *text && text_list_has(row->choices, text) ? RC_OK : RC_NONE;
    case SET_JSON_ARRAY:
        return parse_array(a, text);
    case SET_STRING:
        break;
    }
    return RC_OK;
}

/* Loading. */

static void store(const struct setting_row *row, struct arena *a, const struct value *v, struct settings *out)
{
    void *at = (char *)out + row->offset;

    if (row->type == SET_BOOL)
        *(bool *)at = v->is;
    else if (row->type == SET_INT || row->type == SET_DURATION)
        *(int64_t *)at = v->n;
    else
        *(const char **)at = arena_strdup(a, v->text);
}

static void take(const struct setting_row *row, struct arena *a, const char *text, struct settings *out)
{
    struct value v = { 0 };

    if (parse(a, row, text, &v) != RC_OK || (is_access_lifetime(row) && !is_access_lifetime_ok(v.n)))
        return; /* keeps the default */
    store(row, a, &v, out);
}

static struct text_list texts_of(struct arena *a, const char *array)
{
    struct text_list list = { 0 };
    struct json *j;

    if (json_parse(a, array, bytes_of(array).n, &j) != RC_OK)
        return list;
    list.v = arena_array(a, const char *, json_len(j) + 1);
    for (size_t i = 0; i < json_len(j); i++)
        if (!text_empty(json_str(json_at(j, i))))
            list.v[list.n++] = arena_strdup(a, json_str(json_at(j, i)));
    return list;
}

enum rc settings_load(struct db *db, struct arena *a, struct settings *out)
{
    struct settings s = { 0 };
    struct settings_rows rows;

    TRY(installation_version(db, &s.version)); /* first: a write in between is met again */
    TRY(settings_all(db, a, &rows));
    for (size_t i = 0; i < setting_rows_n; i++)
        take(&setting_rows[i], a, setting_rows[i].initial, &s);
    for (size_t i = 0; i < rows.n; i++) {
        const struct setting_row *row = setting_row_of(rows.v[i].key);

        if (row)
            take(row, a, rows.v[i].value, &s);
    }
    s.access_token_audiences = texts_of(a, s.access_token_audience);
    *out = s;
    return RC_OK;
}

static enum rc write_defaults(struct db *db, void *arg)
{
    for (size_t i = 0; i < setting_rows_n; i++)
        TRY(settings_seed(db, setting_rows[i].key, setting_rows[i].initial, *(int64_t *)arg));
    return RC_OK;
}

enum rc settings_write_defaults(struct db *db, int64_t now)
{
    return db_write_within(db, write_defaults, &now);
}

/* Checking what somebody wants to write. */

const char *setting_name(const char *key)
{
    static const char *const names[][2] = {
        { "mfa_enabled", "require_mfa" },
        { "lockout_max_attempts", "account_lockout_max_attempts" },
        { "lockout_duration", "account_lockout_duration" },
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (text_same(names[i][0], key))
            return names[i][1];
    return key;
}

static bool is_default(struct arena *a, const struct setting_row *row, const char *text)
{
    struct value given = { 0 }, initial = { 0 };

    if (text_same(text, row->initial))
        return true;
    if (parse(a, row, text, &given) != RC_OK || parse(a, row, row->initial, &initial) != RC_OK)
        return false;
    if (row->type == SET_BOOL)
        return given.is == initial.is;
    return (row->type == SET_INT || row->type == SET_DURATION) && given.n == initial.n;
}

static enum rc refuse_value(struct arena *a, const char **why, const char *key, const char *text)
{
    *why = arena_printf(a, "%s: %s", key, text);
    return RC_REFUSED;
}

static const char *what_is_wanted(struct arena *a, const struct setting_row *row)
{
    if (row->type == SET_DURATION)
        return "not a duration such as 15m or 1h30m";
    return row->type == SET_BOOL ? "not true or false" : arena_printf(a, "not one of: %s", row->choices);
}

/* What a mail server is named by; "smtps://" in front is allowed. */
static bool is_mail_host(const char *text)
{
    size_t skip = text_starts(text, "smtps://") ? strlen("smtps://") : 0, n = strlen(text) - skip;

    return n <= 255 && (n > 0 || skip == 0) && text[skip] != '-' &&
           strspn(text + skip, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") == n;
}

static bool is_port(const char *text)
{
    int64_t n;

    return *text == '\0' || (text_int(text, &n) == RC_OK && n >= 1 && n <= 65535);
}

/* "address" or "Name <address>". */
static bool is_sender(struct arena *a, const char *text)
{
    const char *open = strrchr(text, '<');
    size_t n = strlen(text);

    if (open == NULL)
        return is_email(text_trim(a, text));
    return text[n - 1] == '>' && open[1] != '>' && is_email(arena_strndup(a, open + 1, (size_t)(text + n - open) - 2));
}

/* NULL: it is fine. */
static const char *what_is_wrong(struct arena *a, const char *name, const char *value)
{
    if (text_same(name, "smtp_host"))
        return is_mail_host(value) ? NULL : "not the name of a host";
    if (text_same(name, "smtp_port"))
        return is_port(value) ? NULL : "not a port";
    if (text_same(name, "smtp_from"))
        return is_sender(a, value) ? NULL : "neither an e-mail address nor \"Name <address>\"";
    return NULL;
}

enum rc setting_check(struct arena *a, const char **key, const char *value, const char **why)
{
    const char *name = setting_name(*key);
    const struct setting_row *row = setting_row_of(name);
    struct value v = { 0 };

    *key = name;
    if (row == NULL)
        return RC_OK;
    if (row->is_checked && parse(a, row, value, &v) != RC_OK)
        return refuse_value(a, why, name, what_is_wanted(a, row));
    if (!row->is_available && !is_default(a, row, value))
        return refuse_value(a, why, name, "not available yet");
    if (is_access_lifetime(row) && !is_access_lifetime_ok(v.n))
        return refuse_value(a, why, name, "must be more than 0 and at most 24h");
    if (is_rotation(row) && v.n != 0 && v.n < ROTATION_S_MIN)
        return refuse_value(a, why, name, "must be 0 (by hand) or at least 1h");
    const char *wrong = what_is_wrong(a, name, value);
    if (wrong != NULL)
        return refuse_value(a, why, name, wrong);
    return RC_OK;
}
