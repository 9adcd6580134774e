/* SPDX-License-Identifier: MIT */
/* What was ever ours since boot; never larger than it may be, and never read
 * here for anything but what it has already. */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

#define LINE_BYTES 256

/* The file's lines. */
struct history {
    int fd;
    char *text; /* behind a line's end, NUL-terminated */
    size_t len; /* of whole lines */
};

/* Jobs of several stores write it.  A lock of this process alone: a child that
 * libxl forks meanwhile does not have it.  Who waited for it may have got that
 * of a file that has been replaced. */
static int open_locked(const char *path)
{
    struct flock all = {.l_type = F_WRLCK};
    struct stat st;

    for (;;) {
        hd_autofd int fd = open(
            path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0 || fcntl(fd, F_SETLKW, &all) || fstat(fd, &st))
            return -1;
        if (st.st_nlink)
            return hd_steal_fd(&fd);
    }
}

/* Its end, if it is too long, and without a line that was torn; that is cut
 * off, so that the next one does not go on there. */
static int load(struct history *h)
{
    struct stat st;
    size_t room;
    off_t at;

    if (fstat(h->fd, &st))
        return -1;
    at = st.st_size > HD_HISTORY_BYTES ? st.st_size - HD_HISTORY_BYTES : 0;
    room = (size_t)(st.st_size - at);
    h->text = malloc(room + 2);
    if (!h->text || hd_io_pread(h->fd, h->text + 1, room, at, NULL))
        return -1;
    h->text[0] = '\n';
    while (room && h->text[room] != '\n')
        room--;
    h->len = room;
    h->text[room + 1] = '\0';
    return at + (off_t)room == st.st_size ? 0
                                          : ftruncate(h->fd, at + (off_t)room);
}

static bool has(const struct history *h, const char *line)
{
    char wanted[LINE_BYTES + 1];

    snprintf(wanted, sizeof(wanted), "\n%s", line);
    return memmem(h->text, h->len + 1, wanted, strlen(wanted));
}

/* The newer half, no part of a line, and one line more. */
static int write_half(const struct history *h, const char *line,
                      const char *path)
{
    const char *half = h->text + h->len - HD_HISTORY_BYTES / 2;
    const char *end = h->text + h->len + 1;
    const char *from = memchr(half, '\n', (size_t)(end - half));
    hd_autofd int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    return fd < 0 ||
                   hd_io_write(fd, from + 1, (size_t)(end - from - 1), NULL) ||
                   hd_io_write(fd, line, strlen(line), NULL)
               ? -1
               : 0;
}

static int replace(const struct history *h, const char *line, const char *path)
{
    char beside[PATH_MAX];
    int sys;

    if (snprintf(beside, sizeof(beside), "%s.new", path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (!write_half(h, line, beside) && !rename(beside, path))
        return 0;
    sys = errno;
    unlink(beside);
    errno = sys;
    return -1;
}

static int append(const struct history *h, const char *line)
{
    size_t len = strlen(line);
    ssize_t done = write(h->fd, line, len);

    if (done == (ssize_t)len)
        return 0;
    if (done >= 0)
        errno = ENOSPC; /* whoever is next cuts it off */
    return -1;
}

int hd_ledger_history_add(const char *path, const char *kind, const char *value)
{
    char line[LINE_BYTES];
    hd_autofree char *text = NULL;
    hd_autofd int fd = open_locked(path);
    struct history h = {.fd = fd};
    int rc;

    if (fd < 0)
        return -1;
    if (snprintf(line, sizeof(line), "%s %s\n", kind, value) >= LINE_BYTES) {
        errno = EOVERFLOW;
        return -1;
    }
    rc = load(&h);
    text = h.text;
    if (rc || has(&h, line))
        return rc;
    return h.len + strlen(line) > HD_HISTORY_BYTES ? replace(&h, line, path)
                                                   : append(&h, line);
}
