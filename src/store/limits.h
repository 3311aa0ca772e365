/*
 * Rate-limit buckets in limits.db, a disposable file of their own (design D10):
 * one two-tier UPSERT … RETURNING.  On any fault the limiter lets the request
 * pass and logs once a minute; a damaged file is replaced while running.
 */
#ifndef AUTENTICO_STORE_LIMITS_H
#define AUTENTICO_STORE_LIMITS_H

#include "store/db.h"

struct limits; /* the file, its lock, its handle */

struct limits_rates { double rps, rpm; int64_t burst, rpm_burst; }; /* rps <= 0: off; rpm <= 0: minute tier off */

/* dir/limits.db, made anew when `recreate` (cold start) or damaged. */
MUST_CHECK enum rc limits_open(const char *dir, bool recreate, const struct limits_rates *rates, struct limits **out);
void limits_close(struct limits *l);
/* key: the client address, IPv6 already cut to /64.  now_ms: wall-clock milliseconds.
 * true: let it pass. */
bool limits_take(struct limits *l, const char *key, int64_t now_ms);
void limits_refund(struct limits *l, const char *key, int64_t now_ms); /* design D11b */
void limits_sweep(struct limits *l, int64_t now_ms);                   /* idle over 10 minutes */
struct db *limits_db(struct limits *l); /* for the plan check; NULL while there is none */

#endif
