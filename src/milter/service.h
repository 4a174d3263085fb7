/* service: what a mail is judged with — configuration, rules, queue — and how it is replaced.
 *
 * A Service holds the current Snapshot; every message pins the one it began with, so a reload
 * never changes rules under a mail. The queue and the socket stay as they were at start.
 */
#ifndef LEAD_MILTER_SERVICE_H
#define LEAD_MILTER_SERVICE_H

#include "base/config.h"
#include "queue/queue.h"
#include "rules/ruleset.h"

typedef struct {
    Config *config;
    Ruleset *ruleset;
} Snapshot; /* reference counted (g_atomic_rc_box), immutable */

/* Load a configuration file and its rules, and run the rules' own tests. NULL with everything that
 * is wrong in `diags`. */
Snapshot *snapshot_load(const char *config_file, Diags *diags);
Snapshot *snapshot_ref(Snapshot *snapshot);
void snapshot_unref(Snapshot *snapshot); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Snapshot, snapshot_unref)

typedef struct Service Service;

Service *service_new(Snapshot *snapshot, Queue *queue); /* refs the snapshot, borrows the queue */
void service_free(Service *service);
Snapshot *service_pin(Service *service); /* a new reference to the current one; any thread */
void service_replace(Service *service, Snapshot *snapshot);
Queue *service_queue(Service *service);

#endif
