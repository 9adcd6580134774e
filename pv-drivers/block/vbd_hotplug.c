/* SPDX-License-Identifier: MIT */
/* Tells blkback which block device stands behind a virtual disk; never opens
 * the device. */
#include "vbd_hotplug.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../base/io.h"

#define FOLDER "/dev/mapper/"
#define OURS   FOLDER "hotdom-"
#define PLAIN  "abcdefghijklmnopqrstuvwxyz0123456789._-+"
#define RAW    "+raw" /* what lies under an image, unverified: hv/plan/plan.h */

/* The nodes that add writes, below the backend's folder. */
struct nodes {
    char device[96], path[96], status[96];
};

static struct nodes nodes_of(const struct hd_backend_path *p)
{
    struct nodes n;

    snprintf(n.device, sizeof(n.device), "backend/vbd/%u/%u/physical-device",
             p->domid, p->devid);
    snprintf(n.path, sizeof(n.path), "backend/vbd/%u/%u/physical-device-path",
             p->domid, p->devid);
    snprintf(n.status, sizeof(n.status), "backend/vbd/%u/%u/hotplug-status",
             p->domid, p->devid);
    return n;
}

int hd_vbd_hotplug_check(const char *params, struct hd_err *err)
{
    const char *name = params + sizeof(OURS) - 1;
    size_t len = strlen(params);

    if (strncmp(params, OURS, sizeof(OURS) - 1) || !*name ||
        name[strspn(name, PLAIN)] ||
        !strcmp(params + len - (sizeof(RAW) - 1), RAW))
        return hd_fail(err, HD_E_DENIED, "\"%s\" is no volume of hotdom",
                       params);
    return 0;
}

/* The kernel knows the device of that number by that name: a node may have
 * become another's since the volume was opened. */
static int check_device(const char *params, dev_t device, struct hd_err *err)
{
    const char *want = params + sizeof(FOLDER) - 1;
    hd_autofree char *name = NULL;
    char path[64];

    snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/dm/name", major(device),
             minor(device));
    if (hd_io_read_file(path, 256, &name, NULL, NULL) ||
        strcspn(name, "\n") != strlen(want) ||
        strncmp(name, want, strlen(want)))
        return hd_fail(err, HD_E_GONE,
                       "%s has become the node of another device, %u:%u",
                       params, major(device), minor(device));
    return 0;
}

int hd_vbd_hotplug_add(struct hd_xs *xs, const struct hd_backend_path *path,
                       struct hd_err *err)
{
    struct nodes nodes = nodes_of(path);
    char node[96], params[256], device[32];
    struct stat st;
    int found;

    snprintf(node, sizeof(node), "backend/vbd/%u/%u/params", path->domid,
             path->devid);
    found = hd_xs_read(xs, node, params, sizeof(params), err);
    if (found < 0)
        return -1;
    if (!found)
        return hd_fail(err, HD_E_FAILED, "there is no node %s", node);
    if (hd_vbd_hotplug_check(params, err))
        return -1;
    if (stat(params, &st))
        return hd_fail_errno(err, HD_E_GONE, "cannot find %s", params);
    if (!S_ISBLK(st.st_mode))
        return hd_fail(err, HD_E_DENIED, "%s is no block device", params);
    if (check_device(params, st.st_rdev, err))
        return -1;
    snprintf(device, sizeof(device), "%x:%x", major(st.st_rdev),
             minor(st.st_rdev));
    return hd_xs_write(xs,
                       (struct hd_xs_node[]){{nodes.device, device},
                                             {nodes.path, params},
                                             {nodes.status, "connected"}},
                       3, err);
}

int hd_vbd_hotplug_remove(struct hd_xs *xs, const struct hd_backend_path *path,
                          struct hd_err *err)
{
    struct nodes nodes = nodes_of(path);

    return hd_xs_write(xs,
                       (struct hd_xs_node[]){{nodes.device, NULL},
                                             {nodes.path, NULL},
                                             {nodes.status, NULL}},
                       3, err);
}
