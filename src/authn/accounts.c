#include "config.h"

#include "authn/accounts.h"

#include <string.h>

#include "authn/password.h"
#include "authn/trail.h"
#include "crypto/random.h"
#include "store/clients.h"
#include "store/passwords.h"
#include "store/sessions.h"
#include "store/settings_table.h"

#define EMAIL_MAX 254 /* RFC 5321 4.5.3.1.3 */

static bool is_email_mode(const struct exchange *x, const char *mode)
{
    return text_same(x->settings->profile_field_email, mode);
}

static enum rc check_email(struct exchange *x, const char *email)
{
    if (text_empty(email)) {
        if (is_email_mode(x, "required"))
            return refuse(&x->no, REFUSE_VALIDATION, "Email is missing");
        return RC_OK;
    }
    if (strlen(email) > EMAIL_MAX || !is_email(email))
        return refuse(&x->no, REFUSE_VALIDATION, "Email is not an e-mail address");
    return RC_OK;
}

/* profile_field_email = is_username: the name is the address. */
static enum rc check_username(struct exchange *x, struct account_form *form)
{
    TRY(username_rules(x, form->username));
    if (!is_email_mode(x, "is_username"))
        return RC_OK;
    if (strlen(form->username) > EMAIL_MAX || !is_email(form->username))
        return refuse(&x->no, REFUSE_VALIDATION, "Username must be an e-mail address");
    if (text_empty(form->email))
        form->email = text_lower(x->arena, form->username);
    return RC_OK;
}

enum rc account_check(struct exchange *x, struct account_form *form)
{
    struct account_form f = *form;

    f.username = text_trim(x->arena, f.username);
    f.email = text_lower(x->arena, text_trim(x->arena, f.email));
    TRY(check_username(x, &f));
    TRY(check_email(x, f.email));
    TRY(password_rules(x, f.password));
    *form = f;
    return RC_OK;
}

/* An account about to be written. */
struct addition {
    struct exchange *x;
    struct user user;
    const char *hash;
    const char *source;
    struct session *session;
    bool password_grant;
};

static void fill_user(struct exchange *x, const struct account_form *form, const char *role,
                      struct user *u)
{
    *u = (struct user){ 0 };
    u->id = random_id(x->arena, x->now);
    u->username = form->username;
    u->email = text_empty(form->email) ? NULL : form->email;
    u->role = role;
#define X(claim) u->claim = "";
    PROFILE_CLAIMS(X)
#undef X
    u->registered_at = u->created_at = u->updated_at = x->now;
}

/* Checks again what the caller may have checked: whoever makes an account obeys
 * the rules.  Hashes outside the transaction. */
static enum rc prepare(struct exchange *x, const struct account_form *form, const char *role,
                       const char *source, struct addition *out)
{
    struct account_form f = *form;

    TRY(account_check(x, &f));
    *out = (struct addition){ .x = x, .source = source };
    fill_user(x, &f, role, &out->user);
    return password_hash(x, f.password, &out->hash);
}

static enum rc add_user(struct db *db, const struct addition *n)
{
    enum rc rc = users_add(db, &n->user);

    if (rc == RC_REFUSED && text_same(db_why(db), "users.email"))
        return refuse(&n->x->no, REFUSE_CONFLICT, "That e-mail address is taken");
    if (rc == RC_REFUSED)
        return refuse(&n->x->no, REFUSE_CONFLICT, "That username is taken");
    TRY(rc);
    return passwords_set(db, n->user.id, n->hash, n->x->now);
}

static enum rc write_account(struct db *db, void *arg)
{
    struct addition *n = arg;

    TRY(add_user(db, n));
    return trail(n->x, "user_created", NULL, "user", n->user.id, "source", n->source, NULL);
}

enum rc account_add(struct exchange *x, const struct account_form *form, const char *role,
                    const char *source, struct user *out)
{
    struct addition n;

    TRY(prepare(x, form, role, source, &n));
    TRY(db_write(x->db, write_account, &n));
    *out = n.user;
    return RC_OK;
}

/* No user may exist yet: looked up under the write lock, so that of two first
 * administrators one comes second (flows 16). */
static enum rc claim_first(struct db *db, const struct addition *n)
{
    bool is_any;

