/* SPDX-License-Identifier: MIT */
/* Looks for who on the host uses a disk; opens no device. */
#include "disk_user.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/paths.h"
#include "mounts.h"
#include "sysfs.h"

#define BLOCK     "sys/class/block/%s"
#define MULTIPATH "mpath-" /* how the uuids of dm-multipath's maps begin */

/* The first that is found is told. */
struct search {
    const char *disk;
    const char *part; /* whose holders are looked at */
    char *ret;        /* HD_DISK_USER_TEXT; empty: nobody yet */
};

static bool is_part(const struct search *s, int root, const char *name)
{
    return hd_sysfs_exists(root, BLOCK "/%s/partition", s->disk, name);
}

/* multipathd takes every disk that it is not told to leave. */
static void tell_multipath(const struct search *s, const char *name,
                           const char *dm)
{
    snprintf(s->ret, HD_DISK_USER_TEXT,
             "/dev/%.31s is a path of %.31s (%.63s); `multipath -f %.63s` lets "
             "go of it, and a blacklist in /etc/multipath.conf keeps it so",
             s->part, name, dm, dm);
}

/* What vanished while it was read held nothing any more: whether it still does
 * is looked at last. */
static void tell_holder(void *ctx, int root, const char *name)
{
    const struct search *s = ctx;
    char uuid[160], dm[128], to[256];

    if (*s->ret)
        return;
    hd_sysfs_text(root, uuid, sizeof(uuid), BLOCK "/dm/uuid", name);
    hd_sysfs_text(root, dm, sizeof(dm), BLOCK "/dm/name", name);
    if (!strncmp(uuid, HD_DM_UUID, strlen(HD_DM_UUID)) ||
        !hd_sysfs_link(root, to, sizeof(to), BLOCK "/holders/%s", s->part,
                       name))
        return;
    if (!strncmp(uuid, MULTIPATH, strlen(MULTIPATH)))
        tell_multipath(s, name, dm);
    else
        snprintf(s->ret, HD_DISK_USER_TEXT,
                 "/dev/%.31s is part of %.31s%s%.63s%s", s->part, name,
                 *dm ? " (" : "", dm, *dm ? ")" : "");
}

static void look_at_holders(struct search *s, int root, const char *name)
{
    char path[256];

    s->part = name;
    snprintf(path, sizeof(path), BLOCK "/holders", name);
    hd_sysfs_each(root, path, tell_holder, s);
}

static void look_at_part(void *ctx, int root, const char *name)
{
    if (is_part(ctx, root, name))
        look_at_holders(ctx, root, name);
}

static void tell_mount(void *ctx, int root, const char *name, const char *at)
{
    const struct search *s = ctx;

    if (*s->ret || (strcmp(name, s->disk) && !is_part(s, root, name)))
        return;
    snprintf(s->ret, HD_DISK_USER_TEXT, "/dev/%.31s is %s%s", name,
             at ? "mounted on " : "swap", at ? at : "");
    hd_sysfs_clean(s->ret);
}

bool hd_disk_user_share(int root, const char *disk, char ret[HD_DISK_USER_TEXT])
{
    struct search s = {.disk = disk, .ret = ret};
    char path[128];

    *ret = '\0';
    look_at_holders(&s, root, disk);
    snprintf(path, sizeof(path), BLOCK, disk);
    hd_sysfs_each(root, path, look_at_part, &s);
    return *ret;
}

bool hd_disk_user_find(int root, const char *disk, char ret[HD_DISK_USER_TEXT])
{
    struct search s = {.disk = disk, .ret = ret};

    if (!hd_disk_user_share(root, disk, ret))
        hd_mounts_each(root, tell_mount, &s);
    return *ret;
}
