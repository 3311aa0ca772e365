#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "conf/keys.h"

/* "[::1]:9000" and "::1" alike; an IPv6 address without brackets has no place for a port. */
static bool is_address(const char *text)
{
    uint8_t raw[16];

    return inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1;
}

static enum rc split(struct arena *a, const char *value, const char **address, const char **port)
{
    const char *colon = strrchr(value, ':');

    if (colon == NULL) {
        *address = "127.0.0.1";
        *port = value;
        return RC_OK;
    }
    bool is_bracketed = value[0] == '[' && colon > value + 1 && colon[-1] == ']';
    *address = is_bracketed ? arena_strndup(a, value + 1, (size_t)(colon - value) - 2)
                            : arena_strndup(a, value, (size_t)(colon - value));
    *port = colon + 1;
    return is_bracketed || strchr(*address, ':') == NULL ? RC_OK : RC_NONE;
}

/* Nobody who is not on this machine is let in by mistake: an address has to be written
 * out, and a name could come to mean another one. */
int conf_derive_listen(struct arena *a, struct conf *c, FILE *err)
{
    const char *port;

    if (text_empty(c->tcp_listen))
        return 0;
    if (split(a, c->tcp_listen, &c->tcp_address, &port) != RC_OK || !is_address(c->tcp_address) ||
        text_int(port, &c->tcp_port) != RC_OK || c->tcp_port < 1 || c->tcp_port > 65535) {
        fprintf(err, "AUTENTICO_APP_LISTEN_PORT: \"%s\" is not a port, and not an address and a port "
                     "(for example 9000, 127.0.0.1:9000, [::1]:9000)\n", c->tcp_listen);
        return 1;
    }
    c->login_socket = "";
    return 0;
}

/* It stands between quotes in the configuration of three web servers. */
static bool is_plain(struct bytes b)
{
    for (size_t i = 0; i < b.n; i++)
        if (strchr("-._~+/=", b.p[i]) == NULL && !(b.p[i] >= '0' && b.p[i] <= '9') &&
            !((b.p[i] | 32) >= 'a' && (b.p[i] | 32) <= 'z'))
            return false;
    return true;
}

int conf_check_front_secret(const struct conf *c, FILE *err)
{
    const struct secret *s = &c->secrets->front;

    if (s->n == 0 && !text_empty(c->tcp_listen)) {
        fprintf(err, "AUTENTICO_FRONT_SECRET: is missing: whoever reaches the port of AUTENTICO_APP_LISTEN_PORT "
                     "could claim any address; take the output of: openssl rand -hex 32\n");
        return 1;
    }
    if (!is_plain((struct bytes){ s->p, s->n })) {
        fprintf(err, "AUTENTICO_FRONT_SECRET: has a character that not every web server takes: "
                     "take the output of: openssl rand -hex 32\n");
        return 1;
    }
    return 0;
}
