#include "config.h"

/*
 * Every statement of the store runs once, and none of their plans may walk a
 * growing table or sort.  Exempt by the name that begins the statement: the
 * contract's lists, counts, and tables that stay small.
 */

#include "store_test.h"

#include "store/audit_chain.h"
#include "store/backups.h"
#include "store/challenges.h"
#include "store/client_grants.h"
#include "store/codes.h"
#include "store/console_sessions.h"
#include "store/doctor_report.h"
#include "store/factors.h"
#include "store/links.h"
#include "store/lockouts.h"
#include "store/outbox.h"
#include "store/passkeys.h"
#include "store/passwords.h"
#include "store/replays.h"
#include "store/secrets_seen.h"
#include "store/settings_table.h"
#include "store/signing_keys.h"
#include "store/trusted_devices.h"

static void run_users(void)
{
    struct lockout l;
    struct password password;
    struct user_means_rows means;
    struct user u;
    int64_t n;
    bool any;

    assert_ok(users_by_id(DB, A, "u1", &u));
    assert_ok(users_profile(DB, A, "u1", &u));
    assert_ok(users_by_username(DB, A, "ann", &u));
    assert_ok(users_by_id_any(DB, A, "u1", &u));
    assert_ok(users_update(DB, &u));
    assert_ok(users_set_last_login(DB, "u1", NOW));
    assert_ok(users_any(DB, &any));
    assert_ok(users_count(DB, &n));
    assert_ok(users_other_admin(DB, "u1", &any));
    assert_ok(users_admin_means(DB, A, &means));
    assert_ok(passwords_set(DB, "u1", "hash", NOW));
    assert_ok(passwords_find(DB, A, "u1", &password));
    assert_ok(passwords_upgrade(DB, "u1", "hash", "other", NOW));
    assert_ok(passwords_changed_at(DB, "u1", &n));
    assert_ok(passwords_remove(DB, "u1"));
    assert_ok(lockouts_claim(DB, A, "u1", 5, 60, NOW, &l));
    assert_ok(lockouts_find(DB, A, "u1", &l));
    assert_ok(lockouts_give_back(DB, "u1", 5));
    assert_ok(lockouts_settle(DB, "u1"));
    assert_ok(lockouts_clear(DB, "u1"));
}

static enum rc queue_one(struct db *db, void *arg)
{
    return outbox_add(db, arg);
}

static void run_factors(void)
{
    struct challenge c = {
        .id_hash = hash_like(31), .user_id = "u1", .method = "totp", .request = hash_like(1),
        .browser_hash = hash_like(2), .amr = "pwd", .session_id = "s1", .created_at = NOW, .expires_at = NOW + 600,
    };
    struct trusted_device d = { .id = "d1", .cookie_hash = hash_like(32), .user_id = "u1", .device_name = "x",
                                .created_at = NOW, .last_used_at = NOW, .expires_at = NOW + 600 };
    struct trusted_device_rows devices;
    struct bytes code = hash_like(33);
    struct lockout l;
    struct totp t;
    const char *id;
    int64_t n;

    assert_ok(factors_totp_begin(DB, "u1", hash_like(1), NOW));
    assert_ok(factors_totp_confirm(DB, "u1", hash_like(1), 1, NOW));
    assert_ok(factors_totp_find(DB, A, "u1", &t));
    assert_ok(factors_totp_accept(DB, "u1", 2));
    assert_ok(factors_totp_remove(DB, "u1"));
    assert_ok(factors_recovery_replace(DB, "u1", &code, 1, NOW));
    assert_ok(factors_recovery_left(DB, "u1", &n));
    assert_ok(factors_recovery_spend(DB, "u1", code, NOW));
    assert_ok(lockouts_claim_factor(DB, A, "u1", 5, 60, NOW, &l));
    assert_ok(lockouts_find_factor(DB, A, "u1", &l));
    assert_ok(lockouts_give_back_factor(DB, "u1", 5));
    assert_ok(lockouts_clear_factor(DB, "u1"));
    assert_ok(challenges_add(DB, &c));
    assert_ok(challenges_find(DB, A, c.id_hash, &c));
    assert_ok(challenges_claim(DB, c.id_hash, 5, NOW, &n));
    assert_ok(challenges_give_back(DB, c.id_hash));
    assert_ok(challenges_set_code(DB, c.id_hash, hash_like(3), NOW, NOW));
    assert_ok(challenges_mailed(DB, "u1", 0, &n));
    assert_ok(challenges_use(DB, c.id_hash, NOW));
    assert_ok(trusted_devices_add(DB, &d));
    assert_ok(trusted_devices_use(DB, A, d.cookie_hash, "u1", NOW, &id));
    assert_ok(trusted_devices_live(DB, "d1", "u1", NOW));
    assert_ok(trusted_devices_of_user(DB, A, "u1", NOW, &devices));
    assert_ok(trusted_devices_remove(DB, "d1", "u1"));
    assert_ok(trusted_devices_remove_of_user(DB, "u1"));
    assert_ok(sessions_step_up(DB, "s1", hash_like(1), "2", "pwd otp mfa", NOW));
    assert_ok(challenges_sweep(DB, NOW + 9999, 500, &n));
    assert_ok(trusted_devices_sweep(DB, NOW + 9999, 500, &n));
}

