/* Under which uid everything runs (design D21), and what the files around the database
 * must be like (design 4). */
#include "config.h"

#include "serve_test.h"

#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>

#include "serve/identity.h"

#define SOMEBODY 54321 /* no account */

static enum rc resolve(struct identity *out)
{
    FILE *err = listen_to();
    enum rc rc = identity_resolve(&conf, err, out);

    heard(err);
    return rc;
}

static enum rc check_files(void)
{
    FILE *err = listen_to();
    enum rc rc = identity_check_files(&conf, err);

    heard(err);
    return rc;
}

static void own_directory(uid_t uid)
{
    assert_int_equal(chown(dir, uid, (gid_t)-1), 0);
}

/* --- whose uid ------------------------------------------------------------------ */

static void by_the_owner_of_the_directory(void **state)
{
    const struct passwd nobody = *getpwnam("nobody");
    struct identity id;

    (void)state;
    if (geteuid() != 0)
        skip(); /* whoever is not root has no choice: see without_a_choice */
    own_directory(nobody.pw_uid);
    assert_int_equal(resolve(&id), RC_OK);
    assert_true(id.was_root);
    assert_int_equal(id.uid, nobody.pw_uid);
    assert_int_equal(id.gid, nobody.pw_gid);
    assert_int_not_equal(id.signer_uid, id.uid); /* signers have one of their own */
    assert_int_not_equal(id.signer_uid, 0);
    own_directory(SOMEBODY);
    assert_int_equal(resolve(&id), RC_OK);
    assert_int_equal(id.uid, SOMEBODY);
    own_directory(0);
}

static void by_name(void **state)
{
    const struct passwd nobody = *getpwnam("nobody");
    struct identity id;

    (void)state;
    if (geteuid() != 0)
        skip();
    conf.user = "nobody";
    assert_int_equal(resolve(&id), RC_OK);
    assert_int_equal(id.uid, nobody.pw_uid);
    assert_int_equal(id.gid, nobody.pw_gid);
    conf.user = "nobody-of-this-name";
    assert_int_equal(resolve(&id), RC_REFUSED);
    assert_string_equal(said, "AUTENTICO_USER: there is no user \"nobody-of-this-name\"\n");
}

static void root_does_not_serve_the_public(void **state)
{
    struct identity id = { .uid = 77 };

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(resolve(&id), RC_OK); /* on a laptop it may */
    assert_int_equal(id.uid, 0);
    assert_int_equal(id.signer_uid, 0);
    conf.is_loopback = false;
    id.uid = 77;
    assert_int_equal(resolve(&id), RC_REFUSED);
    assert_said("the directory of the database belongs to root, and Autentico does not serve the public as root; "
                "make a user for it: useradd --system --home-dir ");
    assert_said(arena_printf(A, " autentico && chown -R autentico: %s\n", dir));
    assert_int_equal(id.uid, 77); /* untouched */
}

static void no_directory(void **state)
{
    struct identity id;

    (void)state;
    if (geteuid() != 0)
        skip();
    conf.db_path = in_dir("none/x.db");
    assert_int_equal(resolve(&id), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "AUTENTICO_DB_FILE_PATH: the directory %s/none: No such file or directory\n",
                                           dir));
}

/* The child's exit status: 0 as it should be. */
static int as_nobody(void)
{
    struct identity id;

    if (geteuid() == 0 && (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
        return 9;
    conf.user = "root"; /* is not asked */
    conf.is_loopback = false;
    if (resolve(&id) != RC_OK)
        return 1;
    return !id.was_root && id.uid == geteuid() && id.gid == getegid() && id.signer_uid == id.uid ? 0 : 2;
}

static void without_a_choice(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(as_nobody());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void group_of_the_sockets(void **state)
{
    const struct group *web = getgrnam("www-data");
    gid_t web_gid = web != NULL ? web->gr_gid : 0, daemons_gid = getgrnam("daemon")->gr_gid;
    struct identity id;

    (void)state;
    conf.socket_group = "daemon";
    assert_int_equal(resolve(&id), RC_OK);
    assert_int_equal(id.socket_gid, daemons_gid);
    conf.socket_group = "nobody-of-this-name";
    assert_int_equal(resolve(&id), RC_OK);
    assert_int_equal(id.socket_gid, (gid_t)-1);
    conf.socket_group = ""; /* the web server's */
    assert_int_equal(resolve(&id), RC_OK);
    if (web != NULL)
        assert_int_equal(id.socket_gid, web_gid);
}

/* --- files ------------------------------------------------------------------------ */

static void the_directory(void **state)
{
    (void)state;
    assert_int_equal(check_files(), RC_OK); /* no database yet */
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(check_files(), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "the directory of the database can be written by everybody: chmod o-w %s\n", dir));
    assert_int_equal(chmod(dir, 01777), 0);
    assert_int_equal(check_files(), RC_OK); /* as /tmp: nobody else's file can be removed there */
    conf.db_path = in_dir("none/autentico.db");
    assert_int_equal(check_files(), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "AUTENTICO_DB_FILE_PATH: %s/none is not a directory: mkdir -m 0700 %s/none\n",
                                           dir, dir));
    make_file("plain", 0600);
    conf.db_path = in_dir("plain/autentico.db");
    assert_int_equal(check_files(), RC_REFUSED);
    assert_said("/plain is not a directory");
}

static void the_database(void **state)
{
    static const mode_t bad[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666, 0777 };

    (void)state;
    make_file("autentico.db", 0600);
    assert_int_equal(check_files(), RC_OK);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(chmod(conf.db_path, bad[i]), 0);
        assert_int_equal(check_files(), RC_REFUSED);
        assert_string_equal(said, arena_printf(A, "the database can be read by others: chmod 0600 %s\n", conf.db_path));
    }
    assert_int_equal(chmod(conf.db_path, 0400), 0);
    assert_int_equal(check_files(), RC_OK);
}

/* --- what a subcommand does before it opens the database --------------------------- */

static int take(void)
{
    return identity_take(&conf, stderr) == RC_OK && geteuid() == SOMEBODY && getuid() == SOMEBODY ? 0 : 1;
}

static int take_refused(void)
{
    FILE *err = listen_to();
    uid_t before = geteuid();
    enum rc rc = identity_take(&conf, err);

    heard(err);
    return rc == RC_REFUSED && geteuid() == before ? 0 : 1;
}

static int status_of(int (*fn)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(fn());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void taken(void **state)
{
    (void)state;
    make_file("autentico.db", 0644);
    assert_int_equal(status_of(take_refused), 0);
    assert_int_equal(chmod(conf.db_path, 0600), 0);
    if (geteuid() != 0)
        skip();
    own_directory(SOMEBODY);
    assert_int_equal(status_of(take), 0);
    own_directory(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(by_the_owner_of_the_directory), TEST(by_name), TEST(root_does_not_serve_the_public), TEST(no_directory),
        TEST(without_a_choice), TEST(group_of_the_sockets), TEST(the_directory), TEST(the_database), TEST(taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
