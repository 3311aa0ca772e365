/*
 * What somebody has decided to live with: a file of lines
 *
 *     ID[:SUBJECT] YYYY-MM-DD why
 *
 * beside the configuration.  A waiver ends with its day, a year from now at the latest, so
 * that somebody decides again.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "util/clock.h"
#include "util/sbuf.h"

#define FILE_MAX (64 * 1024)
#define LONGEST_S (366 * 86400LL)
#define DAY_S 86400

struct waiver { const char *id, *subject, *until, *why; int64_t until_at; };

static enum rc read_text(struct doctor *d, int fd, struct stat *st)
{
    char *text = arena_alloc(d->arena, FILE_MAX + 1);
    ssize_t n;

    if (fstat(fd, st) != 0 || (n = read(fd, text, FILE_MAX)) < 0)
        return RC_NONE;
    text[n] = '\0';
    d->waivers.text = text;
    return RC_OK;
}

static bool is_ours(const struct stat *st)
{
    return (st->st_mode & (S_IWGRP | S_IWOTH)) == 0 && (st->st_uid == 0 || st->st_uid == geteuid());
}

static const char *path_of(struct doctor *d)
{
    const char *dir = d->conf.file != NULL ? text_directory(d->arena, d->conf.file) : ".";

    return text_same(dir, ".") ? "doctor.waivers" : arena_printf(d->arena, "%s/doctor.waivers", dir);
}

/* Before the uid changes: it lies where the configuration is. */
void doctor_read_waivers(struct doctor *d)
{
    struct stat st;

    if (d->no_conf != NULL)
        return;
    d->waivers.path = path_of(d);
    int fd = open(d->waivers.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        d->waivers.wrong = errno == ENOENT ? NULL : strerror(errno);
        return;
    }
    if (read_text(d, fd, &st) != RC_OK)
        d->waivers.wrong = "cannot be read";
    else if (!is_ours(&st))
        d->waivers.wrong = "can be written by others, or is somebody else's: nothing in it counts";
    close(fd);
}

/* --- a line ----------------------------------------------------------------------- */

static char *next_word(char **p)
{
    char *word = *p + strspn(*p, " \t");
    size_t n = strcspn(word, " \t");

    *p = word + n;
    if (**p != '\0')
        *(*p)++ = '\0';
    return word;
}

/* What is wrong with it; NULL: nothing. */
static const char *parse(struct doctor *d, char *line, struct waiver *w)
{
    char *id = next_word(&line), *colon = strchr(id, ':');
    int is_date = 0;

    *w = (struct waiver){ .id = id, .until = next_word(&line), .why = line + strspn(line, " \t"), .subject = "" };
    if (colon != NULL) {
        *colon = '\0';
        w->subject = colon + 1;
    }
    if (doctor_check_of(w->id) == NULL)
        return arena_printf(d->arena, "there is no check \"%s\"", w->id);
    if (clock_parse(w->until, &w->until_at, &is_date) != RC_OK || !is_date)
        return "behind the check there has to be a day, YYYY-MM-DD";
    if (*w->why == '\0')
        return "behind the day there has to be a reason";
    if (w->until_at > d->now + LONGEST_S)
        return "its day is more than a year away";
    w->until_at += DAY_S; /* the whole day */
    return w->until_at <= d->now ? arena_printf(d->arena, "it has ended on %s", w->until) : NULL;
}

typedef void line_fn(struct doctor *d, int n, const struct waiver *w, const char *wrong);

static void each_line(struct doctor *d, line_fn *fn)
{
    char *text = d->waivers.text != NULL && d->waivers.wrong == NULL ? arena_strdup(d->arena, d->waivers.text) : NULL, *end;

    for (int n = 1; text != NULL; n++, text = end) {
        struct waiver w;

        end = strchr(text, '\n');
        if (end != NULL)
            *end++ = '\0';
        char *line = text_trim(d->arena, text);
        if (*line != '\0' && *line != '#') {
            const char *wrong = parse(d, line, &w);

            fn(d, n, &w, wrong);
        }
    }
}

/* --- the check, and what they do -------------------------------------------------- */

static void tell_wrong(struct doctor *d, int n, const struct waiver *w, const char *wrong)
{
    (void)w;
    if (wrong != NULL)
        doctor_warn(d, arena_printf(d->arena, "line %d", n),
                    mend_printf(d, "sed -i '%ds/^/# /' %s", n, mend_quote(d->arena, d->waivers.path)), "%s: %s", d->waivers.path, wrong);
}

void doctor_waivers(struct doctor *d)
{
    if (d->waivers.wrong != NULL) {
        doctor_fail(d, "", mend_printf(d, "chown root %s && chmod 0644 %s", mend_quote(d->arena, d->waivers.path),
                                       mend_quote(d->arena, d->waivers.path)), "%s %s", d->waivers.path, d->waivers.wrong);
        return;
    }
    if (d->waivers.text == NULL)
        doctor_ok(d, "there are none (%s)", d->waivers.path);
    each_line(d, tell_wrong);
}

static void apply(struct doctor *d, int n, const struct waiver *w, const char *wrong)
{
    (void)n;
    for (size_t i = 0; i < d->found_n && wrong == NULL; i++) {
        struct finding *f = &d->found[i];

        if (f->verdict < VERDICT_WARN || !text_same(f->check->id, w->id) || text_same(w->id, "waivers") ||
            (*w->subject != '\0' && !text_same(w->subject, f->subject)))
            continue;
        f->verdict = VERDICT_WAIVED;
        f->waiver = arena_printf(d->arena, "until %s: %s", w->until, w->why);
    }
}

void doctor_waive(struct doctor *d)
{
    each_line(d, apply);
}