static void run_outbox(void)
{
    struct outbox_item item = { .id = "o1", .kind = "mail", .content_sealed = hash_like(1), .next_try_at = NOW,
                                .created_at = NOW, .expires_at = NOW + 60 };
    int64_t n;

    assert_ok(db_write(DB, queue_one, &item));
    assert_ok(outbox_count_under(DB, hash_like(1), &(int64_t){ 0 }));
    assert_ok(outbox_claim(DB, A, NOW, NOW + 60, &item));
    assert_ok(outbox_put_off(DB, &item, NOW, "busy"));
    assert_ok(outbox_refuse(DB, "o1", NOW + 60, "never"));
    assert_ok(outbox_find(DB, A, "o1", &item));
    assert_ok(outbox_next(DB, &n));
    assert_ok(outbox_expire(DB, A, NOW + 60, &item));
    assert_ok(outbox_remove(DB, "o1"));
    assert_ok(outbox_sweep(DB, NOW + 9999, 500, &n));
}

static void run_passkeys(void)
{
    struct passkey p = {
        .credential_id = hash_like(41), .user_id = "u1", .name = "x", .public_key = hash_like(1), .alg = -7,
        .transports = "usb", .aaguid = (struct bytes){ hash_like(1).p, 16 }, .created_at = NOW,
    };
    struct passkey_rows rows;
    struct bytes handle;

    assert_ok(user_handles_add(DB, "u1", hash_like(42)));
    assert_ok(user_handles_find(DB, A, "u1", &handle));
    assert_ok(passkeys_add(DB, &p));
    assert_ok(passkeys_find(DB, A, p.credential_id, &p));
    assert_ok(passkeys_of_user(DB, A, "u1", &rows));
    assert_ok(passkeys_use(DB, p.credential_id, 1, true, false, NOW));
    assert_ok(passkeys_any_verifying(DB, "u1"));
    assert_ok(passkeys_rename(DB, p.credential_id, "u1", "y"));
    assert_ok(passkeys_remove_since(DB, "u1", NOW + 1));
    assert_ok(passkeys_remove(DB, p.credential_id, "u1"));
    assert_ok(passkeys_add(DB, &p));
    assert_ok(passkeys_remove_of_user(DB, "u1"));
}

static void run_links(void)
{
    struct one_time_link l = { .token_hash = hash_like(41), .kind = LINK_RESET, .user_id = "u1", .created_at = NOW,
                               .expires_at = NOW + 60 };
    int64_t n;

    assert_ok(links_add(DB, &l));
    assert_ok(links_find(DB, A, l.token_hash, NOW, &l));
    assert_ok(links_use(DB, A, l.token_hash, NOW, &l));
    assert_ok(links_void_of_user(DB, "u1", NOW));
    assert_ok(links_sweep(DB, NOW + 9999, 500, &n));
}

static void run_clients(void)
{
    struct client_secret s = { .id = "x", .sha256 = hash_like(1), .created_at = NOW };
    struct client_secrets secrets;
    struct clients_facts facts;
    struct text_list uris;
    struct client c;
    int64_t n;

    assert_ok(clients_find(DB, A, "app", &c));
    assert_ok(clients_update(DB, &c));
    assert_ok(clients_set_active(DB, "app", true, NOW));
    assert_ok(clients_add_secret(DB, "app", &s));
    assert_ok(clients_secrets(DB, A, "app", NOW, &secrets));
    assert_ok(clients_expire_secrets(DB, "app", NULL, NOW));
    assert_ok(clients_touch(DB, "app", NOW));
    assert_ok(client_grants_note(DB, "app", "password", NOW));
    assert_ok(client_grants_last(DB, "app", "password", &n));
    assert_ok(client_grants_since(DB, &n));
    assert_ok(clients_count(DB, &n));
    assert_ok(clients_facts_load(DB, &facts));
    assert_ok(clients_public_redirect_uris(DB, A, &uris));
}

