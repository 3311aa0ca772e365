#include "config.h"

#include "store/db_private.h"

#include "crypto/hash.h"

/* sha256(bytes), which PostgreSQL has, too. */
static void sha256_function(sqlite3_context *context, int n, sqlite3_value **values)
{
    uint8_t out[SHA256_BYTES];
    struct bytes in = { sqlite3_value_blob(values[0]), 0 };

    (void)n;
    in.n = (size_t)sqlite3_value_bytes(values[0]);
    sha256(in, out);
    sqlite3_result_blob(context, out, SHA256_BYTES, SQLITE_TRANSIENT);
}

int db_add_functions(sqlite3 *handle)
{
    return sqlite3_create_function_v2(handle, "sha256", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                      sha256_function, NULL, NULL, NULL);
}
