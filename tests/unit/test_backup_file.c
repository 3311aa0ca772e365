/* The files of a backup: parts, checksums, names, which of them stay; tar headers. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch_test.h"
#include "cli/backup_file.h"
#include "cli/tar.h"

#define assert_ok(call) assert_int_equal((call), RC_OK)
#define assert_none(call) assert_int_equal((call), RC_NONE)
#define assert_refused(call) assert_int_equal((call), RC_REFUSED)
#define NOW INT64_C(1800000000)

static struct arena *A;
static const char *dir;

static int set_up(void **state)
{
    (void)state;
    A = arena_start("test");
    dir = scratch_new(A);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(dir);
    arena_done(A);
    return 0;
}

static const char *in(const char *name)
{
    return arena_printf(A, "%s/%s", dir, name);
}

static bool is_there(const char *name)
{
    return access(in(name), F_OK) == 0;
}

static void put(const char *name, const char *text)
{
    int fd = open(in(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_ok(write_whole(fd, bytes_of(text)));
    close(fd);
}

/* --- parts --------------------------------------------------------------------- */

static void a_part_gets_its_name(void **state)
{
    struct part p;
    struct stat st;

    (void)state;
    put(".x.db.part", "left behind by somebody who was killed");
    assert_ok(part_new(A, dir, "x.db", &p));
    assert_int_equal(file_size(p.fd), 0);
    assert_ok(write_whole(p.fd, bytes_of("content")));
    assert_false(is_there("x.db"));
    assert_ok(part_publish(&p, A, in("x.db")));
    assert_false(is_there(".x.db.part"));
    assert_int_equal(stat(in("x.db"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 7);
    part_drop(&p); /* too late: nothing happens */
    assert_true(is_there("x.db"));
}

static void nothing_is_overwritten(void **state)
{
    struct part p;
    struct stat st;

    (void)state;
    put("x.db", "precious");
    assert_ok(part_new(A, dir, "x.db", &p));
    assert_refused(part_publish(&p, A, in("x.db")));
    assert_true(is_there(".x.db.part"));
    part_drop(&p);
    assert_false(is_there(".x.db.part"));
    assert_int_equal(stat(in("x.db"), &st), 0);
    assert_int_equal(st.st_size, 8);
}

static void two_do_not_write_one_part(void **state)
{
    struct part p, q;

    (void)state;
    assert_ok(part_new(A, dir, "x.db", &p));
    assert_refused(part_new(A, dir, "x.db", &q));
    assert_ok(write_whole(p.fd, bytes_of("content"))); /* the first is not disturbed */
    assert_ok(part_publish(&p, A, in("x.db")));
    assert_ok(part_new(A, dir, "x.db", &q));
    part_drop(&q);
}

static void no_such_directory(void **state)
{
    struct part p;

    (void)state;
    assert_refused(part_new(A, in("nowhere"), "x.db", &p));
    part_drop(&p);
}

/* Ended by the person at the terminal: nothing is left lying about. */
static void a_signal_takes_it_away(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        struct part p;

        if (part_new(A, dir, "x.db", &p) != RC_OK)
            _exit(1);
        raise(SIGTERM);
        _exit(2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_false(is_there(".x.db.part"));
}

/* --- bytes ---------------------------------------------------------------------- */

static void copies(void **state)
{
    struct progress quiet = { NULL, 0 };
    char back[8] = "";
    int from, to;

    (void)state;
    put("from", "0123456789");
    from = open(in("from"), O_RDONLY | O_CLOEXEC);
    to = open(in("to"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct bytes_copy c = { from, to, -1 };
    assert_ok(copy_bytes(&c, 4, &quiet));
    assert_int_equal(file_size(to), 4);
    assert_refused(copy_bytes(&c, 100, &quiet)); /* so many are not there */
    assert_int_equal(lseek(from, 6, SEEK_SET), 6);
    assert_int_equal(ftruncate(to, 0) + lseek(to, 0, SEEK_SET), 0);
    assert_ok(copy_bytes(&c, -1, &quiet));
    assert_int_equal(pread(to, back, 7, 0), 4);
    assert_string_equal(back, "6789");
    close(from);
    close(to);
}

/* By way of somebody else, as age is: brought to disk where it arrives, with pauses; all of it. */
static void copies_aside(void **state)
{
    enum { SIZE = 2500000 };
    struct progress quiet = { NULL, 0 };
    char *text = arena_alloc(A, SIZE + 1), *back = arena_alloc(A, SIZE + 1);
    int ways[2], disk, status;

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)('a' + i % 23 + i / 4096 % 3);
    text[SIZE] = back[SIZE] = '\0';
    put("from", text);
    disk = open(in("disk"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(pipe(ways), 0);
    if (fork() == 0) {
        struct bytes_copy there = { ways[0], disk, -1 };

        close(ways[1]);
        _exit(copy_bytes(&there, -1, &quiet));
    }
    close(ways[0]);
    struct bytes_copy c = { open(in("from"), O_RDONLY | O_CLOEXEC), ways[1], disk };
    assert_ok(copy_bytes(&c, SIZE, &quiet));
    close(ways[1]);
    close(c.from_fd);
    assert_true(wait(&status) > 0 && status == 0);
    assert_int_equal(pread(disk, back, SIZE, 0), SIZE);
    assert_string_equal(back, text);
    close(disk);
}

/* --- checksums ------------------------------------------------------------------- */

static int open_in(const char *name)
{
    int fd = open(in(name), O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static void sums(void **state)
{
    char line[200] = "";
    int fd, sum_fd;

    (void)state;
    put("x.db", "abc");
    fd = open_in("x.db");
    assert_none(checksum_check(A, in("x.db"), fd));
    assert_ok(checksum_write(A, in("x.db"), fd));
    assert_ok(checksum_check(A, in("x.db"), fd));
    sum_fd = open_in("x.db.sha256");
    assert_true(read(sum_fd, line, sizeof(line) - 1) > 0);
    close(sum_fd);
    /* FIPS 180-4's own; two spaces, as sha256sum writes it */
    assert_string_equal(line, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  x.db\n");
    assert_int_equal(pwrite(fd, "c", 1, 1), 1);
    assert_refused(checksum_check(A, in("x.db"), fd));
    assert_int_equal(pwrite(fd, "b", 1, 1) + ftruncate(fd, 2), 1);
    assert_refused(checksum_check(A, in("x.db"), fd));
    close(fd);
    put("x.db.sha256", "ba7816");
    fd = open_in("x.db");
    assert_refused(checksum_check(A, in("x.db"), fd));
    close(fd);
}

/* --- names, and which of them stay -------------------------------------------------- */

static void names(void **state)
{
    (void)state;
    assert_string_equal(backup_name(A, NOW, ".db.age"), "autentico-20270115T080000Z.db.age");
}

static void the_newest_stay(void **state)
{
    static const char *const others[] = {
        "autentico-20260101T000000Z.txt", "autentico-20260101T000000Z.db.gz", "autentico-20260101.db",
        "other-20260101T000000Z.db", "autentico-2026010xT000000Z.db", "autentico.db", "autentico-20260101T000000Z.dbx",
    };
    int64_t n;

    (void)state;
    for (int i = 1; i <= 5; i++) {
        const char *name = backup_name(A, NOW + i * 86400, i % 2 ? ".db.age" : ".tar.age");

        put(name, "x");
        put(arena_printf(A, "%s.sha256", name), "x");
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        put(others[i], "x");
    const char *made = backup_name(A, NOW - 86400, ".db"); /* by a clock that was put back */
    put(made, "x");
    assert_ok(backups_prune(A, dir, made, 3, &n));
    assert_int_equal(n, 3);
    assert_true(is_there(made));
    assert_true(is_there(backup_name(A, NOW + 5 * 86400, ".db.age")) && is_there(backup_name(A, NOW + 4 * 86400, ".tar.age")));
    assert_true(is_there(arena_printf(A, "%s.sha256", backup_name(A, NOW + 4 * 86400, ".tar.age"))));
    assert_false(is_there(backup_name(A, NOW + 3 * 86400, ".db.age")));
    assert_false(is_there(arena_printf(A, "%s.sha256", backup_name(A, NOW + 3 * 86400, ".db.age"))));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_true(is_there(others[i]));
    assert_ok(backups_prune(A, dir, made, 3, &n)); /* there are no more */
    assert_int_equal(n, 0);
    assert_ok(backups_prune(A, dir, made, 1, &n));
    assert_int_equal(n, 2);
    assert_true(is_there(made));
}

/* --- tar ------------------------------------------------------------------------------ */

static void headers(void **state)
{
    static const int64_t sizes[] = { 0, 1, 511, 512, 513, 8589934591, 8589934592, INT64_C(1) << 50 };
    struct tar_member m = { "autentico.db", 0 }, back;
    uint8_t block[TAR_BLOCK];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        m.size = sizes[i];
        tar_header(&m, NOW, block);
        assert_true(tar_is_archive(block, sizeof(block)));
        assert_ok(tar_read_header(block, &back));
        assert_string_equal(back.name, m.name);
        assert_true(back.size == sizes[i]);
    }
    assert_int_equal(tar_padding(0), 0);
    assert_int_equal(tar_padding(1), 511);
    assert_int_equal(tar_padding(512), 0);
    memset(block, 0, sizeof(block));
    assert_none(tar_read_header(block, &back));
}

/* Any bit of it. */
static void a_damaged_header(void **state)
{
    struct tar_member m = { "autentico.db", 12345 }, back;
    uint8_t block[TAR_BLOCK];

    (void)state;
    for (int i = 0; i < TAR_BLOCK; i++) {
        tar_header(&m, NOW, block);
        block[i] ^= 1;
        if (i != 155) /* the space behind the sum, which says nothing */
            assert_refused(tar_read_header(block, &back));
    }
    m = (struct tar_member){ "dir", 0 };
    tar_header(&m, NOW, block);
    block[156] = '5'; /* a directory, with its sum put right */
    block[153]++;
    for (int digit = 0; digit < 8 && tar_read_header(block, &back) == RC_REFUSED; digit++)
        block[153] = (uint8_t)('0' + digit);
    assert_refused(tar_read_header(block, &back));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_part_gets_its_name), T(nothing_is_overwritten), T(two_do_not_write_one_part), T(no_such_directory),
        T(a_signal_takes_it_away), T(copies), T(copies_aside), T(sums), T(names), T(the_newest_stay), T(headers), T(a_damaged_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