static void run_lists(void)
{
    struct users_query u = { .list = { .limit = 9 }, .is_email_verified = -1 };
    struct clients_query c = { .list = { .limit = 9 }, .is_active = -1 };
    struct sessions_query s = { .list = { .limit = 9 }, .now = NOW };
    struct clients_page clients;
    struct sessions_page sessions;
    struct users_page users;
    int64_t n;

    for (int down = 0; down < 2; down++) {
        u.list.is_descending = c.list.is_descending = down;
        for (size_t i = 0; users_sorts[i]; i++) {
            u.list.sort = users_sorts[i];
            assert_ok(users_list(DB, A, &u, &users));
        }
        for (size_t i = 0; clients_sorts[i]; i++) {
            c.list.sort = clients_sorts[i];
            assert_ok(clients_list(DB, A, &c, &clients));
        }
        s.list.is_descending = down;
        s.user_id = NULL;
        assert_ok(sessions_list(DB, A, &s, &sessions));
        s.user_id = "u1";
        assert_ok(sessions_list(DB, A, &s, &sessions));
    }
    assert_ok(sessions_count(DB, &s, &n));
}

/* For administrators to look at. */
static void run_admin_lists(bool is_descending)
{
    struct list_query list = { .limit = 9, .is_descending = is_descending };
    static const char *const sorts[] = { "created_at", "event", "last_activity_at", "expires_at", "issued_at",
                                         "access_token_expires_at" };
    struct sessions_page sessions;
    struct families_page families;
    struct tokens_page tokens;
    struct audit_page trail;

    for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
        list.sort = sorts[i];
        assert_ok(sessions_list(DB, A, &(struct sessions_query){ .list = list, .now = NOW }, &sessions));
        assert_ok(sessions_list(DB, A, &(struct sessions_query){ .list = list, .now = NOW, .user_id = "u1" }, &sessions));
        assert_ok(families_of_session(DB, A, "s1", &list, &families));
        assert_ok(tokens_list(DB, A, &(struct tokens_query){ .list = list }, &tokens));
        assert_ok(audit_list(DB, A, &(struct audit_query){ .list = list }, &trail));
    }
}

static void run_admin_rest(void)
{
    struct families_page families;
    struct family f;
    struct user u;
    int64_t n;

    assert_ok(families_latest(DB, A, NULL, &families));
    assert_ok(families_latest(DB, A, "u1", &families));
    assert_ok(families_by_id(DB, A, "f1", &f));
    assert_none(users_by_email(DB, A, "ann@example.org", &u));
    assert_ok(sessions_count(DB, &(struct sessions_query){ .active_from = NOW }, &n));
    assert_ok(tokens_count_live(DB, NOW, 86400, &n));
    assert_ok(families_count_since(DB, NOW, &n));
    assert_ok(audit_count(DB, "login_failed", NOW, &n));
    assert_ok(lockouts_count_locked(DB, NOW, &n));
}

static void run_settings(void)
{
    struct backup b = { .file = "/x.db", .taken_at = NOW, .verified_at = NOW };
    struct doctor_report report;
    struct installation in;
    struct settings s;
    int64_t since;

    assert_ok(settings_write_defaults(DB, NOW));
    assert_ok(settings_put(DB, "theme_title", "x", NOW));
    assert_ok(settings_load(DB, A, &s));
    assert_ok(installation_get(DB, A, &in));
    assert_ok(installation_bump(DB));
    assert_ok(installation_set_fingerprint(DB, "x"));
    assert_ok(installation_set_onboard_token(DB, hash_like(1), NOW));
    assert_ok(backups_note(DB, &b));
    assert_ok(backups_last(DB, A, &b));
    assert_ok(doctor_report_keep(DB, "{}", NOW));
    assert_ok(doctor_report_last(DB, A, &report));
    assert_ok(secrets_seen_note(DB, "cookie", "x", NOW));
    assert_ok(secrets_seen_since(DB, "cookie", "x", &since));
}

