#include "config.h"

#include <string.h>

#include "admin/handlers.h"
#include "admin/settings_change.h"
#include "cli/act.h"
#include "cli/cli.h"

#define PATH "/admin/api/settings"

struct settings_flags { const char *config; bool json, is_default; };

static enum rc list(struct desk *d, const struct settings_flags *f)
{
    struct settings_rows rows;

    TRY(settings_all(d->db, d->arena, &rows));
    for (size_t i = 0; i < rows.n; i++) {
        struct json *obj = json_object(d->arena);

        if (admin_setting_is_hidden(rows.v[i].key))
            continue;
        json_set_str(obj, "key", rows.v[i].key);
        json_set_str(obj, "value", rows.v[i].value);
        if (f->json)
            act_print_json(d, obj);
        else
            printf("%-36s %s\n", rows.v[i].key, rows.v[i].value);
    }
    return RC_OK;
}

static bool has_password(struct desk *d)
{
    struct settings s;

    return settings_load(d->db, d->arena, &s) == RC_OK && !text_empty(s.smtp_password);
}

static enum rc set(struct desk *d, const char *key, const char *value, const struct settings_flags *f)
{
    const struct setting_row *row = setting_row_of(setting_name(key));
    struct json *body = json_object(d->arena);
    bool had_password = has_password(d);

    if (row == NULL || admin_setting_is_reserved(setting_name(key)))
        return cli_refuse("there is no setting \"%s\"; autentico settings list shows them all", key);
    if (row->is_hidden)
        return cli_refuse("%s is a secret; it is set through the administrators' API", row->key);
    json_set_str(body, row->key, f->is_default ? row->initial : value);
    TRY(act(d, admin_settings_put, PATH, PATH, body));
    printf("%s is %s\n", row->key, text_or(f->is_default ? row->initial : value, "empty"));
    if (had_password && !has_password(d))
        printf("smtp_password was for another mail server and is cleared: set it anew, through the administrators' API\n");
    return RC_OK;
}

static enum rc run(struct desk *d, const char *verb, const char *const *words, const struct settings_flags *f)
{
    TRY(desk_open(d, f->config, false));
    return strcmp(verb, "list") == 0 ? list(d, f) : set(d, words[0], words[1], f);
}

static int check_and_run(const char *verb, const char *const *words, size_t words_n, void *arg)
{
    const struct settings_flags *f = arg;
    const char *both[2] = { words_n > 0 ? words[0] : NULL, words_n > 1 ? words[1] : NULL };
    struct desk d;

    if (strcmp(verb, "set") != 0 && strcmp(verb, "list") != 0)
        return cli_fail("unknown: settings %s; see: autentico settings --help", verb);
    if (strcmp(verb, "list") == 0 && words_n > 0)
        return cli_fail("settings list takes flags only");
    if (strcmp(verb, "set") == 0 && words_n != (f->is_default ? 1 : 2))
        return cli_fail("settings set needs a key and a value, or a key and --default");
    enum rc rc = run(&d, verb, both, f);
    desk_close(&d);
    return cli_exit(rc);
}

int cli_settings(int argc, char **argv)
{
    struct settings_flags f = { NULL };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config }, { "json", FLAG_SET, &f.json }, { "default", FLAG_SET, &f.is_default },
    };

    return cli_verb("settings", argc, argv, flags, ARRAY_LEN(flags), check_and_run, &f);
}
