/*
 * Registrations in a worker's memory.  Nearly all requests are those of a few
 * applications, and four statements for each of them cost more than the rest of an
 * introspection.  What is kept is good while installation.settings_version stays: every
 * writer of clients, their lists and their secrets moves it.
 */
#ifndef AUTENTICO_STORE_CLIENTS_KEPT_H
#define AUTENTICO_STORE_CLIENTS_KEPT_H

#include "store/clients.h"

struct clients_kept;

struct clients_kept *clients_kept_new(void);
void clients_kept_free(struct clients_kept *k);
/* The version has moved.  What was handed out is gone. */
void clients_kept_empty(struct clients_kept *k);
/* Between two requests: the same, when there are too many. */
void clients_kept_trim(struct clients_kept *k);

/* As clients_find() and clients_secrets(); `k` NULL keeps nothing.  *out belongs to `k`
 * or `a` and lives until the request is over; only last_used_at may be written to. */
MUST_CHECK enum rc clients_known(struct clients_kept *k, struct db *db, struct arena *a, const char *client_id,
                                 struct client **out);
MUST_CHECK enum rc clients_known_secrets(struct clients_kept *k, struct db *db, struct arena *a,
                                         const char *client_id, int64_t now, struct client_secrets *out);

#endif
