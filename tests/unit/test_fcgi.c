#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/fcgi.h"
#include "http/fcgi_scan.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/sbuf.h"

#define BODY_MAX (128 * 1024)
#define LONG_MS 20000 /* nobody is as slow as this, however busy the machine */
#define PARK_MS 400

static int64_t park_ms = LONG_MS; /* of the next worker */

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_start("test");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* --- a web server's side of the protocol ---------------------------------- */

static void add_record(struct sbuf *b, int type, int id, const void *content, size_t n, size_t padding)
{
    const uint8_t head[8] = { 1, (uint8_t)type, (uint8_t)(id >> 8), (uint8_t)id, (uint8_t)(n >> 8),
                              (uint8_t)n, (uint8_t)padding, 0 };

    sbuf_addn(b, head, sizeof(head));
    if (n > 0)
        sbuf_addn(b, content, n);
    for (; padding > 0; padding--)
        sbuf_addc(b, '\0');
}

static void add_begin(struct sbuf *b, int id)
{
    add_record(b, 1, id, "\0\1\0\0\0\0\0\0", 8, 0);
}

static void add_length(struct sbuf *b, size_t n)
{
    if (n < 128)
        sbuf_addc(b, (char)n);
    else
        for (int shift = 24; shift >= 0; shift -= 8)
            sbuf_addc(b, (char)(uint8_t)((n >> shift) | (shift == 24 ? 0x80 : 0)));
}

static void add_pair(struct sbuf *b, const char *name, const char *value)
{
    add_length(b, strlen(name));
    add_length(b, strlen(value));
    sbuf_add(b, name);
    sbuf_add(b, value);
}

static struct sbuf new_sbuf(void)
{
    struct sbuf b;

    sbuf_init(&b, arena, 0);
    return b;
}

static void add_params(struct sbuf *b, int id, const char *length)
{
    struct sbuf pairs = new_sbuf();

    add_pair(&pairs, "REQUEST_METHOD", "POST");
    add_pair(&pairs, "REQUEST_URI", "/oauth2/token");
    if (length != NULL)
        add_pair(&pairs, "CONTENT_LENGTH", length);
    add_record(b, 4, id, pairs.text, pairs.n, 3);
    add_record(b, 4, id, "", 0, 0);
}

static void add_body(struct sbuf *b, int id, const char *body, size_t n)
{
    for (size_t at = 0; at < n; at += 16000)
        add_record(b, 5, id, body + at, n - at < 16000 ? n - at : 16000, 1);
    add_record(b, 5, id, "", 0, 0);
}

static struct bytes whole_request(int id, const char *body, size_t n)
{
    struct sbuf b = new_sbuf();

    add_begin(&b, id);
    add_params(&b, id, arena_printf(arena, "%zu", n));
    add_body(&b, id, body, n);
    return sbuf_bytes(&b);
}

/* --- fcgi_scan ------------------------------------------------------------ */

static void scan_needs_every_byte(void **state)
{
    struct bytes whole = whole_request(1, "grant_type=x", 12);

    (void)state;
    for (size_t n = 0; n < whole.n; n++)
        assert_int_equal(fcgi_scan(whole.p, n, BODY_MAX), FCGI_PART);
    assert_int_equal(fcgi_scan(whole.p, whole.n, BODY_MAX), FCGI_WHOLE);
}

