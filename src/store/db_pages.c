#include "config.h"

#include "store/db_private.h"

/*
 * Whoever reads after a commit of another process begins with an empty page cache: SQLite
 * gives all of its pages back and takes as many again, with every request of a busy pool.
 * malloc() overwrites what is taken and what is freed (main.c), four kibibytes each time, for
 * pages that stand in the file as well.  Here a few of them wait for their next use instead.
 */

#define PAGE_MIN 4224 /* a page of 4096 bytes and what SQLite keeps beside it; nothing else is as large */
#define PAGE_MAX 4608
#define WAITING_MAX 32

static sqlite3_mem_methods native;
static void *waiting[WAITING_MAX];
static int waiting_n, waiting_size;

static bool is_page(int size)
{
    return size >= PAGE_MIN && size <= PAGE_MAX;
}

static void *take(int size)
{
    if (waiting_n > 0 && is_page(size) && size <= waiting_size)
        return waiting[--waiting_n];
    return native.xMalloc(size);
}

static bool has_place(int size)
{
    return waiting_n < WAITING_MAX && is_page(size) && (waiting_n == 0 || size == waiting_size);
}

static void give(void *p)
{
    int size = native.xSize(p);

    if (!has_place(size)) {
        native.xFree(p);
        return;
    }
    waiting_size = size;
    waiting[waiting_n++] = p;
}

void db_keep_pages(void)
{
    sqlite3_mem_methods methods;

    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &native) != SQLITE_OK)
        return;
    methods = native;
    methods.xMalloc = take;
    methods.xFree = give;
    (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}
