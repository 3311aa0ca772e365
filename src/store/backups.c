#include "config.h"

#include "store/backups.h"

enum rc backups_note(struct db *db, const struct backup *b)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO last_backup (id, file, bytes_n, is_encrypted, taken_at, verified_at)"
        " VALUES (1, $1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET file = excluded.file,"
        " bytes_n = excluded.bytes_n, is_encrypted = excluded.is_encrypted,"
        " taken_at = excluded.taken_at, verified_at = excluded.verified_at");

    db_text(q, 1, b->file);
    db_int(q, 2, b->bytes_n);
    db_bool(q, 3, b->is_encrypted);
    db_int(q, 4, b->taken_at);
    db_int(q, 5, b->verified_at);
    return db_run(q);
}

static void backup_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct backup *)out = (struct backup){
        .file = col_text(q, 0, a),
        .bytes_n = col_int(q, 1),
        .is_encrypted = col_bool(q, 2),
        .taken_at = col_int(q, 3),
        .verified_at = col_int(q, 4),
    };
}

enum rc backups_last(struct db *db, struct arena *a, struct backup *out)
{
    return db_one(db_sql(db, "SELECT file, bytes_n, is_encrypted, taken_at, verified_at FROM last_backup"
                             " WHERE id = 1"), a, backup_row, out);
}
