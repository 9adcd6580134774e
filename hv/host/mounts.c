/* SPDX-License-Identifier: MIT */
/* Mounts and swaps of the host, by procfs; opens no device. */
#include "mounts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../../pv-drivers/base/mem.h"
#include "sysfs.h"

struct walk {
    int root;
    hd_mounts_fn *fn;
    void *ctx;
};

/* "8:17". */
static void tell_number(const struct walk *w, const char *device,
                        const char *at)
{
    char name[64];

    /* Major 0 is no device's: file systems without one have it. */
    if (strncmp(device, "0:", 2) &&
        hd_sysfs_link_name(w->root, name, sizeof(name), "sys/dev/block/%s",
                           device))
        w->fn(w->ctx, w->root, name, at);
}

/* Of a node in /dev. */
static void tell_node(const struct walk *w, const char *path, const char *at)
{
    char device[32];
    struct stat st;

    if (strncmp(path, "/dev/", 5) || fstatat(w->root, path + 1, &st, 0) ||
        !S_ISBLK(st.st_mode))
        return;
    snprintf(device, sizeof(device), "%u:%u", major(st.st_rdev),
             minor(st.st_rdev));
    tell_number(w, device, at);
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
static void find_mounts(const struct walk *w)
{
    char device[32], at[64], source[256], line[4096];
    FILE *f = open_proc(w->root, "proc/self/mountinfo");

    while (f && fgets(line, sizeof(line), f)) {
        const char *end = strstr(line, " - ");

        if (sscanf(line, "%*d %*d %31s %*s %63s", device, at) != 2)
            continue;
        tell_number(w, device, at);
        if (end && sscanf(end, " - %*s %255s", source) == 1)
            tell_node(w, source, at);
    }
    if (f)
        fclose(f);
}

/* proc(5), swaps: a line of titles, then "/dev/sda2 partition ...". */
static void find_swaps(const struct walk *w)
{
    char path[256], line[4096];
    FILE *f = open_proc(w->root, "proc/swaps");

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "%255s", path) == 1)
            tell_node(w, path, NULL);
    if (f)
        fclose(f);
}

void hd_mounts_each(int root, hd_mounts_fn *fn, void *ctx)
{
    const struct walk w = {root, fn, ctx};

    find_mounts(&w);
    find_swaps(&w);
}
