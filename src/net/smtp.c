#include "config.h"

#include "net/smtp.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/curl_late.h"
#include "util/log.h"
#include "util/text.h"
#include "util/uri.h"

#define CONNECT_MS 15000L
#define ANSWER_S 20L   /* of the server, to each command */
#define WHOLE_MS 60000L
#define ADDRESSES_MAX 8
#define REPLY_BYTES 200

/* Where in the conversation we are, by the last command. */
enum stage { AT_GREETING, AT_SENDER, AT_RECIPIENT, AT_DATA, AT_GOODBYE };

struct smtp {
    const struct curl_late *lib;   /* NULL: it is not there, and why */
    const char *missing;
    CURL *curl;
    enum stage stage;
    char reply[REPLY_BYTES];       /* to the last command, its first line */
    bool has_said_goodbye;         /* what is said then is no answer to the mail */
    char error[CURL_ERROR_SIZE];
    struct bytes rest;             /* of the message */
};

struct smtp *smtp_new(void)
{
    struct smtp *s = calloc(1, sizeof(*s));

    if (s == NULL)
        die("smtp: no memory");
    s->lib = curl_late(&s->missing);
    if (s->lib == NULL)
        return s;
    if (s->lib->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (s->curl = s->lib->easy_init()) == NULL)
        die("smtp: libcurl does not begin");
    return s;
}

void smtp_free(struct smtp *s)
{
    if (s == NULL)
        return;
    if (s->curl != NULL)
        s->lib->easy_cleanup(s->curl);
    free(s);
}

/* ---- the conversation ---- */

static size_t read_message(char *to, size_t size, size_t n, void *arg)
{
    struct smtp *s = arg;
    size_t some = size * n < s->rest.n ? size * n : s->rest.n;

    memcpy(to, s->rest.p, some);
    s->rest = (struct bytes){ s->rest.p + some, s->rest.n - some };
    return some;
}

static void note_command(struct smtp *s, const char *text, size_t n)
{
    static const struct { const char *verb; enum stage stage; } verbs[] = {
        { "MAIL", AT_SENDER }, { "RCPT", AT_RECIPIENT }, { "DATA", AT_DATA }, { "QUIT", AT_GOODBYE },
    };

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (n < 4 || strncmp(text, verbs[i].verb, 4) != 0)
            continue;
        if (verbs[i].stage != AT_GOODBYE)
            s->stage = verbs[i].stage;
        else
            s->has_said_goodbye = true;
    }
    if (!s->has_said_goodbye)
        s->reply[0] = '\0';
}

