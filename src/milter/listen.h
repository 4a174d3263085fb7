/* listen: the socket that the MTA connects to.
 *
 *   unix:PATH        made with mode 0660, so that the MTA's user needs the socket's group (a folder
 *                    with the set-group-id bit, or the daemon's group, decides which); 0666 when the
 *                    umask lets others write. A socket that nobody listens on any more is replaced.
 *   inet:PORT@HOST   IPv4; HOST is a name or an address; all addresses without @HOST
 *   inet6:PORT@HOST  likewise, IPv6; the address may stand in []
 *   fd:N             inherited and listening already (systemd socket activation: fd:3)
 *
 * Opened here and handed to libmilter as fd:N, since libmilter tells why it failed to syslog only.
 */
#ifndef LEAD_MILTER_LISTEN_H
#define LEAD_MILTER_LISTEN_H

#include <glib.h>

typedef struct Listener Listener;

/* NULL with *error (G_IO_ERROR) when the address is malformed, in use, or not ours. */
Listener *listener_open(const char *address, GError **error);
int listener_fd(const Listener *listener);
/* Nobody more is accepted from an inherited socket: who connects waits in it for the next daemon.
 * One that was made here is left, as nobody would come after it. FALSE with errno when there were no
 * descriptors for it. */
gboolean listener_hold(const Listener *listener);
/* Remove the unix socket it made, unless another has taken its place; the descriptor stays open,
 * being libmilter's. Takes NULL. */
void listener_free(Listener *listener);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listener, listener_free)

#endif
