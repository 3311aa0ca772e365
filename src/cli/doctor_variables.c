/* What the configuration says of proxies, limits, networks and programs; and the clock. */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor.h"

#define V4_BITS_MIN (96 + 8)  /* held as ::ffff:a.b.c.d/96+n */
#define V6_BITS_MIN 16
#define RPS_MAX 100.0

/* --- networks --------------------------------------------------------------------- */

static bool is_v4(const struct net *net)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    return net->bits >= 96 && memcmp(net->addr, mapped, sizeof(mapped)) == 0;
}

static bool is_wide(const struct net *net)
{
    return net->bits < (is_v4(net) ? V4_BITS_MIN : V6_BITS_MIN);
}

static const char *net_text(struct arena *a, const struct net *net)
{
    char text[INET6_ADDRSTRLEN] = "?";

    if (is_v4(net))
        (void)inet_ntop(AF_INET, net->addr + 12, text, sizeof(text));
    else
        (void)inet_ntop(AF_INET6, net->addr, text, sizeof(text));
    return arena_printf(a, "%s/%d", text, is_v4(net) ? net->bits - 96 : net->bits);
}

static const char *without_wide(struct doctor *d, const struct net_list *list)
{
    const char *text = "";

    for (size_t i = 0; i < list->n; i++)
        if (!is_wide(&list->v[i]))
            text = arena_printf(d->arena, "%s%s%s", text, *text ? "," : "", net_text(d->arena, &list->v[i]));
    return *text != '\0' ? text : NULL;
}

static bool has_wide(const struct net_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (is_wide(&list->v[i]))
            return true;
    return false;
}

void doctor_trusted_proxies(struct doctor *d)
{
    const struct net_list *list = &d->conf.trusted_proxies;

    if (has_wide(list))
        doctor_fail(d, "", mend_variable(d, "AUTENTICO_TRUSTED_PROXIES", without_wide(d, list)),
                    "AUTENTICO_TRUSTED_PROXIES believes whole networks of strangers: anybody there can claim any address, "
                    "and that the connection was https");
    else if (list->n == 0)
        doctor_ok(d, "nobody is believed: the web server in front is the edge");
    else
        doctor_ok(d, "%zu network%s", list->n, list->n == 1 ? "" : "s");
}

void doctor_admin_networks(struct doctor *d)
{
    const struct net_list *list = &d->conf.admin_allow;

    if (list->n == 0)
        doctor_ok(d, "/admin is open to every network; AUTENTICO_ADMIN_ALLOW can limit it");
    else if (has_wide(list))
        doctor_warn(d, "", mend_variable(d, "AUTENTICO_ADMIN_ALLOW", without_wide(d, list)),
                    "AUTENTICO_ADMIN_ALLOW names networks so wide that it limits nobody");
    else
        doctor_ok(d, "%zu network%s may use /admin", list->n, list->n == 1 ? "" : "s");
}

/* --- limits ----------------------------------------------------------------------- */

void doctor_rate_limits(struct doctor *d)
{
    const struct conf *c = &d->conf;

    if (c->rate_rps <= 0)
        doctor_fail(d, "AUTENTICO_RATE_LIMIT_RPS", mend_variable(d, "AUTENTICO_RATE_LIMIT_RPS", "5"),
                    "the limiter is off: passwords and codes can be guessed as fast as they can be sent");
    else if (c->rate_rps > RPS_MAX)
        doctor_warn(d, "AUTENTICO_RATE_LIMIT_RPS", mend_variable(d, "AUTENTICO_RATE_LIMIT_RPS", "5"),
                    "%.0f requests a second from one address limit nobody", c->rate_rps);
    if (c->rate_rps > 0 && c->rate_rpm <= 0)
        doctor_warn(d, "AUTENTICO_RATE_LIMIT_RPM", mend_variable(d, "AUTENTICO_RATE_LIMIT_RPM", "20"),
                    "the limit by the minute is off");
    if (doctor_is_clean(d))
        doctor_ok(d, "%g a second and %g a minute", c->rate_rps, c->rate_rpm);
}

void doctor_fastcgi_tcp(struct doctor *d)
{
    if (text_empty(d->conf.tcp_listen))
        doctor_ok(d, "by Unix sockets");
    else if (text_starts(d->conf.tcp_address, "127.") || text_same(d->conf.tcp_address, "::1"))
        doctor_ok(d, "on loopback");
    else
        doctor_warn(d, "", NULL, "FastCGI is not encrypted, and %s is not loopback: passwords and tokens cross that "
                    "network as they are; make it a tunnel (WireGuard), or bring the web server here", d->conf.tcp_listen);
}

void doctor_durability(struct doctor *d)
{
    if (d->conf.durability == DURABILITY_NORMAL)
        doctor_warn(d, "", mend_variable(d, "AUTENTICO_DURABILITY", "full"),
                    "AUTENTICO_DURABILITY=normal: a power failure may bring back a revoked token or a used code");
}

/* --- the program that is shown passwords ------------------------------------------ */

void doctor_password_command(struct doctor *d)
{
    const char *const *argv = d->conf.password_argv;
    struct stat st;

    if (argv == NULL) {
        doctor_ok(d, "there is none (AUTENTICO_PASSWORD_COMMAND)");
        return;
    }
    if (stat(argv[0], &st) == 0 && d->no_id == NULL && d->id.uid != 0 && st.st_uid == d->id.uid)
        doctor_warn(d, argv[0], mend_printf(d, "chown root %s", mend_quote(d->arena, argv[0])),
                    "is shown every new password, and the server itself could change it");
    else
        doctor_ok(d, "%s", argv[0]);
}

/* --- the clock -------------------------------------------------------------------- */

void doctor_clock(struct doctor *d)
{
    struct timex t = { .modes = 0 };
    int state = adjtimex(&t);

    if (state < 0)
        doctor_skip(d, "the kernel does not say");
    else if (state == TIME_ERROR || (t.status & STA_UNSYNC) != 0)
        doctor_warn(d, "", access("/run/systemd/system", F_OK) == 0 ? "timedatectl set-ntp true"
                                                                    : "apt-get install chrony",
                    "nobody keeps this clock right: codes of authenticator apps and lifetimes of tokens depend on it");
    else
        doctor_ok(d, "it is synchronised");
}
