/*
 * The files of sql/sqlite/, embedded at build by embed.sh.
 */
#ifndef AUTENTICO_STORE_MIGRATIONS_H
#define AUTENTICO_STORE_MIGRATIONS_H

#include <stddef.h>

struct migration { int number; const char *name, *sql; };

extern const struct migration migrations[]; /* number n at n - 1 */
extern const size_t migrations_n;

#endif
