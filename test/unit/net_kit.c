/* SPDX-License-Identifier: MIT */
/* Runs a test in a network namespace of its own. */
#include "net_kit.h"

#include <errno.h>
#include <sched.h>

#include "../../pv-drivers/net/bridge.h"

/* Containers are often not allowed to make namespaces or bridges. */
static const char *prepare(void)
{
    struct hd_err err = {0};

    if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
        return "skipped: this machine allows no network namespace";
    if (hd_bridge_make("hdprobe", &err) &&
        (err.sys == EPERM || err.sys == EOPNOTSUPP))
        return "skipped: this machine allows no bridge";
    if (hd_bridge_remove("hdprobe", &err))
        return "a bridge cannot be removed";
    return NULL;
}

void net_kit_run(apart_kit_scenario *scenario)
{
    apart_kit_run(prepare, scenario);
}
