#include "config.h"

#include "serve/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "authn/letter.h"
#include "authn/mail.h"
#include "authn/setting_secret.h"
#include "net/mime.h"
#include "net/smtp.h"
#include "serve/lookup_files.h"
#include "store/outbox.h"
#include "store/settings_table.h"
#include "util/clock.h"

#define LEASE_S 150          /* more than the time-outs of a name, a connection and a conversation */
#define RETRY_S 5            /* doubled with every try of a mail … */
#define RETRY_S_MAX 300
#define PAUSE_MS 1000        /* doubled with every failure of the server … */
#define PAUSE_MS_MAX 5000    /* … up to this: one connection is no burden, and an administrator tries things */
#define KEPT_AFTER_REFUSAL_S 60 /* for whoever waits for the outcome */
#define SIGNER_MS 5000
#define COMPLAIN_MS 60000

struct delivery {
    const struct pool *pool;
    struct db *db;
    struct signer signer;
    struct smtp *smtp;       /* NULL: no connection is kept */
    struct arena *arena;     /* of one delivery */
    struct arena *kept;      /* of the settings */
    struct settings settings;
    uint64_t changes_seen;
    int failures_n;          /* of the server, in a row */
    int64_t complained_ms;
    struct lookup_files files;
};

struct delivery *delivery_new(const struct pool *pool, struct db *db)
{
    struct delivery *d = calloc(1, sizeof(*d));

    if (d == NULL)
        die("delivery: no memory");
    d->pool = pool;
    d->db = db;
    d->signer.ask_fd = pool->signer_queue[CHANNEL_COURIER].ask_fd;
    d->signer.late_since_ms = &pool->board->late_since_ms[PROC_SIGNER];
    d->arena = arena_start("delivery");
    smtp_warm();
    lookup_files_note(pool->conf, &d->files);
    return d;
}

void delivery_rest(struct delivery *d)
{
    smtp_free(d->smtp);
    d->smtp = NULL;
}

void delivery_free(struct delivery *d)
{
    if (d == NULL)
        return;
    delivery_rest(d);
    arena_done(d->arena);
    if (d->kept != NULL)
        arena_done(d->kept);
    free(d);
}

bool delivery_is_stale(const struct delivery *d)
{
    return lookup_files_changed(&d->files);
}

/* --- settings --------------------------------------------------------------- */

static enum rc load_settings(struct delivery *d)
{
    struct arena *fresh;
    struct settings settings;

    if (!db_has_changed(d->db, &d->changes_seen) && d->kept != NULL)
        return RC_OK;
    fresh = arena_start("settings");
    enum rc rc = settings_load(d->db, fresh, &settings);
    if (rc != RC_OK) {
        d->changes_seen = 0;
        arena_done(fresh);
        return rc;
    }
    if (d->kept != NULL)
        arena_done(d->kept);
    d->kept = fresh;
    d->settings = settings;
    return RC_OK;
}

/* RC_NONE: it cannot be used now, and why. */
static enum rc find_server(struct delivery *d, struct smtp_server *out, const char **why)
{
    const struct settings *s = &d->settings;

    *out = (struct smtp_server){
        .host = s->smtp_host, .port = s->smtp_port, .username = s->smtp_username, .password = "",
        .ca_file = d->pool->conf->ca_file, .greeting = d->pool->conf->host,
    };
    *why = "smtp_host is not set";
    if (text_empty(s->smtp_host))
        return RC_NONE;
    if (text_empty(s->smtp_username))
        return RC_OK;
    *why = "smtp_password is not set for this server";
    if (text_empty(s->smtp_password))
        return RC_NONE;
    *why = "smtp_password does not open";
    d->signer.deadline_ms = clock_mono_ms() + SIGNER_MS;
    return setting_secret_open(&d->signer, d->arena, "smtp_password", s->smtp_password, &out->password);
}

/* --- what came of it --------------------------------------------------------- */

struct outcome { const struct outbox_item *item; enum rc rc; struct smtp_result result; int64_t retry_s; };

static enum rc write_down(struct db *db, void *arg)
{
    const struct outcome *o = arg;
    int64_t now = clock_now();

    if (o->rc == RC_OK)
        return outbox_remove(db, o->item->id);
    if (o->rc == RC_REFUSED)
        return outbox_refuse(db, o->item->id, now + KEPT_AFTER_REFUSAL_S, o->result.why);
    return outbox_put_off(db, o->item, now + o->retry_s, o->result.why);
}

static int64_t doubled(int64_t first, int64_t n, int64_t max)
{
    int64_t value = n < 16 ? first << (n > 0 ? n : 0) : max;

    return value < max ? value : max;
}

