/* SPDX-License-Identifier: MIT */
/* Runs a test in a network namespace of its own. */
#include "net_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/net/bridge.h"

/* Whom alone libudev believes; without it a test of that skips itself. */
static void become_root(uid_t uid)
{
    hd_autofd int map = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);

    dprintf(map, "0 %u 1", uid);
}

/* Containers are often not allowed to make namespaces or bridges. */
static const char *enter(void)
{
    uid_t uid = geteuid();

    if (!unshare(CLONE_NEWNET))
        return NULL;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
        return "skipped: this machine allows no network namespace";
    become_root(uid);
    return NULL;
}

static const char *enter_bridged(void)
{
    const char *why = enter();
    struct hd_err err = {0};

    if (why)
        return why;
    if (hd_bridge_make("hdprobe", &err) &&
        (err.sys == EPERM || err.sys == EOPNOTSUPP))
        return "skipped: this machine allows no bridge";
    if (hd_bridge_remove("hdprobe", &err))
        return "a bridge cannot be removed";
    return NULL;
}

void net_kit_run(apart_kit_scenario *scenario)
{
    apart_kit_run(enter_bridged, scenario);
}

void net_kit_run_unbridged(apart_kit_scenario *scenario)
{
    apart_kit_run(enter, scenario);
}
