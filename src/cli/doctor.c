#include "config.h"

#include "cli/doctor.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/outside.h"
#include "store/doctor_report.h"
#include "util/clock.h"

#define CANNOT_LOOK 2

struct doctor_flags { const char *config, *only; bool json, quiet; };

/* --- what checks say -------------------------------------------------------------- */

static void add(struct doctor *d, enum verdict verdict, const char *subject, const char *mend, const char *text)
{
    if (d->found_n == d->found_cap) {
        size_t cap = d->found_cap * 2 + 64;

        d->found = arena_grow(d->arena, d->found, d->found_cap * sizeof(*d->found), cap * sizeof(*d->found));
        d->found_cap = cap;
    }
    d->found[d->found_n++] = (struct finding){ d->check, verdict, subject, text, mend, NULL };
}

#define SAY(verdict, subject, mend)                                                               \
    do {                                                                                          \
        va_list ap_;                                                                              \
        va_start(ap_, fmt);                                                                       \
        add(d, verdict, subject, mend, arena_vprintf(d->arena, fmt, ap_));                        \
        va_end(ap_);                                                                              \
    } while (0)

void doctor_ok(struct doctor *d, const char *fmt, ...)
{
    SAY(VERDICT_OK, "", NULL);
}

void doctor_skip(struct doctor *d, const char *fmt, ...)
{
    SAY(VERDICT_SKIP, "", NULL);
}

void doctor_warn(struct doctor *d, const char *subject, const char *mend, const char *fmt, ...)
{
    SAY(VERDICT_WARN, subject, mend);
}

void doctor_fail(struct doctor *d, const char *subject, const char *mend, const char *fmt, ...)
{
    SAY(VERDICT_FAIL, subject, mend);
}

static size_t first_of(const struct doctor *d, const struct check *check)
{
    size_t i = d->found_n;

    while (i > 0 && d->found[i - 1].check == check)
        i--;
    return i;
}

bool doctor_is_clean(const struct doctor *d)
{
    for (size_t i = first_of(d, d->check); i < d->found_n; i++)
        if (d->found[i].verdict >= VERDICT_WARN)
            return false;
    return true;
}

enum verdict doctor_worst(const struct doctor *d)
{
    enum verdict worst = VERDICT_OK;

    for (size_t i = 0; i < d->found_n; i++)
        if (d->found[i].verdict > worst)
            worst = d->found[i].verdict;
    return worst;
}

/* --- one after another ------------------------------------------------------------ */

/* NULL: it can be looked at. */
static const char *obstacle(const struct doctor *d, enum needs needs)
{
    if (needs >= NEEDS_CONF && d->no_conf != NULL)
        return d->no_conf;
    if (needs == NEEDS_POOL && d->pool.parent == 0)
        return "no server runs here";
    if (needs == NEEDS_OUTSIDE && !d->conf.is_https)
        return "AUTENTICO_APP_URL is not https: nobody comes from outside";
    if (needs >= NEEDS_DB && d->no_db != NULL)
        return d->no_db;
    return needs >= NEEDS_ROWS ? d->no_rows : NULL;
}

static void look(struct doctor *d, const struct check *check)
{
    const char *why = obstacle(d, check->needs);
    size_t before = d->found_n;

    d->check = check;
    if (why != NULL)
        doctor_skip(d, "%s", why);
    else
        check->look(d);
    if (d->found_n == before)
        doctor_ok(d, "%s", check->title);
}

static bool is_wanted(const struct text_list *only, const char *id)
{
    for (size_t i = 0; i < only->n; i++)
        if (text_same(only->v[i], id))
            return true;
    return only->n == 0;
}

/* Checks of files and processes are done by whoever called us; then the pool's uid is taken
 * for good. */
static void look_at_all(struct doctor *d, const struct text_list *only)
{
    bool needs_db = false, is_open = false;

    for (size_t i = 0; i < doctor_checks_n; i++)
        needs_db = needs_db || (doctor_checks[i].needs >= NEEDS_UID && is_wanted(only, doctor_checks[i].id));
    for (size_t i = 0; i < doctor_checks_n; i++) {
        if (!is_open && doctor_checks[i].needs >= NEEDS_UID) {
            doctor_open_db(d, needs_db);
            is_open = true;
        }
        if (is_wanted(only, doctor_checks[i].id))
            look(d, &doctor_checks[i]);
    }
    doctor_waive(d);
}

/* --- what stays of it ------------------------------------------------------------- */

struct keeping { const char *report; int64_t now; };

static enum rc keep(struct db *db, void *arg)
{
    const struct keeping *k = arg;

    return doctor_report_keep(db, k->report, k->now);
}

/* For the console; of a whole run only, or it would seem to be one. */
static void keep_report(struct doctor *d, const struct text_list *only)
{
    struct keeping k = { .now = d->now };

    if (only->n > 0 || d->db == NULL || d->no_rows != NULL)
        return;
    k.report = json_text(d->arena, doctor_json(d));
    if (db_write(d->db, keep, &k) != RC_OK)
        (void)cli_fail("the report could not be kept in the database; the line above says why");
}

/* --- the command ------------------------------------------------------------------ */

static enum rc read_only(struct doctor *d, const char *text, struct text_list *out)
{
    *out = text_split(d->arena, text_or(text, ""), ',');
    for (size_t i = 0; i < out->n; i++)
        if (doctor_check_of(out->v[i]) == NULL)
            return cli_refuse("--only: there is no check \"%s\"; autentico doctor --json names them all", out->v[i]);
    return RC_OK;
}

static int status_of(const struct doctor *d)
{
    enum verdict worst = doctor_worst(d);

    return worst == VERDICT_FAIL ? 2 : worst == VERDICT_WARN ? 1 : 0;
}

static int examine(struct doctor *d, const struct doctor_flags *f)
{
    struct text_list only;

    if (read_only(d, f->only, &only) != RC_OK)
        return CANNOT_LOOK;
    doctor_read_conf(d);
    doctor_read_waivers(d);
    doctor_find_pool(d);
    look_at_all(d, &only);
    keep_report(d, &only);
    if (f->json)
        printf("%s\n", json_text(d->arena, doctor_json(d)));
    else
        doctor_print(d, f->quiet);
    return status_of(d);
}

static void leave(struct doctor *d)
{
    outside_free(d->outside);
    if (d->db != NULL)
        db_close(d->db);
    if (d->lock != NULL)
        write_lock_close(d->lock);
    if (d->no_conf == NULL)
        secrets_free(d->conf.secrets);
    arena_done(d->arena);
}

int cli_doctor(int argc, char **argv)
{
    struct doctor_flags f = { NULL };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config }, { "only", FLAG_TEXT, &f.only },
        { "json", FLAG_SET, &f.json },      { "quiet", FLAG_SET, &f.quiet },
    };
    struct doctor d = { .no_conf = "the configuration was not read" };
    enum rc rc = cli_flags_only("doctor", argc, argv, flags, ARRAY_LEN(flags));

    if (rc != RC_OK)
        return rc == RC_NONE ? 0 : CANNOT_LOOK;
    d.arena = arena_start("doctor");
    d.config = f.config;
    d.now = clock_now();
    log_process("doctor");
    int status = examine(&d, &f);
    leave(&d);
    return status;
}
