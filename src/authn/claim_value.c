#include "config.h"

#include "authn/claim_value.h"

#include <stddef.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define ZONE_MAX 64

bool is_birthdate(const char *text)
{
    int is_date = 0;
    int64_t at;

    if (text == NULL || strlen(text) == 4)
        return text != NULL && is_digits(text);
    return clock_parse(text, &at, &is_date) == RC_OK && is_date;
}

bool is_zoneinfo(const char *text)
{
    const char *p = text;

    if (text == NULL || strlen(text) > ZONE_MAX)
        return false;
    for (;; p++) {
        if (*p == '\0' || strchr(LETTERS, *p) == NULL)
            return false;
        p += strspn(p, LETTERS DIGITS "_+-");
        if (*p != '/')
            return *p == '\0';
    }
}

bool is_locale(const char *text)
{
    size_t n = text != NULL ? strspn(text, LETTERS) : 0;
    const char *p;

    if (n < 2 || n > 8)
        return false;
    for (p = text + n; *p == '-' || *p == '_'; p += n) {
        n = strspn(++p, LETTERS DIGITS);
        if (n < 1 || n > 8)
            return false;
    }
    return *p == '\0';
}
