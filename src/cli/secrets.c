#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/env_edit.h"
#include "cli/secrets_file.h"
#include "cli/secrets_retire.h"
#include "conf/conf.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "util/encode.h"

struct secret_flags { const char *config; bool now, json; };

/* A secret of the configuration. */
struct what {
    const char *word;         /* on the command line */
    const char *names[3];     /* of the variable; the first is the one that is written anew */
    const char *previous;
    size_t at, previous_at;   /* in struct secrets */
    char *(*encode)(struct arena *a, struct bytes in);
    bool is_shown;            /* somebody else has to be told */
    const char *overlap, *now; /* what ends when */
};

#define SECRETS(name) offsetof(struct secrets, name), offsetof(struct secrets, name##_previous)

static const struct what whats[] = {
    { "cookie", { "AUTENTICO_COOKIE_SECRET", "AUTENTICO_CSRF_SECRET_KEY" }, "AUTENTICO_COOKIE_SECRET_PREVIOUS",
      SECRETS(cookie), hex_encode, false,
      "Nobody is signed out while the one before is accepted, which it is until you type\n"
      "  autentico secrets retire cookie\n"
      "That is refused for 12 hours.  Whoever comes back before it goes over to the new one; whoever does\n"
      "not has to sign in again (with an sso_session_idle_timeout below that, as by default, anyway).\n",
      "Ended by then: every single sign-on and console session, sign-ins that are half done, codes and\n"
      "links that were sent by mail, mails that still wait.  Refresh and access tokens go on.\n" },
    { "admin-token", { "AUTENTICO_ADMIN_TOKEN" }, "AUTENTICO_ADMIN_TOKEN_PREVIOUS", SECRETS(admin_token), hex_encode, true,
      "The one before is accepted beside it until you type\n"
      "  autentico secrets retire admin-token\n",
      "The one before is refused from then on.\n" },
    { "encryption", { "AUTENTICO_ENCRYPTION_KEY" }, "AUTENTICO_ENCRYPTION_KEY_PREVIOUS",
      SECRETS(encryption), base64_encode, false,
      "The server then seals everything anew in the background, beside its work.  Nothing ends.  When it\n"
      "is done (the log says re_sealed)\n"
      "  autentico secrets retire encryption\n"
      "takes the old key out.  Until then both are needed.  Make a backup afterwards, and keep the new\n"
      "key with it: backups from before need the old one.\n",
      "The server then seals everything anew in the background; the old key is needed until that is done\n"
      "(autentico secrets retire encryption).  Whoever has the old key and a copy of the database can\n"
      "read what is in that copy, whatever is done here.  Therefore also:\n"
      "  autentico keys rotate --now                  the signing keys were sealed with it\n"
      "  a new password at the mail server            smtp_password was\n"
      "  autentico users reset-factor NAME            the authenticator apps of people were\n" },
};

static const struct what *what_of(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(whats); i++)
        if (strcmp(whats[i].word, word) == 0)
            return &whats[i];
    return NULL;
}

static const char *random_text(struct arena *a, const struct what *w)
{
    uint8_t raw[32];

    random_bytes(raw, sizeof(raw));
    const char *text = w->encode(a, BYTES(raw));
    explicit_bzero(raw, sizeof(raw));
    return text;
}

/* --- where it comes from ------------------------------------------------------ */

static bool is_in_environment(struct arena *a, const char *name)
{
    return getenv(name) != NULL || getenv(arena_printf(a, "%s_FILE", name)) != NULL;
}

/* The name under which the file has the value that counts; NULL: it comes from elsewhere. */
static const char *name_in_file(const struct env_edit *e, const struct what *w)
{
    const char *found = NULL;

    for (const char *const *name = w->names; *name != NULL; name++) {
        if (is_in_environment(e->arena, *name))
            return NULL;
        if (env_edit_value(e, *name) != NULL)
            found = *name;
    }
    return found;
}

/* The name of which NAME_FILE leads to it, wherever that is said; NULL: none. */
static const char *name_of_file(const struct conf *conf, const struct what *w)
{
    for (const char *const *name = w->names; *name != NULL; name++)
        if (conf_secret_path(conf, *name) != NULL)
            return *name;
    return NULL;
}