/* It is shown and logged. */
static void note_reply(struct smtp *s, const char *text, size_t n)
{
    size_t i;

    if (s->has_said_goodbye || s->reply[0] != '\0')
        return;
    for (i = 0; i < n && i < sizeof(s->reply) - 1 && text[i] != '\r' && text[i] != '\n'; i++)
        s->reply[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
    s->reply[i] = '\0';
}

/* AUTH lines pass here too: only verbs are looked at. */
static int listen_in(CURL *curl, curl_infotype type, char *text, size_t n, void *arg)
{
    (void)curl;
    if (type == CURLINFO_HEADER_OUT)
        note_command(arg, text, n);
    else if (type == CURLINFO_DATA_OUT)
        note_command(arg, "", 0);
    else if (type == CURLINFO_HEADER_IN)
        note_reply(arg, text, n);
    return 0;
}

/* ---- where to ---- */

struct target { const char *host; bool is_smtps; };

static struct target target_of(const struct smtp_server *server)
{
    struct target t = { server->host, text_same(server->port, "465") };

    if (text_starts(server->host, "smtps://")) {
        t.host += strlen("smtps://");
        t.is_smtps = true;
    }
    return t;
}

/* Not what is below localhost: whoever gives it a name of its own means its certificate. */
static bool is_here(const char *host)
{
    return text_same_nocase(host, "localhost") || text_same(host, "::1") || text_same(host, "[::1]") ||
           (text_starts(host, "127.") && strspn(host, "0123456789.") == strlen(host));
}

bool smtp_same_server(const struct smtp_server *a, const struct smtp_server *b)
{
    struct target one = target_of(a), other = target_of(b);

    return text_same_nocase(one.host, other.host) && (!is_here(one.host) || text_same(a->port, b->port));
}

static bool is_bare_v6(const char *host)
{
    return strchr(host, ':') != NULL && host[0] != '[';
}

static void add_address(struct sbuf *b, const struct addrinfo *ai, int i)
{
    char text[NI_MAXHOST];

    if (getnameinfo(ai->ai_addr, ai->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0)
        return;
    sbuf_printf(b, ai->ai_family == AF_INET6 ? "%s[%s]" : "%s%s", i > 0 ? "," : "", text);
}

static bool is_number(const char *host)
{
    return is_bare_v6(host) || host[0] == '[' || strspn(host, "0123456789.") == strlen(host);
}

/* libcurl would look names up in a thread, which a sandboxed process has not.  "" when the
 * name is not known now. */
static const char *addresses_of(struct arena *a, const char *host, const char *port, const char **why)
{
    const char *name = host[0] == '[' ? arena_strndup(a, host + 1, strcspn(host + 1, "]")) : host;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG }, *all = NULL;
    struct sbuf b;
    int i = 0, code;

    if (text_ends(host, ".localhost")) /* RFC 6761 6.3 */
        return "127.0.0.1,[::1]";
    code = getaddrinfo(name, port, &hints, &all);
    if (code == EAI_NONAME || code == EAI_ADDRFAMILY) { /* loopback only: nothing is configured */
        hints.ai_flags = 0;
        code = getaddrinfo(name, port, &hints, &all);
    }
    *why = code != 0 ? gai_strerror(code) : "no address";
    sbuf_init(&b, a, 256);
    if (code != 0)
        return "";
    for (struct addrinfo *ai = all; ai != NULL && i < ADDRESSES_MAX; ai = ai->ai_next, i++)
        add_address(&b, ai, i);
    freeaddrinfo(all);
    return b.text;
}

/* ---- asking libcurl ---- */

/* Set an option; what cannot be set is a bug of ours or no memory. */
#define SET(option, value)                                                                       \
    do {                                                                                         \
        if (s->lib->easy_setopt(s->curl, option, value) != CURLE_OK)                               \
            die("smtp: " #option);                                                               \
    } while (0)

/* It stands in a URL, as a path. */
static const char *greeting_of(const struct smtp_server *server)
{
    static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

    return strspn(server->greeting, usual) == strlen(server->greeting) ? server->greeting : "localhost";
}

static void set_server(struct smtp *s, struct arena *a, const struct smtp_server *server, const struct target *t)
{
    const char *host = is_bare_v6(t->host) ? arena_printf(a, "[%s]", t->host) : t->host;

    SET(CURLOPT_URL, arena_printf(a, "%s://%s:%s/%s", t->is_smtps ? "smtps" : "smtp", host, server->port,
                                  greeting_of(server)));
    SET(CURLOPT_USE_SSL, (long)(is_here(t->host) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!text_empty(server->ca_file)) {
        SET(CURLOPT_CAINFO, server->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (text_empty(server->username))
        return;
    SET(CURLOPT_USERNAME, server->username);
    SET(CURLOPT_PASSWORD, text_or(server->password, ""));
    SET(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
}

static void set_limits(struct smtp *s)
{
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, ANSWER_S);
    SET(CURLOPT_TIMEOUT_MS, WHOLE_MS);
    SET(CURLOPT_ERRORBUFFER, s->error);
    SET(CURLOPT_VERBOSE, 1L);
    SET(CURLOPT_DEBUGFUNCTION, listen_in);
    SET(CURLOPT_DEBUGDATA, s);
}

static CURLcode perform(struct smtp *s, const struct smtp_mail *mail, const char *resolve)
{
    struct curl_slist *to = s->lib->slist_append(NULL, mail->to);
    struct curl_slist *fixed = resolve != NULL ? s->lib->slist_append(NULL, resolve) : NULL;

    if (to == NULL || (fixed == NULL && resolve != NULL))
        die("smtp: no memory");
    s->rest = mail->message;
    s->stage = AT_GREETING;
    s->reply[0] = s->error[0] = '\0';
    s->has_said_goodbye = false;
    SET(CURLOPT_RESOLVE, fixed);
    SET(CURLOPT_MAIL_FROM, mail->from);
    SET(CURLOPT_MAIL_RCPT, to);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, read_message);
    SET(CURLOPT_READDATA, s);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->message.n);
    CURLcode code = s->lib->easy_perform(s->curl);
    SET(CURLOPT_RESOLVE, NULL);
    SET(CURLOPT_MAIL_RCPT, NULL);
    s->lib->slist_free_all(to);
    s->lib->slist_free_all(fixed);
    return code;
}

/* ---- what came of it ---- */

/* A wrong sender or a refused login is ours to mend, and the mails wait for that. */
static enum rc outcome(const struct smtp *s, struct arena *a, CURLcode code, struct smtp_result *out)
{
    const char *error = s->error[0] != '\0' ? s->error : s->lib->easy_strerror(code);
    bool is_reply = s->reply[0] == '4' || s->reply[0] == '5';

    if (code == CURLE_OK)
        return RC_OK;
    *out = (struct smtp_result){
        .is_server = !is_reply || s->stage < AT_RECIPIENT || text_starts(s->reply, "421"),
        .why = arena_strdup(a, is_reply ? s->reply : error),
    };
    return !out->is_server && s->reply[0] == '5' ? RC_REFUSED : RC_NONE;
}

enum rc smtp_send(struct smtp *s, struct arena *a, const struct smtp_server *server, const struct smtp_mail *mail,
                  struct smtp_result *out)
{
    struct target t = target_of(server);
    const char *why, *addresses, *resolve = NULL;

    if (s->lib == NULL) {
        *out = (struct smtp_result){ true, s->missing };
        return RC_NONE;
    }
    if (!is_number(t.host)) {
        addresses = addresses_of(a, t.host, server->port, &why);
        resolve = arena_printf(a, "%s:%s:%s", t.host, server->port, addresses);
        if (addresses[0] == '\0') {
            *out = (struct smtp_result){ true, arena_printf(a, "%s: %s", t.host, why) };
            return RC_NONE;
        }
    }
    s->lib->easy_reset(s->curl); /* connections stay */
    set_limits(s);
    set_server(s, a, server, &t);
    return outcome(s, a, perform(s, mail, resolve), out);
}

void smtp_warm(void)
{
    struct addrinfo *all = NULL;

    if (getaddrinfo("localhost", "25", NULL, &all) == 0)
        freeaddrinfo(all);
}
