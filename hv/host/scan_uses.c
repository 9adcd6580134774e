/* SPDX-License-Identifier: MIT */
/* What the host's disks are used for, from sysfs and procfs; opens none. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"
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

static void mark_number(struct hd_inventory *inv, int root, const char *device,
                        bool is_root)
{
    const struct mark m = {inv, is_root, 0};
    char name[64];

    /* Major 0 is no device's: file systems without one have it. */
    if (strncmp(device, "0:", 2) &&
        hd_sysfs_link_name(root, name, sizeof(name), "sys/dev/block/%s",
                           device))
        mark(&m, root, name);
}

/* Of a node in /dev. */
static void mark_node(struct hd_inventory *inv, int root, const char *path,
                      bool is_root)
{
    char device[32];
    struct stat st;

    if (strncmp(path, "/dev/", 5) || fstatat(root, path + 1, &st, 0) ||
        !S_ISBLK(st.st_mode))
        return;
    snprintf(device, sizeof(device), "%u:%u", major(st.st_rdev),
             minor(st.st_rdev));
    mark_number(inv, root, device, is_root);
}

static FILE *open_proc(int root, const char *path)
{
    hd_autofd int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

    if (f)
        hd_steal_fd(&fd);
    return f;
}

/* proc(5), mountinfo: "36 35 MAJOR:MINOR ROOT MOUNTPOINT OPTIONS ... - TYPE
 * SOURCE ...".  Of btrfs only the source names a device that there is. */
static void find_mounts(struct hd_inventory *inv, int root)
{
    char device[32], at[64], source[256], line[4096];
    FILE *f = open_proc(root, "proc/self/mountinfo");

    while (f && fgets(line, sizeof(line), f)) {
        const char *end = strstr(line, " - ");
        bool is_root;

        if (sscanf(line, "%*d %*d %31s %*s %63s", device, at) != 2)
            continue;
        is_root = !strcmp(at, "/");
        mark_number(inv, root, device, is_root);
        if (end && sscanf(end, " - %*s %255s", source) == 1)
            mark_node(inv, root, source, is_root);
    }
    if (f)
        fclose(f);
}

/* proc(5), swaps: a line of titles, then "/dev/sda2 partition ...". */
static void find_swaps(struct hd_inventory *inv, int root)
{
    char path[256], line[4096];
    FILE *f = open_proc(root, "proc/swaps");

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "%255s", path) == 1)
            mark_node(inv, root, path, false);
    if (f)
        fclose(f);
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
    find_mounts(inv, root);
    find_swaps(inv, root);
}
