/* The configuration: as a start would read it, and who else may. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor.h"
#include "util/sbuf.h"

/* --- reading ---------------------------------------------------------------------- */

void doctor_read_conf(struct doctor *d)
{
    struct conf_source source = { .file = d->config, .needs_secrets = true };
    char *said = NULL;
    size_t said_n = 0;
    FILE *err = open_memstream(&said, &said_n);

    if (err == NULL)
        die("doctor: no memory");
    enum rc rc = conf_load(d->arena, &source, err, &d->conf);
    fclose(err);
    d->said = arena_strdup(d->arena, said);
    free(said);
    d->no_conf = rc == RC_OK ? NULL : "the configuration is not good for a start";
    if (rc == RC_OK)
        log_setup(d->conf.log_format, d->conf.log_level);
}

/* --- what reading said ------------------------------------------------------------ */

/* Another value would do as well; of the others it is the very value that counts. */
static bool is_replaceable(const char *name)
{
    return text_starts(name, "AUTENTICO_COOKIE_SECRET") || text_same(name, "AUTENTICO_CSRF_SECRET_KEY") ||
           text_starts(name, "AUTENTICO_ADMIN_TOKEN") || text_same(name, "AUTENTICO_FRONT_SECRET");
}

static bool is_irreplaceable(const char *name)
{
    return text_starts(name, "AUTENTICO_ENCRYPTION_KEY") || text_starts(name, "AUTENTICO_PRIVATE_KEY");
}

/* Many a line ends with what is to be typed. */
static const char *typed_in(const char *line)
{
    static const char *const programs[] = { "chmod ", "chown ", "mkdir " };

    for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
        const char *at = strstr(line, programs[i]);

        if (at != NULL && at > line && at[-1] == ' ')
            return at;
    }
    return NULL;
}

/* The file that would be read; there is no conf yet. */
static const char *file_of(const struct doctor *d)
{
    return d->config != NULL ? d->config : ".env";
}

static const char *mend_of(struct doctor *d, const char *name, const char *line)
{
    const char *file = mend_quote(d->arena, file_of(d));

    if (typed_in(line) != NULL)
        return typed_in(line);
    if (strstr(line, "init --complete") != NULL)
        return mend_printf(d, "autentico init --complete%s%s", d->config != NULL ? " --config " : "",
                           d->config != NULL ? file : "");
    if (!text_starts(name, "AUTENTICO_") || is_irreplaceable(name))
        return NULL;
    if (is_replaceable(name))
        return mend_printf(d, "sed -i -E \"s/^(%s%s)=.*/\\1=$(openssl rand -hex 32)/\" %s", name,
                           text_same(name, "AUTENTICO_COOKIE_SECRET") ? "|AUTENTICO_CSRF_SECRET_KEY" : "", file);
    if (text_same(name, "AUTENTICO_APP_URL"))
        return mend_printf(d, "sed -i 's/^AUTENTICO_APP_URL=http:/AUTENTICO_APP_URL=https:/' %s", file);
    return mend_printf(d, "sed -i '/^%s=/d' %s", name, file);
}

static void tell_warning(struct doctor *d, const char *line)
{
    const char *name = strstr(line, "AUTENTICO_");
    size_t n = name != NULL ? strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") : 0;
    bool is_in_file = d->conf.file != NULL && n > 0 && getenv(arena_strndup(d->arena, name, n)) == NULL;

    doctor_warn(d, n > 0 ? arena_strndup(d->arena, name, n) : "",
                is_in_file ? mend_variable(d, arena_strndup(d->arena, name, n), NULL) : NULL, "%s",
                line + strlen("warning: "));
}

/* A secret that is too short is missing besides: the first line says it. */
static bool is_told(const struct doctor *d, const char *line, size_t name_n)
{
    for (size_t i = 0; i < d->found_n; i++)
        if (strncmp(d->found[i].text, line, name_n + 1) == 0)
            return true;
    return false;
}

static void tell_line(struct doctor *d, const char *line)
{
    const char *colon = strchr(line, ':');
    size_t n = colon != NULL ? (size_t)(colon - line) : 0;

    if (text_starts(line, "warning: ")) {
        tell_warning(d, line);
        return;
    }
    if (n > 0 && is_told(d, line, n))
        return;
    doctor_fail(d, "", mend_of(d, arena_strndup(d->arena, line, n), line), "%s", line);
}

void doctor_configuration(struct doctor *d)
{
    char *text = arena_strdup(d->arena, d->said), *end;

    for (; text != NULL && *text != '\0'; text = end) {
        end = strchr(text, '\n');
        if (end != NULL)
            *end++ = '\0';
        if (*text != '\0')
            tell_line(d, text);
    }
    if (doctor_is_clean(d) && d->no_conf == NULL)
        doctor_ok(d, "%s", d->conf.file != NULL ? d->conf.file : "the process environment alone");
}

/* --- its file --------------------------------------------------------------------- */

void doctor_config_file(struct doctor *d)
{
    const char *file = d->conf.file;
    struct stat st;

    if (file == NULL) {
        doctor_skip(d, "there is none");
        return;
    }
    if (stat(file, &st) != 0)
        return;
    if ((st.st_mode & S_IROTH) != 0)
        doctor_fail(d, "", mend_printf(d, "chmod o-rwx %s", mend_quote(d->arena, file)),
                    "%s, which has the secrets, can be read by everybody", file);
    else
        doctor_ok(d, "%s has mode %04o", file, (unsigned)(st.st_mode & 07777));
}

void doctor_app_url(struct doctor *d)
{
    if (d->conf.is_https)
        doctor_ok(d, "%s", d->conf.url);
    else if (d->conf.is_loopback)
        doctor_skip(d, "%s is loopback, for a look or for development", d->conf.url);
    else
        doctor_fail(d, "", mend_variable_restart(d, "AUTENTICO_APP_URL", mend_printf(d, "https%s", d->conf.url + 4)),
                    "%s is plain http: passwords and tokens cross the network as they are", d->conf.url);
}
