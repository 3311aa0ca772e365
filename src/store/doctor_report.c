#include "config.h"

#include "store/doctor_report.h"

enum rc doctor_report_keep(struct db *db, const char *text, int64_t now)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO doctor_report (id, report, made_at) VALUES (1, $1, $2)"
        " ON CONFLICT (id) DO UPDATE SET report = excluded.report, made_at = excluded.made_at");

    db_text(q, 1, text);
    db_int(q, 2, now);
    return db_run(q);
}

static void report_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct doctor_report *)out = (struct doctor_report){ col_text(q, 0, a), col_int(q, 1) };
}

enum rc doctor_report_last(struct db *db, struct arena *a, struct doctor_report *out)
{
    return db_one(db_sql(db, "SELECT report, made_at FROM doctor_report WHERE id = 1"), a, report_row, out);
}
