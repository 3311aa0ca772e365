#include "config.h"

#include "conf/conf.h"

#include <stdlib.h>
#include <string.h>

#include "conf/keys.h"

#define SECRET_FILES_MAX 16 /* there are nine names */

struct loading {
    struct arena *arena;
    FILE *err;
    struct conf *conf;
    struct assignments found;
    uid_t owner; /* of the file that was read */
    struct secret_file secret_files[SECRET_FILES_MAX];
    size_t secret_files_n;
    int faults;
};

static void say(struct loading *l, const char *name, const char *why)
{
    fprintf(l->err, "%s: %s\n", name, why);
    l->faults++;
}

/* The last line of a file wins over those before it, the process environment over all. */
static const struct assignment *find(const struct loading *l, const char *name)
{
    const struct assignment *out = NULL;

    for (size_t i = 0; i < l->found.n; i++)
        if (strcmp(l->found.v[i].name, name) == 0)
            out = &l->found.v[i];
    return out;
}

static void *member(struct loading *l, const struct key *key)
{
    return (char *)l->conf + key->offset;
}

static void set_bool(struct loading *l, const struct key *key, const char *value)
{
    bool is;

    /* anything else: the default (spec/settings.md 1) */
    if (text_bool(value, &is) != RC_OK && text_bool(key->initial, &is) != RC_OK)
        die("conf: bad default of %s", key->name);
    *(bool *)member(l, key) = is;
}

/* A switch that may be left alone, as anything but a truth value does. */
static void set_switch(struct loading *l, const struct key *key, const char *value)
{
    bool is = false;
    enum rc rc = text_bool(value, &is);

    *(int *)member(l, key) = rc == RC_OK ? is : -1;
}

static void set_int(struct loading *l, const struct key *key, const char *value)
{
    int64_t n;

    if (text_int(value, &n) != RC_OK || n < key->min || n > key->max)
        say(l, key->name,
            arena_printf(l->arena, "\"%s\" is not a number from %lld to %lld", value,
                         (long long)key->min, (long long)key->max));
    else
        *(int64_t *)member(l, key) = n;
}

static void set_double(struct loading *l, const struct key *key, const char *value)
{
    double n;

    if (text_double(value, &n) != RC_OK)
        say(l, key->name, arena_printf(l->arena, "\"%s\" is not a number", value));
    else
        *(double *)member(l, key) = n;
}

static void set_duration(struct loading *l, const struct key *key, const char *value)
{
    int64_t s;

    if (text_duration(value, &s) != RC_OK || s < key->min || s > key->max)
        say(l, key->name,
            arena_printf(l->arena, "\"%s\" is not a duration from %llds to %llds (for example 30s)",
                         value, (long long)key->min, (long long)key->max));
    else
        *(int64_t *)member(l, key) = s;
}

static void set_octal(struct loading *l, const struct key *key, const char *value)
{
    char *end;
    long mode = strtol(value, &end, 8);

    if (*value == '\0' || *end != '\0' || mode < 0 || mode > key->max)
        say(l, key->name, arena_printf(l->arena, "\"%s\" is not an octal mode (for example 0660)", value));
    else
        *(int64_t *)member(l, key) = mode;
}

static void set_choice(struct loading *l, const struct key *key, const char *value)
{
    struct text_list choices = text_split(l->arena, key->choices, ' ');

    for (size_t i = 0; i < choices.n; i++)
        if (text_same(choices.v[i], value)) {
            *(int *)member(l, key) = (int)i;
            return;
        }
    say(l, key->name, arena_printf(l->arena, "\"%s\" is not one of: %s", value, key->choices));
}

/* A comma alone would be an empty list, which can mean everybody. */
static void set_nets(struct loading *l, const struct key *key, const char *value)
{
    struct net_list *list = member(l, key);

    if (net_list_parse(l->arena, value, list) != RC_OK || (list->n == 0 && *value != '\0'))
        say(l, key->name, "expected addresses or prefixes, for example 127.0.0.1 10.0.0.0/8 ::1");
}

