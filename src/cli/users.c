#include "config.h"

#include <string.h>

#include "admin/handlers.h"
#include "authn/accounts.h"
#include "cli/act.h"
#include "cli/cli.h"
#include "http/response.h"
#include "store/passkeys.h"
#include "store/users.h"
#include "util/clock.h"

#define ONE "/admin/api/users/:id"

struct user_flags {
    const char *config, *email;
    bool admin, json, password_stdin;
};

static enum rc ask_password(struct desk *d, const struct user_flags *f, char **out)
{
    enum rc rc = cli_read_secret(d->arena, "Password", f->password_stdin, out);

    if (rc != RC_NONE)
        return rc;
    return cli_refuse("a password is needed: type it, or give it as a line on standard input");
}

static enum rc add(struct desk *d, const char *username, const struct user_flags *f)
{
    struct account_form form = { .username = username, .email = f->email };
    struct user user;
    char *password;

    TRY(ask_password(d, f, &password));
    form.password = password;
    enum rc rc = account_add(&d->x, &form, f->admin ? "admin" : "user", "cli", &user);
    if (rc == RC_REFUSED)
        desk_say_refusal(d);
    TRY(rc);
    printf("%s created, id %s, role %s\n", user.username, user.id, user.role);
    return RC_OK;
}

static void print_user(struct desk *d, const struct user *u, bool as_json)
{
    bool is_locked = u->locked_until_at > d->x.now;
    struct json *obj;

    if (!as_json) {
        printf("%-32s %-32s %-6s %s\n", u->username, text_or(u->email, "-"), u->role, is_locked ? "locked" : "");
        return;
    }
    obj = json_object(d->arena);
    json_set_str(obj, "id", u->id);
    json_set_str(obj, "username", u->username);
    json_set_str(obj, "email", text_or(u->email, ""));
    json_set_str(obj, "role", u->role);
    json_set_bool(obj, "is_locked", is_locked);
    json_set_str(obj, "created_at", clock_rfc3339(d->arena, u->created_at));
    act_print_json(d, obj);
}

static enum rc list(struct desk *d, const struct user_flags *f)
{
    struct users_page page = { .total = 1 };

    for (int64_t at = 0; at < page.total; at += 100) {
        struct users_query q = { .list = { .limit = 100, .offset = at, .sort = "username" }, .is_email_verified = -1 };

        TRY(users_list(d->db, d->arena, &q, &page));
        for (size_t i = 0; i < page.n; i++)
            print_user(d, &page.v[i], f->json);
    }
    return RC_OK;
}

static enum rc find(struct desk *d, const char *username, struct user *out)
{
    enum rc rc = users_by_username(d->db, d->arena, username, out);

    if (rc != RC_NONE)
        return rc;
    return cli_refuse("there is no user \"%s\"", username);
}

static enum rc find_id(struct desk *d, const char *username, const char **id)
{
    struct user user;

    TRY(find(d, username, &user));
    *id = user.id;
    return RC_OK;
}

static enum rc set_password(struct desk *d, const char *username, const struct user_flags *f)
{
    struct json *body = json_object(d->arena);
    const char *id;
    char *password;

    TRY(find_id(d, username, &id));
    TRY(ask_password(d, f, &password));
    json_set_str(body, "password", password);
    TRY(act(d, admin_users_update, ONE, arena_printf(d->arena, "/admin/api/users/%s", id), body));
    printf("The password of %s is changed; their sessions have ended\n", username);
    return RC_OK;
}

static enum rc unlock(struct desk *d, const char *username)
{
    const char *id;

    TRY(find_id(d, username, &id));
    TRY(act(d, admin_users_unlock, ONE "/unlock", arena_printf(d->arena, "/admin/api/users/%s/unlock", id), NULL));
    printf("%s is unlocked\n", username);
    return RC_OK;
}

static enum rc reset_factor(struct desk *d, const char *username)
{
    struct user user;

    TRY(find(d, username, &user));
    if (user.totp_since == 0)
        return cli_refuse("%s has no authenticator app", username);
    TRY(act(d, admin_user_factor_reset, ONE "/factors/totp",
            arena_printf(d->arena, "/admin/api/users/%s/factors/totp", user.id), NULL));
    printf("The authenticator app of %s is removed; their sessions have ended\n", username);
    return RC_OK;
}

static enum rc remove_passkeys(struct desk *d, const char *username)
{
    struct passkey_rows have;
    const char *id;

    TRY(find_id(d, username, &id));
    TRY(passkeys_of_user(d->db, d->arena, id, &have));
    if (have.n == 0)
        return cli_refuse("%s has no passkeys", username);
    TRY(act(d, admin_user_passkeys_remove, ONE "/factors/passkeys",
            arena_printf(d->arena, "/admin/api/users/%s/factors/passkeys", id), NULL));
    printf("The passkeys of %s are removed; their sessions have ended\n", username);
    return RC_OK;
}

static enum rc recover(struct desk *d, const char *username, const struct user_flags *f)
{
    struct json *made;
    const char *id;

    TRY(find_id(d, username, &id));
    TRY(act(d, admin_user_recovery_link, ONE "/recovery-link",
            arena_printf(d->arena, "/admin/api/users/%s/recovery-link", id), NULL));
    made = d->x.rs->model;
    if (f->json)
        act_print_json(d, made);
    else
        printf("%s\n(once, until %s; whoever has it can choose the password of %s)\n", json_str(json_get(made, "url")),
               json_str(json_get(made, "expires_at")), username);
    return RC_OK;
}

static enum rc run(struct desk *d, const char *verb, const char *word, const struct user_flags *f)
{
    TRY(desk_open(d, f->config, false));
    if (strcmp(verb, "add") == 0)
        return add(d, word, f);
    if (strcmp(verb, "set-password") == 0)
        return set_password(d, word, f);
    if (strcmp(verb, "unlock") == 0)
        return unlock(d, word);
    if (strcmp(verb, "reset-factor") == 0)
        return reset_factor(d, word);
    if (strcmp(verb, "remove-passkeys") == 0)
        return remove_passkeys(d, word);
    if (strcmp(verb, "recover") == 0)
        return recover(d, word, f);
    return list(d, f);
}

static bool takes_word(const char *verb)
{
    static const char *const verbs[] = { "add", "set-password", "unlock", "reset-factor", "remove-passkeys", "recover" };

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (strcmp(verb, verbs[i]) == 0)
            return true;
    return false;
}

static int check_and_run(const char *verb, const char *const *words, size_t words_n, void *arg)
{
    const struct user_flags *f = arg;
    struct desk d;

    if (!takes_word(verb) && strcmp(verb, "list") != 0)
        return cli_fail("unknown: users %s; see: autentico users --help", verb);
    if (words_n != (takes_word(verb) ? 1 : 0))
        return cli_fail("users %s %s", verb, takes_word(verb) ? "needs one username" : "takes flags only");
    enum rc rc = run(&d, verb, words_n > 0 ? words[0] : NULL, f);
    desk_close(&d);
    return cli_exit(rc);
}

int cli_users(int argc, char **argv)
{
    struct user_flags f = { NULL };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config },
        { "email", FLAG_TEXT, &f.email },
        { "admin", FLAG_SET, &f.admin },
        { "json", FLAG_SET, &f.json },
        { "password-stdin", FLAG_SET, &f.password_stdin },
    };

    return cli_verb("users", argc, argv, flags, ARRAY_LEN(flags), check_and_run, &f);
}
