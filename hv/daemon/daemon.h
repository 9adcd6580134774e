/* SPDX-License-Identifier: MIT */
/* What hotdomd's parts share; one of it, made by main. */
#ifndef HD_DAEMON_DAEMON_H
#define HD_DAEMON_DAEMON_H

#include <stdbool.h>
#include <uv.h>

#include "../../pv-drivers/bus/xs.h"
#include "../control/control.h"
#include "../domain/status.h"
#include "../watch/monitor.h"
#include "event.h"
#include "filecache.h"
#include "rules.h"
#include "spare.h"
#include "store.h"
#include "tally.h"

struct hd_agents;
struct hd_held;
struct hd_inquiry;
struct hd_portal;

struct hd_daemon {
    uv_loop_t *loop;
    struct hd_rules rules;
    struct hd_stores stores;
    struct hd_events *events;
    struct hd_tally tally;
    struct hd_agents *agents; /* agents.h */
    struct hd_filecache *files;
    struct hd_spare *spare;
    struct hd_hypervisor *xen;
    struct hd_xs *xs;
    struct hd_inquiry *inquiries; /* inquiry.h; in the order they came */
    struct hd_monitor *monitor;
    struct hd_portal *portal;
    struct hd_held *held; /* held.h; the volumes, in no order */
    struct hd_control *control;
    bool stopping; /* SIGTERM was there: only what runs is finished */
};

#endif
