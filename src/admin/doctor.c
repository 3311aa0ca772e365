/* What `autentico doctor` found the last time, and how long ago that was. */
#include "config.h"

#include <string.h>

#include "admin/handlers.h"
#include "admin/page.h"
#include "http/response.h"
#include "oidc/console_frame.h"
#include "store/doctor_report.h"

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400
#define OLD_S (8 * DAY_S) /* contrib/cron looks once a week */

/* NULL: it never looked. */
static enum rc read_report(struct exchange *x, struct json **out, int64_t *age_s)
{
    struct doctor_report last;
    enum rc rc = doctor_report_last(x->db, x->arena, &last);

    *out = NULL;
    if (rc == RC_NONE)
        return RC_OK;
    TRY(rc);
    if (json_parse(x->arena, last.text, strlen(last.text), out) != RC_OK)
        return fault("doctor: the report that was kept cannot be read");
    *age_s = x->now > last.made_at ? x->now - last.made_at : 0;
    return RC_OK;
}

static const char *age_words(struct arena *a, int64_t s)
{
    static const struct { int64_t unit_s; const char *name; } units[] = { { DAY_S, "day" }, { HOUR_S, "hour" },
                                                                         { MINUTE_S, "minute" } };

    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        long long n = (long long)(s / units[i].unit_s);

        if (n > 0)
            return arena_printf(a, "%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
    }
    return "less than a minute";
}

/* ---- for people ---- */

static const char *text_in(const struct json *obj, const char *name)
{
    const char *text = "";

    return json_get_str(obj, name, &text) == RC_OK ? text : "";
}

static void add_row(struct exchange *x, struct json *rows, const struct json *finding)
{
    static const char *const names[] = { "id", "status", "subject", "text", "mend", "waiver" };
    struct json *row = json_object(x->arena);

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        json_set_str(row, names[i], text_in(finding, names[i]));
    json_add(rows, row);
}

/* Those of one status, in the order of the report. */
static void add_rows(struct exchange *x, struct json *rows, const struct json *findings, const char *status)
{
    for (size_t i = 0; i < json_len(findings); i++)
        if (text_same(text_in(json_at(findings, i), "status"), status))
            add_row(x, rows, json_at(findings, i));
}

static struct json *rows_of(struct exchange *x, const struct json *report, const char *const *statuses, size_t n)
{
    struct json *rows = json_array(x->arena);

    for (size_t i = 0; i < n; i++)
        add_rows(x, rows, json_get(report, "findings"), statuses[i]);
    return rows;
}

static enum rc show(struct exchange *x, const struct json *report, int64_t age_s)
{
    static const char *const wrong[] = { "fail", "warn" }, *const rest[] = { "waived", "skip", "ok" };
    struct json *vars = json_object(x->arena), *to_mend = rows_of(x, report, wrong, ARRAY_LEN(wrong));

    json_set_bool(vars, "has_report", report != NULL);
    if (report != NULL) {
        json_set_str(vars, "made_at", console_time(x->arena, x->now - age_s));
        json_set_str(vars, "age", age_words(x->arena, age_s));
        json_set_bool(vars, "is_old", age_s > OLD_S);
    }
    json_set_bool(vars, "has_wrong", json_len(to_mend) > 0);
    json_set(vars, "wrong", to_mend);
    json_set(vars, "rest", rows_of(x, report, rest, ARRAY_LEN(rest)));
    return admin_page(x, 200, "admin/doctor", vars);
}

/* ---- both ---- */

enum rc admin_doctor(struct exchange *x)
{
    struct json *obj = json_object(x->arena), *report;
    int64_t age_s = 0;

    TRY(read_report(x, &report, &age_s));
    if (is_page(x))
        return show(x, report, age_s);
    json_set(obj, "report", report);
    if (report != NULL)
        json_set_int(obj, "age_s", age_s);
    else
        json_set_null(obj, "age_s");
    return respond_model(x, 200, SHAPE_DATA, obj);
}
