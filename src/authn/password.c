#include "config.h"

#include "authn/password.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "authn/trail.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "hasher/checker.h"
#include "hasher/hasher.h"
#include "store/lockouts.h"
#include "store/passwords.h"
#include "store/replays.h"
#include "store/settings_table.h"
#include "util/clock.h"

#define UNDECIDED_MS 10000 /* nobody waits for longer: what is left is no attempt, its process is gone */
#define WAIT_MS 20

/* A password that is being looked at. */
struct attempt {
    struct exchange *x;
    const char *username;    /* as typed; NULL: of somebody who is known */
    struct user named;       /* who that is */
    const struct user *user; /* NULL: there is no such person */
    struct password found;   /* hash NULL: has none */
    struct lockout counted;
    const char *rehash;
    int64_t wait_until_ms;   /* for others who are being looked at */
};

static bool is_counted(const struct exchange *x)
{
    return x->settings->account_lockout_max_attempts > 0;
}

static enum rc find_user(struct db *db, struct attempt *t)
{
    enum rc rc;

    if (t->username == NULL)
        return RC_OK;
    rc = users_by_username(db, t->x->arena, t->username, &t->named);
    t->user = rc == RC_OK ? &t->named : NULL;
    return rc == RC_NONE ? RC_OK : rc;
}

static enum rc find_password(struct db *db, struct attempt *t)
{
    enum rc rc;

    t->found = (struct password){ NULL, 0 };
    if (t->user == NULL)
        return RC_OK;
    rc = passwords_find(db, t->x->arena, t->user->id, &t->found);
    return rc == RC_NONE ? RC_OK : rc;
}

static enum rc count(struct db *db, struct attempt *t)
{
    const struct settings *s = t->x->settings;

    return lockouts_claim(db, t->x->arena, t->user->id, s->account_lockout_max_attempts, s->account_lockout_duration,
                          t->x->now, &t->counted);
}

/* CS-12: a person who does not exist costs a commit too, or the time tells; the
 * row has expired already and goes with the next sweep. */
static enum rc spend_decoy(struct db *db, struct attempt *t)
{
    uint8_t any[SHA256_BYTES];

    random_bytes(any, sizeof(any));
    return replays_spend(db, BYTES(any), t->x->now);
}

static enum rc begin(struct db *db, void *arg)
{
    struct attempt *t = arg;

    TRY(find_user(db, t));
    TRY(find_password(db, t));
    if (!is_counted(t->x))
        return RC_OK;
    return t->user != NULL ? count(db, t) : spend_decoy(db, t);
}

/*
 * Counted before the hash is looked at (flows 15), in a transaction that has committed,
 * so that of many guesses at once no more than the limit are looked at.  What is looked at
 * is read there too: a transaction less, for everybody who signs in.
 */
static enum rc begin_once(struct attempt *t)
{
    enum rc rc = is_counted(t->x) ? db_write(t->x->db, begin, t) : begin(t->x->db, t);

    db_read_end(t->x->db);
    return rc;
}

/* Nothing but attempts that are being looked at just now keeps the person out: if one of
 * them is right there is no lock.  A count that somebody was killed over is no reason to
 * wait for ever. */
static bool is_undecided(const struct attempt *t, const struct lockout *l)
{
    return l->pending_n > 0 && clock_mono_ms() < t->wait_until_ms &&
           l->locked_until_at - t->x->settings->account_lockout_duration > clock_now() - UNDECIDED_MS / 1000;
}

/* Until it is decided: one was right, or all were wrong.  Whoever guesses waits no longer
 * than the hashes take, which would be his own otherwise. */
static enum rc wait_for_others(struct attempt *t, struct lockout *inout)
{
    enum rc rc = RC_OK;

    while (rc == RC_OK && is_undecided(t, inout)) {
        (void)poll(NULL, 0, WAIT_MS);
        rc = lockouts_find(t->x->db, t->x->arena, t->user->id, inout);
    }
    return rc == RC_NONE ? RC_OK : rc; /* one was right: there is no count any more */
}

static enum rc begin_attempt(struct attempt *t)
{
    enum rc rc = begin_once(t);

