#include "config.h"

#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/text.h"

#define LINE_BYTES 4096 /* PIPE_BUF: what a pipe takes in one piece */
#define VALUE_BYTES 1024 /* of one value, escaped; more is cut */
#define TAIL_BYTES 32    /* kept free for the mark of a cut line */
#define EXIT_SOFTWARE 70 /* sysexits.h EX_SOFTWARE */

struct line {
    char text[LINE_BYTES];
    size_t n;
    bool is_full; /* something did not fit */
};

static enum log_format line_format = LOG_TEXT;
static enum log_level line_level = LOG_LEVEL_INFO;
static char process_kind[24];
static char request_id[64];

static const char *const level_names[] = { "error", "warning", "info", "debug" };

void log_setup(enum log_format format, enum log_level level)
{
    line_format = format;
    line_level = level;
}

void log_process(const char *kind)
{
    snprintf(process_kind, sizeof(process_kind), "%s", text_or(kind, ""));
}

void log_request_id(const char *id)
{
    size_t n = strnlen(text_or(id, ""), sizeof(request_id) - 1);

    memcpy(request_id, text_or(id, ""), n);
    request_id[n] = '\0';
}

int log_enabled(enum log_level level)
{
    return level <= line_level;
}

const char *log_num(int64_t n)
{
    static char texts[8][24];
    static unsigned next;
    char *text = texts[next++ % ARRAY_LEN(texts)];

    snprintf(text, sizeof(texts[0]), "%lld", (long long)n);
    return text;
}

static void put_n(struct line *l, const char *p, size_t n)
{
    if (n > LINE_BYTES - TAIL_BYTES - l->n) {
        l->is_full = true;
        return;
    }
    memcpy(l->text + l->n, p, n);
    l->n += n;
}

static void put(struct line *l, const char *text)
{
    put_n(l, text, strlen(text));
}

/* Line ends of Unicode and the controls, C1 included: terminals obey them. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

/* The escaped form of the character at *p; moves *p behind it. */
static void escape_one(const char **p, size_t left, char out[16])
{
    uint32_t c;
    size_t n = text_char(*p, left, &c);

    if (n == 0)
        snprintf(out, 16, line_format == LOG_JSON ? "\\ufffd" : "\\x%02x",
                 (unsigned)(unsigned char)**p);
    else if (c == '"' || c == '\\')
        snprintf(out, 16, "\\%c", (int)c);
    else if (is_control(c))
        snprintf(out, 16, "\\u%04x", (unsigned)c);
    else
        snprintf(out, 16, "%.*s", (int)n, *p);
    *p += n > 0 ? n : 1;
}

/* How much stands for itself, `most` at most: nearly all of what is logged. */
static size_t ordinary(const char *text, size_t most)
{
    size_t n = 0;

    while (n < most && text[n] >= 0x20 && text[n] < 0x7F && text[n] != '"' && text[n] != '\\')
        n++;
    return n;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void put_escaped(struct line *l, const char *text)
{
    const char *end = text + strlen(text);
    size_t start = l->n;
    char one[16];

    while (text < end) {
        size_t n = ordinary(text, least((size_t)(end - text), start + VALUE_BYTES + 1 - l->n));

        put_n(l, text, n);
        text += n;
        if (n == 0) {
            escape_one(&text, (size_t)(end - text), one);
            put(l, one);
        }
        if (l->n - start > VALUE_BYTES) {
            put(l, "…");
            return;
        }
    }
}

static bool needs_quotes(const char *text)
{
    if (*text == '\0')
        return true;
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7F || strchr("\"\\=", *text) != NULL)
            return true;
    return false;
}

/* All of a pair or nothing, so that a line that is too long stays well-formed. */
static void put_pair(struct line *l, const char *name, const char *value)
{
    size_t start = l->n;
    const char *quote = line_format == LOG_JSON || needs_quotes(value) ? "\"" : "";

    if (l->is_full)
        return;
    put(l, line_format == LOG_JSON ? ",\"" : " ");
    put(l, name);
    put(l, line_format == LOG_JSON ? "\":" : "=");
    put(l, quote);
    put_escaped(l, value);
    put(l, quote);
    if (l->is_full)
        l->n = start;
}

static void put_head(struct line *l, enum log_level level, const char *event)
{
    char at[21];
    char head[96];

    clock_format(clock_now(), at);
    snprintf(head, sizeof(head),
             line_format == LOG_JSON ? "{\"time\":\"%s\",\"level\":\"%s\"" : "%s %s", at,
             level_names[level]);
    put(l, head);
    if (line_format == LOG_JSON) {
        put_pair(l, "event", event);
    } else {
        put(l, " ");
        put(l, event);
    }
    if (request_id[0] != '\0')
        put_pair(l, "id", request_id);
    if (process_kind[0] == '\0')
        return;
    put_pair(l, "proc", process_kind);
    put_pair(l, "pid", log_num(getpid()));
}

static void line_send(struct line *l)
{
    bool is_json = line_format == LOG_JSON;
    ssize_t sent;
    int n;

    n = snprintf(l->text + l->n, LINE_BYTES - l->n, "%s%s\n",
                 !l->is_full ? "" : is_json ? ",\"cut\":\"1\"" : " cut=1", is_json ? "}" : "");
    do {
        sent = write(STDERR_FILENO, l->text, l->n + (size_t)n);
    } while (sent < 0 && errno == EINTR);
}

void log_event(enum log_level level, const char *event, ...)
{
    int saved = errno;
    struct line l;
    const char *name, *value;
    va_list ap;

    if (!log_enabled(level))
        return;
    l.n = 0;
    l.is_full = false;
    put_head(&l, level, event);
    va_start(ap, event);
    while ((name = va_arg(ap, const char *)) != NULL) {
        value = va_arg(ap, const char *);
        if (value != NULL)
            put_pair(&l, name, value);
    }
    va_end(ap);
    line_send(&l);
    errno = saved;
}

static void PRINTF_LIKE(4, 0)
log_failure(const char *event, const char *file, int line, const char *fmt, va_list ap)
{
    char at[256], why[VALUE_BYTES];

    snprintf(at, sizeof(at), "%s:%d", file, line);
    vsnprintf(why, sizeof(why), fmt, ap);
    log_event(LOG_LEVEL_ERROR, event, "at", at, "why", why, NULL);
}

void fault_at(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_failure("fault", file, line, fmt, ap);
    va_end(ap);
}

void die_at(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_failure("die", file, line, fmt, ap);
    va_end(ap);
    _exit(EXIT_SOFTWARE);
}
