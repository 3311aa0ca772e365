#include "config.h"

#include "store/clients_kept.h"

#include <stdlib.h>

#include "util/log.h"

#define KEPT_MAX 32
#define KEPT_BYTES_MAX ((size_t)96 * 1024) /* a registration may have many redirect_uris */

struct kept {
    struct client client;
    bool has_secrets;
    struct client_secrets secrets; /* not expired when they were read */
};

struct clients_kept {
    struct arena *arena;
    struct kept *v[KEPT_MAX];
    size_t n;
};

struct clients_kept *clients_kept_new(void)
{
    struct clients_kept *k = calloc(1, sizeof *k);

    if (k == NULL)
        die("store: no memory");
    k->arena = arena_start("clients");
    return k;
}

void clients_kept_free(struct clients_kept *k)
{
    if (k == NULL)
        return;
    arena_done(k->arena);
    free(k);
}

void clients_kept_empty(struct clients_kept *k)
{
    arena_reset(k->arena);
    k->n = 0;
}

void clients_kept_trim(struct clients_kept *k)
{
    if (k->n == KEPT_MAX || arena_size(k->arena) > KEPT_BYTES_MAX)
        clients_kept_empty(k);
}

static struct kept *recall(const struct clients_kept *k, const char *client_id)
{
    for (size_t i = 0; k != NULL && i < k->n; i++)
        if (text_same(k->v[i]->client.client_id, client_id))
            return k->v[i];
    return NULL;
}

/* Whoever asks for clients that do not exist takes no room. */
static enum rc keep(struct clients_kept *k, struct db *db, const char *client_id, struct client **out)
{
    struct client c;

    TRY(clients_find(db, k->arena, client_id, &c));
    struct kept *kept = arena_new(k->arena, struct kept);
    kept->client = c;
    k->v[k->n++] = kept;
    *out = &kept->client;
    return RC_OK;
}

enum rc clients_known(struct clients_kept *k, struct db *db, struct arena *a, const char *client_id,
                      struct client **out)
{
    struct kept *kept = recall(k, client_id);

    if (kept == NULL && k != NULL && k->n < KEPT_MAX)
        return keep(k, db, client_id, out);
    if (kept == NULL) {
        struct client *c = arena_new(a, struct client);

        TRY(clients_find(db, a, client_id, c));
        *out = c;
        return RC_OK;
    }
    *out = &kept->client;
    return RC_OK;
}

static struct client_secrets alive(struct arena *a, const struct client_secrets *all, int64_t now)
{
    struct client_secrets out = { .v = arena_array(a, struct client_secret, all->n + 1) };

    for (size_t i = 0; i < all->n; i++)
        if (all->v[i].expires_at == 0 || all->v[i].expires_at > now)
            out.v[out.n++] = all->v[i];
    return out;
}

enum rc clients_known_secrets(struct clients_kept *k, struct db *db, struct arena *a, const char *client_id,
                              int64_t now, struct client_secrets *out)
{
    struct kept *kept = recall(k, client_id);

    if (kept == NULL)
        return clients_secrets(db, a, client_id, now, out);
    if (!kept->has_secrets) {
        TRY(clients_secrets(db, k->arena, client_id, now, &kept->secrets));
        kept->has_secrets = true;
    }
    *out = alive(a, &kept->secrets, now);
    return RC_OK;
}
