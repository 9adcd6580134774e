/* SPDX-License-Identifier: MIT */
/* Looks for who on the host uses a disk; opens no device. */
#include "disk_user.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/paths.h"
#include "mounts.h"
#include "sysfs.h"

#define BLOCK "sys/class/block/%s"

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

static void tell_holder(void *ctx, int root, const char *name)
{
    const struct search *s = ctx;
    char dm[64];

    if (*s->ret || hd_sysfs_has(root, HD_DM_UUID, BLOCK "/dm/uuid", name))
        return;
    hd_sysfs_text(root, dm, sizeof(dm), BLOCK "/dm/name", name);
    snprintf(s->ret, HD_DISK_USER_TEXT, "/dev/%.31s is part of %.31s%s%s%s",
             s->part, name, *dm ? " (" : "", dm, *dm ? ")" : "");
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
