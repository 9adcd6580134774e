/* SPDX-License-Identifier: MIT */
/* Folders that look like sysfs, for the host scan; never reads the host's. */
#include "sysfs_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static void make_folders(const struct hd_kit_tree *t, const char *path)
{
    char part[PATH_MAX];

    for (const char *slash = strchr(path, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        mkdirat(t->root, part, 0755);
    }
}

void hd_kit_put(const struct hd_kit_tree *t, const char *path, const char *text)
{
    hd_autofd int fd = -1;

    make_folders(t, path);
    fd = openat(t->root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

void hd_kit_point(const struct hd_kit_tree *t, const char *path, const char *to)
{
    make_folders(t, path);
    CU_ASSERT_FATAL(!symlinkat(to, t->root, path));
}

void hd_kit_tree_init(struct hd_kit_tree *t)
{
    strcpy(t->path, "/tmp/hd-unit-XXXXXX");
    CU_ASSERT_FATAL(mkdtemp(t->path) != NULL);
    t->root = open(t->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    CU_ASSERT_FATAL(t->root >= 0);
}

void hd_kit_tree_fini(struct hd_kit_tree *t)
{
    char command[96];

    close(t->root);
    snprintf(command, sizeof(command), "rm -rf '%s'", t->path);
    CU_ASSERT_EQUAL(system(command), 0);
}

const char *hd_kit_victim;

typedef int scan_filter(const struct dirent *);
typedef int scan_order(const struct dirent **, const struct dirent **);

int __real_scandirat(int dirfd, const char *path, struct dirent ***list,
                     scan_filter *filter, scan_order *order);
int __wrap_scandirat(int dirfd, const char *path, struct dirent ***list,
                     scan_filter *filter, scan_order *order);

int __wrap_scandirat(int dirfd, const char *path, struct dirent ***list,
                     scan_filter *filter, scan_order *order)
{
    int n = __real_scandirat(dirfd, path, list, filter, order);
    char command[200];

    if (hd_kit_victim) {
        snprintf(command, sizeof(command), "rm -rf '%s'", hd_kit_victim);
        CU_ASSERT_EQUAL(system(command), 0);
    }
    return n;
}