/* What may stand in the parameters. */
static void scan_params(void **state)
{
    static const struct {
        const char *pairs;
        size_t n;
        enum fcgi_state expected;
    } cases[] = {
        { "\1\1AB", 4, FCGI_WHOLE },
        { "\1\0A", 3, FCGI_WHOLE },
        { "\200\0\0\1\200\0\0\1AB", 10, FCGI_WHOLE },   /* long form of short lengths */
        { "\16\0CONTENT_LENGTH", 16, FCGI_WHOLE },      /* empty: nginx, no body */
        { "\16\1CONTENT_LENGTH0", 17, FCGI_WHOLE },
        { "\16\1CONTENT_LENGTH5", 17, FCGI_BAD },       /* none came: cut off */
        { "\16\2CONTENT_LENGTH-1", 18, FCGI_BAD },
        { "\16\2CONTENT_LENGTH+1", 18, FCGI_BAD },
        { "\16\3CONTENT_LENGTH0x1", 19, FCGI_BAD },
        { "\16\6CONTENT_LENGTH131073", 22, FCGI_BIG },
        { "\16\30CONTENT_LENGTH184467440737095516160000", 40, FCGI_BIG }, /* wraps 64 bits */
        { "\1\1A", 3, FCGI_BAD },                       /* value cut off */
        { "\5\1AB", 4, FCGI_BAD },                      /* name longer than the record */
        { "\1", 1, FCGI_BAD },
        { "\200\0\0", 3, FCGI_BAD },                    /* length cut off */
        { "\377\377\377\377\377\377\377\377A", 9, FCGI_BAD },
        { "\0\1A", 3, FCGI_BAD },                       /* no name */
        { "\3\1A=BC", 6, FCGI_BAD },                    /* would be A with value "BC" */
        { "\2\1A\0B", 5, FCGI_BAD },                    /* NUL in a name */
        { "\1\3AB\0C", 6, FCGI_BAD },                   /* NUL in a value (HT-14) */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sbuf b = new_sbuf();

        add_begin(&b, 1);
        add_record(&b, 4, 1, cases[i].pairs, cases[i].n, 0);
        add_record(&b, 4, 1, "", 0, 0);
        add_record(&b, 5, 1, "", 0, 0);
        enum fcgi_state got = fcgi_scan((const uint8_t *)b.text, b.n, BODY_MAX);
        if (got != cases[i].expected)
            fail_msg("case %zu: %d, not %d", i, got, cases[i].expected);
    }
}

struct piece { int type, id; const char *content; size_t n; };

/* Orders of records. */
static void scan_records(void **state)
{
#define BEGIN { 1, 1, "\0\1\0\0\0\0\0\0", 8 }
#define NO_PARAMS { 4, 1, "", 0 }
#define NO_BODY { 5, 1, "", 0 }
    static const struct {
        struct piece v[6];
        enum fcgi_state expected;
    } cases[] = {
        { { BEGIN, NO_PARAMS, NO_BODY }, FCGI_WHOLE },
        { { BEGIN, { 4, 1, "\1", 1 }, { 4, 1, "\1A", 2 }, { 4, 1, "B", 1 }, NO_PARAMS, NO_BODY }, FCGI_WHOLE },
        { { BEGIN, NO_PARAMS, { 5, 1, "a", 1 }, { 5, 1, "b", 1 }, NO_BODY }, FCGI_WHOLE }, /* no length sent */
        { { BEGIN, NO_PARAMS, { 5, 1, "a", 1 } }, FCGI_PART },
        { { { 4, 1, "", 0 } }, FCGI_BAD },                               /* no beginning */
        { { { 1, 1, "\0\1\0\0\0\0\0", 7 } }, FCGI_BAD },
        { { { 1, 1, "\0\2\0\0\0\0\0\0", 8 } }, FCGI_BAD },               /* authorizer */
        { { BEGIN, BEGIN }, FCGI_BAD },
        { { BEGIN, NO_BODY }, FCGI_BAD },                                /* body before parameters */
        { { BEGIN, NO_PARAMS, NO_PARAMS }, FCGI_BAD },
        { { BEGIN, NO_PARAMS, { 4, 1, "\1\1AB", 4 } }, FCGI_BAD },
        { { BEGIN, { 4, 2, "\1\1AB", 4 } }, FCGI_BAD },                  /* another request's */
        { { BEGIN, NO_PARAMS, { 5, 2, "", 0 } }, FCGI_BAD },
        { { BEGIN, { 9, 0, "", 0 } }, FCGI_BAD },                        /* management amid a request */
        { { BEGIN, { 2, 1, "", 0 } }, FCGI_BAD },                        /* abort */
        { { BEGIN, { 77, 1, "", 0 } }, FCGI_BAD },
        { { { 9, 0, "", 0 } }, FCGI_ASKS },
        { { { 77, 0, "x", 1 } }, FCGI_ASKS },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sbuf b = new_sbuf();

        for (const struct piece *p = cases[i].v; p < cases[i].v + 6 && p->type != 0; p++)
            add_record(&b, p->type, p->id, p->content, p->n, 0);
        enum fcgi_state got = fcgi_scan((const uint8_t *)b.text, b.n, BODY_MAX);
        if (got != cases[i].expected)
            fail_msg("case %zu: %d, not %d", i, got, cases[i].expected);
    }
}

