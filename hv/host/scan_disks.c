/* SPDX-License-Identifier: MIT */
/* The host's disks and what they hang on, from sysfs; opens none of them. */
#include <stdio.h>
#include <string.h>

#include "scan.h"
#include "sysfs.h"

#define SECTOR 512u /* Linux's ABI/stable/sysfs-block: size counts these */

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

    /* What is made of other devices, or of nothing, is no disk of the host's.
     */
    hd_sysfs_link(root, to, sizeof(to), "sys/class/block/%s", name);
    if (strstr(to, "/devices/virtual/") ||
        hd_sysfs_exists(root, "sys/class/block/%s/partition", name))
        return;
    if (inv->n_disks == HD_MAX_DISKS_SEEN) {
        inv->left_out++;
        return;
    }
    memset(disk, 0, sizeof(*disk));
    snprintf(disk->name, sizeof(disk->name), "%s", name);
    strcpy(disk->bus, bus_of(to));
    hd_sysfs_usb(to, disk->usb);
    hd_sysfs_text(root, disk->model, sizeof(disk->model),
                  "sys/class/block/%s/device/model", name);
    hd_sysfs_pci(to, disk->pci, sizeof(disk->pci));
    disk->diskseq =
        hd_sysfs_number(root, 10, "sys/class/block/%s/diskseq", name);
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

void hd_scan_disks(struct hd_inventory *inv, int root)
{
    hd_sysfs_each(root, "sys/class/block", add_disk, inv);
    hd_scan_uses(inv, root);
}
