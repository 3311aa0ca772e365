#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "authn/accounts.h"
#include "cli/cli.h"
#include "cli/desk.h"
#include "serve/prepare.h"
#include "store/clients.h"

struct onboard_flags {
    const char *config, *username, *password, *email;
    bool password_grant, token, password_stdin;
};

/* A new set-up link (design D23). */
static enum rc print_token(struct desk *d)
{
    bool has_users;
    char *token;

    TRY(users_any(d->db, &has_users));
    if (d->settings.onboarded || has_users)
        return cli_refuse("this server is set up already");
    TRY(prepare_onboard_token(d->db, d->arena, d->x.now, &token));
    printf("%s/onboard?token=%s\n(once, and for one hour)\n", d->conf.url, token);
    return RC_OK;
}

/* settings 7: without effect on a client that is there already; then say so. */
static enum rc tell_password_grant(struct desk *d)
{
    struct client c;

    TRY(clients_find(d->db, d->arena, "autentico-admin", &c));
    for (size_t i = 0; i < c.grant_types.n; i++)
        if (text_same(c.grant_types.v[i], "password"))
            return RC_OK;
    fprintf(stderr, "note: autentico-admin was here already and was left without the password grant; "
                    "the admin API can add it to its grant_types\n");
    return RC_OK;
}

static enum rc create(struct desk *d, const struct onboard_flags *f)
{
    struct account_form form = { f->username, f->email, f->password };
    struct user user;
    enum rc rc = account_onboard(&d->x, &form, NULL, f->password_grant, &user);

    if (rc == RC_REFUSED)
        desk_say_refusal(d);
    TRY(rc);
    printf("Administrator created\n  Username  %s\n  E-mail    %s\n  Role      %s\n", user.username,
           text_or(user.email, "-"), user.role);
    return f->password_grant ? tell_password_grant(d) : RC_OK;
}

static void fill_from_environment(struct onboard_flags *f)
{
    if (f->username == NULL)
        f->username = getenv("AUTENTICO_ADMIN_USERNAME");
    if (f->password == NULL)
        f->password = getenv("AUTENTICO_ADMIN_PASSWORD");
    if (f->email == NULL)
        f->email = getenv("AUTENTICO_ADMIN_EMAIL");
    if (!f->password_grant && text_bool(getenv("AUTENTICO_ENABLE_ADMIN_PASSWORD_GRANT"), &f->password_grant) != RC_OK)
        f->password_grant = false;
}

static enum rc ask_for_missing(struct arena *a, struct onboard_flags *f)
{
    char *typed;
    enum rc rc;

    if (text_empty(f->username))
        return cli_refuse("--username is missing");
    if (!text_empty(f->password) && !f->password_stdin)
        return RC_OK;
    rc = cli_read_secret(a, "Password", f->password_stdin, &typed);
    if (rc == RC_OK)
        f->password = typed;
    if (rc != RC_NONE)
        return rc;
    return cli_refuse("a password is needed: --password, AUTENTICO_ADMIN_PASSWORD, or a line on standard input");
}

static enum rc onboard(struct desk *d, struct onboard_flags *f)
{
    TRY(desk_open(d, f->config, true));
    if (f->token)
        return print_token(d);
    TRY(ask_for_missing(d->arena, f));
    return create(d, f);
}

int cli_onboard(int argc, char **argv)
{
    struct onboard_flags f = { NULL };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config },
        { "username", FLAG_TEXT, &f.username },
        { "password", FLAG_TEXT, &f.password },
        { "email", FLAG_TEXT, &f.email },
        { "enable-admin-password-grant", FLAG_SET, &f.password_grant },
        { "token", FLAG_SET, &f.token },
        { "password-stdin", FLAG_SET, &f.password_stdin },
    };
    enum rc rc = cli_flags_only("onboard", argc, argv, flags, ARRAY_LEN(flags));
    struct desk d;

    if (rc != RC_OK)
        return cli_exit(rc);
    fill_from_environment(&f);
    rc = onboard(&d, &f);
    desk_close(&d);
    return cli_exit(rc);
}
