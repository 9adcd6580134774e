/* SPDX-License-Identifier: MIT */
/* Makes the links below /dev/hotdom; decides no name. */
#include "names.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "folder.h"
#include "paths.h"

const struct hd_names hd_names_usual = {"/dev", HD_GUEST_NAMES};

static int link_one(const struct hd_names *n, const struct hd_promise *p,
                    struct hd_err *err)
{
    char target[300], path[300], is[300] = "";

    snprintf(target, sizeof(target), "%s/%s", n->dev, p->device);
    snprintf(path, sizeof(path), "%s/%s", n->links, p->name);
    if (readlink(path, is, sizeof(is) - 1) > 0 && !strcmp(is, target))
        return 0;
    (void)unlink(path);
    if (symlink(target, path))
        return hd_fail_errno(err, HD_E_IO, "make the link %s", path);
    return 0;
}

static bool is_promised(const char *name, const struct hd_promise *promises,
                        size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (*promises[i].device && !strcmp(promises[i].name, name))
            return true;
    return false;
}

static void unlink_others(const struct hd_names *n,
                          const struct hd_promise *promises, size_t n_promises)
{
    DIR *dir = opendir(n->links);
    const struct dirent *e;

    while (dir && (e = readdir(dir)))
        if (e->d_type == DT_LNK &&
            !is_promised(e->d_name, promises, n_promises))
            (void)unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
}

int hd_names_link(const struct hd_names *n, const struct hd_promise *promises,
                  size_t n_promises, struct hd_err *err)
{
    int rc = 0;

    if (hd_folder_make(n->links, err))
        return -1;
    unlink_others(n, promises, n_promises);
    for (size_t i = 0; i < n_promises; i++)
        if (*promises[i].device)
            rc |= link_one(n, &promises[i], rc ? NULL : err);
    return rc;
}
