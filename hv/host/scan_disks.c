/* SPDX-License-Identifier: MIT */
/* The host's disks and what they hang on, from sysfs; opens none of them. */
#include <stdio.h>
#include <string.h>

#include "scan.h"
#include "sysfs.h"

#define SECTOR 512u /* Linux's ABI/stable/sysfs-block: size counts these */

/* What is made of other devices, or of nothing, is no disk of the host's. */
static bool is_virtual(int root, const char *name)
{
    char to[256];

    return hd_sysfs_link(root, to, sizeof(to), "sys/class/block/%s", name) &&
           strstr(to, "/devices/virtual/");
}

/* The nearest of the names in a device's path that says how it is reached. */
static const char *bus_of(const char *path)
{
    static const struct {
        const char *in_path, *bus;
    } buses[] = {{"/usb", "usb"},       {"/ata", "ata"}, {"/nvme", "nvme"},
                 {"/virtio", "virtio"}, {"/mmc", "mmc"}, {"/host", "scsi"}};

    for (size_t i = 0; i < sizeof(buses) / sizeof(*buses); i++)
        if (strstr(path, buses[i].in_path))
            return buses[i].bus;
    return "";
}

static void add_disk(void *ctx, int root, const char *name)
{
    struct hd_inventory *inv = ctx;
    struct hd_host_disk *disk = &inv->disks[inv->n_disks];
    char to[256];

    if (hd_sysfs_exists(root, "sys/class/block/%s/partition", name) ||
        is_virtual(root, name))
        return;
    if (inv->n_disks == HD_MAX_DISKS_SEEN) {
        inv->left_out++;
        return;
    }
    memset(disk, 0, sizeof(*disk));
    snprintf(disk->name, sizeof(disk->name), "%s", name);
    hd_sysfs_link(root, to, sizeof(to), "sys/class/block/%s", name);
    strcpy(disk->bus, bus_of(to));
    hd_sysfs_usb(to, disk->usb);
    hd_sysfs_text(root, disk->model, sizeof(disk->model),
                  "sys/class/block/%s/device/model", name);
    disk->size =
        hd_sysfs_number(root, 10, "sys/class/block/%s/size", name) * SECTOR;
    disk->removable =
        !!hd_sysfs_number(root, 10, "sys/class/block/%s/removable", name);
    disk->read_only =
        !!hd_sysfs_number(root, 10, "sys/class/block/%s/ro", name);
    disk->rotational = !!hd_sysfs_number(
        root, 10, "sys/class/block/%s/queue/rotational", name);
    if (hd_sysfs_exists(root, "sys/class/block/%s", name))
        inv->n_disks++;
}

/* A disk that carries the device MAJOR:MINOR, itself or below LVM, md, crypt:
 * /sys/dev/block leads to it, `slaves` leads down. */
static void mark_root(struct hd_inventory *inv, int root, const char *name,
                      int depth);

struct mark {
    struct hd_inventory *inv;
    int depth;
};

static void mark_slave(void *ctx, int root, const char *name)
{
    struct mark *m = ctx;

    mark_root(m->inv, root, name, m->depth + 1);
}

static void mark_root(struct hd_inventory *inv, int root, const char *name,
                      int depth)
{
    struct mark m = {inv, depth};
    char path[256], *slash;

    if (depth > 8)
        return;
    for (uint32_t i = 0; i < inv->n_disks; i++)
        if (!strcmp(inv->disks[i].name, name))
            inv->disks[i].root = 1;
    snprintf(path, sizeof(path), "sys/class/block/%s/slaves", name);
    hd_sysfs_each(root, path, mark_slave, &m);
    /* A partition's folder stands in its disk's. */
    if (hd_sysfs_exists(root, "sys/class/block/%s/partition", name) &&
        hd_sysfs_link(root, path, sizeof(path), "sys/class/block/%s", name) &&
        (slash = strrchr(path, '/'))) {
        *slash = '\0';
        slash = strrchr(path, '/');
        mark_root(inv, root, slash ? slash + 1 : path, depth + 1);
    }
}

/* proc(5), mountinfo: "36 35 MAJOR:MINOR ROOT MOUNTPOINT ...". */
static void find_root(struct hd_inventory *inv, int root)
{
    char device[32], at[64], line[4096], name[64];
    FILE *f = fopen("/proc/self/mountinfo", "re");

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "%*d %*d %31s %*s %63s", device, at) == 2 &&
            !strcmp(at, "/") &&
            hd_sysfs_link_name(root, name, sizeof(name), "sys/dev/block/%s",
                               device))
            mark_root(inv, root, name, 0);
    if (f)
        fclose(f);
}

void hd_scan_disks(struct hd_inventory *inv, int root)
{
    hd_sysfs_each(root, "sys/class/block", add_disk, inv);
    find_root(inv, root);
}