static void scan_sizes(void **state)
{
    struct sbuf b = new_sbuf();

    (void)state;
    assert_int_equal(fcgi_scan((const uint8_t *)"\2", 1, BODY_MAX), FCGI_BAD); /* version */
    assert_int_equal(fcgi_scan((const uint8_t *)"GET / HTTP/1.1\r\n", 16, BODY_MAX), FCGI_BAD);
    add_begin(&b, 1);
    add_params(&b, 1, "11");
    assert_int_equal(fcgi_scan((const uint8_t *)b.text, b.n, 11), FCGI_PART);
    assert_int_equal(fcgi_scan((const uint8_t *)b.text, b.n, 10), FCGI_BIG); /* at once, no body yet */
    b = new_sbuf();
    add_begin(&b, 1);
    add_params(&b, 1, NULL); /* unannounced */
    add_body(&b, 1, "12345678901", 11);
    assert_int_equal(fcgi_scan((const uint8_t *)b.text, b.n, 11), FCGI_WHOLE);
    assert_int_equal(fcgi_scan((const uint8_t *)b.text, b.n, 10), FCGI_BIG);
}

static void scan_params_over_limit(void **state)
{
    char *half = arena_alloc(arena, 40000);
    struct sbuf b = new_sbuf();

    (void)state;
    add_begin(&b, 1);
    add_record(&b, 4, 1, half, 40000, 0);
    assert_int_equal(fcgi_scan((const uint8_t *)b.text, b.n, BODY_MAX), FCGI_PART);
    add_record(&b, 4, 1, half, 40000, 0);
    assert_int_equal(fcgi_scan((const uint8_t *)b.text, b.n, BODY_MAX), FCGI_BAD);
}

/* --- fcgi_send ------------------------------------------------------------ */

/* On a SEQPACKET pair one message is one write. */
static void small_answer_is_one_write(void **state)
{
    static uint8_t got[16384];
    char *text = arena_alloc(arena, 8000);
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
    memset(text, 'a', 8000 - 1);
    assert_true(fcgi_send(fd[0], 0x1234, bytes_of(text), 0));
    ssize_t n = recv(fd[1], got, sizeof(got), 0);
    assert_int_equal(n, 8 + 8000 + 8 + 16); /* padded to 8 */
    assert_memory_equal(got, "\1\6\x12\x34\x1f\x3f\1\0aaa", 11);
    assert_memory_equal(got + 8 + 8000, "\1\6\x12\x34\0\0\0\0\1\3\x12\x34\0\10\0\0\0\0\0\0\0\0\0\0", 24);
    close(fd[0]);
    close(fd[1]);
}

/* A peer that does not read holds nobody up for longer than it may. */
static void unread_answer_is_given_up(void **state)
{
    struct bytes big = { arena_alloc(arena, 4000000), 4000000 };
    int64_t began = clock_mono_ms();
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_false(fcgi_send(fd[0], 1, big, began + 150));
    assert_in_range(clock_mono_ms() - began, 100, LONG_MS);
    assert_false(fcgi_send(fd[0], 1, big, 0));
    close(fd[1]);
    assert_false(fcgi_send(fd[0], 1, big, 0)); /* gone: no SIGPIPE */
    close(fd[0]);
}

/* --- a worker and its clients --------------------------------------------- */

struct worker {
    pid_t pid;
    int control;            /* our end */
    struct sockaddr_storage at;
    socklen_t at_n;
};