static void run_protocol(void)
{
    struct code c = {
        .code_hash = hash_like(11), .client_id = "app", .user_id = "u1", .session_id = "s1",
        .redirect_uri = "https://app.example/cb", .scope = "openid", .acr = "1", .created_at = NOW,
        .expires_at = NOW + 60,
    };
    struct console_session o = {
        .id = "o1", .cookie_hash = hash_like(5), .console = "admin", .user_id = "u1", .family_id = "f1",
        .created_at = NOW, .expires_at = NOW + 60,
    };
    struct token_view v;
    struct session s;
    const char *family;

    assert_ok(codes_add(DB, &c));
    assert_ok(codes_redeem(DB, A, hash_like(11), "app", "f1", NOW, &c));
    assert_ok(codes_replayed(DB, A, hash_like(11), "app", &family));
    assert_ok(codes_burn(DB, hash_like(11)));
    assert_ok(console_sessions_add(DB, &o));
    assert_ok(console_sessions_find(DB, A, hash_like(5), "admin", NOW, &o));
    assert_none(console_sessions_rekey(DB, "o1", hash_like(98), hash_like(2)));
    assert_ok(console_sessions_end(DB, "o1", NOW));
    assert_ok(sessions_by_cookie(DB, A, hash_like(1), &s));
    assert_ok(sessions_by_id(DB, A, "s1", &s));
    assert_ok(sessions_touch(DB, "s1", NOW + 1));
    assert_none(sessions_rekey(DB, "s1", hash_like(98), hash_like(2)));
    assert_ok(tokens_find(DB, A, 1, &v));
    assert_ok(tokens_shown(DB, A, 1, &v));
    assert_ok(tokens_rotate(DB, 1, NOW));
    assert_ok(tokens_revoke(DB, 1, NOW));
    assert_ok(families_extend(DB, "f1", NOW + 5000));
    assert_ok(families_live(DB, "f1"));
    assert_ok(families_revoke(DB, "f1", "x", NOW));
    assert_ok(families_revoke_of_user(DB, "u1", NULL, "x", NOW));
    assert_ok(families_revoke_of_client(DB, "app", "x", NOW));
    assert_ok(replays_spend(DB, hash_like(1), NOW));
}

static void run_rest(void)
{
    struct signing_key_row k = { .kid = "k", .alg = "RS256", .public_jwk = "{}", .state = "next",
                                 .thumbprint = "t", .created_at = NOW };
    struct audit_event e = { .event = "x", .at = NOW, .retention_s = 1 };
    struct signing_key_rows keys;
    struct audit_rows trail;

    assert_ok(signing_keys_add(DB, &k));
    assert_ok(signing_keys_activate(DB, "k", NOW));
    assert_ok(signing_keys_retire(DB, "k", NOW));
    assert_ok(signing_keys_all(DB, A, &keys));
    assert_ok(signing_keys_active(DB, A, &keys));
    assert_ok(signing_keys_unpublish(DB, "k", NOW));
    assert_none(signing_keys_reseal(DB, "k", hash_like(1), hash_like(2)));
    assert_ok(signing_keys_revoke(DB, "k", NOW));
    assert_none(settings_reseal(DB, "smtp_password", "sealed:x", "sealed:y"));
    assert_ok(installation_set_sealing(DB, "f", NULL));
    assert_ok(installation_reseal_from(DB, A, &(const char *){ NULL }));
    assert_ok(factors_totp_after(DB, A, "", 20, &(struct totp_sealed_rows){ NULL, 0 }));
    assert_none(factors_totp_reseal(DB, "nobody", hash_like(1), hash_like(2)));
    assert_ok(audit_add(DB, &e));
    assert_ok(audit_latest(DB, A, 5, &trail));
}

static void run_trail(void)
{
    struct audit_checkpoint c = { .number = 1, .place = { 1, hash_like(1) }, .kid = "k", .jws = "x", .made_at = NOW };
    struct audit_checkpoints points;
    struct audit_links links;
    struct audit_chain chain;
    struct audit_place old;

    assert_ok(audit_chain_read(DB, A, &chain));
    assert_ok(audit_links(DB, A, 0, 10, &links));
    assert_ok(audit_checkpoint_add(DB, &c));
    assert_ok(audit_checkpoint_last(DB, A, &c));
    assert_ok(audit_checkpoints(DB, A, &points));
    assert_ok(audit_set_copied(DB, 1));
    assert_ok(audit_old(DB, A, NOW + 9999, 500, &old));
    assert_ok(audit_prune(DB, &old, "x"));
}

