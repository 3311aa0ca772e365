/*
 * What the contract's paged lists have in common (http-api 1.9).  One SQL literal
 * per sort and order, made by a macro; these statements are exempt by name from
 * the plan check.
 */
#ifndef AUTENTICO_STORE_LISTS_H
#define AUTENTICO_STORE_LISTS_H

#include "util/text.h"

struct list_query {
    int64_t limit, offset;  /* already in range */
    const char *sort;       /* a member of the aggregate's sorts, else its default is used */
    bool is_descending;
    const char *search;     /* NULL: none; folded to lower case, matched as a plain substring */
};

struct list_sort { const char *name, *ascending, *descending; }; /* the second and third: SQL */
/* The literal for a query; an unknown sort means the first of `sorts`. */
const char *list_sql(const struct list_sort *sorts, size_t n, const struct list_query *q);
/* What to bind for `search`: NULL when there is none. */
const char *list_search(const struct list_query *q);
/* A page of `n` rows that is not full tells the total without counting: what is rare is
 * looked for once. */
bool list_knows_total(const struct list_query *q, size_t n, int64_t *total);

/*
 * A case-insensitive substring, in words both engines know and without
 * wildcards to escape: REPLACE finds something to replace.
 */
#define LIST_SEARCH(n, text) \
    "(CAST(" n " AS TEXT) IS NULL OR REPLACE(" text ", " n ", '') <> " text ")"

#endif
