#include "config.h"

#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "util/clock.h"

#define EVERY_MS 100
#define WIDTH 30
#define CLEAR "\r\033[K"

static void draw(const struct progress *p, int percent)
{
    static const char full[] = "##############################", empty[] = "..............................";
    int filled = percent * WIDTH / 100;

    fprintf(stderr, CLEAR "%-11s [%.*s%.*s] %3d %%", p->what, filled, full, WIDTH - filled, empty, percent);
    fflush(stderr);
}

void progress_begin(struct progress *p, const char *what)
{
    *p = (struct progress){ .what = isatty(STDERR_FILENO) ? what : NULL };
    if (p->what)
        draw(p, 0);
}

void progress_at(struct progress *p, int64_t done, int64_t all)
{
    if (p->what == NULL || clock_mono_ms() < p->shown_ms + EVERY_MS)
        return;
    p->shown_ms = clock_mono_ms();
    draw(p, done < all ? (int)(done * 100 / all) : 100);
}

void progress_told(int64_t done, int64_t all, void *progress)
{
    progress_at(progress, done, all);
}

void progress_end(struct progress *p)
{
    if (p->what != NULL)
        fputs(CLEAR, stderr);
    p->what = NULL;
}