static void set_later(struct loading *l, const struct key *key, const char *value)
{
    if (!text_same(value, key->initial))
        say(l, key->name, "not available yet; take it out of the configuration");
}

/* Of what has a default the empty one would come to mean something else: a database
 * without a file is gone when its last user is. */
static void set_text(struct loading *l, const struct key *key, const char *value)
{
    if (*value == '\0' && !text_empty(key->initial))
        say(l, key->name, "is set but empty; give it a value or take it out");
    else
        *(const char **)member(l, key) = arena_strdup(l->arena, value);
}

static void set_value(struct loading *l, const struct key *key, const char *value)
{
    switch (key->type) {
    case KEY_TEXT:
    case KEY_PATH:
        set_text(l, key, value);
        return;
    case KEY_BOOL:
        set_bool(l, key, value);
        return;
    case KEY_SWITCH:
        set_switch(l, key, value);
        return;
    case KEY_INT:
        set_int(l, key, value);
        return;
    case KEY_DOUBLE:
        set_double(l, key, value);
        return;
    case KEY_DURATION:
        set_duration(l, key, value);
        return;
    case KEY_OCTAL:
        set_octal(l, key, value);
        return;
    case KEY_NETS:
        set_nets(l, key, value);
        return;
    case KEY_CHOICE:
        set_choice(l, key, value);
        return;
    case KEY_LATER:
        set_later(l, key, value);
        return;
    case KEY_SECRET:
    case KEY_PEM:
        l->faults += conf_set_secret(key, value, l->conf->secrets, l->err);
        return;
    case KEY_NOT_EMPTY:
        if (*value == '\0')
            say(l, key->name, "is set but empty; give it a value or take it out");
        return;
    case KEY_ALIAS:
    case KEY_UNUSED:
    case KEY_ELSEWHERE:
        return;
    }
}

static void set_key(struct loading *l, const struct key *key)
{
    const struct assignment *a = find(l, key->name);
    const char *value = a != NULL ? a->value : key->initial;

    if (value != NULL)
        set_value(l, key, value);
}

/* Two names of one secret (design D16): the same value or one of them. */
static void fold_alias(struct loading *l, const struct key *key)
{
    const struct assignment *old = find(l, key->name), *name = find(l, key->choices);

    if (old == NULL)
        return;
    if (name != NULL && strcmp(old->value, name->value) != 0) {
        say(l, key->name, arena_printf(l->arena, "and %s are two names of one secret and differ", key->choices));
        return;
    }
    if (name == NULL)
        set_value(l, conf_key_of(key->choices), old->value);
}

static void set_all(struct loading *l)
{
    for (size_t i = 0; i < conf_keys_n; i++)
        set_key(l, &conf_keys[i]);
    for (size_t i = 0; i < conf_keys_n; i++)
        if (conf_keys[i].type == KEY_ALIAS)
            fold_alias(l, &conf_keys[i]);
}

static void check_name(struct loading *l, const struct assignment *a, bool is_strict)
{
    if (conf_key_of(a->name) != NULL || conf_secret_file_key(a->name) != NULL)
        return;
    if (is_strict && a->is_from_file)
        say(l, a->name, "unknown variable");
    else if (text_starts(a->name, "AUTENTICO_"))
        fprintf(l->err, "warning: unknown variable %s is ignored\n", a->name);
}

static void check_names(struct loading *l, bool is_strict)
{
    for (size_t i = 0; i < l->found.n; i++)
        check_name(l, &l->found.v[i], is_strict);
}

/* --- NAME_FILE -------------------------------------------------------------- */

/* What the file holds stands behind everything else, as if it had been given itself. */
static void add_secret(struct loading *l, const struct key *key, const char *value)
{
    if (l->found.n == ARRAY_LEN(l->found.v))
        die("conf: more than %zu variables", ARRAY_LEN(l->found.v));
    l->found.v[l->found.n++] = (struct assignment){ key->name, value, 0 };
}