    TRY(users_any(db, &is_any));
    if (is_any)
        return refuse(&n->x->no, REFUSE_CONFLICT, "This server is already set up");
    return RC_OK;
}

static enum rc close_onboarding(struct db *db, const struct addition *n)
{
    TRY(settings_put(db, "onboarded", "true", n->x->now));
    TRY(installation_set_onboard_token(db, (struct bytes){ 0 }, 0));
    return installation_bump(db);
}

static enum rc write_first(struct db *db, void *arg)
{
    struct addition *n = arg;

    TRY(claim_first(db, n));
    TRY(add_user(db, n));
    TRY(close_onboarding(db, n));
    TRY(accounts_seed_clients(db, n->x->arena, n->x->conf->url, n->password_grant, n->x->now));
    if (n->session != NULL)
        TRY(sessions_add(db, n->session));
    return trail(n->x, "user_created", &n->user, "user", n->user.id, "source", n->source, NULL);
}

enum rc account_onboard(struct exchange *x, const struct account_form *form,
                        struct session *session, bool password_grant, struct user *out)
{
    struct addition n;

    if (x->settings->onboarded)
        return refuse(&x->no, REFUSE_CONFLICT, "This server is already set up");
    TRY(prepare(x, form, "admin", "onboard", &n));
    n.session = session;
    n.password_grant = password_grant;
    if (session != NULL)
        session->user_id = n.user.id;
    TRY(db_write(x->db, write_first, &n));
    *out = n.user;
    return RC_OK;
}

static struct text_list one_of(struct arena *a, const char *text)
{
    struct text_list list = { arena_array(a, const char *, 1), 1 };

    list.v[0] = text;
    return list;
}

/* spec/settings.md 6 */
static void fill_console(struct arena *a, int64_t now, struct client *c)
{
    *c = (struct client){ .is_public = true, .is_active = true, .profile = "oauth" };
    c->id = random_id(a, now);
    c->scopes = "openid profile email offline_access";
    c->token_endpoint_auth_method = "none";
    c->grant_types = text_split(a, "authorization_code refresh_token", ' ');
    c->response_types = one_of(a, "code");
    c->allow_self_signup = c->trust_device_enabled = c->consent_required = c->require_mfa = -1;
    c->created_at = c->updated_at = now;
}

const char *accounts_console_uri(struct arena *a, const char *url, const char *client_id)
{
    if (text_same(client_id, "autentico-admin"))
        return arena_printf(a, "%s/admin/callback", url);
    if (text_same(client_id, "autentico-account"))
        return arena_printf(a, "%s/account/callback", url);
    return NULL;
}

enum rc accounts_console_check(struct db *db, struct arena *a, const char *url, const char *client_id)
{
    const char *uri = accounts_console_uri(a, url, client_id);
    struct client c;
    enum rc rc = clients_find(db, a, client_id, &c);

    if (rc == RC_NONE) /* the next start makes it */
        return RC_OK;
    TRY(rc);
    for (size_t i = 0; i < c.redirect_uris.n; i++)
        if (text_same(c.redirect_uris.v[i], uri))
            return RC_OK;
    return RC_NONE;
}

/* An existing one is never altered. */
static enum rc seed(struct db *db, struct arena *a, const struct client *c)
{
    struct client ignored;
    enum rc rc = clients_find(db, a, c->client_id, &ignored);

    return rc == RC_NONE ? clients_add(db, c) : rc;
}

enum rc accounts_seed_clients(struct db *db, struct arena *a, const char *url, bool password_grant, int64_t now)
{
    struct client admin, account;

    fill_console(a, now, &admin);
    admin.client_id = "autentico-admin";
    admin.client_name = "Autentico Admin UI";
    admin.redirect_uris = one_of(a, accounts_console_uri(a, url, admin.client_id));
    if (password_grant)
        admin.grant_types = text_split(a, "authorization_code refresh_token password", ' ');
    TRY(seed(db, a, &admin));
    fill_console(a, now, &account);
    account.client_id = "autentico-account";
    account.client_name = "Autentico Account UI";
    account.redirect_uris = one_of(a, accounts_console_uri(a, url, account.client_id));
    account.post_logout_redirect_uris = one_of(a, arena_printf(a, "%s/account/", url));
    account.sso_session_idle_timeout = "24h";
    return seed(db, a, &account);
}
