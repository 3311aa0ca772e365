/*
 * libcurl, loaded when it is first needed: with the two dozen libraries it brings along
 * it would double what every process of the pool weighs, and one of them uses it.
 */
#ifndef AUTENTICO_NET_CURL_LATE_H
#define AUTENTICO_NET_CURL_LATE_H

#include <curl/curl.h>

struct curl_late {
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_easy_init) *easy_init;
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    __typeof__(curl_easy_reset) *easy_reset;
    __typeof__(curl_easy_setopt) *easy_setopt;
    __typeof__(curl_easy_perform) *easy_perform;
    __typeof__(curl_easy_getinfo) *easy_getinfo;
    __typeof__(curl_easy_strerror) *easy_strerror;
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
};

/* NULL: it is not installed, or too old; `why` says so. */
const struct curl_late *curl_late(const char **why);

#endif
