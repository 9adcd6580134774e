/* SPDX-License-Identifier: MIT */
/* Notes what the view has mounted in a file, so that another process can take
 * it away; takes away nothing else. */
#include "mounted.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"
#include "mountinfo.h"
#include "paths.h"

#define TEXT_MAX (1u << 20)

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

/* ---- what is there of it */

/* "ID PATH"; false: it is no line of ours. */
static bool parse(const char *line, uint64_t *ret_id, const char **ret_path)
{
    char *path;

    *ret_id = strtoull(line, &path, 10);
    *ret_path = path + 1;
    return *ret_id && *path == ' ';
}

/* Does `text` hold the line before `end`? */
static bool has_line(const char *text, const char *end, const char *line)
{
    size_t len = strlen(line);

    for (const char *at = text; at < end; at += strcspn(at, "\n") + 1)
        if (!strncmp(at, line, len) && at[len] == '\n')
            return true;
    return false;
}

/* Where a link is on the way the system calls it otherwise. */
static bool is_there(const char *line, const struct hd_mountinfo *m)
{
    const char *path;
    uint64_t id;

    return parse(line, &id, &path) &&
           (hd_mountinfo_find(m, id, path) || hd_mounted_at(path) == id);
}

/* `text` without the lines of mounts that have gone, and with none twice. */
static void keep_mounted(char *text, const struct hd_mountinfo *m)
{
    char *to = text, *next;

    for (char *line = text, *end; (end = strchr(line, '\n')); line = next) {
        next = end + 1;
        *end = '\0';
        if (is_there(line, m) && !has_line(text, to, line)) {
            to = memmove(to, line, (size_t)(end - line));
            to += end - line;
            *to++ = '\n';
        }
    }
    *to = '\0';
}

void hd_mounted_tidy(void)
{
    hd_autofree char *text = NULL;
    hd_auto(hd_mountinfo) m = NULL;

    if (hd_io_read_file(HD_GUEST_MOUNTS, TEXT_MAX, &text, NULL, NULL) ||
        hd_mountinfo_read(&m, NULL))
        return;
    keep_mounted(text, m);
    if (*text)
        (void)hd_io_write_file(HD_GUEST_MOUNTS, text, strlen(text), 0600, NULL);
    else
        (void)unlink(HD_GUEST_MOUNTS);
}

/* ---- away with it */

/* What the guest has mounted over it since stays, with all below it. */
static void drop_one(const char *line)
{
    const char *path;
    uint64_t id;

    if (parse(line, &id, &path) && hd_mounted_at(path) == id)
        (void)umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* The last first. */
void hd_mounted_drop(void)
{
    hd_autofree char *text = NULL;

    if (hd_io_read_file(HD_GUEST_MOUNTS, TEXT_MAX, &text, NULL, NULL))
        return;
    for (char *end = strrchr(text, '\n'); end; end = strrchr(text, '\n')) {
        char *line;

        *end = '\0';
        line = strrchr(text, '\n');
        drop_one(line ? line + 1 : text);
    }
    hd_mounted_tidy();
}
