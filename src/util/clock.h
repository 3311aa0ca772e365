/*
 * Time.  Wall-clock seconds for everything stored or compared with a token;
 * monotonic milliseconds for deadlines.
 *
 * Built with --enable-test-hooks, clock_now() adds the decimal number of
 * seconds found in the file named by AUTENTICO_TEST_CLOCK (absent or empty: 0),
 * so that tests of real processes can travel.  The file is mapped once, so it
 * is rewritten in place and never made shorter.  In ordinary builds that code
 * does not exist.
 */
#ifndef AUTENTICO_UTIL_CLOCK_H
#define AUTENTICO_UTIL_CLOCK_H

#include "util/arena.h"

int64_t clock_now(void);      /* unix seconds */
int64_t clock_mono_ms(void);  /* CLOCK_MONOTONIC, never stepped */
int64_t clock_mono_us(void);
/* For long work on the disk, which is everybody's: what was begun at that clock_mono_us() is
 * done, now twice as long nothing, at most 100 ms, so that commits come in between. */
void clock_rest(int64_t began_us);
void clock_set_for_test(int64_t now_s); /* unit tests: clock_now() from now on; 0 = real again */

/* RFC 3339 in UTC, whole seconds: "2026-01-31T12:00:00Z"; NULL when at is 0. */
char *clock_rfc3339(struct arena *a, int64_t at);
void clock_format(int64_t at, char out[21]); /* the same without an arena; years 0 to 9999 */
/* RFC 3339, YYYY-MM-DDTHH:MM:SS or YYYY-MM-DD (http-api 1.9); is_date tells the
 * last form.  RC_NONE: none of them. */
MUST_CHECK enum rc clock_parse(const char *text, int64_t *out, int *is_date);

#endif