/* The other name of it, where we cannot take it away, would differ then. */
static bool is_elsewhere_too(struct arena *a, const struct what *w, const char *name)
{
    for (const char *const *other = w->names; *other != NULL; other++)
        if (strcmp(*other, name) != 0 && is_in_environment(a, *other))
            return true;
    return false;
}

static bool is_nowhere(const struct env_edit *e, const struct what *w)
{
    for (const char *const *name = w->names; *name != NULL; name++)
        if (is_in_environment(e->arena, *name) || env_edit_has(e, *name))
            return false;
    return true;
}

/* --- rotate ------------------------------------------------------------------ */

static void tell(const struct what *w, bool now)
{
    printf("It counts from the next reload: systemctl reload autentico, or HUP to the server.\n%s", now ? w->now : w->overlap);
}

/* Where we cannot write. */
static enum rc print_new(struct arena *a, const struct what *w, bool now)
{
    printf("The configuration file does not have this secret; put in place where it is kept\n"
           "  %s=%s\n", w->names[0], random_text(a, w));
    if (!now || w->encode == base64_encode)
        printf("  %s=(the value that is there now)\n", w->previous);
    tell(w, now);
    return RC_OK;
}

/* The encryption key before is needed to open what it sealed, compromised or not. */
static bool keeps_previous(const struct what *w, bool now)
{
    return !now || strcmp(w->word, "encryption") == 0;
}

static enum rc rewrite(struct env_edit *e, const struct what *w, const char *name, bool now)
{
    const char *old = env_edit_value(e, name), *made = random_text(e->arena, w);

    for (const char *const *other = w->names; *other != NULL; other++)
        if (strcmp(*other, name) != 0)
            env_edit_set(e, *other, NULL, NULL);
    env_edit_set(e, name, made, NULL);
    env_edit_set(e, w->previous, keeps_previous(w, now) ? old : NULL, name);
    env_edit_set(e, arena_printf(e->arena, "%s_FILE", w->previous), NULL, NULL);
    TRY(env_edit_write(e));
    printf("%s has a new %s%s%s.\n", e->path, name, w->is_shown ? ": " : "", w->is_shown ? made : "");
    tell(w, now);
    return RC_OK;
}

/* It is no overlap yet when both are the same: a command was killed in between. */
static enum rc check_window(const struct conf *conf, const struct what *w, bool now)
{
    const struct secret *one = (const void *)((const char *)conf->secrets + w->at);
    const struct secret *before = (const void *)((const char *)conf->secrets + w->previous_at);
    bool is_open = before->n > 0 && !ct_equal(secret_bytes(one), secret_bytes(before));

    if (!is_open || !keeps_previous(w, now))
        return RC_OK;
    return cli_refuse("the one before is still in use (%s); end that first: autentico secrets retire %s%s", w->previous, w->word,
                   strcmp(w->word, "encryption") != 0 ? ", or --now" : "");
}

/* It stands in a file of its own. */
static enum rc rotate_file(struct arena *a, const struct conf *conf, struct env_edit *e, const struct what *w, const char *name,
                           bool now)
{
    const char *before = conf_secret_path(conf, w->previous);
    struct secret_change c = {
        .name = name, .path = conf_secret_path(conf, name), .names = w->names, .previous = w->previous,
        .value = random_text(a, w), .recipe = w->encode == base64_encode ? "openssl rand -base64 32" : "openssl rand -hex 32",
        .keeps = keeps_previous(w, now),
    };

    if (c.keeps && is_in_environment(a, w->previous))
        return cli_refuse("%s comes from the environment: take it out there first", w->previous);
    TRY(secrets_file_change(a, e, &c));
    if (w->is_shown)
        printf("It is %s\n", c.value);
    if (!c.keeps && before != NULL && !is_in_environment(a, w->previous))
        secrets_file_drop(a, before);
    tell(w, now);
    return RC_OK;
}

