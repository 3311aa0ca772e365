#include "config.h"

#include "net/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "net/curl_late.h"
#include "util/log.h"
#include "util/text.h"

#define CONNECT_MS 5000L
#define WHOLE_MS 15000L
#define BODY_MAX (64 * 1024)
#define HEADERS_MAX 100

struct prober {
    const struct curl_late *lib;
    CURL *curl;
    const char *ca_file;
    char error[CURL_ERROR_SIZE];
};

struct prober *prober_new(const char *ca_file, const char **why)
{
    const struct curl_late *lib = curl_late(why);
    struct prober *p;

    if (lib == NULL)
        return NULL;
    p = calloc(1, sizeof(*p));
    if (p == NULL || lib->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (p->curl = lib->easy_init()) == NULL)
        die("probe: libcurl does not begin");
    p->lib = lib;
    p->ca_file = ca_file;
    return p;
}

void prober_free(struct prober *p)
{
    if (p == NULL)
        return;
    p->lib->easy_cleanup(p->curl);
    free(p);
}

/* ---- what comes back ---- */

struct receiving { struct arena *arena; struct probe *out; char *body; };

static size_t take_header(char *line, size_t size, size_t n, void *arg)
{
    struct receiving *r = arg;
    char *text = arena_strndup(r->arena, line, size * n), *colon = strchr(text, ':');

    if (text_starts(text, "HTTP/"))
        r->out->headers_n = 0; /* of a 100 Continue */
    if (colon == NULL || r->out->headers_n == HEADERS_MAX)
        return size * n;
    *colon = '\0';
    r->out->headers[r->out->headers_n++] = (struct probe_header){ text, text_trim(r->arena, colon + 1) };
    return size * n;
}

static size_t take_body(char *some, size_t size, size_t n, void *arg)
{
    struct receiving *r = arg;
    size_t room = BODY_MAX - r->out->body_n, taken = size * n < room ? size * n : room;

    memcpy(r->body + r->out->body_n, some, taken);
    r->out->body_n += taken;
    return taken; /* less than there is ends it, which is no fault here */
}

const char *probe_header(const struct probe *p, const char *name, size_t *n)
{
    const char *found = NULL;
    size_t found_n = 0;

    for (size_t i = 0; i < p->headers_n; i++)
        if (text_same_nocase(p->headers[i].name, name) && found_n++ == 0)
            found = p->headers[i].value;
    if (n != NULL)
        *n = found_n;
    return found;
}

/* "Expire Date:2026-12-31 23:59:59 GMT" */
static int64_t date_in(const char *line, const char *name)
{
    struct tm tm = { 0 };

    if (strncasecmp(line, name, strlen(name)) != 0 || strptime(line + strlen(name), ":%Y-%m-%d %H:%M:%S", &tm) == NULL)
        return 0;
    return timegm(&tm);
}

