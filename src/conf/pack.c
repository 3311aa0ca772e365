#include "config.h"

#include <string.h>

#include "conf/keys.h"
#include "util/encode.h"
#include "util/sbuf.h"

static bool is_secret(const struct key *key)
{
    return key->type == KEY_SECRET || key->type == KEY_PEM;
}

/* What another machine needs of it.  Secrets follow by themselves, wherever they came from;
 * a word that is no key of ours (NAME_FILE of a secret among them) means nothing there. */
static bool is_kept(const char *name)
{
    const struct key *key = conf_key_of(name);

    return key != NULL && !is_secret(key) && key->type != KEY_ALIAS && key->type != KEY_ELSEWHERE;
}

/* The quotes are taken off when it is read, once. */
static void put(struct sbuf *out, const char *name, const char *value)
{
    sbuf_printf(out, "%s=\"%s\"\n", name, value);
}

static void put_found(struct sbuf *out, const struct assignments *found)
{
    for (size_t i = 0; i < found->n; i++)
        if (is_kept(found->v[i].name))
            put(out, found->v[i].name, found->v[i].value);
}

static void put_secret(struct arena *a, struct sbuf *out, const struct key *key, const struct secret *s)
{
    if (s->n == 0)
        return;
    if (key->max < 0) /* used as text */
        put(out, key->name, arena_strndup(a, (const char *)s->p, s->n));
    else
        put(out, key->name, base64_encode(a, (struct bytes){ s->p, s->n }));
}

static void put_secrets(struct arena *a, struct sbuf *out, const struct secrets *secrets)
{
    for (size_t i = 0; i < conf_keys_n; i++)
        if (conf_keys[i].type == KEY_SECRET)
            put_secret(a, out, &conf_keys[i], (const void *)((const char *)secrets + conf_keys[i].offset));
    if (secrets->private_key_pem[0] != '\0')
        put(out, "AUTENTICO_PRIVATE_KEY", base64_encode(a, bytes_of(secrets->private_key_pem)));
}

enum rc conf_pack(struct arena *a, const struct conf *c, FILE *err, struct bytes *out)
{
    struct assignments *found = arena_new(a, struct assignments);
    enum rc rc = RC_OK;
    struct region region;
    struct sbuf text;
    uid_t owner;

    sbuf_init(&text, a, 8192);
    sbuf_add(&text, "# As it was when the backup was made.  Every secret is in it: nobody else may read it.\n");
    region_new(&region, REGION_BYTES);
    if (c->file != NULL)
        rc = env_file_read(c->file, err, &region, found, &owner);
    if (rc == RC_OK) {
        env_process_read(&region, found, err); /* later lines win, as the environment did */
        put_found(&text, found);
        put_secrets(a, &text, c->secrets);
    }
    region_wipe(&region);
    if (rc == RC_OK)
        *out = sbuf_bytes(&text);
    return rc == RC_NONE ? RC_REFUSED : rc;
}
