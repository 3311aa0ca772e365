/*
 * The browser's single-sign-on session: start, find, renew, end (flows 3, 4, 11).
 */
#ifndef AUTENTICO_AUTHN_SESSION_H
#define AUTENTICO_AUTHN_SESSION_H

#include "http/exchange.h"
#include "store/sessions.h"

/* The session of the request's cookie, live and of an active user: sets
 * x->session.  RC_NONE: none.  The cookie's MAC is tried under the current, then
 * the previous key (design D8). */
MUST_CHECK enum rc session_find(struct exchange *x);

/*
 * May this session be reused without a new login at x->now (flows 4)?
 *   idle_limit_s   the client's override or the global setting; 0: no limit
 *   max_age_s      of the request; -1: absent
 */
bool session_is_fresh(const struct exchange *x, const struct session *s, int64_t idle_limit_s, int64_t max_age_s);

/* Keeps a list to sessions that are neither idle nor too old: the clean-up ends those only
 * now and then, and they are over before that. */
void session_live_only(const struct exchange *x, struct sessions_query *q);

/* A new session, to be added inside the caller's db_write with sessions_add; its
 * cookie value is returned in *cookie (only session_cookie_set sends it). */
void session_new(struct exchange *x, const char *user_id, const char *acr, const char *amr, struct session *out,
                 const char **cookie);
/* `s`, of the request's cookie, as a stronger one: another cookie, `acr` and `amr`; to be
 * stored inside the caller's db_write with sessions_step_up. */
void session_stronger(struct exchange *x, const struct session *s, const char *acr, const char *amr,
                      struct session *out, const char **cookie);
void session_cookie_set(struct exchange *x, const char *cookie);
void session_cookie_clear(struct exchange *x);

#endif
