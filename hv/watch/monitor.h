/* SPDX-License-Identifier: MIT */
/* Which disks are plugged in, by udev's tag "hotdom"; never opens one. */
#ifndef HD_WATCH_MONITOR_H
#define HD_WATCH_MONITOR_H

#include <uv.h>

#include "../../pv-drivers/base/err.h"
#include "../daemon/store.h"

/* Each medium (diskseq) appears once and vanishes once, whatever the kernel
 * says in between. */
struct hd_monitor_ops {
    void (*appeared)(void *ctx, const struct hd_device *device);
    void (*vanished)(void *ctx, const struct hd_device *device);
};

struct hd_monitor;

/* Disks that are there already appear inside this call.  It lives as long as
 * the process. */
int hd_monitor_start(uv_loop_t *loop, const struct hd_monitor_ops *ops,
                     void *ctx, struct hd_monitor **ret, struct hd_err *err);
/* Has a disk appear before udev has told of it; one that is not there is left
 * out. */
void hd_monitor_take(struct hd_monitor *monitor, const char *name);
/* The disk that is called so now ("sda"), or NULL; borrowed. */
const struct hd_device *hd_monitor_find(const struct hd_monitor *monitor,
                                        const char *name);

#endif
