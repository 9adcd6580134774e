/* SPDX-License-Identifier: MIT */
/* Whole reads and writes, sealed memory, deadlines; never retries for ever. */
#include "io.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"

#define PAGE 4096

/* More than a netlink socket of 8 MiB holds. */
#define MOST_DRAINED 16384

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int device_gone(int sys)
{
    return sys == ENODEV || sys == ENXIO || sys == ENOMEDIUM;
}

static int fail_at(struct hd_err *err, const char *verb, off_t offset)
{
    return hd_fail_errno(err, device_gone(errno) ? HD_E_GONE : HD_E_IO,
                         "%s at byte %lld", verb, (long long)offset);
}

int hd_io_pread(int fd, void *buf, size_t len, off_t offset, struct hd_err *err)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n =
            pread(fd, (char *)buf + done, len - done, offset + (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_at(err, "cannot read", offset + (off_t)done);
        if (n == 0)
            return hd_fail(err, HD_E_BAD_HEADER, "it ends at byte %lld",
                           (long long)offset + (long long)done);
        done += (size_t)n;
    }
    return 0;
}

int hd_io_pwrite(int fd, const void *buf, size_t len, off_t offset,
                 struct hd_err *err)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pwrite(fd, (const char *)buf + done, len - done,
                           offset + (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_at(err, "cannot write", offset + (off_t)done);
        done += (size_t)n;
    }
    return 0;
}

int hd_io_write(int fd, const void *buf, size_t len, struct hd_err *err)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = write(fd, (const char *)buf + done, len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hd_fail_errno(err, HD_E_IO, "cannot write");
        done += (size_t)n;
    }
    return 0;
}

/* What a file says it has and a byte more, of a pipe a page: the most that
 * there may be is far more than there mostly is. */
static size_t first_room(int fd, size_t max)
{
    struct stat st;
    size_t room = fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < PAGE
                      ? PAGE
                      : (size_t)st.st_size;

    return (room < max ? room : max) + 1;
}

/* Twice as much, and one byte more than allowed, so that a longer file shows.
 */
static int grow(char **buf, size_t *room, size_t max)
{
    size_t more = *room <= max / 2 ? 2 * *room : max + 1;
    char *grown = realloc(*buf, more);

    if (!grown)
        return -1;
    *buf = grown;
    *room = more;
    return 0;
}

int hd_io_read_whole(int fd, const char *path, size_t max, char **ret_buf,
                     size_t *ret_len, struct hd_err *err)
{
    size_t used = 0, room = first_room(fd, max);
    hd_autofree char *buf = malloc(room);

    if (!buf)
        return hd_fail_errno(err, HD_E_FAILED, "read %s", path);
    while (used <= max) {
        ssize_t n;

        if (used == room && grow(&buf, &room, max))
            return hd_fail_errno(err, HD_E_FAILED, "read %s", path);
        n = read(fd, buf + used, room - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hd_fail_errno(err, HD_E_IO, "cannot read %s", path);
        if (n == 0)
            break;
        used += (size_t)n;
    }
    if (used > max)
        return hd_fail(err, HD_E_IO, "%s is larger than %zu bytes", path, max);
    if (used == room && grow(&buf, &room, max))
        return hd_fail_errno(err, HD_E_FAILED, "read %s", path);
    buf[used] = '\0';
    *ret_buf = hd_steal(&buf);
    if (ret_len)
        *ret_len = used;
    return 0;
}

int hd_io_read_file(const char *path, size_t max, char **ret_buf,
                    size_t *ret_len, struct hd_err *err)
{
    hd_autofd int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? hd_fail_errno(err, HD_E_IO, "cannot open %s", path)
                  : hd_io_read_whole(fd, path, max, ret_buf, ret_len, err);
}

/* A rename is on the medium when its folder is. */
static int sync_folder(const char *path)
{
    char folder[PATH_MAX];
    hd_autofd int fd = -1;

    snprintf(folder, sizeof(folder), "%s", path);
    fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

int hd_io_write_file(const char *path, const void *buf, size_t len, mode_t mode,
                     struct hd_err *err)
{
    char temp[PATH_MAX];
    hd_autofd int fd = -1;

    if ((size_t)snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= sizeof(temp))
        return hd_fail(err, HD_E_IO, "the path %s is too long", path);
    fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot create %s", path);
    if (hd_io_write(fd, buf, len, err)) {
        unlink(temp);
        return hd_wrap(err, "%s", path);
    }
    if (fchmod(fd, mode) || fsync(fd) || rename(temp, path)) {
        hd_fail_errno(err, HD_E_IO, "cannot write %s", path);
        unlink(temp);
        return -1;
    }
    if (sync_folder(path))
        return hd_fail_errno(err, HD_E_IO, "cannot write %s", path);
    return 0;
}

int hd_io_lock_folder(const char *dir, struct hd_err *err)
{
    char parent[PATH_MAX];
    hd_autofd int fd = -1;
    char *slash;

    snprintf(parent, sizeof(parent), "%s", dir);
    slash = strrchr(parent, '/');
    if (slash && slash != parent) {
        *slash = '\0';
        mkdir(parent, 0700); /* systemd has made it but for a start by hand */
    }
    if (mkdir(dir, 0700) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_IO, "cannot make %s", dir);
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX))
        return hd_fail_errno(err, HD_E_IO, "cannot lock %s", dir);
    return hd_steal_fd(&fd);
}

