/* sd_notify(3): what is sent, and that nothing happens where nobody listens. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/notify.h"
#include "util/log.h"

static int manager = -1;
static char path[64];

static int set_up(void **state)
{
    char dir[] = "/tmp/autentico-notify.XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/s", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(manager);
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    return 0;
}

/* "@" at the front: an abstract name. */
static void listen_at(const char *name)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    size_t n = strlen(name);

    memcpy(at.sun_path, name, n + 1);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(manager, (struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (name[0] != '@'))), 0);
    setenv("NOTIFY_SOCKET", name, 1);
}

static const char *heard(void)
{
    static char text[256];
    ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void assert_environment_is_clean(void)
{
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
}

static void states_of_the_service(void **state)
{
    (void)state;
    listen_at(path);
    notify_start();
    assert_environment_is_clean();
    notify_ready();
    assert_string_equal(heard(), "READY=1\nSTATUS=Serving");
    notify_reloading();
    assert_memory_equal(heard(), "RELOADING=1\nMONOTONIC_USEC=", 27);
    notify_stopping();
    assert_memory_equal(heard(), "STOPPING=1\n", 11);
    notify_alive(); /* no watchdog was asked for */
    assert_string_equal(heard(), "");
}

static void abstract_name(void **state)
{
    char name[64];

    (void)state;
    snprintf(name, sizeof(name), "@autentico-test-%d", (int)getpid());
    listen_at(name);
    notify_start();
    notify_ready();
    assert_string_equal(heard(), "READY=1\nSTATUS=Serving");
}

static void start_watched(const char *usec, const char *pid)
{
    setenv("NOTIFY_SOCKET", path, 1);
    setenv("WATCHDOG_USEC", usec, 1);
    if (pid != NULL)
        setenv("WATCHDOG_PID", pid, 1);
    notify_start();
    assert_environment_is_clean();
}

static void watchdog(void **state)
{
    static const char *const none[] = { "0", "-1", "", "x" };
    char own[16];

    (void)state;
    listen_at(path);
    snprintf(own, sizeof(own), "%d", (int)getpid());
    start_watched("1", own); /* so short that it is always time */
    assert_string_equal(heard(), "");
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        start_watched(none[i], own);
        notify_alive();
        assert_string_equal(heard(), "");
    }
    start_watched("2000", "1"); /* somebody else is watched */
    usleep(3000);
    notify_alive();
    assert_string_equal(heard(), "");
    start_watched("2000", own);
    usleep(3000);
    notify_alive();
    assert_string_equal(heard(), "WATCHDOG=1");
    start_watched("2000", NULL);
    usleep(3000);
    notify_alive();
    assert_string_equal(heard(), "WATCHDOG=1");
    start_watched("600000000", own); /* told at the start: not yet again */
    notify_alive();
    assert_string_equal(heard(), "");
}

static void nobody_listens(void **state)
{
    static const char *const names[] = { "", "relative", "/nonexistent/socket", "@", "/" };
    char long_name[200];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        notify_start();
        assert_environment_is_clean();
        notify_ready();
        notify_stopping();
    }
    memset(long_name, 'x', sizeof(long_name));
    long_name[0] = '/';
    long_name[sizeof(long_name) - 1] = '\0';
    setenv("NOTIFY_SOCKET", long_name, 1);
    notify_start();
    notify_ready();
    assert_environment_is_clean();
    notify_start();
    notify_ready();
}

/* A manager that does not read holds nobody up: the queue of the socket fills and that is all. */
static void a_manager_that_does_not_read(void **state)
{
    (void)state;
    listen_at(path);
    notify_start();
    for (int i = 0; i < 2000; i++)
        notify_ready();
    assert_string_equal(heard(), "READY=1\nSTATUS=Serving");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(states_of_the_service), TEST(abstract_name), TEST(watchdog), TEST(nobody_listens),
        TEST(a_manager_that_does_not_read),
    };

    log_setup(LOG_TEXT, LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
