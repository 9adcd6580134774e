/* SPDX-License-Identifier: MIT */
/* Volumes: our own dm devices over parts of a store's medium; never reads or
 * writes what is in them. */
#include "volume.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "dm.h"
#include "hold.h"
#include "host_disk.h"
#include "keyring.h"
#include "ramdisk.h"
#include "volume_table.h"

/* Between two tries to remove a device: who has it open is mostly a backend
 * that is just closing it. */
static const long pauses_ms[] = {1, 1, 2, 4, 8, 10};

static int find(const char *name, struct hd_err *err)
{
    struct dm_info info;

    return hd_dm_find(name, &info, err);
}

static int create(const struct hd_step_volume *volume,
                  const struct hd_uuid *store,
                  const struct hd_volume_table *table, struct hd_err *err)
{
    hd_auto_dm task = hd_dm_task(DM_DEVICE_CREATE, volume->dm_name);
    char id[HD_UUID_SIZE], uuid[128];

    hd_uuid_format(store, id);
    snprintf(uuid, sizeof(uuid), HD_DM_UUID "%s-%s", id, volume->dm_name);

    if (!task || !dm_task_set_uuid(task, uuid) ||
        (volume->mode == HD_MODE_RO && !dm_task_set_ro(task)) ||
        !dm_task_add_target(task, 0, table->sectors, table->target,
                            table->params) ||
        hd_dm_run(task))
        return hd_dm_fail(err, "open", volume->dm_name);
    return 0;
}

static int load_error(const char *name, uint64_t sectors)
{
    hd_auto_dm task = hd_dm_task(DM_DEVICE_RELOAD, name);

    return task && dm_task_add_target(task, 0, sectors, "error", "")
               ? hd_dm_run(task)
               : -1;
}

/* The table that was loaded becomes the live one.  The kernel suspends the
 * device for it and resumes it, in one: who is killed in between leaves no
 * device behind whose requests nobody ends.  Without noflush it would wait for
 * the I/O that a pulled plug never ends. */
static int swap(const char *name)
{
    hd_auto_dm task = hd_dm_task(DM_DEVICE_RESUME, name);

    return task && dm_task_no_flush(task) && dm_task_skip_lockfs(task)
               ? hd_dm_run(task)
               : -1;
}

/* Sectors of the live table, which need not be what a plan said. */
static int sectors_of(const char *name, uint64_t *ret)
{
    hd_auto_dm task = hd_dm_task(DM_DEVICE_TABLE, name);
    uint64_t start, length;
    char *type, *params;

    if (!task || hd_dm_run(task))
        return -1;
    dm_get_next_target(task, NULL, &start, &length, &type, &params);
    *ret = start + length;
    return 0;
}

static void rest(size_t tries)
{
    size_t last = HD_ARRAY_LEN(pauses_ms) - 1;
    struct timespec t = {.tv_nsec =
                             pauses_ms[tries < last ? tries : last] * 1000000};

    nanosleep(&t, NULL);
}

/* 0: removed or gone, EBUSY: in use, -1. */
static int try_remove(const char *name, bool deferred)
{
    hd_auto_dm task = hd_dm_task(DM_DEVICE_REMOVE, name);
    int sys;

    if (!task || (deferred && !dm_task_deferred_remove(task)))
        return -1;
    if (!hd_dm_run(task))
        return 0;
    sys = dm_task_get_errno(task);
    if (sys == ENXIO)
        return 0;
    return sys == EBUSY ? EBUSY : -1;
}

/* dm-crypt looks for its key in the keyrings of who loads the table. */
static int create_crypt(const struct hd_step_volume *volume,
                        const struct hd_uuid *store,
                        const struct hd_volume_table *table,
                        const struct hd_secret *key, struct hd_err *err)
{
    char description[HD_VOLUME_KEY_SIZE];
    int32_t id;
    int rc;

    if (!key)
        return hd_fail(err, HD_E_FAILED, "there is no key for the volume %s",
                       volume->dm_name);
    hd_volume_table_key(store, volume, description);
    if (hd_keyring_add(description, key, &id, err))
        return -1;
    rc = create(volume, store, table, err);
    hd_keyring_drop(id);
    return rc;
}

static int find_below(const struct hd_step_volume *volume, struct dm_info *ret,
                      struct hd_err *err)
{
    int found = hd_dm_find(volume->over, ret, err);

    if (!found)
        return hd_fail(err, HD_E_FAILED, "there is no %s for the volume %s",
                       volume->over, volume->dm_name);
    return found < 0 ? -1 : 0;
}

/* What lies under it; a RAM disk's is kept by `*ram` until the device is there.
 */
static int find_medium(const struct hd_step_volume *volume,
                       struct dm_info *below, int *ram, struct hd_err *err)
{
    uint32_t loop_major, loop_minor;

