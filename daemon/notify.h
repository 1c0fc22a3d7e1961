/*
 * notify: systemd's readiness protocol (sd_notify) by its datagram socket, without libsystemd.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* notify_send(): "READY=1", "STOPPING=1", "RELOADING=1"; nothing where $NOTIFY_SOCKET is unset. */
void notify_send(const char *state);

#endif
