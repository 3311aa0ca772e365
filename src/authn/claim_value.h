/*
 * What some claims about a person have to look like (OpenID Connect Core 5.1, UI-03).  An
 * older database may hold anything, so it is asked both when a value is set and when it is
 * told.  All of them: false for NULL and "".
 */
#ifndef AUTENTICO_AUTHN_CLAIM_VALUE_H
#define AUTENTICO_AUTHN_CLAIM_VALUE_H

#include <stdbool.h>

bool is_birthdate(const char *text); /* YYYY-MM-DD, 0000-MM-DD for a year that is not told, or YYYY */
bool is_zoneinfo(const char *text);  /* as names of the tz database are made: Europe/Paris, Etc/GMT+1 */
bool is_locale(const char *text);    /* BCP 47: en, de-CH; with the underscore that Core 5.1 tolerates */

#endif
