#include "config.h"

#include "conf/keys.h"

/* Fixed while a pool runs. */
static const char *const fixed[] = {
    "AUTENTICO_DB_FILE_PATH", "AUTENTICO_APP_URL", "AUTENTICO_APP_OAUTH_PATH", "AUTENTICO_LISTEN_PORT",
    "AUTENTICO_SOCKET", "AUTENTICO_LOGIN_SOCKET", "AUTENTICO_SOCKET_GROUP", "AUTENTICO_SOCKET_MODE",
    "AUTENTICO_APP_LISTEN_PORT", "AUTENTICO_FRONT", "AUTENTICO_USER", "AUTENTICO_STATE_DIR",
};

static bool is_same(const struct key *key, const struct conf *a, const struct conf *b)
{
    const char *x = (const char *)a + key->offset, *y = (const char *)b + key->offset;

    switch (key->type) {
    case KEY_TEXT:
    case KEY_PATH:
        return text_same(*(const char *const *)x, *(const char *const *)y);
    case KEY_INT:
    case KEY_OCTAL:
    case KEY_DURATION:
        return *(const int64_t *)x == *(const int64_t *)y;
    case KEY_CHOICE:
        return *(const int *)x == *(const int *)y;
    default:
        return true; /* not built yet: its default both times */
    }
}

enum rc conf_check_reload(const struct conf *now, const struct conf *next, FILE *err)
{
    int faults = 0;

    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        const struct key *key = conf_key_of(fixed[i]);

        if (is_same(key, now, next))
            continue;
        fprintf(err, "%s: cannot change while running; restart Autentico\n", key->name);
        faults++;
    }
    return faults == 0 ? RC_OK : RC_REFUSED;
}
