#include "config.h"

#include <string.h>

#include "cli/doctor.h"
#include "util/clock.h"

static const char *const words[VERDICTS_N] = { "ok", "skip", "waived", "warn", "fail" };

const char *verdict_word(enum verdict v)
{
    return words[v];
}

static void count(const struct doctor *d, int64_t out[VERDICTS_N])
{
    memset(out, 0, VERDICTS_N * sizeof(*out));
    for (size_t i = 0; i < d->found_n; i++)
        out[d->found[i].verdict]++;
}

/* --- for programs ----------------------------------------------------------------- */

static struct json *finding_json(struct arena *a, const struct finding *f)
{
    struct json *obj = json_object(a);

    json_set_str(obj, "id", f->check->id);
    json_set_str(obj, "title", f->check->title);
    json_set_str(obj, "status", words[f->verdict]);
    json_set_str_nonempty(obj, "subject", f->subject);
    json_set_str(obj, "text", f->text);
    json_set_str(obj, "mend", f->mend);
    json_set_str(obj, "waiver", f->waiver);
    return obj;
}

struct json *doctor_json(struct doctor *d)
{
    struct json *obj = json_object(d->arena), *counts = json_object(d->arena), *list = json_array(d->arena);
    int64_t n[VERDICTS_N];

    count(d, n);
    for (int v = 0; v < VERDICTS_N; v++)
        json_set_int(counts, words[v], n[v]);
    for (size_t i = 0; i < d->found_n; i++)
        json_add(list, finding_json(d->arena, &d->found[i]));
    json_set_str(obj, "made_at", clock_rfc3339(d->arena, d->now));
    json_set_str(obj, "product_version", PACKAGE_VERSION);
    if (d->no_conf == NULL)
        json_set_str(obj, "url", d->conf.url);
    json_set_str(obj, "status", words[doctor_worst(d)]);
    json_set(obj, "counts", counts);
    json_set(obj, "findings", list);
    return obj;
}

/* --- for people ------------------------------------------------------------------- */

static void print_finding(const struct finding *f)
{
    const char *subject = text_or(f->subject, "");

    printf("%-7s %-20s %s%s%s\n", words[f->verdict], f->check->id, subject, *subject != '\0' ? ": " : "", f->text);
    if (f->waiver != NULL)
        printf("%-7s %-20s waived %s\n", "", "", f->waiver);
    if (f->mend != NULL && f->verdict >= VERDICT_WARN)
        printf("%-7s %-20s type: %s\n", "", "", f->mend);
}

void doctor_print(struct doctor *d, bool is_quiet)
{
    int64_t n[VERDICTS_N];

    for (size_t i = 0; i < d->found_n; i++)
        if (!is_quiet || d->found[i].verdict >= VERDICT_WARN)
            print_finding(&d->found[i]);
    count(d, n);
    if (!is_quiet)
        printf("\n%lld fail, %lld warn, %lld waived, %lld not looked at, %lld ok\n", (long long)n[VERDICT_FAIL],
               (long long)n[VERDICT_WARN], (long long)n[VERDICT_WAIVED], (long long)n[VERDICT_SKIP],
               (long long)n[VERDICT_OK]);
}
