#include "config.h"

#include "serve/audit_copy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/audit_chain.h"
#include "util/clock.h"
#include "util/log.h"

#define ROWS_PER_TURN 500
#define NOTE_MS 60000
#define RETRY_MS 1000
#define AFTER_FAULT_MS 5000
#define PRIORITY (10 * 8 + 6) /* authpriv.info (RFC 3164 4.1.1) */

void audit_copy_start(struct audit_copy *c, const char *path)
{
    *c = (struct audit_copy){ .arena = arena_start("audit copy"), .path = path, .fd = -1, .seq = -1 };
    if (text_empty(path))
        return;
    c->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        die("audit copy: socket: %s", strerror(errno));
}

/* --- sending ------------------------------------------------------------------------- */

/* By name each time: whoever listens there may have been replaced. */
static bool send_line(const struct audit_copy *c, const char *line)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };

    if (strlen(c->path) >= sizeof(to.sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(to.sun_path, c->path, strlen(c->path));
    return sendto(c->fd, line, strlen(line), MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to)) >= 0;
}

static bool send_link(struct audit_copy *c, const struct audit_link *l)
{
    const char *line = arena_printf(c->arena, "<%d>autentico[%ld]: audit %s", PRIORITY, (long)getpid(),
                                    json_text(c->arena, audit_link_json(c->arena, l)));

    if (send_line(c, line))
        return true;
    if (errno != EMSGSIZE)
        return false;
    log_event(LOG_LEVEL_WARNING, "audit_line_too_long", "seq", log_num(l->place.seq), NULL); /* for ever */
    return true;
}

static void note_failure(struct audit_copy *c)
{
    c->retry_ms = clock_mono_ms() + RETRY_MS;
    if (!c->is_failing && errno != EAGAIN)
        log_event(LOG_LEVEL_WARNING, "audit_copy_fails", "path", c->path, "why", strerror(errno), NULL);
    c->is_failing = c->is_failing || errno != EAGAIN;
}

static enum rc send_rows(struct audit_copy *c, struct db *db)
{
    struct audit_links links;

    TRY(audit_links(db, c->arena, c->seq, ROWS_PER_TURN, &links));
    for (size_t i = 0; i < links.n; i++) {
        if (!send_link(c, &links.v[i])) {
            note_failure(c);
            return RC_OK;
        }
        c->seq = links.v[i].place.seq;
    }
    if (links.n > 0 && c->is_failing)
        log_event(LOG_LEVEL_INFO, "audit_copy_works", "path", c->path, NULL);
    if (links.n > 0)
        c->is_failing = false;
    return RC_OK;
}

/* --- how far it has come ---------------------------------------------------------------- */

static enum rc set_copied(struct db *db, void *arg)
{
    return audit_set_copied(db, *(const int64_t *)arg);
}

static enum rc note(struct audit_copy *c, struct db *db)
{
    c->note_ms = clock_mono_ms() + NOTE_MS;
    TRY(db_write(db, set_copied, &c->seq));
    c->noted_seq = c->seq;
    return RC_OK;
}

/* Switched on for the first time: all of a young trail, else what comes from now on. */
static int64_t first_seq(const struct audit_chain *chain)
{
    return chain->end.seq > ROWS_PER_TURN ? chain->end.seq : 0;
}

/* Switched off, it is forgotten. */
static enum rc find_place(struct audit_copy *c, struct db *db, bool *did)
{
    struct audit_chain chain;

    TRY(audit_chain_read(db, c->arena, &chain));
    c->noted_seq = chain.copied_seq;
    c->seq = text_empty(c->path) ? 0 : chain.copied_seq > 0 ? chain.copied_seq : first_seq(&chain);
    *did = c->seq != c->noted_seq;
    return *did ? note(c, db) : RC_OK;
}

static enum rc turn(struct audit_copy *c, struct db *db, bool *did)
{
    if (c->seq < 0)
        TRY(find_place(c, db, did));
    if (text_empty(c->path))
        return RC_OK;
    TRY(send_rows(c, db));
    if (c->seq == c->noted_seq || clock_mono_ms() < c->note_ms)
        return RC_OK;
    *did = true;
    return note(c, db);
}

bool audit_copy_turn(struct audit_copy *c, struct db *db)
{
    bool did = false;

    if ((c->seq >= 0 && text_empty(c->path)) || clock_mono_ms() < c->retry_ms)
        return false;
    if (turn(c, db, &did) != RC_OK)
        c->retry_ms = clock_mono_ms() + AFTER_FAULT_MS;
    arena_reset(c->arena);
    return did;
}

void audit_copy_done(struct audit_copy *c, struct db *db)
{
    if (db != NULL && c->seq >= 0 && c->seq != c->noted_seq && note(c, db) != RC_OK)
        log_event(LOG_LEVEL_WARNING, "audit_copy_not_noted", NULL);
    if (c->fd >= 0)
        close(c->fd);
    if (c->arena != NULL)
        arena_done(c->arena);
}
