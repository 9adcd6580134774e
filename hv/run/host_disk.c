/* SPDX-License-Identifier: MIT */
/* Disks of the host's own that guests are given: found again and looked at;
 * never opened here. */
#include "host_disk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../host/sysfs.h"
#include "volume.h"

#define BLOCK "sys/class/block/%s"

static int gone(const struct hd_step_volume *volume, struct hd_err *err)
{
    return hd_fail(err, HD_E_GONE, "the disk %s was unplugged", volume->disk);
}

struct count {
    const char *disk;
    unsigned holders;
};

static void count_one(void *ctx, int root, const char *name)
{
    (void)root, (void)name;
    ((struct count *)ctx)->holders++;
}

static void count_part(void *ctx, int root, const char *name)
{
    struct count *count = ctx;
    char path[512];

    if (!hd_sysfs_exists(root, BLOCK "/%s/partition", count->disk, name))
        return;
    snprintf(path, sizeof(path), BLOCK "/%s/holders", count->disk, name);
    hd_sysfs_each(root, path, count_one, count);
}

int hd_host_disk_check(const struct hd_step_volume *volume, unsigned holders,
                       struct hd_err *err)
{
    struct count count = {.disk = volume->disk};
    hd_autofd int root = hd_sysfs_root(err);
    char path[128];

    if (root < 0)
        return -1;
    if (hd_sysfs_exists(root, BLOCK "/partition", volume->disk) ||
        hd_sysfs_number(root, 10, BLOCK "/diskseq", volume->disk) !=
            volume->diskseq)
        return gone(volume, err);
    snprintf(path, sizeof(path), BLOCK "/holders", volume->disk);
    hd_sysfs_each(root, path, count_one, &count);
    snprintf(path, sizeof(path), BLOCK, volume->disk);
    hd_sysfs_each(root, path, count_part, &count);
    if (count.holders != holders)
        return hd_fail(err, HD_E_BUSY,
                       "the host uses the disk %s; close what is on it",
                       volume->disk);
    return 0;
}

int hd_host_disk_number(const struct hd_step_volume *volume,
                        uint32_t *ret_major, uint32_t *ret_minor,
                        struct hd_err *err)
{
    hd_autofd int root = hd_sysfs_root(err);
    char text[32];

    if (root < 0)
        return -1;
    hd_sysfs_text(root, text, sizeof(text), BLOCK "/dev", volume->disk);
    if (sscanf(text, "%" SCNu32 ":%" SCNu32, ret_major, ret_minor) != 2)
        return gone(volume, err);
    return 0;
}

bool hd_host_disk_pulled(const char *dm_name)
{
    const char *end = strrchr(dm_name, '+');
    hd_autofd int root = -1;
    uint32_t below_major, below_minor;

    if (!end || strncmp(end, "+usb", 4) ||
        hd_volume_below(dm_name, &below_major, &below_minor))
        return false;
    root = hd_sysfs_root(NULL);
    return root >= 0 && !hd_sysfs_exists(root, "sys/dev/block/%u:%u",
                                         below_major, below_minor);
}
