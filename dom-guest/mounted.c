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
#include <sys/resource.h>
#include <sys/stat.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"
#include "../pv-drivers/base/tables.h"
#include "layers.h"
#include "mountinfo.h"
#include "paths.h"

#define TEXT_MAX (8u << 20)

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

/* Each exception has a copy, as many may wait to come again, and while they are
 * laid each inclusion has one. */
void hd_mounted_make_room(void)
{
    const rlim_t files = 3 * HD_LAYERS + 64;
    struct rlimit is;

    if (getrlimit(RLIMIT_NOFILE, &is) || is.rlim_cur >= files)
        return;
    is.rlim_cur = files;
    if (is.rlim_max >= files)
        (void)setrlimit(RLIMIT_NOFILE, &is);
    else if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){files, files})) {
        is.rlim_cur = is.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &is);
    }
}

int hd_mounted_note(const char *path, const char *of, struct hd_err *err)
{
    hd_autofd int fd =
        open(HD_GUEST_MOUNTS, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char line[PATH_MAX + HD_TABLES_PATH + 48];
    int len = snprintf(line, sizeof(line), "%" PRIu64 " 0 %s\t%s\n",
                       hd_mounted_at(path), path, of);

    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "open " HD_GUEST_MOUNTS);
    return hd_io_write(fd, line, (size_t)len, err);
}

/* ---- the notes */

struct hd_mounted_notes {
    char *text; /* owned; holds the strings */
    struct hd_mountinfo *m;
    size_t n;
    struct hd_mounted of[]; /* in the order in which they were mounted */
};

void hd_mounted_notes_free(struct hd_mounted_notes *notes)
{
    if (!notes)
        return;
    hd_mountinfo_free(notes->m);
    free(notes->text);
    free(notes);
}

/* "ID DEV PATH<tab>OF", or of a version before "ID PATH<tab>OF" or "ID PATH",
 * which does not say of what it is; false: it is no line of ours.  The line is
 * cut, and `ret` borrowed of it. */
static bool parse(char *line, struct hd_mounted *ret)
{
    char *tab = strrchr(line, '\t'), *path;
    struct hd_mounted it = {.id = strtoull(line, &path, 10)};

    if (*path == ' ' && path[1] != '/')
        it.dev = strtoull(path + 1, &path, 10);
    if (!it.id || *path != ' ' || path[1] != '/')
        return false;
    if (tab)
        *tab = '\0';
    if (strlen(path + 1) >= PATH_MAX)
        return false;
    it.at = path + 1;
    it.of = tab ? tab + 1 : it.at;
    *ret = it;
    return true;
}

/* Numbers come again, of mounts that are not ours.  What was not known of it is
 * from now on. */
static bool is_ours(struct hd_mounted *it, const struct hd_mountinfo *m)
{
    const struct hd_mount *e = hd_mountinfo_find(m, it->id, NULL);

    if (!e || (it->dev && e->dev != it->dev))
        return false;
    it->dev = e->dev;
    it->on_top = hd_mounted_at(it->at) == it->id;
    return true;
}

static bool is_noted(const struct hd_mounted_notes *notes,
                     const struct hd_mounted *it)
{
    for (size_t i = 0; i < notes->n; i++)
        if (notes->of[i].id == it->id && !strcmp(notes->of[i].at, it->at) &&
            !strcmp(notes->of[i].of, it->of))
            return true;
    return false;
}

static void take_all(struct hd_mounted_notes *notes)
{
    char *save, *line;

    for (line = strtok_r(notes->text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        struct hd_mounted *it = &notes->of[notes->n];

        if (parse(line, it) && is_ours(it, notes->m) && !is_noted(notes, it))
            notes->n++;
    }
}

static size_t count_lines(const char *text)
{
    size_t n = 1;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

struct hd_mounted_notes *hd_mounted_load(void)
{
    hd_auto(hd_mounted_notes) notes = NULL;
    hd_autofree char *text = NULL;
    hd_auto(hd_mountinfo) m = NULL;

    if (hd_io_read_file(HD_GUEST_MOUNTS, TEXT_MAX, &text, NULL, NULL) ||
        hd_mountinfo_read(&m, NULL))
        return NULL;
    notes =
        calloc(1, sizeof(*notes) + count_lines(text) * sizeof(notes->of[0]));
    if (!notes)
        return NULL;
    notes->text = hd_steal(&text);
    notes->m = hd_steal(&m);
    take_all(notes);
    return hd_steal(&notes);
}

const struct hd_mounted *hd_mounted_find(const struct hd_mounted_notes *notes,
                                         const char *of)
{
    const struct hd_mounted *found = NULL;

    for (size_t i = notes ? notes->n : 0; i--;) {
        const struct hd_mounted *it = &notes->of[i];

        if (!strcmp(it->of, of) && (!found || (it->on_top && !found->on_top)))
            found = it;
    }
    return found;
}

int hd_mounted_copy_of(const struct hd_mounted_notes *notes, const char *of)
{
    const struct hd_mounted *it = hd_mounted_find(notes, of);

    return it && it->on_top ? hd_mounted_copy(it->at) : -1;
}

/* ---- tidied */

/* Where a link is on the way the system calls it otherwise. */
static bool is_there(const struct hd_mounted *it, const struct hd_mountinfo *m)
{
    return it->on_top || hd_mountinfo_find(m, it->id, it->at);
}

static int write_line(FILE *f, const struct hd_mounted *it)
{
    return fprintf(f, "%" PRIu64 " %" PRIu64 " %s\t%s\n", it->id,
                   (uint64_t)it->dev, it->at, it->of);
}

void hd_mounted_tidy(void)
{
    hd_auto(hd_mounted_notes) notes = hd_mounted_load();
    hd_autofree char *text = NULL;
    size_t len = 0;
    FILE *f = notes ? open_memstream(&text, &len) : NULL;
    bool whole = f != NULL;

    if (!f)
        return;
    for (size_t i = 0; i < notes->n; i++)
        if (is_there(&notes->of[i], notes->m))
            whole &= write_line(f, &notes->of[i]) > 0;
    if (fclose(f) || !whole)
        return;
    if (len)
        (void)hd_io_write_file(HD_GUEST_MOUNTS, text, len, 0600, NULL);
    else
        (void)unlink(HD_GUEST_MOUNTS);
}

/* ---- taken away */

/* What the guest has mounted over it since stays, with all below it. */
static void drop_one(const struct hd_mounted *it, const uint64_t keep[],
                     size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (keep[i] == it->id)
            return;
    /* What was on it may have gone just now. */
    if (hd_mounted_at(it->at) == it->id)
        (void)umount2(it->at, MNT_DETACH | UMOUNT_NOFOLLOW);
}

void hd_mounted_drop(const uint64_t keep[], size_t n)
{
    hd_auto(hd_mounted_notes) notes = hd_mounted_load();

    for (size_t i = notes ? notes->n : 0; i--;)
        drop_one(&notes->of[i], keep, n);
    hd_mounted_tidy();
}
