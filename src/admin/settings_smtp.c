#include "config.h"

#include <time.h>

#include "admin/handlers.h"
#include "authn/mail.h"
#include "http/response.h"
#include "store/outbox.h"
#include "store/settings_table.h"
#include "store/users.h"
#include "util/clock.h"

/*
 * The one request that waits for a mail server: whoever tries the settings wants to know
 * what came of it.  The courier sends; this looks after its row, for so long and no longer.
 */

#define WAIT_MS 10000
#define LOOK_MS 50
#define LIFE_S 60

struct trial { struct exchange *x; struct mail mail; const char *id; };

static enum rc queue(struct db *db, void *arg)
{
    struct trial *t = arg;

    return mail_queue_id(t->x, db, &t->mail, &t->id);
}

static struct mail test_mail(struct exchange *x)
{
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "username", x->user->username);
    return (struct mail){ .template_name = "test", .to = x->user->email, .subject = "Test mail", .vars = vars,
                          .expires_at = x->now + LIFE_S };
}

static int64_t deadline(const struct exchange *x)
{
    int64_t half = x->conf->request_deadline_s * 1000 / 2;

    return clock_mono_ms() + (half < WAIT_MS ? half : WAIT_MS);
}

/* RC_OK: sent, its row is gone. */
static enum rc wait_for(struct exchange *x, const char *id)
{
    static const struct timespec pause = { 0, LOOK_MS * 1000000L };
    int64_t until = deadline(x);
    struct outbox_item item;

    do {
        enum rc rc = outbox_find(x->db, x->arena, id, &item);

        if (rc != RC_OK)
            return rc == RC_NONE ? RC_OK : rc;
        if (!text_empty(item.last_error))
            return refuse(&x->no, REFUSE_SMTP_ERROR, "%s", item.last_error);
        (void)nanosleep(&pause, NULL);
    } while (clock_mono_ms() < until);
    return refuse(&x->no, REFUSE_SMTP_ERROR, "%s does not answer", x->settings->smtp_host);
}

static enum rc check(struct exchange *x)
{
    if (x->user == NULL || text_empty(x->user->email))
        return refuse(&x->no, REFUSE_NO_EMAIL, NULL);
    if (!mail_is_configured(x))
        return refuse(&x->no, REFUSE_SMTP_ERROR, "smtp_host is not set");
    return RC_OK;
}

enum rc admin_settings_test_smtp(struct exchange *x)
{
    struct trial t = { .x = x };

    TRY(check(x));
    t.mail = test_mail(x);
    TRY(db_write(x->db, queue, &t));
    enum rc rc = wait_for(x, t.id);
    if (rc == RC_REFUSED) /* nobody waits for it any more */
        TRY(outbox_remove(x->db, t.id));
    TRY(rc);
    return respond_message(x, arena_printf(x->arena, "A test mail was sent to %s", x->user->email));
}
