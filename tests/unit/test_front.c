/* The private web server: when there is one, where, and whether it takes its configuration. */
#include "site_test.h"

static struct front_server prepared(const struct conf *conf, bool as_root, enum rc expected)
{
    struct front_server front = { .as_root = as_root };
    FILE *err = tmpfile();

    assert_int_equal(front_prepare(A, conf, router, err, &front), expected);
    assert_int_equal(ftell(err) > 0, expected == RC_REFUSED);
    (void)fclose(err);
    return front;
}

static void test_servers_take_it(void **state)
{
    (void)state;
    for EACH_SERVER (s) {
        struct conf conf = conf_of(false);

        conf.front = s->kind;
        struct front_server front = prepared(&conf, s->runs_as_root && geteuid() == 0, RC_OK);
        assert_true(front.is_wanted);
        assert_ptr_equal(front.server, s);
        assert_int_equal(front_write(&front), RC_OK);
        assert_string_equal(read_file(arena_printf(A, "%s/front/%s", dir, s->config_name)), front.config);
        at(front.config, "127.0.0.1");
        at(front.config, conf.listen_port);
        assert_null(strstr(front.config, "Strict-Transport-Security"));
        assert_taken(s, front.config);
        front_forget(&front);
        assert_null(front.config);
    }
}

static void test_what_nginx_says_to_others(void **state)
{
    struct conf conf = conf_of(false);
    struct front_server front = prepared(&conf, false, RC_OK);

    (void)state;
    at(front.config, arena_printf(A, "listen 127.0.0.1:%s default_server;", conf.listen_port));
    at(front.config, "return 421;");
    front_forget(&front);
}

static void test_when_it_is_wanted(void **state)
{
    struct conf conf = conf_of(true);

    (void)state;
    assert_false(prepared(&conf, false, RC_OK).is_wanted); /* https: the operator's own server */
    conf.front = FRONT_NGINX;
    assert_false(prepared(&conf, false, RC_OK).is_wanted);
    conf = conf_of(false);
    conf.front = FRONT_NONE;
    assert_false(prepared(&conf, false, RC_OK).is_wanted);
    conf.front = FRONT_AUTO;
    conf.is_loopback = false;
    assert_false(prepared(&conf, false, RC_OK).is_wanted);
}

/* Whoever handed the sockets over is in front already. */
static void test_sockets_that_were_handed_over(void **state)
{
    struct conf conf = conf_of(false);
    struct front_server front = { .is_spoken_for = true };

    (void)state;
    assert_int_equal(front_prepare(A, &conf, router, stderr, &front), RC_OK);
    assert_false(front.is_wanted);
    conf.front = FRONT_NGINX; /* in so many words */
    assert_int_equal(front_prepare(A, &conf, router, stderr, &front), RC_OK);
    assert_true(front.is_wanted);
    front_forget(&front);
}

static void test_apache_does_not_run_as_root(void **state)
{
    struct conf conf = conf_of(false);

    (void)state;
    conf.front = FRONT_APACHE;
    assert_false(prepared(&conf, true, RC_REFUSED).is_wanted);
}

static void test_port_in_use(void **state)
{
    struct conf conf = conf_of(false);
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(conf.listen_port)),
                                .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_false(prepared(&conf, false, RC_REFUSED).is_wanted);
    close(fd);
    struct front_server front = prepared(&conf, false, RC_OK);
    assert_true(front.is_wanted);
    front_forget(&front);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers_take_it),
        cmocka_unit_test(test_what_nginx_says_to_others),
        cmocka_unit_test(test_when_it_is_wanted),
        cmocka_unit_test(test_sockets_that_were_handed_over),
        cmocka_unit_test(test_apache_does_not_run_as_root),
        cmocka_unit_test(test_port_in_use),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
