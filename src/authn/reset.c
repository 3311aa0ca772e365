#include "config.h"

#include "authn/reset.h"

#include <string.h>

#include "authn/notice.h"
#include "authn/password.h"
#include "authn/trail.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "store/factors.h"
#include "store/lockouts.h"
#include "store/passkeys.h"
#include "store/passwords.h"
#include "store/sessions.h"
#include "store/settings_table.h"
#include "store/tokens.h"
#include "store/trusted_devices.h"

#define NOT_ME_LIFE_S (7 * 24 * 3600) /* mail is not read every day */

/* ---- making them ---- */

static enum rc add_link(struct exchange *x, struct db *db, const char *user_id, enum link_kind kind, int64_t life_s,
                        struct reset_link *out)
{
    const char *token = random_token(x->arena);
    struct one_time_link l = {
        .token_hash = sha256_of(x->arena, token),
        .kind = kind,
        .user_id = user_id,
        .created_at = x->now,
        .expires_at = x->now + life_s,
    };

    TRY(links_add(db, &l));
    *out = (struct reset_link){ .token = token, .expires_at = l.expires_at };
    return RC_OK;
}

enum rc reset_link_new(struct exchange *x, struct db *db, const char *user_id, enum link_kind kind,
                       struct reset_link *out)
{
    struct reset_link l;

    TRY(links_void_of_user(db, user_id, x->now));
    TRY(add_link(x, db, user_id, kind, x->settings->password_reset_expiration, &l));
    l.url = arena_printf(x->arena, "%s/reset-password?token=%s", x->conf->issuer, l.token);
    *out = l;
    return RC_OK;
}

enum rc not_me_link_new(struct exchange *x, struct db *db, const char *user_id, const char **url)
{
    struct reset_link l;

    TRY(add_link(x, db, user_id, LINK_NOT_ME, NOT_ME_LIFE_S, &l));
    *url = arena_printf(x->arena, "%s/not-me?token=%s", x->conf->issuer, l.token);
    return RC_OK;
}

/* ---- looking ---- */

/* Text that was never a token of ours asks the database nothing. */
static enum rc hash_of(struct exchange *x, const char *token, struct bytes *out)
{
    if (token == NULL || strlen(token) != TOKEN_CHARS || !is_base64url(token))
        return RC_NONE;
    *out = sha256_of(x->arena, token);
    return RC_OK;
}

static bool sets_password(const struct one_time_link *l)
{
    return l->kind != LINK_NOT_ME;
}

static enum rc find(struct exchange *x, const char *token, bool is_reset, struct user *out)
{
    struct one_time_link l;
    struct bytes hash;

    TRY(hash_of(x, token, &hash));
    TRY(links_find(x->db, x->arena, hash, x->now, &l));
    return sets_password(&l) == is_reset ? users_by_id(x->db, x->arena, l.user_id, out) : RC_NONE;
}

enum rc reset_find(struct exchange *x, const char *token, struct user *out)
{
    return find(x, token, true, out);
}

enum rc not_me_find(struct exchange *x, const char *token, struct user *out)
{
    return find(x, token, false, out);
}

/* ---- using them ---- */

struct use {
    struct exchange *x;
    struct bytes token_hash;
    bool is_reset;
    const struct user *user;
    const char *hash;            /* of the new password */
    struct session *session;     /* to begin, or NULL */
    struct one_time_link link;
    struct reset_link next;      /* after "this was not me" */
};

/* RC_NONE takes it all back: the link of another page is none here. */
static enum rc take_link(struct db *db, struct use *u)
{
    TRY(links_use(db, u->x->arena, u->token_hash, u->x->now, &u->link));
    return sets_password(&u->link) == u->is_reset ? RC_OK : RC_NONE;
}

static enum rc end_everything(struct db *db, struct use *u, const char *why)
{
    const char *user_id = u->link.user_id;

    TRY(links_void_of_user(db, user_id, u->x->now));
    TRY(trusted_devices_remove_of_user(db, user_id));
    TRY(sessions_end_of_user(db, user_id, NULL, why, u->x->now));
    return families_revoke_of_user(db, user_id, NULL, why, u->x->now);
}

/* An administrator who lets somebody in again means the wrong codes too; whoever reads the
 * mailbox has still to wait (RFC 4226 7.3). */
static enum rc unlock(struct db *db, const struct use *u)
{
    TRY(lockouts_clear(db, u->link.user_id));
    return u->link.kind == LINK_RECOVER ? lockouts_clear_factor(db, u->link.user_id) : RC_OK;
}

static enum rc finish(struct db *db, void *arg)
{
    struct use *u = arg;

    TRY(take_link(db, u));
    TRY(passwords_set(db, u->link.user_id, u->hash, u->x->now));
    TRY(unlock(db, u));
    TRY(end_everything(db, u, "password_reset"));
    TRY(notice_queue(u->x, db, u->user, NOTICE_RESET));
    if (u->session != NULL)
        TRY(sessions_add(db, u->session));
    return trail(u->x, "password_reset_completed", NULL, "user", u->link.user_id, (char *)NULL);
}

enum rc reset_finish(struct exchange *x, const char *token, const char *password, struct session *session)
{
    struct use u = { .x = x, .is_reset = true, .session = session };
    struct user user;

    TRY(hash_of(x, token, &u.token_hash));
    TRY(reset_find(x, token, &user)); /* nobody hashes for strangers */
    u.user = &user;
    if (session != NULL)
        session->user_id = user.id;
    TRY(password_rules(x, password));
    TRY(password_hash(x, password, &u.hash));
    return db_write(x->db, finish, &u);
}

/* What was added by the change that was disowned, or since then; and recovery codes, which
 * whoever made it has seen.  The link is of the same second as the change. */
static enum rc remove_additions(struct db *db, const struct use *u)
{
    const char *user_id = u->link.user_id;
    struct totp app;
    enum rc rc;

    TRY(passkeys_remove_since(db, user_id, u->link.created_at));
    TRY(factors_recovery_replace(db, user_id, NULL, 0, u->x->now));
    rc = factors_totp_find(db, u->x->arena, user_id, &app);
    if (rc == RC_OK && (app.confirmed_at == 0 || app.confirmed_at >= u->link.created_at))
        rc = factors_totp_remove(db, user_id);
    return rc == RC_NONE ? RC_OK : rc;
}

static enum rc disown(struct db *db, void *arg)
{
    struct use *u = arg;

    TRY(take_link(db, u));
    TRY(passwords_remove(db, u->link.user_id));
    TRY(remove_additions(db, u));
    TRY(end_everything(db, u, "not_me"));
    TRY(reset_link_new(u->x, db, u->link.user_id, LINK_RESET, &u->next));
    return trail(u->x, "change_disowned", NULL, "user", u->link.user_id, (char *)NULL);
}

enum rc not_me_finish(struct exchange *x, const char *token, struct reset_link *out)
{
    struct use u = { .x = x };

    TRY(hash_of(x, token, &u.token_hash));
    TRY(db_write(x->db, disown, &u));
    *out = u.next;
    return RC_OK;
}
