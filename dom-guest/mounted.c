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
#include "../pv-drivers/base/tables.h"
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

int hd_mounted_copy(const char *path)
{
    struct mount_attr attr = {.propagation = MS_PRIVATE};
    int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    if (fd >= 0)
        (void)mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr));
    return fd;
}

/* 0: nobody can tell. */
static dev_t device_of(uint64_t id)
{
    hd_auto(hd_mountinfo) m = NULL;
    const struct hd_mount *e =
        hd_mountinfo_read(&m, NULL) ? NULL : hd_mountinfo_find(m, id, NULL);

    return e ? e->dev : 0;
}

int hd_mounted_note(const char *path, const char *of, struct hd_err *err)
{
    hd_autofd int fd =
        open(HD_GUEST_MOUNTS, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char line[PATH_MAX + HD_TABLES_PATH + 48];
    uint64_t id = hd_mounted_at(path);
    int len = snprintf(line, sizeof(line), "%" PRIu64 " %" PRIu64 " %s\t%s\n",
                       id, (uint64_t)device_of(id), path, of);

    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "open " HD_GUEST_MOUNTS);
    return hd_io_write(fd, line, (size_t)len, err);
}

/* ---- what is there of it */

struct line {
    struct hd_mounted it;
    const char *of; /* borrowed */
};

/* "ID DEV PATH<tab>OF", or of a version before "ID PATH<tab>OF" or "ID PATH",
 * which does not say of what it is; false: it is no line of ours. */
static bool parse(const char *line, struct line *ret)
{
    const char *tab = strrchr(line, '\t');
    const char *end = tab ? tab : line + strlen(line);
    char *path;

    ret->it.id = strtoull(line, &path, 10);
    ret->it.dev = 0;
    if (*path == ' ' && path[1] != '/')
        ret->it.dev = strtoull(path + 1, &path, 10);
    if (!ret->it.id || *path != ' ' || path[1] != '/' ||
        end - path > (ptrdiff_t)sizeof(ret->it.at))
        return false;
    snprintf(ret->it.at, sizeof(ret->it.at), "%.*s", (int)(end - path) - 1,
             path + 1);
    ret->of = tab ? tab + 1 : ret->it.at;
    return true;
}

/* Numbers come again, of mounts that are not ours. */
static bool is_ours(const struct line *line, const struct hd_mountinfo *m)
{
    const struct hd_mount *e = hd_mountinfo_find(m, line->it.id, NULL);

    return e && (!line->it.dev || e->dev == line->it.dev);
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
static bool is_there(const char *text, const struct hd_mountinfo *m)
{
    struct line line;

    return parse(text, &line) && is_ours(&line, m) &&
           (hd_mountinfo_find(m, line.it.id, line.it.at) ||
            hd_mounted_at(line.it.at) == line.it.id);
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

/* ---- each of it */

typedef void line_fn(const struct line *line, void *ctx);

/* Of what is mounted still, the last first. */
static void each(line_fn *fn, void *ctx)
{
    hd_autofree char *text = NULL;
    hd_auto(hd_mountinfo) m = NULL;
    struct line line;

    if (hd_io_read_file(HD_GUEST_MOUNTS, TEXT_MAX, &text, NULL, NULL) ||
        hd_mountinfo_read(&m, NULL))
        return;
    for (char *end = strrchr(text, '\n'); end; end = strrchr(text, '\n')) {
        const char *before;

        *end = '\0';
        before = strrchr(text, '\n');
        if (!parse(before ? before + 1 : text, &line) || !is_ours(&line, m))
            continue;
        line.it.on_top = hd_mounted_at(line.it.at) == line.it.id;
        fn(&line, ctx);
    }
}

struct wanted {
    const char *of;
    struct hd_mounted *ret;
    bool found;
};

static void find_one(const struct line *line, void *ctx)
{
    struct wanted *w = ctx;

    if (!strcmp(line->of, w->of) &&
        (!w->found || (line->it.on_top && !w->ret->on_top))) {
        *w->ret = line->it;
        w->found = true;
    }
}

bool hd_mounted_find(const char *of, struct hd_mounted *ret)
{
    struct wanted w = {of, ret, false};

    each(find_one, &w);
    return w.found;
}

int hd_mounted_copy_of(const char *of)
{
    struct hd_mounted it;

    return hd_mounted_find(of, &it) && it.on_top ? hd_mounted_copy(it.at) : -1;
}

struct kept {
    const uint64_t *ids;
    size_t n;
};

/* What the guest has mounted over it since stays, with all below it. */
static void drop_one(const struct line *line, void *ctx)
{
    const struct kept *keep = ctx;

    for (size_t i = 0; i < keep->n; i++)
        if (keep->ids[i] == line->it.id)
            return;
    if (line->it.on_top)
        (void)umount2(line->it.at, MNT_DETACH | UMOUNT_NOFOLLOW);
}

void hd_mounted_drop(const uint64_t keep[], size_t n)
{
    each(drop_one, &(struct kept){keep, n});
    hd_mounted_tidy();
}