static const char *env_of(const struct fcgi_request *r, const char *name)
{
    size_t n = strlen(name);

    for (char *const *e = r->env; *e != NULL; e++)
        if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
            return *e + n + 1;
    return "-";
}

/* Answers with what it got; "BIG" with a megabyte. */
static struct bytes answer_to(struct arena *a, const struct fcgi_request *r)
{
    struct sbuf b;

    sbuf_init(&b, a, 0);
    sbuf_printf(&b, "Status: 200 OK\r\n\r\n%s %s %zu ", env_of(r, "REQUEST_METHOD"),
                env_of(r, "REQUEST_URI"), r->body.n);
    if (r->body.n == 3 && memcmp(r->body.p, "BIG", 3) == 0)
        for (int i = 0; i < 1024 * 1024; i++)
            sbuf_addc(&b, (char)('a' + i % 26));
    else
        sbuf_addn(&b, r->body.p, r->body.n);
    return sbuf_bytes(&b);
}

static int ticks;

static void tick(void *arg)
{
    ++*(int *)arg;
}

static int work(int listen_fd, int control_fd, size_t parked_max)
{
    struct fcgi_setup setup = { .listen_fd = listen_fd, .control_fd = control_fd, .park_ms = park_ms,
                                .body_max = BODY_MAX, .parked_max = parked_max };
    struct arena *a = arena_start("worker");
    struct fcgi_request r;
    struct fcgi *f;
    enum rc rc;

    if (fcgi_start(&setup, &f) != RC_OK)
        return 2;
    while ((rc = fcgi_next(f, a, tick, &ticks, 1000, &r)) == RC_OK) {
        fcgi_answer(f, answer_to(a, &r));
        arena_reset(a);
    }
    fcgi_stop(f);
    arena_done(a);
    return rc == RC_NONE ? 0 : 3;
}

static int listener(struct worker *w, bool is_tcp)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_un un = { .sun_family = AF_UNIX }; /* abstract, named by the kernel */
    int fd = socket(is_tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, is_tcp ? (void *)&in : (void *)&un, is_tcp ? sizeof(in) : sizeof(sa_family_t)), 0);
    assert_int_equal(listen(fd, 1024), 0);
    w->at_n = sizeof(w->at);
    assert_int_equal(getsockname(fd, (void *)&w->at, &w->at_n), 0);
    return fd;
}

static void start(struct worker *w, bool is_tcp, size_t parked_max)
{
    int fd = listener(w, is_tcp), control[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control), 0);
    w->pid = fork();
    if (w->pid == 0) {
        close(control[0]);
        arena_done(arena);
        exit(work(fd, control[1], parked_max));
    }
    assert_true(w->pid > 0);
    close(control[1]);
    close(fd);
    w->control = control[0];
}

/* Closing the control descriptor ends the worker; returns how long that took. */
static int64_t stop(struct worker *w)
{
    int64_t began = clock_mono_ms();
    int status = -1;

    shutdown(w->control, SHUT_RDWR);
    close(w->control);
    assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return clock_mono_ms() - began;
}

static int dial(const struct worker *w)
{
    int fd = socket(w->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const void *)&w->at, w->at_n), 0);
    return fd;
}

static void send_bytes(int fd, struct bytes b)
{
    while (b.n > 0) {
        ssize_t n = send(fd, b.p, b.n, MSG_NOSIGNAL);

        assert_true(n > 0);
        b = (struct bytes){ b.p + n, b.n - (size_t)n };
    }
}

static struct bytes until_eof(int fd)
{
    struct sbuf b = new_sbuf();
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char chunk[65536];
    ssize_t n;

    for (;;) {
        assert_int_equal(poll(&p, 1, 10000), 1);
        n = recv(fd, chunk, sizeof(chunk), 0);
        if (n <= 0)
            break;
        sbuf_addn(&b, chunk, (size_t)n);
    }
    close(fd);
    return sbuf_bytes(&b);
}

