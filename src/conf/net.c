#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "conf/conf.h"

/* IPv4 is held as ::ffff:a.b.c.d, so that one comparison serves both. */
static bool parse_address(const char *text, uint8_t out[16], bool *is_v4)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    *is_v4 = inet_pton(AF_INET, text, out + 12) == 1;
    if (*is_v4) {
        memcpy(out, mapped, sizeof(mapped));
        return true;
    }
    return inet_pton(AF_INET6, text, out) == 1;
}

static enum rc parse_net(struct arena *a, const char *text, struct net *out)
{
    const char *slash = strchr(text, '/');
    const char *address = slash != NULL ? arena_strndup(a, text, (size_t)(slash - text)) : text;
    int64_t bits = 0;
    bool is_v4;

    if (!parse_address(address, out->addr, &is_v4))
        return RC_NONE;
    out->bits = 128;
    if (slash == NULL)
        return RC_OK;
    if (text_int(slash + 1, &bits) != RC_OK || bits < 0 || bits > (is_v4 ? 32 : 128))
        return RC_NONE;
    out->bits = (int)bits + (is_v4 ? 96 : 0);
    return RC_OK;
}

enum rc net_list_parse(struct arena *a, const char *text, struct net_list *out)
{
    char *spaced = arena_strdup(a, text_or(text, ""));
    struct text_list words;
    struct net_list list;

    for (char *c = spaced; *c != '\0'; c++)
        if (*c == ',')
            *c = ' ';
    words = text_split(a, spaced, ' ');
    list = (struct net_list){ arena_array(a, struct net, words.n + 1), words.n };
    for (size_t i = 0; i < words.n; i++)
        TRY(parse_net(a, words.v[i], &list.v[i]));
    *out = list;
    return RC_OK;
}

static bool is_in(const struct net *net, const uint8_t addr[16])
{
    int whole = net->bits / 8, rest = net->bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);

    if (memcmp(net->addr, addr, (size_t)whole) != 0)
        return false;
    return rest == 0 || (net->addr[whole] & mask) == (addr[whole] & mask);
}

bool net_has(const struct net_list *list, const char *address)
{
    uint8_t addr[16];
    bool is_v4;

    if (text_empty(address) || !parse_address(address, addr, &is_v4))
        return false;
    for (size_t i = 0; i < list->n; i++)
        if (is_in(&list->v[i], addr))
            return true;
    return false;
}