static void say(const struct outbox_item *item, const struct outcome *o)
{
    const char *event = o->rc == RC_OK ? "mail_sent" : o->rc == RC_REFUSED ? "mail_refused" : "mail_put_off";

    log_event(o->rc == RC_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, event, "id", item->id, "tries",
              log_num(item->tries_n), "age", log_num(clock_now() - item->created_at), "why",
              o->rc == RC_OK ? NULL : o->result.why, NULL);
}

/* One line at first and one a minute; the mails that wait are not counted. */
static int64_t server_failed(struct delivery *d, const char *why)
{
    int64_t now = clock_mono_ms();

    if (d->failures_n == 0 || now - d->complained_ms >= COMPLAIN_MS) {
        log_event(LOG_LEVEL_WARNING, "mail_server_fails", "server", d->settings.smtp_host, "why", why, NULL);
        d->complained_ms = now;
    }
    delivery_rest(d);
    return doubled(PAUSE_MS, d->failures_n++, PAUSE_MS_MAX);
}

static void server_works(struct delivery *d)
{
    if (d->failures_n > 0)
        log_event(LOG_LEVEL_INFO, "mail_server_works", "server", d->settings.smtp_host, NULL);
    d->failures_n = 0;
}

static enum rc conclude(struct delivery *d, const struct outbox_item *item, struct outcome *o, int64_t *pause_ms)
{
    bool is_server = o->rc == RC_NONE && o->result.is_server;

    o->item = item;
    if (is_server) {
        *pause_ms = server_failed(d, o->result.why);
        o->retry_s = *pause_ms / 1000;
    } else {
        server_works(d);
        o->retry_s = doubled(RETRY_S, item->tries_n - 1, RETRY_S_MAX);
        say(item, o);
    }
    return db_write(d->db, write_down, o);
}

/* --- one of them --------------------------------------------------------------- */

static enum rc send(struct delivery *d, const struct letter *l, struct smtp_result *out)
{
    struct mail_sender sender = mail_sender(d->arena, &d->settings, d->pool->conf);
    struct mime_mail mime = {
        .from_name = l->from_name, .from_address = sender.address, .to = l->to, .subject = l->subject,
        .text = l->text, .html = l->html, .message_id = l->message_id, .date = l->date,
    };
    struct smtp_mail mail = { .from = sender.address, .to = l->to };
    struct smtp_server server;
    struct sbuf b;

    *out = (struct smtp_result){ .is_server = true };
    if (find_server(d, &server, &out->why) != RC_OK)
        return RC_NONE;
    sbuf_init(&b, d->arena, 16384);
    if (mime_message(&mime, &b) != RC_OK) {
        *out = (struct smtp_result){ .why = "an address is none" };
        return RC_REFUSED;
    }
    mail.message = sbuf_bytes(&b);
    if (d->smtp == NULL)
        d->smtp = smtp_new();
    return smtp_send(d->smtp, d->arena, &server, &mail, out);
}

static enum rc deliver(struct delivery *d, const struct outbox_item *item, int64_t *pause_ms)
{
    struct outcome o = { .rc = RC_REFUSED };
    struct letter l;

    if (letter_open(d->pool->keys, d->arena, item->id, item->content_sealed, &l) != RC_OK) {
        log_event(LOG_LEVEL_WARNING, "mail_unreadable", "id", item->id, "hint",
                  "the cookie secret was changed without AUTENTICO_COOKIE_SECRET_PREVIOUS", NULL);
        return outbox_remove(d->db, item->id);
    }
    o.rc = send(d, &l, &o.result);
    return conclude(d, item, &o, pause_ms);
}

enum rc delivery_one(struct delivery *d, int64_t *pause_ms)
{
    int64_t now = clock_now();
    struct outbox_item item;

    arena_reset(d->arena);
    TRY(load_settings(d));
    TRY(outbox_claim(d->db, d->arena, now, now + LEASE_S, &item));
    enum rc rc = deliver(d, &item, pause_ms);
    arena_reset(d->arena);
    return rc;
}

enum rc delivery_expire(struct delivery *d)
{
    struct outbox_item item;
    enum rc rc;

    while ((rc = outbox_expire(d->db, d->arena, clock_now(), &item)) == RC_OK) {
        if (item.content_sealed.n > 0)
            log_event(LOG_LEVEL_WARNING, "mail_expired", "id", item.id, "tries", log_num(item.tries_n), "why",
                      text_or(item.last_error, "it was never tried"), NULL);
        arena_reset(d->arena);
    }
    return rc == RC_NONE ? RC_OK : rc;
}
