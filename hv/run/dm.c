/* SPDX-License-Identifier: MIT */
/* One request to the kernel's device-mapper; never touches a device that is not
 * hotdom's. */
#include "dm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"

/* Blkid, LVM, md and the like must never open a guest's volume: they would
 * read what is not theirs to read, and make it busy.  With no semaphore beside
 * them these make the DM_COOKIE that config/54-hotdom.rules knows. */
#define UDEV_FLAGS                                                             \
    (DM_UDEV_DISABLE_DM_RULES_FLAG | DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG |    \
     DM_UDEV_DISABLE_DISK_RULES_FLAG | DM_UDEV_DISABLE_OTHER_RULES_FLAG)

/* libdevmapper tells why through a global function only. */
static char last_message[256];

static void keep_message(int level, const char *file, int line, int dm_errno,
                         const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void keep_message(int level, const char *file, int line, int dm_errno,
                         const char *fmt, ...)
{
    va_list ap;

    (void)file, (void)line, (void)dm_errno;
    if ((level & 7) > 4) /* its _LOG_WARN; what is above is no trouble */
        return;
    va_start(ap, fmt);
    vsnprintf(last_message, sizeof(last_message), fmt, ap);
    va_end(ap);
}

void hd_dm_freep(struct dm_task **task)
{
    if (*task)
        dm_task_destroy(*task);
}

struct dm_task *hd_dm_task(int type, const char *name)
{
    hd_auto_dm task = NULL;
    uint32_t cookie = 0;

    dm_log_with_errno_init(keep_message);
    dm_udev_set_sync_support(0);
    last_message[0] = '\0';
    task = dm_task_create(type);
    if (!task || (name && !dm_task_set_name(task, name)))
        return NULL;
    if ((type == DM_DEVICE_CREATE || type == DM_DEVICE_RESUME ||
         type == DM_DEVICE_REMOVE) &&
        !dm_task_set_cookie(task, &cookie, UDEV_FLAGS))
        return NULL;
    return hd_steal(&task);
}

int hd_dm_fail(struct hd_err *err, const char *verb, const char *name)
{
    return hd_fail(err, HD_E_FAILED, "cannot %s the volume %s: %s", verb, name,
                   last_message[0] ? last_message : "device-mapper is away");
}

int hd_dm_run(struct dm_task *task)
{
    int ok = dm_task_run(task);

    dm_task_update_nodes();
    return ok ? 0 : -1;
}

int hd_dm_find(const char *name, struct dm_info *ret, struct hd_err *err)
{
    hd_auto_dm task = hd_dm_task(DM_DEVICE_INFO, name);
    const char *uuid;

    if (!task || hd_dm_run(task) || !dm_task_get_info(task, ret))
        return hd_dm_fail(err, "find", name);
    if (!ret->exists)
        return 0;
    uuid = dm_task_get_uuid(task);
    if (!uuid || strncmp(uuid, HD_DM_UUID, sizeof(HD_DM_UUID) - 1))
        return hd_fail(err, HD_E_EXISTS,
                       "the dm device %s is none of hotdom's; remove it", name);
    return 1;
}
