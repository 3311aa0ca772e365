/*
 * Logging: one line per event to standard error, text or JSON.
 *
 * Text:  2026-01-31T12:00:00Z info request id=… method=GET status=200
 * JSON:  {"time":"…","level":"info","event":"request","id":"…",…}
 *
 * Values are escaped so that a line is always one line.  No secret reaches the
 * log: write log_hash() of it, the first eight hex digits of its SHA-256.
 * A line is written with one write(2), so that processes do not mix.
 */
#ifndef AUTENTICO_UTIL_LOG_H
#define AUTENTICO_UTIL_LOG_H

#include "util/rc.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

void log_setup(enum log_format format, enum log_level level);
void log_process(const char *kind); /* "worker", …: stands on every line as proc= with the pid */
void log_request_id(const char *id); /* on every line until changed; NULL: none.  Copied. */
int log_enabled(enum log_level level);

/* Pairs of name and value (both const char *), closed by NULL.  A NULL value
 * leaves its pair out. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
const char *log_num(int64_t n); /* decimal, in one of eight rotating buffers */

/*
 * Our own failure: logs file, line and request id, returns RC_FAULT.
 *     return fault("tokens: %s", why);
 */
#define fault(...) (fault_at(__FILE__, __LINE__, __VA_ARGS__), RC_FAULT) /* seen by analysers */
void fault_at(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A broken invariant or no memory: log and end the process at once, status 70. */
#define die(...) die_at(__FILE__, __LINE__, __VA_ARGS__)
void die_at(const char *file, int line, const char *fmt, ...)
    PRINTF_LIKE(3, 4) __attribute__((noreturn));

#endif
