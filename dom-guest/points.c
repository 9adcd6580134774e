/* SPDX-License-Identifier: MIT */
/* Makes mount points, and takes away those of its own that are empty; mounts
 * nothing, and follows no link that it has not been told to. */
#include "points.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../pv-drivers/base/beneath.h"
#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"
#include "../pv-drivers/base/tables.h"
#include "folder.h"
#include "layers.h"
#include "paths.h"
#include "replace.h"

#define TEXT_MAX (1u << 20)

/* ---- found */

/* The links on the way to the nearest that is there count. */
int hd_points_find(const char *path, char ret[PATH_MAX], struct hd_err *err)
{
    char above[PATH_MAX], there[PATH_MAX];
    const char *rest;
    struct stat st;

    snprintf(above, sizeof(above), "%s", path);
    while (!realpath(*above ? above : "/", there)) {
        if (errno != ENOENT || !lstat(above, &st))
            return hd_fail_errno(err, HD_E_IO, "the guest's %s leads nowhere",
                                 path);
        *strrchr(above, '/') = '\0';
    }
    rest = path + strlen(above);
    if (*rest && !there[1])
        *there = '\0';
    if ((size_t)snprintf(ret, PATH_MAX, "%s%s", there, rest) >= PATH_MAX)
        return hd_fail(err, HD_E_LIMIT, "the path %s is too long", path);
    return 0;
}

/* ---- the notes */

/* The folder of `of` in `writes`, whatever links somebody has put there; those
 * of the root are in itself. */
