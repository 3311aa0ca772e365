#include "config.h"

#include "store/lists.h"

const char *list_sql(const struct list_sort *sorts, size_t n, const struct list_query *q)
{
    const struct list_sort *found = &sorts[0];

    for (size_t i = 0; q->sort && i < n; i++)
        if (text_same(sorts[i].name, q->sort))
            found = &sorts[i];
    return q->is_descending ? found->descending : found->ascending;
}

bool list_knows_total(const struct list_query *q, size_t n, int64_t *total)
{
    if ((int64_t)n >= q->limit || (n == 0 && q->offset > 0))
        return false;
    *total = q->offset + (int64_t)n;
    return true;
}

const char *list_search(const struct list_query *q)
{
    return text_empty(q->search) ? NULL : q->search;
}
