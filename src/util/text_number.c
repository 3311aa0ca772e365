#include "config.h"

#include "util/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits at *p as a negative number, which reaches one further than a
 * positive one; false: none, or out of range.  *p moves behind them. */
static bool take_negated(const char **p, int64_t *out)
{
    int64_t n = 0;

    if (!is_digit(**p))
        return false;
    for (; is_digit(**p); (*p)++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_sub_overflow(n, **p - '0', &n))
            return false;
    *out = n;
    return true;
}

enum rc text_int(const char *text, int64_t *out)
{
    const char *p = text == NULL ? "" : text;
    bool is_negative = *p == '-';
    int64_t n;

    p += is_negative;
    if (!take_negated(&p, &n) || *p != '\0')
        return RC_NONE;
    if (!is_negative && n == INT64_MIN)
        return RC_NONE;
    *out = is_negative ? n : -n;
    return RC_OK;
}

/* Behind the digits at p, or NULL when there are none. */
static const char *skip_digits(const char *p)
{
    size_t n = strspn(p, "0123456789");

    return n > 0 ? p + n : NULL;
}

/* strtod() also takes white space, hexadecimals, infinities: not here. */
static bool is_decimal(const char *p)
{
    p = skip_digits(*p == '-' ? p + 1 : p);
    if (p != NULL && *p == '.')
        p = skip_digits(p + 1);
    if (p != NULL && (*p == 'e' || *p == 'E'))
        p = skip_digits(p[1] == '+' || p[1] == '-' ? p + 2 : p + 1);
    return p != NULL && *p == '\0';
}

enum rc text_double(const char *text, double *out)
{
    double n;

    if (text == NULL || !is_decimal(text))
        return RC_NONE;
    n = strtod(text, NULL);
    if (!isfinite(n))
        return RC_NONE;
    *out = n;
    return RC_OK;
}

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

enum rc text_bool(const char *text, bool *out)
{
    static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
    static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False" };
    bool is_yes = text != NULL && is_one_of(text, yes, ARRAY_LEN(yes));

    if (text == NULL || (!is_yes && !is_one_of(text, no, ARRAY_LEN(no))))
        return RC_NONE;
    *out = is_yes;
    return RC_OK;
}

struct unit {
    const char *name;
    int64_t ns;
};

/* "ms" stands before "m": the first that fits is taken. */
static const struct unit units[] = {
    { "ns", 1 },
    { "us", 1000 },
    { "\xC2\xB5s", 1000 }, /* U+00B5 micro sign */
    { "\xCE\xBCs", 1000 }, /* U+03BC Greek mu */
    { "ms", 1000000 },
    { "s", INT64_C(1000000000) },
    { "m", INT64_C(60000000000) },
    { "h", INT64_C(3600000000000) },
};

static const struct unit *take_unit(const char **p)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (!text_starts(*p, units[i].name))
            continue;
        *p += strlen(units[i].name);
        return &units[i];
    }
    return NULL;
}

/* Nanoseconds of the decimal digits `f` behind the point. */
static int64_t fraction_ns(const char *f, int64_t unit_ns)
{
    int64_t ns = 0;

    for (; is_digit(*f); f++) {
        unit_ns /= 10;
        ns += unit_ns * (*f - '0');
    }
    return ns;
}

/* Add one "1.5h" at *p to *ns.  Go also knows "1.h" and ".5h". */
static bool take_term(const char **p, int64_t *ns)
{
    const char *fraction = "";
    const struct unit *unit;
    bool has_whole = is_digit(**p);
    int64_t whole = 0;

    if (has_whole && !take_negated(p, &whole))
        return false;
    if (**p == '.') {
        fraction = ++*p;
        *p += strspn(*p, "0123456789");
    }
    if (!has_whole && !is_digit(*fraction))
        return false;
    if ((unit = take_unit(p)) == NULL)
        return false;
    return !__builtin_mul_overflow(whole, -unit->ns, &whole) &&
           !__builtin_add_overflow(*ns, whole, ns) &&
           !__builtin_add_overflow(*ns, fraction_ns(fraction, unit->ns), ns);
}

enum rc text_duration(const char *text, int64_t *out_s)
{
    const char *p = text == NULL ? "" : text;
    int64_t ns = 0;

    if (*p == '\0')
        return RC_NONE;
    if (strcmp(p, "0") == 0)
        p++;
    while (*p != '\0')
        if (!take_term(&p, &ns))
            return RC_NONE;
    *out_s = ns / INT64_C(1000000000);
    return RC_OK;
}

int64_t text_duration_or(const char *text, int64_t otherwise_s)
{
    int64_t s;

    return !text_empty(text) && text_duration(text, &s) == RC_OK ? s : otherwise_s;
}