static void run_ends(void)
{
    int64_t n;

    assert_ok(sessions_end_idle(DB, NOW + 99, NOW + 99, 500, NOW, &n));
    assert_ok(sessions_end(DB, "s1", "x", NOW));
    assert_ok(sessions_end_of_user(DB, "u1", NULL, "x", NOW));
    assert_ok(tokens_sweep(DB, NOW + 9999, 500, &n));
    assert_ok(codes_sweep(DB, NOW + 9999, 500, &n));
    assert_ok(console_sessions_sweep(DB, NOW + 9999, 500, &n));
    assert_ok(sessions_sweep(DB, NOW + 9999, 500, &n));
    assert_ok(families_sweep(DB, NOW + 9999, 500, &n));
    assert_ok(replays_sweep(DB, NOW + 9999, 500, &n));
    assert_ok(users_deactivate(DB, "u1", NOW));
    assert_ok(users_reactivate(DB, "u1", NOW));
    assert_ok(users_delete(DB, "u1"));
}

struct findings { int lines_n, bad_n; };

static bool is_exempt(const char *sql)
{
    return strncmp(sql, "/* list ", 8) == 0 || strncmp(sql, "/* count ", 9) == 0 ||
           strncmp(sql, "/* small */", 11) == 0;
}

/* An index walked as far as a LIMIT is no scan of the table. */
static bool is_bad(const char *sql, const char *detail)
{
    if (strstr(detail, "USE TEMP B-TREE") || strstr(detail, "AUTOMATIC"))
        return true;
    if (strncmp(detail, "SCAN ", 5) != 0 || strcmp(detail, "SCAN CONSTANT ROW") == 0)
        return false;
    return !(strstr(detail, "USING") && strstr(sql, "LIMIT"));
}

static void look(const char *sql, const char *detail, void *arg)
{
    struct findings *f = arg;

    f->lines_n++;
    if (is_exempt(sql) || !is_bad(sql, detail))
        return;
    f->bad_n++;
    print_message("%s\n    in %s\n", detail, sql);
}

static void test_plans(void **state)
{
    struct findings f = { 0 };

    (void)state;
    add_household();
    run_users();
    run_factors();
    run_outbox();
    run_passkeys();
    run_links();
    run_clients();
    run_lists();
    run_admin_lists(false);
    run_admin_lists(true);
    run_admin_rest();
    run_settings();
    run_protocol();
    run_rest();
    run_trail();
    run_ends();
    db_each_plan(DB, look, &f);
    assert_true(f.lines_n > 100);
    assert_int_equal(f.bad_n, 0);
}

/* The lists that people meet first follow an index even so; equals may be put in order. */
static void look_at_list(const char *sql, const char *detail, void *arg)
{
    if (!strstr(detail, "USE TEMP B-TREE FOR ORDER BY"))
        return;
    print_message("%s\n    in %s\n", detail, sql);
    ++*(int *)arg;
}

static void list_as_people_do(bool is_descending)
{
    const struct list_query list = { .limit = 9, .is_descending = is_descending };
    struct sessions_page sessions;
    struct families_page families;
    struct tokens_page tokens;
    struct audit_page trail;

    assert_ok(sessions_list(DB, A, &(struct sessions_query){ .list = list, .now = NOW }, &sessions));
    assert_ok(sessions_list(DB, A, &(struct sessions_query){ .list = list, .now = NOW, .user_id = "u1" }, &sessions));
    assert_ok(tokens_list(DB, A, &(struct tokens_query){ .list = list }, &tokens));
    assert_ok(audit_list(DB, A, &(struct audit_query){ .list = list }, &trail));
    assert_ok(families_latest(DB, A, NULL, &families));
    assert_ok(families_latest(DB, A, "u1", &families));
}

static void test_default_lists_do_not_sort(void **state)
{
    static const char *const sorts[] = { "created_at", "username", "id" };
    struct users_query u = { .list = { .limit = 9 }, .is_email_verified = -1 };
    struct users_page p;
    int sorted_n = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
        u.list.sort = sorts[i];
        u.list.is_descending = !u.list.is_descending;
        assert_ok(users_list(DB, A, &u, &p));
    }
    list_as_people_do(false);
    list_as_people_do(true);
    db_each_plan(DB, look_at_list, &sorted_n);
    assert_int_equal(sorted_n, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
    const struct CMUnitTest tests[] = { T(test_plans), T(test_default_lists_do_not_sort) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
