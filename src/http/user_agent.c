#include "config.h"

#include "http/user_agent.h"

#include <string.h>

#include "util/text.h"

#define NAME_BYTES 60 /* of a name that we do not know */

struct word { const char *in, *name; };

/* In this order: most pretend to be those that come after them. */
static const struct word browsers[] = {
    { "Edg", "Edge" },          { "OPR/", "Opera" },   { "SamsungBrowser/", "Samsung Internet" },
    { "Firefox/", "Firefox" },  { "FxiOS/", "Firefox" }, { "CriOS/", "Chrome" },
    { "Chrome/", "Chrome" },    { "Safari/", "Safari" }, { "curl/", "curl" },
};
static const struct word systems[] = {
    { "Android", "Android" }, { "iPhone", "iPhone" }, { "iPad", "iPad" }, { "Windows", "Windows" },
    { "CrOS", "ChromeOS" },   { "Mac OS X", "macOS" }, { "Linux", "Linux" },
};

static const char *find(const struct word *words, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(text, words[i].in) != NULL)
            return words[i].name;
    return NULL;
}

/* Between characters. */
static const char *cut(struct arena *a, const char *text)
{
    size_t n = NAME_BYTES;

    if (strlen(text) <= n)
        return text;
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    return arena_printf(a, "%.*s...", (int)n, text);
}

const char *user_agent_name(struct arena *a, const char *user_agent)
{
    const char *text = text_or(user_agent, ""), *browser = find(browsers, ARRAY_LEN(browsers), text),
               *system = find(systems, ARRAY_LEN(systems), text);

    if (browser != NULL && system != NULL)
        return arena_printf(a, "%s on %s", browser, system);
    if (browser != NULL)
        return browser;
    return text_or(cut(a, text), "Unknown browser");
}