static int open_folder(const char *writes, const char *of)
{
    char name[HD_LAYERS_NAME + 1] = "/";
    hd_autofd int root = open(writes, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (!of)
        return hd_steal_fd(&root);
    return root >= 0 && hd_layers_name(of, name + 1)
               ? hd_beneath_open(root, name, O_RDONLY | O_DIRECTORY)
               : -1;
}

static int open_notes(int dir, int flags)
{
    hd_autofd int fd = openat(
        dir, "points", flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    struct stat st;

    return fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) ? hd_steal_fd(&fd)
                                                             : -1;
}

static bool host_has(const char *path)
{
    char host[HD_LAYERS_ROOM];
    struct stat st;

    snprintf(host, sizeof(host), HD_GUEST_HOST "%s", path);
    return !lstat(host, &st);
}

/* What is in `of`, or behind it in a path of it. */
static size_t length_of(const char *of)
{
    return of && of[1] ? strlen(of) : 0;
}

/* What the host has and the guest does not see, it has removed: that is to stay
 * so.  A line begins anew behind what a pull has left of one. */
static void note_if_new(int fd, const char *of, const char *path, size_t len)
{
    char line[HD_TABLES_PATH + 2];
    struct stat st;

    snprintf(line, sizeof(line), "\n%.*s", (int)len, path);
    if (!lstat(line + 1, &st) || (of && host_has(line + 1)))
        return;
    line[len + 1] = '\n';
    (void)hd_io_write(fd, line, len + 2, NULL);
}

static void note(const char *writes, const char *of, const char *path)
{
    hd_autofd int dir = open_folder(writes, of);
    hd_autofd int fd =
        dir < 0 ? -1 : open_notes(dir, O_WRONLY | O_CREAT | O_APPEND);
    const char *end = path + length_of(of);

    if (fd < 0)
        return;
    while (*end) {
        end = strchrnul(end + 1, '/');
        note_if_new(fd, of, path, (size_t)(end - path));
    }
    (void)fsync(fd);
    (void)fsync(dir);
}

/* ---- made */

/* On the root, and with a name that can be noted. */
static bool is_to_come(const char *path)
{
    hd_autofd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    hd_autofd int it = root < 0 ? -1 : hd_beneath_open_here(root, path, O_PATH);

    return it < 0 && errno == ENOENT && hd_tables_is_path(path);
}

int hd_points_make(const char *writes, const char *path, bool folder,
                   struct hd_err *err)
{
    hd_autofd int fd = -1;

    if (writes && is_to_come(path))
        note(writes, NULL, path);
    if (folder)
        return hd_folder_make(path, err);
    if (!access(path, F_OK))
        return 0;
    if (hd_folder_make_above(path, err))
        return -1;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return fd < 0 ? hd_fail_errno(err, HD_E_IO, "make %s", path) : 0;
}

static int step_into(int *at, const char *name)
{
    int next;

    if (mkdirat(*at, name, 0755) && errno != EEXIST)
        return -1;
    next = openat(*at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0)
        return -1;
    close(*at);
    *at = next;
    return 0;
}

static int make_file(int at, const char *name)
{
    hd_autofd int fd =
        openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    return fd < 0 ? -1 : 0;
}

/* `inside` the folder `root`, name by name, and behind no link. */
static int make_beneath(int root, const char *inside, bool folder)
{
    hd_autofd int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
    char name[HD_TABLES_NAME];
    int rc = at < 0 ? -1 : 0;

    while (!rc && *inside) {
        size_t len = strcspn(inside + 1, "/");

        snprintf(name, sizeof(name), "%.*s", (int)len, inside + 1);
        inside += 1 + len;
        rc = *inside || folder ? step_into(&at, name) : make_file(at, name);
    }
    return rc;
}

/* False: a link inside of `above` leads out of it. */
static bool stays_in(const char *path, const char *above)
{
    return !above[1] || hd_tables_is_below(path, above);
}

int hd_points_make_in(const char *writes, const char *of, const char *path,
                      bool folder, char ret[PATH_MAX], struct hd_err *err)
{
    char above[PATH_MAX];
    hd_autofd int root = -1;
    struct stat st;

    if (hd_points_find(of, above, err))
        return -1;
    root = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return hd_fail_errno(err, HD_E_IO, "open %s", of);
    if (lstat(path, &st)) {
        if (writes)
            note(writes, of, path);
        if (make_beneath(root, path + length_of(of), folder))
            return hd_fail_errno(err, HD_E_IO,
                                 "make %s, behind no link that is in %s", path,
                                 of);
    }
    if (hd_points_find(path, ret, err))
        return -1;
    return stays_in(ret, above)
               ? 0
               : hd_fail(err, HD_E_DENIED,
                         "a link in %s leads %s out of it; name the place "
                         "that it leads to",
                         of, path);
}

/* ---- gone */

enum left { LEFT_NONE, LEFT_TO_STAY, LEFT_FAILED };

struct clearing {
    const char *of; /* NULL: the guest's root */
    int root;
    bool mounted; /* the root is where the overlay is, not its upper folder */
};

/* By errno.  On the root one that is mounted upon is as it is to be. */
static enum left left_by(const struct clearing *c)
{
    if (errno == EXDEV)
        errno = EBUSY;
    if (errno == EBUSY && !c->of)
        return LEFT_TO_STAY;
    return errno == ENOENT || errno == ENOTDIR || errno == ENOTEMPTY ||
                   errno == ELOOP
               ? LEFT_NONE
               : LEFT_FAILED;
}

/* A file system may bring to the medium that a note has gone and not that its
 * mount point has: the folder is synced before. */
static int remove_for_good(int folder, const char *name, int flags)
{
    return unlinkat(folder, name, flags) || fsync(folder) ? -1 : 0;
}

/* What the guest has put there, in it or on the way is its own. */
static enum left take_away(const struct clearing *c, const char *inside)
{
    hd_autofd int it = hd_beneath_open_here(c->root, inside, O_PATH), at = -1;
    const char *name = strrchr(inside, '/') + 1;
    char folder[HD_TABLES_PATH];
    struct stat st;

    if (it < 0)
        return left_by(c);
    if (fstat(it, &st))
        return LEFT_FAILED;
    if (!S_ISDIR(st.st_mode) && (!S_ISREG(st.st_mode) || st.st_size))
        return LEFT_NONE;
    snprintf(folder, sizeof(folder), "%.*s", (int)(name - inside - 1), inside);
    at = *folder ? hd_beneath_open_here(c->root, folder, O_RDONLY | O_DIRECTORY)
                 : fcntl(c->root, F_DUPFD_CLOEXEC, 0);
    return at >= 0 && !remove_for_good(at, name,
                                       S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0)
               ? LEFT_NONE
               : left_by(c);
}

/* A folder goes when what is in it has gone. */
static bool has_below(const char *lines, const char *above)
{
    size_t len = strlen(above);

    for (; *lines; lines = strchr(lines, '\n') + 1)
        if (!strncmp(lines, above, len) && lines[len] == '/')
            return true;
    return false;
}

static enum left clear_one(const struct clearing *c, const char *line,
                           const char *kept)
{
    if (!hd_tables_is_path(line) ||
        (c->of &&
         (!hd_tables_is_below(line, c->of) || !line[length_of(c->of)])))
        return LEFT_NONE;
    if (has_below(kept, line) || (c->mounted && host_has(line)))
        return LEFT_TO_STAY;
    return take_away(c, line + length_of(c->of));
}

static int fail_kept(const char *line, struct hd_err *err)
{
    return hd_fail_errno(err, HD_E_IO,
                         "take %s away, which was made to mount something "
                         "there",
                         line);
}

/* Of `text`, the last line first, for a folder was made before what is in it;
 * what is left of it is at its end, from there on. */
static char *clear_all(const struct clearing *c, char *text, struct hd_err *err,
                       int *ret_rc)
{
    size_t n = strlen(text);
    char *kept = text + n, *end;

    while ((end = memrchr(text, '\n', n))) {
        char *before = memrchr(text, '\n', (size_t)(end - text));
        char *line = before ? before + 1 : text;
        size_t len = (size_t)(end - line) + 1;
        enum left left;

        *end = '\0';
        left = clear_one(c, line, kept);
        if (left == LEFT_FAILED && !*ret_rc)
            *ret_rc = fail_kept(line, err);
        if (left != LEFT_NONE) {
            *end = '\n';
            kept = memmove(kept - len, line, len);
        }
        n = (size_t)(line - text);
    }
    return kept;
}

static int keep(int dir, const char *kept, struct hd_err *err)
{
    char path[48];

    if (!*kept)
        return remove_for_good(dir, "points", 0)
                   ? hd_fail_errno(err, HD_E_IO, "forget the mount points")
                   : 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d/points", dir);
    return hd_replace_file(path, kept, strlen(kept), 0600, err);
}

/* `dir` is the folder of the notes. */
static int open_root(int dir, const char *of, const char *at)
{
    return of && !at ? hd_beneath_open(dir, "/upper", O_RDONLY | O_DIRECTORY)
                     : open(of ? at : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int hd_points_clear(const char *writes, const char *of, const char *at,
                    struct hd_err *err)
{
    hd_autofd int dir = open_folder(writes, of);
    hd_autofd int fd = dir < 0 ? -1 : open_notes(dir, O_RDONLY);
    hd_autofd int root = -1;
    hd_autofree char *text = NULL;
    struct clearing c = {of, -1, at != NULL};
    char *kept;
    int rc = 0;

    if (fd < 0)
        return 0;
    c.root = root = open_root(dir, of, at);
    if (root < 0)
        return hd_fail_errno(err, HD_E_IO, "open what the guest has of %s",
                             of ? of : "/");
    if (hd_io_read_whole(fd, "the mount points", TEXT_MAX, &text, NULL, err))
        return -1;
    kept = clear_all(&c, text, err, &rc);
    if (*kept && kept == text)
        return rc; /* all of them */
    return keep(dir, kept, rc ? NULL : err) ? -1 : rc;
}
