#include "config.h"

#include "authn/claim_value.h"

#include <stddef.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define ZONE_MAX 64

/* Of exactly n digits, or -1. */
static int number_of(const char *p, size_t n)
{
    int value = 0;

    if (strspn(p, DIGITS) < n)
        return -1;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (p[i] - '0');
    return value;
}

static int days_of(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); /* 0000 too: it may be one */

    return month == 2 && is_leap ? 29 : days[month - 1];
}

bool is_birthdate(const char *text)
{
    size_t n = text != NULL ? strlen(text) : 0;
    int month, day;

    if ((n != 4 && n != 10) || number_of(text, 4) < 0)
        return false;
    if (n == 4)
        return true;
    if (text[4] != '-' || text[7] != '-')
        return false;
    month = number_of(text + 5, 2);
    day = number_of(text + 8, 2);
    return month >= 1 && month <= 12 && day >= 1 && day <= days_of(number_of(text, 4), month);
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