    switch ((enum hd_step_target)volume->target) {
    case HD_TARGET_LINEAR:
    case HD_TARGET_CRYPT:
        return 0;
    case HD_TARGET_VERITY:
    case HD_TARGET_HOLD:
        return find_below(volume, below, err);
    case HD_TARGET_DISK:
        return hd_host_disk_number(volume, &below->major, &below->minor, err);
    case HD_TARGET_RAM:
        *ram = hd_ramdisk_open(volume->dm_name, volume->length, &loop_major,
                               &loop_minor, err);
        if (*ram < 0)
            return -1;
        below->major = loop_major;
        below->minor = loop_minor;
        return 0;
    }
    return 0;
}

int hd_volume_open(const struct hd_step_volume *volume,
                   const struct hd_uuid *store, uint32_t devmajor,
                   uint32_t devminor, const struct hd_secret *key,
                   struct hd_err *err)
{
    struct dm_info below = {.major = devmajor, .minor = devminor};
    struct hd_volume_table table;
    hd_autofd int ram = -1;
    char node[128];

    if (find_medium(volume, &below, &ram, err))
        return -1;
    hd_volume_table_make(volume, store, below.major, below.minor, &table);
    if (volume->target == HD_TARGET_CRYPT
            ? create_crypt(volume, store, &table, key, err)
            : create(volume, store, &table, err))
        return -1;
    snprintf(node, sizeof(node), "%s/%s", dm_dir(), volume->dm_name);
    if (access(node, F_OK))
        return hd_fail_errno(err, HD_E_FAILED, "there is no %s", node);
    return 0;
}

int hd_volume_below(const char *dm_name, uint32_t *ret_major,
                    uint32_t *ret_minor)
{
    hd_auto_dm task = hd_dm_task(DM_DEVICE_TABLE, dm_name);
    uint64_t start, length;
    char *type = NULL, *params = NULL;

    if (!task || hd_dm_run(task))
        return -1;
    dm_get_next_target(task, NULL, &start, &length, &type, &params);
    return type && params && !strcmp(type, "linear") &&
                   sscanf(params, "%" SCNu32 ":%" SCNu32, ret_major,
                          ret_minor) == 2
               ? 0
               : -1;
}

int hd_volume_fence(const char *dm_name, struct hd_err *err)
{
    uint64_t sectors;
    int found = find(dm_name, err);

    if (found <= 0)
        return found;
    if (sectors_of(dm_name, &sectors))
        return hd_dm_fail(err, "fence", dm_name);
    /* A device that was created and never got a table has no sectors: whatever
     * it is asked fails already. */
    if (!sectors)
        return 0;
    if (load_error(dm_name, sectors)) {
        hd_dm_fail(err, "fence", dm_name);
        (void)swap(dm_name); /* it may have been left suspended */
        return -1;
    }
    return swap(dm_name) ? hd_dm_fail(err, "fence", dm_name) : 0;
}

int hd_volume_flush(const char *dm_name, struct hd_err *err)
{
    hd_autofd int fd = -1;
    char node[128];
    bool held;

    if (hd_hold_let_go(dm_name, &held, err))
        return -1;
    snprintf(node, sizeof(node), "%s/%s", dm_dir(), dm_name);
    fd = open(node, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENXIO))
        return 0;
    if (fd < 0 || fsync(fd) || ioctl(fd, BLKFLSBUF, 0))
        return hd_fail_errno(err, HD_E_IO, "cannot write the volume %s out",
                             dm_name);
    return 0;
}

int hd_volume_remove(const char *dm_name, uint64_t deadline_ms,
                     struct hd_err *err)
{
    int found = find(dm_name, err);
    size_t tries = 0;
    int rc;

    if (found <= 0)
        return found;
    while ((rc = try_remove(dm_name, false)) == EBUSY &&
           hd_io_left_ms(deadline_ms))
        rest(tries++);
    if (rc == EBUSY) {
        (void)try_remove(dm_name, true);
        return hd_fail(err, HD_E_BUSY,
                       "the volume %s is in use; it goes when that ends",
                       dm_name);
    }
    return rc ? hd_dm_fail(err, "remove", dm_name) : 0;
}

int hd_volume_check_free(const char *dm_name, struct hd_err *err)
{
    int found = find(dm_name, err);

    if (found > 0)
        return hd_fail(err, HD_E_EXISTS, "the volume %s is open already",
                       dm_name);
    return found;
}

int hd_volume_check_idle(const char *dm_name, dev_t *ret_device,
                         struct hd_err *err)
{
    struct dm_info info;
    int found = hd_dm_find(dm_name, &info, err);

    if (found < 0)
        return -1;
    if (!found)
        return hd_fail(err, HD_E_GONE, "the volume %s is not open", dm_name);
    if (info.open_count)
        return hd_fail(err, HD_E_BUSY,
                       "the volume %s is in use; a guest gets what nobody else "
                       "has",
                       dm_name);
    *ret_device = makedev(info.major, info.minor);
    return 0;
}