static void read_secret_file(struct loading *l, const struct key *key, const struct assignment *file, struct region *r)
{
    const struct assignment *given = find(l, key->name);
    const char *value;
    uid_t owner;

    if (given != NULL && *given->value != '\0') {
        say(l, file->name, arena_printf(l->arena, "and %s are both given; keep one of the two", key->name));
        return;
    }
    if (conf_secret_file_read(file->name, file->value, l->err, r, &value, &owner) != RC_OK) {
        l->faults++;
        return;
    }
    add_secret(l, key, value);
    l->secret_files[l->secret_files_n++] = (struct secret_file){ key->name, arena_strdup(l->arena, file->value), owner };
}

static void read_secret_files(struct loading *l, struct region *r)
{
    size_t n = l->found.n;

    for (size_t i = 0; i < n && l->secret_files_n < SECRET_FILES_MAX; i++) {
        const struct assignment *file = &l->found.v[i];
        const struct key *key = conf_secret_file_key(file->name);

        if (key != NULL && find(l, file->name) == file) /* not one that a later line replaces */
            read_secret_file(l, key, file, r);
    }
}

const char *conf_secret_path(const struct conf *c, const char *name)
{
    for (size_t i = 0; i < c->secret_files_n; i++)
        if (strcmp(c->secret_files[i].name, name) == 0)
            return c->secret_files[i].path;
    return NULL;
}

static int check_owners(struct loading *l, bool is_named)
{
    int faults = conf_check_owner(l->arena, l->conf, l->conf->file, l->owner, is_named, l->err);

    for (size_t i = 0; i < l->secret_files_n; i++)
        faults += conf_check_owner(l->arena, l->conf, l->secret_files[i].path, l->secret_files[i].owner, true, l->err);
    return faults;
}

/* --- all of it -------------------------------------------------------------- */

/* --config FILE, else ./.env, else /etc (design D22). */
static enum rc read_file(struct loading *l, const struct conf_source *src, struct region *r)
{
    const char *const places[] = { ".env", "/etc/autentico/autentico.env" };
    enum rc rc = RC_NONE;

    if (src->file != NULL) {
        rc = env_file_read(src->file, l->err, r, &l->found, &l->owner);
        if (rc == RC_NONE) {
            say(l, src->file, "no such file"); /* what it lacks is not worth a line */
            return RC_REFUSED;
        }
        l->conf->file = arena_strdup(l->arena, src->file);
        return rc;
    }
    for (size_t i = 0; i < ARRAY_LEN(places) && rc == RC_NONE; i++) {
        rc = env_file_read(places[i], l->err, r, &l->found, &l->owner);
        if (rc == RC_OK)
            l->conf->file = places[i];
    }
    return rc == RC_REFUSED ? rc : RC_OK;
}

static enum rc load(struct loading *l, const struct conf_source *src, struct region *r)
{
    TRY(read_file(l, src, r));
    env_process_read(r, &l->found, l->err);
    check_names(l, src->file != NULL);
    read_secret_files(l, r);
    set_all(l);
    if (l->faults == 0)
        l->faults += conf_derive(l->arena, l->conf, l->err);
    if (l->faults == 0)
        l->faults += check_owners(l, src->file != NULL);
    l->faults += conf_check_secrets(l->conf, src->needs_secrets, l->err);
    return l->faults == 0 ? RC_OK : RC_REFUSED;
}

enum rc conf_load(struct arena *a, const struct conf_source *src, FILE *err, struct conf *out)
{
    struct loading *l = arena_new(a, struct loading);
    struct conf *conf = arena_new(a, struct conf);
    struct region region;

    l->arena = a;
    l->err = err;
    l->conf = conf;
    conf->secrets = secrets_new();
    region_new(&region, REGION_BYTES);
    enum rc rc = load(l, src, &region);
    region_wipe(&region);
    if (rc != RC_OK) {
        secrets_free(conf->secrets);
        return rc;
    }
    conf->secret_files = l->secret_files;
    conf->secret_files_n = l->secret_files_n;
    *out = *conf;
    return RC_OK;
}