/* The text of standard output, when stream and request are properly ended; else "". */
static const char *output_of(struct bytes b, int id)
{
    struct sbuf out = new_sbuf();
    struct record r;
    int ends = 0;

    while (record_read(b.p, b.n, &r) == RC_OK) {
        assert_int_equal(r.id, id);
        assert_int_equal(ends, 0);
        if (r.type == RECORD_END)
            ends++;
        else if (r.type == RECORD_STDOUT)
            sbuf_addn(&out, r.content, r.content_n);
        else
            fail_msg("record of type %d", r.type);
        b = (struct bytes){ b.p + r.total_n, b.n - r.total_n };
    }
    assert_int_equal(b.n, 0);
    return ends == 1 ? out.text : "";
}

static const char *ask(const struct worker *w, const char *body)
{
    int fd = dial(w);

    send_bytes(fd, whole_request(1, body, strlen(body)));
    return output_of(until_eof(fd), 1);
}

static void whole_is_served(void **state)
{
    struct worker w;

    (void)state;
    for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
        start(&w, is_tcp, 64);
        for (int i = 0; i < 50; i++)
            assert_string_equal(ask(&w, "a=b"), "Status: 200 OK\r\n\r\nPOST /oauth2/token 3 a=b");
        assert_string_equal(ask(&w, ""), "Status: 200 OK\r\n\r\nPOST /oauth2/token 0 ");
        assert_in_range(stop(&w), 0, LONG_MS - 1);
    }
}

static void request_id_is_kept(void **state)
{
    struct worker w;

    (void)state;
    start(&w, false, 64);
    int fd = dial(&w);
    send_bytes(fd, whole_request(513, "x", 1));
    assert_string_equal(output_of(until_eof(fd), 513), "Status: 200 OK\r\n\r\nPOST /oauth2/token 1 x");
    stop(&w);
}

static void byte_by_byte(void **state)
{
    struct worker w;

    (void)state;
    start(&w, false, 64);
    int fd = dial(&w);
    struct bytes all = whole_request(1, "a=b", 3);
    for (size_t i = 0; i < all.n; i++)
        send_bytes(fd, (struct bytes){ all.p + i, 1 });
    assert_string_equal(output_of(until_eof(fd), 1), "Status: 200 OK\r\n\r\nPOST /oauth2/token 3 a=b");
    stop(&w);
}

/* The largest body there is, in pieces of 16 KB as web servers send it. */
static void largest_body(void **state)
{
    char *body = arena_alloc(arena, BODY_MAX);
    struct worker w;

    (void)state;
    for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
        start(&w, is_tcp, 64);
        memset(body, 'z', BODY_MAX);
        struct bytes all = whole_request(1, body, BODY_MAX);
        int fd = dial(&w);
        while (all.n > 0) {
            size_t n = all.n < 16384 ? all.n : 16384;

            send_bytes(fd, (struct bytes){ all.p, n });
            all = (struct bytes){ all.p + n, all.n - n };
        }
        assert_int_equal(strlen(output_of(until_eof(fd), 1)), 44 + BODY_MAX);
        stop(&w);
    }
}

/* As Apache sends: only while poll(2) says "writable", which a Unix socket is no longer
 * when a quarter of its buffer is used. */
static void send_carefully(int fd, struct bytes b)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };

    while (b.n > 0) {
        if (poll(&p, 1, 5000) != 1)
            fail_msg("%zu bytes were never taken", b.n);
        ssize_t n = send(fd, b.p, b.n < 8200 ? b.n : 8200, MSG_NOSIGNAL | MSG_DONTWAIT);
        assert_true(n > 0);
        b = (struct bytes){ b.p + n, b.n - (size_t)n };
    }
}

static void body_of_a_careful_sender(void **state)
{
    char *body = arena_alloc(arena, BODY_MAX);
    struct worker w;

    (void)state;
    for (int i = 0; i < BODY_MAX; i++)
        body[i] = (char)('a' + i % 23);
    start(&w, false, 64);
    for (size_t n = BODY_MAX; n > 1000; n /= 2) {
        int fd = dial(&w);

        send_carefully(fd, whole_request(3, body, n));
        const char *text = output_of(until_eof(fd), 3);
        assert_memory_equal(text, "Status: 200 OK", 14);
        assert_memory_equal(text + strlen(text) - n, body, n);
    }
    stop(&w);
}

