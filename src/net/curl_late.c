#include "config.h"

#include "net/curl_late.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

#include "util/rc.h"

#define AT(member) offsetof(struct curl_late, member)

static const struct { const char *name; size_t offset; } symbols[] = {
    { "curl_global_init", AT(global_init) },       { "curl_easy_init", AT(easy_init) },
    { "curl_easy_cleanup", AT(easy_cleanup) },     { "curl_easy_reset", AT(easy_reset) },
    { "curl_easy_setopt", AT(easy_setopt) },       { "curl_easy_perform", AT(easy_perform) },
    { "curl_easy_getinfo", AT(easy_getinfo) },
    { "curl_easy_strerror", AT(easy_strerror) },   { "curl_slist_append", AT(slist_append) },
    { "curl_slist_free_all", AT(slist_free_all) },
};

static void *load(struct curl_late *out)
{
    void *library = dlopen(CURL_SONAME, RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; i < ARRAY_LEN(symbols) && library != NULL; i++) {
        void *found = dlsym(library, symbols[i].name);

        if (found == NULL)
            return NULL;
        *(void **)((char *)out + symbols[i].offset) = found;
    }
    return library;
}

const struct curl_late *curl_late(const char **why)
{
    static struct curl_late functions;
    static void *library;

    if (library == NULL)
        library = load(&functions);
    *why = CURL_SONAME " cannot be loaded: apt-get install libcurl3-gnutls";
    return library != NULL ? &functions : NULL;
}