int hd_io_memfd(const char *name, uint64_t len, struct hd_err *err)
{
    hd_autofd int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0 || ftruncate(fd, (off_t)len))
        return hd_fail_errno(err, HD_E_FAILED, "no memory for %s", name);
    return hd_steal_fd(&fd);
}

int hd_io_seal(int fd, struct hd_err *err)
{
    if (fcntl(fd, F_ADD_SEALS, SEALS))
        return hd_fail_errno(err, HD_E_FAILED, "cannot seal memory");
    return 0;
}

int hd_io_check_sealed(int fd, uint64_t len, struct hd_err *err)
{
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat st;

    if (seals < 0 || (seals & SEALS) != SEALS)
        return hd_fail(err, HD_E_FAILED, "the memory is not sealed");
    if (fstat(fd, &st))
        return hd_fail_errno(err, HD_E_FAILED, "cannot stat sealed memory");
    if (len != UINT64_MAX && (uint64_t)st.st_size != len)
        return hd_fail(err, HD_E_FAILED,
                       "sealed memory of %lld bytes, not %llu",
                       (long long)st.st_size, (unsigned long long)len);
    return 0;
}

int hd_io_send_fds(int sock, const void *buf, size_t len, const int *fds,
                   size_t n, struct hd_err *err)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * HD_IO_MAX_FDS)];
        struct cmsghdr align;
    } control = {0};
    struct iovec iov = {.iov_base = (void *)buf, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t sent;

    if (n > HD_IO_MAX_FDS)
        return hd_fail(err, HD_E_FAILED, "too many descriptors: %zu", n);
    if (n) {
        struct cmsghdr *c;

        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
    }
    do {
        sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot send");
    if ((size_t)sent != len)
        return hd_fail(err, HD_E_IO, "sent %zd of %zu bytes", sent, len);
    return 0;
}

ssize_t hd_io_recv_fds(int sock, void *buf, size_t len, int *fds, size_t *n,
                       struct hd_err *err)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * HD_IO_MAX_FDS)];
        struct cmsghdr align;
    } control;
    struct iovec iov = {.iov_base = buf, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    size_t room = *n;
    ssize_t got;

    do {
        got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot receive");
    *n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
        size_t count;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (*n < room)
                fds[(*n)++] = fd;
            else
                close(fd);
        }
    }
    return got;
}

void hd_io_drain(int fd)
{
    char byte;

    for (int i = 0; i < MOST_DRAINED; i++)
        if (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) < 0 && errno != ENOBUFS)
            return;
}

void hd_io_keep_only(int fd)
{
    unsigned next = fd < 3 ? 3 : (unsigned)fd + 1;

    if (next > 4)
        (void)close_range(3, next - 2, 0);
    (void)close_range(next, ~0u, 0);
}

uint64_t hd_io_now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t hd_io_to_minute(uint64_t now_ms)
{
    uint64_t left = 60000 - now_ms % 60000;

    return left < 1000 ? left + 60000 : left;
}

bool hd_io_has_worked(pid_t child, uint64_t least_ms, uint64_t *cpu_ms)
{
    uint64_t before = *cpu_ms;
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(child, &clock) || clock_gettime(clock, &t))
        return false;
    *cpu_ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    return *cpu_ms - before >= least_ms;
}

int hd_io_left_ms(uint64_t deadline_ms)
{
    uint64_t now = hd_io_now_ms();

    if (now >= deadline_ms)
        return 0;
    return deadline_ms - now > INT_MAX ? INT_MAX : (int)(deadline_ms - now);
}

uint64_t hd_io_within_ms(uint64_t ms, uint64_t deadline_ms)
{
    uint64_t at = hd_io_now_ms() + ms;

    return at < deadline_ms ? at : deadline_ms;
}
