/*
 * The table of variables (spec/settings.md 2 and 2b): private to src/conf.
 */
#ifndef AUTENTICO_CONF_KEYS_H
#define AUTENTICO_CONF_KEYS_H

#include <stddef.h>

#include "conf/conf.h"

enum key_type {
    KEY_TEXT, KEY_PATH, KEY_BOOL, KEY_INT, KEY_DOUBLE, KEY_DURATION, KEY_OCTAL, KEY_NETS,
    KEY_SWITCH,      /* KEY_BOOL that may be unset: int, -1 */
    KEY_CHOICE,      /* `choices`: "a b c", the value is the index */
    KEY_SECRET,      /* offset in struct secrets */
    KEY_PEM,         /* base64 of a PEM */
    KEY_UNUSED,      /* accepted, ignored */
    KEY_NOT_EMPTY,   /* accepted, unused, refused when set but empty (design D16) */
    KEY_ALIAS,       /* another name of the key `choices` */
    KEY_ELSEWHERE,   /* read by a subcommand */
    KEY_LATER,       /* feature not built yet: refused unless its default (design D17) */
};

struct key {
    const char *name;
    enum key_type type;
    const char *initial;   /* default; NULL: computed, or absent */
    int64_t min, max;      /* KEY_INT, KEY_DURATION (seconds); 0, 0: any not negative */
    size_t offset;
    const char *choices;
    const char *help;
};
extern const struct key conf_keys[];
extern const size_t conf_keys_n;
const struct key *conf_key_of(const char *name);
/* NAME_FILE of a secret (spec/settings.md 2b): the key of NAME; NULL: of none. */
const struct key *conf_secret_file_key(const char *name);

/* One assignment as found; `value` points into wiped-later memory. */
struct assignment { const char *name, *value; int is_from_file; };
struct assignments { struct assignment v[256]; size_t n; };

/* Reads "KEY=VALUE" lines.  The text stays in `region`, which the caller wipes.
 * `owner` is for conf_check_owner(), when the values are known.  RC_NONE: no such file. */
#define REGION_BYTES (256 * 1024)
struct region { char *p; size_t n, cap; };
void region_new(struct region *r, size_t cap); /* locked, undumpable, wiped on fork */
void region_wipe(struct region *r);
MUST_CHECK enum rc env_file_read(const char *path, FILE *err, struct region *r, struct assignments *out, uid_t *owner);
/* Overwrites secrets in environ and remembers them; their values stay valid. */
void env_process_read(struct region *r, struct assignments *out, FILE *err);

/*
 * The secret in the file that `name` (NAME_FILE) names: its content less one line end, in
 * `region`.  RC_REFUSED: it cannot be read, or others may (what systemd or a container is
 * handed, root's own and 0440, is fine), said to err in one line.  `owner` as above.
 */
MUST_CHECK enum rc conf_secret_file_read(const char *name, const char *path, FILE *err, struct region *r,
                                         const char **value, uid_t *owner);

/* Checks and derived members after all keys are set; faults to err, count returned. */
int conf_derive(struct arena *a, struct conf *c, FILE *err);
int conf_set_secret(const struct key *key, const char *value, struct secrets *s, FILE *err);
/* The owner of `file` (NULL: there is none): root, the caller, or whom the pool will run as
 * (design D22).  is_named: somebody named it, it was not met. */
int conf_check_owner(struct arena *a, const struct conf *c, const char *file, uid_t owner, bool is_named, FILE *err);
int conf_check_secrets(const struct conf *c, bool needs_secrets, FILE *err);
/* AUTENTICO_APP_LISTEN_PORT into tcp_address and tcp_port; the secret it needs. */
int conf_derive_listen(struct arena *a, struct conf *c, FILE *err);
/* AUTENTICO_PASSWORD_COMMAND into password_argv. */
int conf_derive_command(struct arena *a, struct conf *c, FILE *err);
int conf_check_front_secret(const struct conf *c, FILE *err);

#endif
