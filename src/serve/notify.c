#include "config.h"

#include "serve/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"

static struct {
    int fd; /* 0: nobody is to be told */
    int64_t watchdog_ms, told_ms;
} notify;

/* A path, or an abstract name that begins with '@'. */
static int connect_to(const char *name)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    size_t n = strlen(name);
    int fd;

    if ((name[0] != '/' && name[0] != '@') || n < 2 || n >= sizeof(addr.sun_path))
        return -1;
    memcpy(addr.sun_path, name, n);
    if (name[0] == '@')
        addr.sun_path[0] = '\0';
    else
        n++;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int64_t watchdog_of(void)
{
    int64_t usec, pid;

    if (text_int(text_or(getenv("WATCHDOG_USEC"), ""), &usec) != RC_OK || usec <= 0)
        return 0;
    if (text_int(text_or(getenv("WATCHDOG_PID"), ""), &pid) == RC_OK && pid != getpid())
        return 0;
    return usec / 1000;
}

void notify_start(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    int fd = text_empty(name) ? -1 : connect_to(name);

    if (fd < 0 && !text_empty(name))
        log_event(LOG_LEVEL_WARNING, "notify_failed", "socket", name, "why", strerror(errno), NULL);
    notify.fd = fd > 0 ? fd : 0;
    notify.watchdog_ms = notify.fd > 0 ? watchdog_of() : 0;
    notify.told_ms = clock_mono_ms();
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

/* Never waits: a service manager that does not read must not stop the service. */
static void tell(const char *text)
{
    if (notify.fd > 0 && send(notify.fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        log_event(LOG_LEVEL_WARNING, "notify_failed", "why", strerror(errno), NULL);
}

void notify_ready(void)
{
    tell("READY=1\nSTATUS=Serving");
}

/* systemd wants to know when, to tell this reload from the one before. */
void notify_reloading(void)
{
    char text[96];

    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reloading", (long long)clock_mono_us());
    tell(text);
}

void notify_stopping(void)
{
    tell("STOPPING=1\nSTATUS=Finishing what is under way");
}

void notify_alive(void)
{
    int64_t now = clock_mono_ms();

    if (notify.watchdog_ms == 0 || now - notify.told_ms < notify.watchdog_ms / 2)
        return;
    notify.told_ms = now;
    tell("WATCHDOG=1");
}