/* What is held in memory is bounded; who waited longest goes. */
static void large_ones_that_arrive_slowly(void **state)
{
    char *body = arena_alloc(arena, BODY_MAX);
    struct worker w;
    int fd[17];

    (void)state;
    memset(body, 'z', BODY_MAX);
    struct bytes all = whole_request(1, body, BODY_MAX);
    start(&w, false, 512);
    for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
        fd[i] = dial(&w);
        send_carefully(fd[i], (struct bytes){ all.p, all.n - 1 });
        assert_memory_equal(ask(&w, "q"), "Status: 200", 11); /* small ones are not touched by it */
    }
    assert_memory_equal(output_of(until_eof(fd[0]), 1), "Status: 503", 11);
    for (size_t i = 1; i < ARRAY_LEN(fd); i++) {
        send_bytes(fd[i], (struct bytes){ all.p + all.n - 1, 1 });
        assert_memory_equal(output_of(until_eof(fd[i]), 1), "Status: 200", 11);
    }
    stop(&w);
}

static void large_answer(void **state)
{
    struct worker w;

    (void)state;
    start(&w, false, 64);
    const char *text = ask(&w, "BIG");
    assert_int_equal(strlen(text), 39 + 1024 * 1024);
    for (int i = 0; i < 1024 * 1024; i++)
        if (text[39 + i] != 'a' + i % 26)
            fail_msg("wrong at %d", i);
    stop(&w);
}

/* Measurements 3: half-sent bodies stop nobody, and are served once they are whole. */
static void half_sent_wait_aside(void **state)
{
    struct bytes all = whole_request(1, "a=b", 3);
    size_t cut = all.n - 9;
    struct worker w;
    int fd[64];

    (void)state;
    start(&w, false, 512);
    for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
        fd[i] = dial(&w);
        send_bytes(fd[i], (struct bytes){ all.p, i % 2 == 0 ? cut : 3 }); /* in the body; in a header */
    }
    int64_t began = clock_mono_ms();
    for (int i = 0; i < 5; i++)
        assert_string_equal(ask(&w, "q"), "Status: 200 OK\r\n\r\nPOST /oauth2/token 1 q");
    assert_in_range(clock_mono_ms() - began, 0, LONG_MS - 1);
    for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
        size_t at = i % 2 == 0 ? cut : 3;

        send_bytes(fd[i], (struct bytes){ all.p + at, all.n - at });
        assert_string_equal(output_of(until_eof(fd[i]), 1), "Status: 200 OK\r\n\r\nPOST /oauth2/token 3 a=b");
    }
    stop(&w);
}

static void too_slow_is_408(void **state)
{
    struct bytes all = whole_request(7, "a=b", 3);
    struct worker w;

    (void)state;
    park_ms = PARK_MS;
    start(&w, false, 64);
    park_ms = LONG_MS;
    int64_t began = clock_mono_ms();
    int fd = dial(&w), silent = dial(&w);
    send_bytes(fd, (struct bytes){ all.p, all.n - 1 });
    const char *text = output_of(until_eof(fd), 7);
    assert_memory_equal(text, "Status: 408 Request Timeout\r\n", 29);
    assert_in_range(clock_mono_ms() - began, PARK_MS - 50, LONG_MS);
    assert_int_equal(until_eof(silent).n, 0); /* nothing was begun: nothing to answer */
    stop(&w);
}

/* The table is full: the oldest goes. */
static void oldest_makes_room(void **state)
{
    struct bytes all = whole_request(1, "a=b", 3);
    struct worker w;
    int fd[4];

    (void)state;
    start(&w, false, 3);
    for (int i = 0; i < 4; i++) {
        fd[i] = dial(&w);
        send_bytes(fd[i], (struct bytes){ all.p, all.n - 1 });
        usleep(20000);
    }
    int64_t began = clock_mono_ms();
    assert_memory_equal(output_of(until_eof(fd[0]), 1), "Status: 408", 11);
    assert_in_range(clock_mono_ms() - began, 0, LONG_MS - 1);
    for (int i = 1; i < 4; i++) {
        send_bytes(fd[i], (struct bytes){ all.p + all.n - 1, 1 });
        assert_memory_equal(output_of(until_eof(fd[i]), 1), "Status: 200", 11);
    }
    stop(&w);
}

