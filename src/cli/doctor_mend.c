/* What can be typed. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor.h"
#include "util/sbuf.h"

const char *mend_printf(struct doctor *d, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    const char *text = arena_vprintf(d->arena, fmt, ap);
    va_end(ap);
    return text;
}

static bool is_plain(const char *word)
{
    return *word != '\0' && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,") ==
                                strlen(word);
}

const char *mend_quote(struct arena *a, const char *word)
{
    struct sbuf b;

    if (is_plain(word))
        return word;
    sbuf_init(&b, a, strlen(word) + 16);
    sbuf_addc(&b, '\'');
    for (const char *p = word; *p != '\0'; p++) {
        if (*p == '\'')
            sbuf_add(&b, "'\\''");
        else
            sbuf_addc(&b, *p);
    }
    sbuf_addc(&b, '\'');
    return b.text;
}

static const char *with_config(struct doctor *d)
{
    return d->config != NULL ? arena_printf(d->arena, " --config %s", mend_quote(d->arena, d->config)) : "";
}

const char *mend_command(struct doctor *d, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    const char *words = arena_vprintf(d->arena, fmt, ap);
    va_end(ap);
    return arena_printf(d->arena, "autentico %s%s", words, with_config(d));
}

const char *mend_setting(struct doctor *d, const char *key, const char *value)
{
    return mend_command(d, "settings set %s %s", key, mend_quote(d->arena, value));
}

static const char *reload(struct doctor *d)
{
    if (d->pool.parent == 0)
        return "";
    if (d->pool.unit != NULL)
        return arena_printf(d->arena, " && systemctl reload %s", d->pool.unit);
    return arena_printf(d->arena, " && kill -HUP %d", d->pool.parent);
}

static const char *restart(struct doctor *d)
{
    if (d->pool.parent == 0)
        return "";
    if (d->pool.unit != NULL)
        return arena_printf(d->arena, " && systemctl restart %s", d->pool.unit);
    return arena_printf(d->arena, " && kill %d && tail --pid=%d -f /dev/null && autentico start%s", d->pool.parent,
                        d->pool.parent, with_config(d));
}

const char *mend_restart(struct doctor *d)
{
    const char *text = restart(d);

    return *text != '\0' ? text + strlen(" && ") : NULL;
}

/* The file's last line of a name counts, and the environment before any. */
static const char *edit(struct doctor *d, const char *name, const char *value)
{
    const char *file = d->conf.file != NULL ? mend_quote(d->arena, d->conf.file) : NULL;

    if (getenv(name) != NULL)
        return NULL;
    if (file == NULL)
        return NULL;
    if (value == NULL)
        return arena_printf(d->arena, "sed -i '/^%s=/d' %s", name, file);
    return arena_printf(d->arena, "sed -i '/^%s=/d' %s && echo %s >> %s", name, file,
                        mend_quote(d->arena, arena_printf(d->arena, "%s=%s", name, value)), file);
}

const char *mend_variable(struct doctor *d, const char *name, const char *value)
{
    const char *text = edit(d, name, value);

    return text != NULL ? arena_printf(d->arena, "%s%s", text, reload(d)) : NULL;
}

const char *mend_reloaded(struct doctor *d, const char *command)
{
    return arena_printf(d->arena, "%s%s", command, reload(d));
}

const char *mend_variable_restart(struct doctor *d, const char *name, const char *value)
{
    const char *text = edit(d, name, value);

    return text != NULL ? arena_printf(d->arena, "%s%s", text, restart(d)) : NULL;
}

/* Where the directory of the database is root's. */
const char *mend_root(struct doctor *d)
{
    const char *dir = mend_quote(d->arena, text_directory(d->arena, d->conf.db_path));

    return arena_printf(d->arena, "(id -u autentico > /dev/null 2>&1 || useradd --system --home-dir %s autentico) && "
                        "chown -R autentico: %s%s", dir, dir, restart(d));
}

const char *doctor_days(struct arena *a, int64_t seconds)
{
    int64_t days = seconds / 86400;

    return days == 1 ? "1 day" : days > 1 ? arena_printf(a, "%lld days", (long long)days) : "less than a day";
}
