#include "config.h"

#include "serve/parent_state.h"

#include <stdlib.h>

#include "crypto/hash.h"
#include "serve/notify.h"
#include "util/clock.h"

/*
 * HUP: read the configuration, templates and secrets again and replace every process
 * but the front.  The new ones are started one after another and must serve before the
 * old ones are told to finish, so that nobody waits and nobody is turned away; signers
 * and hashers of the old generation stay until its last worker is gone, since that may
 * still need the old key.  Whatever goes wrong leaves the old generation at work.
 */

#define READY_MS 10000

/* --- reading -------------------------------------------------------------- */

static void log_lines(struct arena *a, enum log_level level, const char *text)
{
    struct text_list lines = text_split(a, text, '\n');

    for (size_t i = 0; i < lines.n; i++)
        if (!text_empty(lines.v[i]))
            log_event(level, "configuration", "why", lines.v[i], NULL);
}

/* Our own web server was started with the one that is in force, and a TCP socket that was
 * handed over must not lose it. */
static enum rc check_front_secret(const struct parent *p, const struct conf *next, FILE *err)
{
    const struct secret *x = &p->now.pool.conf->secrets->front, *y = &next->secrets->front;
    bool is_same = ct_equal((struct bytes){ x->p, x->n }, (struct bytes){ y->p, y->n });

    if (is_same || (!p->front.is_wanted && (x->n == 0 || y->n != 0)))
        return RC_OK;
    fprintf(err, "AUTENTICO_FRONT_SECRET: cannot %s while running; restart Autentico\n",
            y->n == 0 ? "be taken away" : "change");
    return RC_REFUSED;
}

static enum rc read_and_check(struct parent *p, struct arena *a, struct conf *out, FILE *err)
{
    TRY(conf_load(a, p->setup->source, err, out));
    enum rc rc = conf_check_reload(p->now.pool.conf, out, err);
    if (rc == RC_OK)
        rc = check_front_secret(p, out, err);
    if (rc == RC_OK)
        rc = generation_check_key(a, out, err);
    if (rc != RC_OK)
        secrets_free(out->secrets);
    return rc;
}

static enum rc read_again(struct parent *p, struct arena *a, struct conf **out)
{
    struct conf *conf = arena_new(a, struct conf);
    char *text = NULL;
    size_t n = 0;
    FILE *err = open_memstream(&text, &n);

    if (err == NULL)
        return fault("reload: no memory");
    enum rc rc = read_and_check(p, a, conf, err);
    fclose(err);
    log_lines(a, rc == RC_OK ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, text);
    free(text);
    if (rc == RC_OK)
        *out = conf;
    return rc;
}

/* --- taking over ---------------------------------------------------------- */

static bool is_ready(const struct parent *p, int i)
{
    return __atomic_load_n(&p->now.pool.board->slots[i].is_ready, __ATOMIC_ACQUIRE) != 0;
}

/* Until the new one at post i serves; RC_REFUSED when it died, was late, or we are to stop. */
static enum rc wait_ready(struct parent *p, int i)
{
    int64_t until = clock_mono_ms() + READY_MS;

    while (!is_ready(p, i)) {
        (void)supervise_wait(p, 5);
        supervise_reap(p);
        if (p->posts.v[i].pid == 0 || p->stop_signal != 0 || clock_mono_ms() > until)
            return RC_REFUSED;
    }
    return RC_OK;
}

static enum rc start_kind(struct parent *p, enum proc_kind kind, bool must_be_ready)
{
    for (int i = 0; i < p->posts.n; i++) {
        if (p->posts.v[i].kind != kind || p->posts.v[i].generation != p->now.n)
            continue;
        supervise_fill_post(p, i);
        if (must_be_ready)
            TRY(wait_ready(p, i));
    }
    return RC_OK;
}

static enum rc start_all(struct parent *p)
{
    TRY(start_kind(p, PROC_SIGNER, false));
    if (generation_prepare(p, false) != RC_OK) {
        log_event(LOG_LEVEL_ERROR, "reload", "why", p->prepared->why, NULL);
        return RC_REFUSED;
    }
    TRY(start_kind(p, PROC_HASHER, false));
    TRY(start_kind(p, PROC_CHECKER, false));
    TRY(start_kind(p, PROC_KEEPER, true));
    TRY(start_kind(p, PROC_COURIER, true));
    TRY(start_kind(p, PROC_LOGIN_WORKER, true));
    return start_kind(p, PROC_WORKER, true);
}

static void let_go(struct parent *p, struct generation g)
{
    p->old = g;
    p->old_until_ms = clock_mono_ms() + g.pool.conf->drain_deadline_s * 1000;
    posts_leave(&p->posts, g.n);
    generation_drain(&p->old);
}

/* What one of them seals the other has to open: the secret that both know is used. */
static void set_overlapping(struct parent *p, int is)
{
    __atomic_store_n(&p->now.pool.board->is_overlapping, is, __ATOMIC_RELEASE);
}

/* The new generation is p->now already: forks take what is there. */
static enum rc take_over(struct parent *p, struct generation before)
{
    set_overlapping(p, 1);
    generation_add_posts(p);
    enum rc rc = start_all(p);
    if (rc == RC_OK) {
        generation_set_board(p);
        let_go(p, before);
        return RC_OK;
    }
    struct generation failed = p->now;
    p->now = before;
    let_go(p, failed);
    return rc;
}

static enum rc replace(struct parent *p)
{
    struct arena *a = arena_start("generation");
    struct generation before = p->now, next;
    struct conf *conf = NULL;
    enum rc rc = read_again(p, a, &conf);

    if (rc == RC_OK) {
        rc = generation_begin(p, conf, a, &p->now.pool, &next);
        if (rc != RC_OK)
            secrets_free(conf->secrets);
    }
    if (rc != RC_OK) {
        arena_done(a);
        return rc;
    }
    p->now = next;
    return take_over(p, before);
}

void reload(struct parent *p)
{
    int64_t began = clock_mono_ms();

    p->is_reload_wanted = false;
    log_event(LOG_LEVEL_INFO, "reloading", NULL);
    notify_reloading();
    enum rc rc = replace(p);
    notify_ready();
    if (rc != RC_OK) {
        log_event(LOG_LEVEL_ERROR, "reload_refused", "hint", "everything goes on as it was", NULL);
        return;
    }
    log_setup(p->now.pool.conf->log_format, p->now.pool.conf->log_level);
    log_event(LOG_LEVEL_INFO, "reloaded", "ms", log_num(clock_mono_ms() - began), NULL);
}

void reload_go_on(struct parent *p)
{
    static const enum proc_kind first[] = { PROC_WORKER, PROC_LOGIN_WORKER, PROC_KEEPER };
    int living = 0;

    if (p->old.n == 0)
        return;
    if (clock_mono_ms() > p->old_until_ms)
        posts_kill_of(&p->posts, p->old.n, SIGKILL);
    for (size_t i = 0; i < ARRAY_LEN(first); i++)
        living += posts_living_of(&p->posts, first[i], p->old.n);
    if (living == 0)
        generation_drain_late(p, &p->old);
    if (posts_living_of(&p->posts, PROC_NONE, p->old.n) == 0) {
        generation_end(&p->old);
        set_overlapping(p, 0);
    }
}
