/*
 * What systemd is told of the state of the service (sd_notify(3)): one datagram to
 * NOTIFY_SOCKET each.  Without that variable all of these do nothing.
 */
#ifndef AUTENTICO_SERVE_NOTIFY_H
#define AUTENTICO_SERVE_NOTIFY_H

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and takes them out of the
 * environment.  Before capabilities are dropped. */
void notify_start(void);
void notify_ready(void);     /* serving; also ends a reload */
void notify_reloading(void);
void notify_stopping(void);
/* Call it often: keeps the watchdog content, twice in its time. */
void notify_alive(void);

#endif