    t->wait_until_ms = clock_mono_ms() + UNDECIDED_MS;
    while (rc == RC_REFUSED && is_undecided(t, &t->counted)) {
        TRY(wait_for_others(t, &t->counted));
        rc = begin_once(t);
    }
    return rc == RC_REFUSED ? refuse(&t->x->no, REFUSE_LOCKED, NULL) : rc;
}

static enum rc verify(struct attempt *t, const char *password)
{
    struct exchange *x = t->x;

    switch (hasher_verify(x->hasher, x->arena, password, t->found.hash, &t->rehash)) {
    case RC_OK:
        return RC_OK;
    case RC_NONE:
        return refuse(&x->no, REFUSE_BAD_CREDENTIALS, NULL);
    case RC_REFUSED:
        return refuse(&x->no, REFUSE_BUSY, NULL);
    case RC_FAULT:
        break;
    }
    return RC_FAULT;
}

static enum rc give_back(struct db *db, void *arg)
{
    const struct attempt *t = arg;

    return lockouts_give_back(db, t->user->id, t->x->settings->account_lockout_max_attempts);
}

/* A password that nobody looked at is no wrong one: a login storm must not lock out
 * the honest. */
static enum rc unless_busy(struct attempt *t, enum rc rc)
{
    bool was_looked_at = rc == RC_OK || (rc == RC_REFUSED && t->x->no.code == REFUSE_BAD_CREDENTIALS);

    if (was_looked_at || t->user == NULL || !is_counted(t->x))
        return rc;
    TRY(db_write(t->x->db, give_back, t));
    return rc;
}

static enum rc look_at(struct attempt *t, const char *password)
{
    TRY(begin_attempt(t));
    return unless_busy(t, verify(t, password));
}

static enum rc upgrade_hash(struct db *db, const struct right_password *p)
{
    enum rc rc;

    if (p->rehash == NULL)
        return RC_OK;
    rc = passwords_upgrade(db, p->user.id, p->looked_at.hash, p->rehash, p->now);
    return rc == RC_NONE ? RC_OK : rc; /* changed meanwhile: the new one stays */
}

static enum rc is_current(struct db *db, const char *user_id, int64_t changed_at)
{
    int64_t now;

    TRY(passwords_changed_at(db, user_id, &now));
    return now == changed_at ? RC_OK : RC_NONE;
}

static enum rc record_right(struct db *db, struct right_password *p)
{
    enum rc rc = is_current(db, p->user.id, p->looked_at.changed_at);

    p->is_stale = rc == RC_NONE;
    TRY(rc);
    TRY(lockouts_clear(db, p->user.id));
    return upgrade_hash(db, p);
}

enum rc password_record(struct db *db, struct right_password *p)
{
    TRY(record_right(db, p));
    return users_set_last_login(db, p->user.id, p->now);
}

static bool is_wrong(const struct exchange *x)
{
    return x->no.code == REFUSE_BAD_CREDENTIALS;
}

/* A claim that stays counted.  CS-12: as much for somebody who does not exist. */
static enum rc settle(struct db *db, void *arg)
{
    struct attempt *t = arg;

    if (!is_counted(t->x))
        return RC_OK;
    return t->user != NULL ? lockouts_settle(db, t->user->id) : spend_decoy(db, t);
}

static enum rc note_failure(struct db *db, void *arg)
{
    struct attempt *t = arg;

    if (is_wrong(t->x))
        TRY(settle(db, t));
    return trail(t->x, "login_failed", NULL, "user", "", "username", t->username, "reason",
                 refusal_wire(t->x->no.code), NULL);
}

/* Kept whatever becomes of the request, so in a transaction of its own. */
static enum rc record_failure(struct attempt *t)
{
    if (t->x->no.code == REFUSE_BUSY)
        return RC_REFUSED;
    TRY(db_write(t->x->db, note_failure, t));
    return RC_REFUSED;
}

static struct right_password right_of(const struct attempt *t)
{
    struct right_password p = { .user = *t->user, .looked_at = t->found, .rehash = t->rehash, .now = t->x->now };

    p.user.last_login_at = t->x->now;
    p.user.failures_n = p.user.locked_until_at = 0;
    return p;
}