static void read_certificate(struct prober *p, struct probe *out)
{
    struct curl_certinfo *chain = NULL;

    if (p->lib->easy_getinfo(p->curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL || chain->num_of_certs < 1)
        return;
    for (const struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next) {
        int64_t from = date_in(line->data, "Start date"), until = date_in(line->data, "Expire date");

        out->cert_from = from != 0 ? from : out->cert_from;
        out->cert_until = until != 0 ? until : out->cert_until;
    }
}

/* ---- asking ---- */

static void set_tls(struct prober *p, const struct probe_ask *ask)
{
    static const long versions[PROBE_TLS_N] = {
        [PROBE_TLS_ANY] = CURL_SSLVERSION_TLSv1_2,
        [PROBE_TLS_1_0] = CURL_SSLVERSION_TLSv1_0 | CURL_SSLVERSION_MAX_TLSv1_0,
        [PROBE_TLS_1_1] = CURL_SSLVERSION_TLSv1_1 | CURL_SSLVERSION_MAX_TLSv1_1,
        [PROBE_TLS_1_2] = CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2,
        [PROBE_TLS_1_3] = CURL_SSLVERSION_TLSv1_3 | CURL_SSLVERSION_MAX_TLSv1_3,
    };
    const struct curl_late *lib = p->lib;

    lib->easy_setopt(p->curl, CURLOPT_SSLVERSION, versions[ask->tls]);
    if (ask->tls != PROBE_TLS_ANY) /* HTTP/2 asks for more than a version */
        lib->easy_setopt(p->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    lib->easy_setopt(p->curl, CURLOPT_FRESH_CONNECT, ask->tls != PROBE_TLS_ANY ? 1L : 0L);
    lib->easy_setopt(p->curl, CURLOPT_FORBID_REUSE, ask->tls != PROBE_TLS_ANY ? 1L : 0L);
    lib->easy_setopt(p->curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    lib->easy_setopt(p->curl, CURLOPT_SSL_VERIFYPEER, ask->is_lenient ? 0L : 1L);
    lib->easy_setopt(p->curl, CURLOPT_SSL_VERIFYHOST, ask->is_lenient ? 0L : 2L);
    lib->easy_setopt(p->curl, CURLOPT_CERTINFO, 1L);
    if (!text_empty(p->ca_file))
        lib->easy_setopt(p->curl, CURLOPT_CAINFO, p->ca_file);
}

static void set_request(struct prober *p, const struct probe_ask *ask)
{
    const struct curl_late *lib = p->lib;

    lib->easy_setopt(p->curl, CURLOPT_URL, ask->url);
    lib->easy_setopt(p->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    lib->easy_setopt(p->curl, CURLOPT_PROXY, "");
    lib->easy_setopt(p->curl, CURLOPT_PATH_AS_IS, 1L);
    lib->easy_setopt(p->curl, CURLOPT_USERAGENT, "autentico-doctor");
    lib->easy_setopt(p->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    lib->easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, WHOLE_MS);
    lib->easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L);
    lib->easy_setopt(p->curl, CURLOPT_ERRORBUFFER, p->error);
    if (text_same(ask->method, "POST"))
        lib->easy_setopt(p->curl, CURLOPT_POSTFIELDS, "");
    else if (ask->method != NULL)
        lib->easy_setopt(p->curl, CURLOPT_CUSTOMREQUEST, ask->method);
}

static struct curl_slist *headers_of(const struct curl_late *lib, const struct probe_ask *ask)
{
    struct curl_slist *list = NULL;

    for (size_t i = 0; i < ARRAY_LEN(ask->headers) && ask->headers[i] != NULL; i++)
        list = lib->slist_append(list, ask->headers[i]);
    return list;
}

static enum probe_end end_of(CURLcode code, int status)
{
    switch (code) {
    case CURLE_OK:
        return PROBE_ANSWERED;
    case CURLE_WRITE_ERROR: /* a body that is longer than we want */
        return status > 0 ? PROBE_ANSWERED : PROBE_BROKEN;
    case CURLE_COULDNT_RESOLVE_HOST:
        return PROBE_NO_NAME;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
        return PROBE_NO_CONNECTION;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        return PROBE_NO_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return PROBE_UNTRUSTED;
    default:
        return PROBE_BROKEN;
    }
}

void probe(struct prober *p, struct arena *a, const struct probe_ask *ask, struct probe *out)
{
    struct receiving r = { a, out, arena_alloc(a, BODY_MAX + 1) };
    struct curl_slist *headers = headers_of(p->lib, ask);
    long status = 0;

    *out = (struct probe){ .headers = arena_array(a, struct probe_header, HEADERS_MAX), .body = r.body };
    p->lib->easy_reset(p->curl);
    p->error[0] = '\0';
    set_request(p, ask);
    set_tls(p, ask);
    p->lib->easy_setopt(p->curl, CURLOPT_HTTPHEADER, headers);
    p->lib->easy_setopt(p->curl, CURLOPT_HEADERFUNCTION, take_header);
    p->lib->easy_setopt(p->curl, CURLOPT_HEADERDATA, &r);
    p->lib->easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, take_body);
    p->lib->easy_setopt(p->curl, CURLOPT_WRITEDATA, &r);
    CURLcode code = p->lib->easy_perform(p->curl);
    (void)p->lib->easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
    out->status = (int)status;
    out->end = end_of(code, out->status);
    out->why = arena_strdup(a, text_or(p->error, p->lib->easy_strerror(code)));
    read_certificate(p, out);
    p->lib->slist_free_all(headers);
}