static enum rc rotate(struct arena *a, const struct conf *conf, const struct what *w, bool now)
{
    const char *name = name_of_file(conf, w);
    struct env_edit e;

    if (conf->file != NULL)
        TRY(env_edit_read(a, conf->file, &e));
    TRY(check_window(conf, w, now));
    if (name != NULL && !is_elsewhere_too(a, w, name))
        return rotate_file(a, conf, conf->file != NULL ? &e : NULL, w, name, now);
    if (conf->file == NULL)
        return print_new(a, w, now);
    name = w->names[0];
    if (!is_nowhere(&e, w))
        name = name_in_file(&e, w);
    return name != NULL ? rewrite(&e, w, name, now) : print_new(a, w, now);
}

/* --- retire ------------------------------------------------------------------ */

static enum rc retire(struct arena *a, const struct conf *conf, const struct what *w)
{
    const char *path = conf_secret_path(conf, w->previous);
    struct env_edit e;

    if (conf->file != NULL)
        TRY(env_edit_read(a, conf->file, &e));
    if (conf->file == NULL || !env_edit_has(&e, w->previous) || is_in_environment(a, w->previous))
        return cli_refuse("the configuration file has no %s", w->previous);
    env_edit_set(&e, w->previous, NULL, NULL);
    env_edit_set(&e, arena_printf(a, "%s_FILE", w->previous), NULL, NULL);
    TRY(env_edit_write(&e));
    if (path != NULL)
        secrets_file_drop(a, path);
    printf("%s has no %s any more.\nIt counts from the next reload: systemctl reload autentico, or HUP to the server.\n",
           e.path, w->previous);
    return RC_OK;
}

/* --- the command ------------------------------------------------------------- */

static int rotate_client(const char *client_id, const struct secret_flags *f)
{
    static char command[] = "clients", verb[] = "rotate-secret", now[] = "--now", json[] = "--json", config[] = "--config";
    char *argv[8] = { command, verb, (char *)(uintptr_t)client_id };
    int n = 3;

    if (f->now)
        argv[n++] = now;
    if (f->json)
        argv[n++] = json;
    if (f->config != NULL) {
        argv[n++] = config;
        argv[n++] = (char *)(uintptr_t)f->config;
    }
    return cli_clients(n, argv);
}

static int run(const struct what *w, bool is_rotate, const struct secret_flags *f)
{
    struct conf_source source = { .file = f->config, .needs_secrets = false };
    struct arena *a = arena_start("secrets");
    struct conf conf;
    enum rc rc = is_rotate ? RC_OK : secrets_may_retire(w->word, f->config, f->now);

    if (rc == RC_OK)
        rc = conf_load(a, &source, stderr, &conf);
    if (rc == RC_OK) {
        rc = is_rotate ? rotate(a, &conf, w, f->now) : retire(a, &conf, w);
        secrets_free(conf.secrets);
    }
    arena_done(a);
    return cli_exit(rc);
}

static int check_and_run(const char *verb, const char *const *words, size_t words_n, void *arg)
{
    bool is_rotate = strcmp(verb, "rotate") == 0, is_client = words_n > 0 && strcmp(words[0], "client") == 0;
    const struct what *w = words_n > 0 ? what_of(words[0]) : NULL;

    if (!is_rotate && strcmp(verb, "retire") != 0)
        return cli_fail("unknown: secrets %s; see: autentico secrets --help", verb);
    if (is_rotate && is_client)
        return words_n == 2 ? rotate_client(words[1], arg) : cli_fail("secrets rotate client needs one client_id");
    if (w == NULL || words_n != 1)
        return cli_fail("secrets %s what? cookie, admin-token or encryption%s", verb, is_rotate ? ", or client CLIENT_ID" : "");
    return run(w, is_rotate, arg);
}

int cli_secrets(int argc, char **argv)
{
    struct secret_flags f = { NULL };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config }, { "now", FLAG_SET, &f.now }, { "json", FLAG_SET, &f.json },
    };

    return cli_verb("secrets", argc, argv, flags, ARRAY_LEN(flags), check_and_run, &f);
}