enum rc password_login(struct exchange *x, const char *username, const char *password,
                       struct right_password *out)
{
    struct attempt t = { .x = x, .username = username };
    enum rc rc = look_at(&t, password);

    if (rc == RC_REFUSED)
        return record_failure(&t);
    TRY(rc);
    *out = right_of(&t);
    return RC_OK;
}

static enum rc record_alone(struct db *db, void *arg)
{
    return password_record(db, arg);
}

enum rc password_settle(struct exchange *x, struct right_password *p, enum rc rc)
{
    if (p->is_recorded)
        return rc;
    return db_write(x->db, record_alone, p) == RC_FAULT ? RC_FAULT : rc;
}

bool username_may_be(const struct exchange *x, const char *username)
{
    int64_t n = (int64_t)strlen(username);

    return n >= x->settings->validation_min_username_length && n <= x->settings->validation_max_username_length;
}

static enum rc record_confirmed(struct db *db, void *arg)
{
    return record_right(db, arg);
}

enum rc password_confirm(struct exchange *x, const struct user *user, const char *password)
{
    struct attempt t = { .x = x, .user = user };
    struct right_password right;
    enum rc rc = look_at(&t, password);

    if (rc == RC_REFUSED && is_wrong(x))
        TRY(db_write(x->db, settle, &t));
    TRY(rc);
    right = right_of(&t);
    rc = db_write(x->db, record_confirmed, &right);
    return rc == RC_NONE ? refuse(&x->no, REFUSE_BAD_CREDENTIALS, NULL) : rc;
}

/* `what` names the field for people; lengths count bytes, as the contract does. */
static enum rc check_length(struct exchange *x, const char *what, const char *text, int64_t min,
                            int64_t max)
{
    int64_t n = (int64_t)strlen(text_or(text, ""));

    if (n == 0)
        return refuse(&x->no, REFUSE_VALIDATION, "%s is missing", what);
    if (n < min)
        return refuse(&x->no, REFUSE_VALIDATION, "%s must have at least %" PRId64 " characters",
                      what, min);
    if (n > max)
        return refuse(&x->no, REFUSE_VALIDATION, "%s must have at most %" PRId64 " characters",
                      what, max);
    return RC_OK;
}

/* The command reads one line. */
static enum rc check_outside(struct exchange *x, const char *password)
{
    const char *line = "";

    if (x->checker == NULL || x->checker->argv == NULL)
        return RC_OK;
    if (!is_text(password))
        return refuse(&x->no, REFUSE_VALIDATION, "Password must not have line breaks or control characters");
    db_read_end(x->db);
    switch (checker_ask(x->checker, x->arena, password, &line)) {
    case RC_OK:
        return RC_OK;
    case RC_NONE:
        return text_empty(line) ? refuse(&x->no, REFUSE_VALIDATION, "Password is not good enough")
                                : refuse(&x->no, REFUSE_VALIDATION, "Password: %s", line);
    case RC_REFUSED:
    case RC_FAULT:
        break;
    }
    return refuse(&x->no, REFUSE_VALIDATION,
                  "Password could not be checked; please try again later or tell the administrator");
}

enum rc password_rules(struct exchange *x, const char *password)
{
    TRY(check_length(x, "Password", password, x->settings->validation_min_password_length,
                     x->settings->validation_max_password_length));
    return check_outside(x, password);
}

enum rc username_rules(struct exchange *x, const char *username)
{
    TRY(check_length(x, "Username", username, x->settings->validation_min_username_length,
                     x->settings->validation_max_username_length));
    if (!is_text(username))
        return refuse(&x->no, REFUSE_VALIDATION, "Username has characters that cannot be shown");
    return RC_OK;
}

enum rc password_hash(struct exchange *x, const char *password, const char **out)
{
    enum rc rc;

    db_read_end(x->db);
    rc = hasher_make(x->hasher, x->arena, password, out);
    if (rc == RC_REFUSED)
        return refuse(&x->no, REFUSE_BUSY, NULL);
    return rc == RC_NONE ? fault("password: the hasher made nothing") : rc;
}
