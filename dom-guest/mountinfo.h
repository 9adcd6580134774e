/* SPDX-License-Identifier: MIT */
/* What is mounted, as mountinfo of proc(5) says it, and where a path leads. */
#ifndef HD_GUEST_MOUNTINFO_H
#define HD_GUEST_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../pv-drivers/base/err.h"
#include "../pv-drivers/base/mem.h"

#define HD_MOUNTINFO "/proc/self/mountinfo"

struct hd_mount {
    uint64_t id; /* another mount's, when this one has gone */
    uint64_t parent;
    dev_t dev;        /* of its file system, as long as that is in use */
    const char *at;   /* the mount point, as the path from this root */
    bool is_on_touch; /* autofs: what belongs there comes when it is used */
};

struct hd_mountinfo {
    size_t n;
    char *text; /* owned; holds the mount points */
    struct hd_mount mounts[];
};

/* Of the file's text, which has none of the mounts that no path of this root
 * leads to.  HD_E_FAILED for a line that is none. */
int hd_mountinfo_parse(const char *text, struct hd_mountinfo **ret,
                       struct hd_err *err);
/* Of this process, now. */
int hd_mountinfo_read(struct hd_mountinfo **ret, struct hd_err *err);
void hd_mountinfo_free(struct hd_mountinfo *m);
HD_DEFINE_AUTO(hd_mountinfo)

/* The mount of this number at this mount point (NULL: at any); NULL: it is not
 * there. */
const struct hd_mount *hd_mountinfo_find(const struct hd_mountinfo *m,
                                         uint64_t id, const char *at);

/* The mount that the absolute `path`, which has no link in it, leads to; NULL:
 * the root is no mount, so nobody can tell. */
const struct hd_mount *hd_mountinfo_reach(const struct hd_mountinfo *m,
                                          const char *path);

#endif
