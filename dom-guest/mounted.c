/* SPDX-License-Identifier: MIT */
/* Notes what the view has mounted in a file, so that another process can take
 * it away; takes away nothing else. */
#include "mounted.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"
#include "paths.h"

uint64_t hd_mounted_at(const char *path)
{
    struct statx st;

    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) ||
                   !(st.stx_mask & STATX_MNT_ID)
               ? 0
               : st.stx_mnt_id;
}

int hd_mounted_note(const char *path, struct hd_err *err)
{
    hd_autofd int fd =
        open(HD_GUEST_MOUNTS, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char line[PATH_MAX + 24];
    int len = snprintf(line, sizeof(line), "%" PRIu64 " %s\n",
                       hd_mounted_at(path), path);

    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "open " HD_GUEST_MOUNTS);
    return hd_io_write(fd, line, (size_t)len, err);
}

/* What the guest has mounted over it since stays, with all below it. */
static void drop_one(const char *line)
{
    char *path;
    uint64_t id = strtoull(line, &path, 10);

    if (*path == ' ' && id && hd_mounted_at(path + 1) == id)
        (void)umount2(path + 1, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* The last first. */
void hd_mounted_drop(void)
{
    hd_autofree char *text = NULL;

    if (hd_io_read_file(HD_GUEST_MOUNTS, 1 << 20, &text, NULL, NULL))
        return;
    for (char *end = strrchr(text, '\n'); end; end = strrchr(text, '\n')) {
        char *line;

        *end = '\0';
        line = strrchr(text, '\n');
        drop_one(line ? line + 1 : text);
    }
    (void)unlink(HD_GUEST_MOUNTS);
}
