/* SPDX-License-Identifier: MIT */
/* What the host's disks are used for, from sysfs and procfs; opens none. */
#include <stdio.h>
#include <string.h>

#include "mounts.h"
#include "scan.h"
#include "sysfs.h"

#define DEPTH 8 /* of devices upon devices */

/* One walk down from a device to its disks. */
struct mark {
    struct hd_inventory *inv;
    bool is_root; /* it carries the root file system, else it is in use */
    int depth;
};

static void mark(const struct mark *m, int root, const char *name);

static void mark_slave(void *ctx, int root, const char *name)
{
    const struct mark *m = ctx;
    const struct mark below = {m->inv, m->is_root, m->depth + 1};

    mark(&below, root, name);
}

/* The device itself, or what is below LVM, md, crypt: `slaves` leads down. */
static void mark(const struct mark *m, int root, const char *name)
{
    struct mark self = *m;
    char path[256], *slash;

    if (m->depth > DEPTH)
        return;
    for (uint32_t i = 0; i < m->inv->n_disks; i++)
        if (!strcmp(m->inv->disks[i].name, name)) {
            m->inv->disks[i].in_use = 1;
            m->inv->disks[i].root |= m->is_root;
        }
    snprintf(path, sizeof(path), "sys/class/block/%s/slaves", name);
    hd_sysfs_each(root, path, mark_slave, &self);
    /* A partition's folder stands in its disk's. */
    if (hd_sysfs_exists(root, "sys/class/block/%s/partition", name) &&
        hd_sysfs_link(root, path, sizeof(path), "sys/class/block/%s", name) &&
        (slash = strrchr(path, '/'))) {
        *slash = '\0';
        slash = strrchr(path, '/');
        mark_slave(&self, root, slash ? slash + 1 : path);
    }
}

static void mark_mounted(void *ctx, int root, const char *name, const char *at)
{
    const struct mark m = {ctx, at && !strcmp(at, "/"), 0};

    mark(&m, root, name);
}

/* Whatever stands in `holders` is made of it. */
static void note_holder(void *ctx, int root, const char *name)
{
    (void)root, (void)name;
    ((struct hd_host_disk *)ctx)->in_use = 1;
}

static void find_holders(struct hd_host_disk *disk, int root, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "sys/class/block/%.48s/holders", name);
    hd_sysfs_each(root, path, note_holder, disk);
}

static void look_at_part(void *ctx, int root, const char *name)
{
    struct hd_host_disk *disk = ctx;

    if (strncmp(name, disk->name, strlen(disk->name)) ||
        !hd_sysfs_exists(root, "sys/class/block/%s/%s/partition", disk->name,
                         name))
        return;
    find_holders(disk, root, name);
    /* The kernel read the GPT; nobody else does here. */
    if (hd_sysfs_has(root, "PARTNAME=hotdom:", "sys/class/block/%s/%s/uevent",
                     disk->name, name))
        disk->store = 1;
}

void hd_scan_uses(struct hd_inventory *inv, int root)
{
    char path[128];

    for (uint32_t i = 0; i < inv->n_disks; i++) {
        struct hd_host_disk *disk = &inv->disks[i];

        find_holders(disk, root, disk->name);
        snprintf(path, sizeof(path), "sys/class/block/%s", disk->name);
        hd_sysfs_each(root, path, look_at_part, disk);
    }
    hd_mounts_each(root, mark_mounted, inv);
}
