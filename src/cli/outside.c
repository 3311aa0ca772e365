#include "config.h"

#include "cli/outside.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/text.h"

#define DISCOVERY "/.well-known/openid-configuration"
#define SITE_MAX (256 * 1024)

/* --- asking ------------------------------------------------------------------------ */

void outside_ask(struct outside *o, struct probe_ask *ask, struct probe *out)
{
    ask->is_lenient = o->untrusted != NULL;
    probe(o->prober, o->arena, ask, out);
}

void outside_get(struct outside *o, const char *path, const char *header, struct probe *out)
{
    struct probe_ask ask = { .url = arena_printf(o->arena, "%s%s", o->conf->url, path), .headers = { header } };

    outside_ask(o, &ask, out);
}

static const char *server_of(const struct probe *p)
{
    const char *name = text_or(probe_header(p, "Server", NULL), "");

    return text_starts(name, "nginx")      ? "nginx"
           : text_starts(name, "Apache")   ? "apache"
           : text_starts(name, "lighttpd") ? "lighttpd"
                                           : NULL;
}

static void begin(struct outside *o)
{
    const char *path = arena_printf(o->arena, "%s%s", o->conf->oauth_path, DISCOVERY);

    o->prober = prober_new(o->conf->ca_file, &o->unreachable);
    if (o->prober == NULL)
        return;
    o->unreachable = NULL;
    outside_get(o, path, NULL, &o->discovery);
    if (o->discovery.end == PROBE_UNTRUSTED) {
        o->untrusted = o->discovery.why;
        outside_get(o, path, NULL, &o->discovery);
    }
    if (o->discovery.end != PROBE_ANSWERED)
        o->unreachable = o->discovery.why;
    o->server = server_of(&o->discovery);
}

struct outside *outside_new(struct arena *a, const struct conf *conf)
{
    struct outside *o = arena_new(a, struct outside);

    o->arena = a;
    o->conf = conf;
    begin(o);
    return o;
}

void outside_free(struct outside *o)
{
    if (o != NULL)
        prober_free(o->prober);
}

const char *outside_plain(struct outside *o)
{
    return strchr(o->conf->host_port, ']') == NULL && strchr(o->conf->host_port, ':') != NULL
               ? NULL
               : arena_printf(o->arena, "http://%s", o->conf->host_port);
}

/* --- what to type ------------------------------------------------------------------ */

struct server {
    const char *name;
    const char *folders[2];     /* of what it reads */
    const char *usual;          /* where README puts the site */
    const char *certificate, *key; /* words of its language */
    const char *reload;
    const char *without_systemd; /* NULL: the same */
};

static const struct server servers[] = {
    { "nginx", { "/etc/nginx/sites-enabled", "/etc/nginx/conf.d" }, "/etc/nginx/sites-enabled/autentico",
      "ssl_certificate ", "ssl_certificate_key ", "nginx -t && nginx -s reload" },
    { "apache", { "/etc/apache2/sites-enabled", "/etc/apache2/conf-enabled" }, "/etc/apache2/sites-available/autentico.conf",
      "SSLCertificateFile ", "SSLCertificateKeyFile ", "apachectl configtest && apachectl graceful" },
    { "lighttpd", { "/etc/lighttpd/conf-enabled", "/etc/lighttpd/vhosts.d" }, "/etc/lighttpd/conf-available/60-autentico.conf",
      "ssl.pemfile ", "ssl.privkey ", "lighttpd -tt -f /etc/lighttpd/lighttpd.conf && systemctl restart lighttpd",
      /* without root, which it has given up, it cannot read its key again */
      "lighttpd -tt -f /etc/lighttpd/lighttpd.conf && pid=$(cat /run/lighttpd.pid) && kill $pid && "
      "tail --pid=$pid -f /dev/null && lighttpd -f /etc/lighttpd/lighttpd.conf" },
};

static const struct server *server_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(servers); i++)
        if (text_same(servers[i].name, name))
            return &servers[i];
    return NULL;
}

/* "" when it cannot be read. */
static const char *text_of(struct arena *a, const char *path)
{
    char *text = arena_alloc(a, SITE_MAX + 1);
    FILE *f = fopen(path, "re");

    if (f != NULL) {
        text[fread(text, 1, SITE_MAX, f)] = '\0';
        fclose(f);
    }
    return text;
}

static const char *reload_of(const struct server *s)
{
    bool has_systemd = access("/run/systemd/system", F_OK) == 0;

    return has_systemd || s->without_systemd == NULL ? s->reload : s->without_systemd;
}

/* The file in a folder that names our socket, or our port. */
static const char *site_in(struct outside *o, const char *folder)
{
    const char *mark = text_empty(o->conf->tcp_listen) ? o->conf->socket : o->conf->host, *found = NULL;
    DIR *dir = opendir(folder);

    for (const struct dirent *e; dir != NULL && found == NULL && (e = readdir(dir)) != NULL;) {
        const char *path = arena_printf(o->arena, "%s/%s", folder, e->d_name);

        if (e->d_name[0] != '.' && strstr(text_of(o->arena, path), mark) != NULL)
            found = path;
    }
    if (dir != NULL)
        closedir(dir);
    return found;
}

static const char *site_of(struct outside *o, const struct server *s)
{
    const char *found = site_in(o, s->folders[0]);

    return found != NULL ? found : site_in(o, s->folders[1]);
}

/* The path behind a word; NULL: it is not there, or has more to it than a path. */
static const char *path_behind(struct arena *a, const char *text, const char *word)
{
    const char *at = strstr(text, word);

    if (at == NULL)
        return NULL;
    at += strlen(word);
    at += strspn(at, " \t=\"");
    size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./");
    return n > 0 && *at == '/' ? arena_strndup(a, at, n) : NULL;
}

static const char *keep_path(struct outside *o, const char *from, const char *to)
{
    return to != NULL && !text_same(from, to) ? arena_printf(o->arena, "s|%s|%s|;", from, to) : "";
}

const char *outside_mend(struct outside *o, const char *command)
{
    const struct server *s = o->server != NULL ? server_named(o->server) : NULL;
    const char *site = s != NULL ? site_of(o, s) : NULL, *text, *edits;

    if (s == NULL)
        return NULL;
    text = site != NULL ? text_of(o->arena, site) : "";
    edits = arena_printf(o->arena, "%s%s",
                         keep_path(o, "/etc/ssl/autentico/fullchain.pem", path_behind(o->arena, text, s->certificate)),
                         keep_path(o, "/etc/ssl/autentico/privkey.pem", path_behind(o->arena, text, s->key)));
    return arena_printf(o->arena, "%s%s%s%s > %s && %s", command, *edits ? " | sed '" : "", edits, *edits ? "'" : "",
                        site != NULL ? site : s->usual, reload_of(s));
}