/* Said before the body has come, and readable though the peer goes on sending. */
static void oversize_is_413(void **state)
{
    char *body = arena_alloc(arena, 60000);
    struct worker w;

    (void)state;
    for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
        struct sbuf b = new_sbuf();

        start(&w, is_tcp, 64);
        add_begin(&b, 1);
        add_params(&b, 1, "131073");
        int fd = dial(&w);
        send_bytes(fd, sbuf_bytes(&b));
        struct sbuf more = new_sbuf();
        add_record(&more, 5, 1, body, 60000, 0);
        usleep(50000);
        for (int i = 0; i < 3; i++)
            send_bytes(fd, sbuf_bytes(&more));
        assert_memory_equal(output_of(until_eof(fd), 1), "Status: 413 Content Too Large\r\n", 31);
        assert_memory_equal(ask(&w, "q"), "Status: 200", 11);
        stop(&w);
    }
}

static void malformed_is_closed(void **state)
{
    static const struct { const char *text; size_t n; } cases[] = {
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27 },
        { "\0\0\0\0\0\0\0\0", 8 },
        { "\1\4\0\1\0\0\0\0", 8 },
        { "\1\1\0\1\0\10\0\0\0\2\0\0\0\0\0\0", 16 },
    };
    struct worker w;

    (void)state;
    start(&w, false, 64);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t began = clock_mono_ms();
        int fd = dial(&w);

        send_bytes(fd, (struct bytes){ (const uint8_t *)cases[i].text, cases[i].n });
        assert_int_equal(until_eof(fd).n, 0);
        assert_in_range(clock_mono_ms() - began, 0, LONG_MS - 1);
    }
    assert_memory_equal(ask(&w, "q"), "Status: 200", 11);
    stop(&w);
}

/* Neither a peer that left nor one that only stopped sending waits for the deadline. */
static void hung_up_is_let_go(void **state)
{
    struct bytes all = whole_request(1, "a=b", 3);
    struct worker w;

    (void)state;
    start(&w, false, 64);
    int64_t began = clock_mono_ms();
    int fd = dial(&w), whole = dial(&w);
    send_bytes(fd, (struct bytes){ all.p, all.n - 1 });
    shutdown(fd, SHUT_WR);
    send_bytes(whole, all);
    shutdown(whole, SHUT_WR);
    assert_int_equal(until_eof(fd).n, 0);
    assert_memory_equal(output_of(until_eof(whole), 1), "Status: 200", 11);
    assert_in_range(clock_mono_ms() - began, 0, LONG_MS - 1);
    stop(&w);
}

/* GET_VALUES, one name many times over, then a request. */
static void values_are_told(void **state)
{
    struct sbuf pairs = new_sbuf(), b = new_sbuf();
    uint8_t got[256];
    struct record r;
    struct worker w;

    (void)state;
    start(&w, false, 64);
    for (int i = 0; i < 20; i++)
        add_pair(&pairs, "FCGI_MAX_CONNS", "");
    add_pair(&pairs, "FCGI_MPXS_CONNS", "");
    add_pair(&pairs, "UNHEARD_OF", "");
    add_record(&b, 9, 0, pairs.text, pairs.n, 5);
    int fd = dial(&w);
    send_bytes(fd, sbuf_bytes(&b));
    usleep(50000);
    ssize_t n = recv(fd, got, sizeof(got), 0);
    assert_int_equal(record_read(got, (size_t)n, &r), RC_OK);
    assert_int_equal(r.type, RECORD_GET_VALUES_RESULT);
    assert_int_equal(r.content_n, 17 + 18);
    assert_memory_equal(r.content, "\16\1FCGI_MAX_CONNS1\17\1FCGI_MPXS_CONNS0", r.content_n);
    send_bytes(fd, whole_request(1, "q", 1));
    assert_memory_equal(output_of(until_eof(fd), 1), "Status: 200", 11);
    stop(&w);
}

