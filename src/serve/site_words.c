#include "config.h"

#include "serve/site_words.h"

#include <string.h>

#include "util/sbuf.h"

void words_add(struct words *w, const char *name, const char *value)
{
    if (w->n == ARRAY_LEN(w->v))
        die("site: too many words");
    w->v[w->n++] = (struct word){ name, value };
}

enum rc words_check_name(const char *value)
{
    for (const char *p = value; *p != '\0'; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f || strchr("\"'\\$%;|<>{}", *p) != NULL)
            return fault("site: \"%s\" cannot stand in the configuration of a web server", value);
    return RC_OK;
}

enum rc words_add_name(struct words *w, const char *name, const char *value)
{
    TRY(words_check_name(value));
    words_add(w, name, value);
    return RC_OK;
}

static const char *find_word(const struct words *w, const char *name, size_t n)
{
    for (size_t i = 0; i < w->n; i++)
        if (strlen(w->v[i].name) == n && memcmp(w->v[i].name, name, n) == 0)
            return w->v[i].value;
    return NULL;
}

static size_t word_length(const char *p)
{
    return strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
}

enum rc words_fill(struct arena *a, const char *text, const struct words *w, char **out)
{
    struct sbuf b;

    sbuf_init(&b, a, strlen(text) * 2);
    for (const char *p = text; *p != '\0'; p++) {
        size_t n = *p == '@' ? word_length(p + 1) : 0;

        if (n == 0 || p[n + 1] != '@') {
            sbuf_addc(&b, *p);
            continue;
        }
        const char *value = find_word(w, p + 1, n);
        if (value == NULL)
            return fault("site: the template has an unknown word @%.*s@", (int)n, p + 1);
        sbuf_add(&b, value);
        p += n + 1;
    }
    *out = b.text;
    return RC_OK;
}

char *pattern_of(struct arena *a, const char *path)
{
    struct sbuf b;

    sbuf_init(&b, a, strlen(path) * 2 + 1);
    while (*path != '\0') {
        if (*path == ':') {
            sbuf_add(&b, "[^/]+");
            path += strcspn(path, "/");
            continue;
        }
        if (strchr(".+*?()[]{}|^$\\", *path) != NULL)
            sbuf_addc(&b, '\\');
        sbuf_addc(&b, *path++);
    }
    return b.text;
}