static void unknown_management_type(void **state)
{
    struct sbuf b = new_sbuf();
    uint8_t got[256];
    struct worker w;

    (void)state;
    start(&w, false, 64);
    add_record(&b, 99, 0, "x", 1, 0);
    int fd = dial(&w);
    send_bytes(fd, sbuf_bytes(&b));
    assert_int_equal(recv(fd, got, sizeof(got), MSG_WAITALL | MSG_DONTWAIT) < 0 ? errno : 0, EAGAIN);
    assert_int_equal(recv(fd, got, 16, MSG_WAITALL), 16);
    assert_memory_equal(got, "\1\13\0\0\0\10\0\0\x63\0\0\0\0\0\0\0", 16);
    close(fd);
    stop(&w);
}

/* --- stopping ------------------------------------------------------------- */

/* A half-sent request is told; the worker is gone within a second (design 6). */
static void stop_answers_the_parked(void **state)
{
    struct bytes all = whole_request(1, "a=b", 3);
    struct worker w;

    (void)state;
    start(&w, false, 64);
    int fd = dial(&w);
    send_bytes(fd, (struct bytes){ all.p, all.n - 1 });
    usleep(50000);
    assert_in_range(stop(&w), 200, LONG_MS - 1);
    assert_memory_equal(output_of(until_eof(fd), 1), "Status: 503", 11);
}

static void stop_waits_for_the_rest(void **state)
{
    struct bytes all = whole_request(1, "a=b", 3);
    struct worker w;

    (void)state;
    start(&w, false, 64);
    int fd = dial(&w);
    send_bytes(fd, (struct bytes){ all.p, all.n - 1 });
    usleep(50000);
    shutdown(w.control, SHUT_WR); /* told to stop */
    usleep(50000);
    send_bytes(fd, (struct bytes){ all.p + all.n - 1, 1 });
    assert_memory_equal(output_of(until_eof(fd), 1), "Status: 200", 11);
    assert_in_range(stop(&w), 0, LONG_MS - 1);
}

/* An endless queue of new connections does not keep it from noticing. */
static void stop_under_load(void **state)
{
    struct worker w;

    (void)state;
    start(&w, false, 64);
    struct bytes all = whole_request(1, "q", 1);
    pid_t loader = fork();
    if (loader == 0) {
        for (;;) {
            int fd = socket(AF_UNIX, SOCK_STREAM, 0);

            if (connect(fd, (const void *)&w.at, w.at_n) == 0)
                (void)!send(fd, all.p, all.n, MSG_NOSIGNAL);
            else
                usleep(1000);
            shutdown(fd, SHUT_WR); /* not waiting for the answer */
            close(fd);
        }
    }
    usleep(200000);
    assert_in_range(stop(&w), 0, LONG_MS - 1);
    kill(loader, SIGKILL);
    waitpid(loader, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(scan_needs_every_byte), TEST(scan_params), TEST(scan_records), TEST(scan_sizes),
        TEST(scan_params_over_limit), TEST(small_answer_is_one_write), TEST(unread_answer_is_given_up),
        TEST(whole_is_served), TEST(request_id_is_kept), TEST(byte_by_byte), TEST(largest_body),
        TEST(body_of_a_careful_sender), TEST(large_ones_that_arrive_slowly),
        TEST(large_answer), TEST(half_sent_wait_aside), TEST(too_slow_is_408), TEST(oldest_makes_room),
        TEST(oversize_is_413), TEST(malformed_is_closed), TEST(hung_up_is_let_go), TEST(values_are_told),
        TEST(unknown_management_type), TEST(stop_answers_the_parked), TEST(stop_waits_for_the_rest),
        TEST(stop_under_load),
    };

    log_setup(LOG_TEXT, getenv("TEST_LOG") ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
