/* SPDX-License-Identifier: MIT */
/* Stands between the program under test and the C library's writes. */
#include "power.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "unit.h"

#define SECTOR 512
#define WHOLE  65536 /* writes of more bytes are replayed in one piece */

enum kind { WRITE, TRUNCATE, FLUSH }; /* a punched hole is a write of zeros */

#define NEVER SIZE_MAX

struct op {
    enum kind kind;
    off_t at;   /* TRUNCATE: the new length */
    size_t len; /* FLUSH: 0: of all, else of these bytes alone */
    uint8_t *data;
    size_t flushed; /* WRITE: the op that brought it to the medium, or NEVER */
};

struct power_log {
    struct stat file;
    off_t len; /* before */
    uint8_t *before;
    struct op *ops;
    size_t n;
};

static struct power_log *active;
unsigned power_kill_at, power_cut_at;
ssize_t power_room = -1;
void (*power_before_flock)(void);
bool (*power_fails_fsync)(int fd);

/* The linker sends all calls of the program under test here (--wrap). */
ssize_t __real_pwrite(int fd, const void *buf, size_t len, off_t at);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_ftruncate(int fd, off_t len);
ssize_t __wrap_pwrite(int fd, const void *buf, size_t len, off_t at);
ssize_t __real_writev(int fd, const struct iovec *iov, int n);
ssize_t __wrap_writev(int fd, const struct iovec *iov, int n);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_ftruncate(int fd, off_t len);
int __real_fallocate(int fd, int mode, off_t at, off_t len);
int __wrap_fallocate(int fd, int mode, off_t at, off_t len);
ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __real_flock(int fd, int how);
int __wrap_flock(int fd, int how);

static bool covers(const struct op *flush, const struct op *op)
{
    return !flush->len ||
           (op->at >= flush->at &&
            op->at + (off_t)op->len <= flush->at + (off_t)flush->len);
}

static bool is_watched(int fd)
{
    struct stat st;

    return active && !fstat(fd, &st) && st.st_ino == active->file.st_ino &&
           st.st_dev == active->file.st_dev;
}

static void note(int fd, enum kind kind, const void *buf, size_t len, off_t at)
{
    struct op op = {.kind = kind, .at = at, .len = len, .flushed = NEVER};

    if (!is_watched(fd))
        return;
    if (kind == WRITE) {
        op.data = calloc(1, len);
        if (buf)
            memcpy(op.data, buf, len);
    }
    for (size_t i = 0; kind == FLUSH && i < active->n; i++)
        if (active->ops[i].kind == WRITE && active->ops[i].flushed == NEVER &&
            covers(&op, &active->ops[i]))
            active->ops[i].flushed = active->n;
    active->ops = realloc(active->ops, (active->n + 1) * sizeof(op));
    active->ops[active->n++] = op;
}

/* Of one that is opened so a write flushes itself, and nothing else. */
static void note_write(int fd, const void *buf, size_t len, off_t at)
{
    note(fd, WRITE, buf, len, at);
    if (active && fcntl(fd, F_GETFL) & O_DSYNC)
        note(fd, FLUSH, NULL, len, at);
}

static void count_down(void)
{
    if (power_kill_at && !--power_kill_at)
        raise(SIGKILL);
}

static void cut(void)
{
    if (power_cut_at && !--power_cut_at)
        raise(SIGKILL);
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
    cut();
    if (power_cut_at == 1)
        (void)!__real_write(fd, buf, len / 2);
    cut();
    if (power_room < 0)
        return __real_write(fd, buf, len);
    if (len && !power_room) {
        errno = ENOSPC;
        return -1;
    }
    if (len > (size_t)power_room)
        len = (size_t)power_room;
    power_room -= (ssize_t)len;
    return __real_write(fd, buf, len);
}

int __wrap_rename(const char *from, const char *to)
{
    cut();
    return __real_rename(from, to);
}

int __wrap_unlink(const char *path)
{
    cut();
    return __real_unlink(path);
}

int __wrap_flock(int fd, int how)
{
    void (*before)(void) = power_before_flock;

    power_before_flock = NULL;
    if (before)
        before();
    return __real_flock(fd, how);
}

ssize_t __wrap_pwrite(int fd, const void *buf, size_t len, off_t at)
{
    count_down();
    note_write(fd, buf, len, at);
    return __real_pwrite(fd, buf, len, at);
}

ssize_t __wrap_writev(int fd, const struct iovec *iov, int n)
{
    off_t at = active ? lseek(fd, 0, SEEK_CUR) : -1;

    count_down();
    for (int i = 0; at >= 0 && i < n; at += (off_t)iov[i++].iov_len)
        note_write(fd, iov[i].iov_base, iov[i].iov_len, at);
    return __real_writev(fd, iov, n);
}

int __wrap_fsync(int fd)
{
    if (power_fails_fsync && power_fails_fsync(fd)) {
        errno = EIO;
        return -1;
    }
    note(fd, FLUSH, NULL, 0, 0);
    return __real_fsync(fd);
}

int __wrap_fdatasync(int fd)
{
    count_down();
    note(fd, FLUSH, NULL, 0, 0);
    return __real_fdatasync(fd);
}

int __wrap_ftruncate(int fd, off_t len)
{
    cut();
    note(fd, TRUNCATE, NULL, 0, len);
    return __real_ftruncate(fd, len);
}

int __wrap_fallocate(int fd, int mode, off_t at, off_t len)
{
    note(fd, WRITE, NULL, (size_t)len, at);
    return __real_fallocate(fd, mode, at, len);
}

struct power_log *power_begin(const char *path)
{
    struct power_log *log = calloc(1, sizeof(*log));
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    CU_ASSERT_TRUE_FATAL(fd >= 0 && !fstat(fd, &log->file));
    log->len = log->file.st_size;
    log->before = malloc((size_t)log->len);
    CU_ASSERT_EQUAL_FATAL(pread(fd, log->before, (size_t)log->len, 0),
                          log->len);
    close(fd);
    active = log;
    return log;
}

void power_end(struct power_log *log)
{
    CU_ASSERT_PTR_EQUAL(active, log);
    active = NULL;
}

void power_free(struct power_log *log)
{
    for (size_t i = 0; i < log->n; i++)
        free(log->ops[i].data);
    free(log->ops);
    free(log->before);
    free(log);
}

static int make_medium(const struct power_log *log)
{
    int fd = memfd_create("power", MFD_CLOEXEC);

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(__real_pwrite(fd, log->before, (size_t)log->len, 0),
                          log->len);
    return fd;
}

static size_t pieces(const struct op *op)
{
    if (op->kind != WRITE)
        return 1;
    return op->len > WHOLE ? 1 : (op->len + SECTOR - 1) / SECTOR;
}

static void apply(int medium, const struct op *op, size_t piece)
{
    size_t n = pieces(op), at = n > 1 ? piece * SECTOR : 0;
    size_t len = n > 1 && op->len - at > SECTOR ? SECTOR : op->len - at;

    if (op->kind == TRUNCATE)
        CU_ASSERT_EQUAL(__real_ftruncate(medium, op->at), 0);
    if (op->kind == WRITE)
        CU_ASSERT_EQUAL(
            __real_pwrite(medium, op->data + at, len, op->at + (off_t)at),
            (ssize_t)len);
}

/* The last write of those before `end`. */
static size_t last_write(const struct power_log *log, size_t end)
{
    while (end && log->ops[--end].kind != WRITE)
        continue;
    return end;
}

/* All that was flushed by an op before `end`, and of what was not: number 0 the
 * last write alone, any other number a random choice of sectors. */
static void shuffle(const struct power_log *log, size_t end, unsigned number,
                    power_check_fn *check, void *ctx)
{
    int medium = make_medium(log);
    size_t last = last_write(log, end);

    for (size_t i = 0; i < end; i++) {
        const struct op *op = &log->ops[i];
        bool whole =
            op->flushed < end || op->kind == TRUNCATE || (!number && i == last);

        for (size_t p = 0; p < pieces(op); p++)
            if (whole || (number && random() % 2))
                apply(medium, op, p);
    }
    check(ctx, medium);
    close(medium);
}

static bool has_work(const struct power_log *log, size_t flush)
{
    for (size_t i = 0; i < flush; i++)
        if (log->ops[i].flushed == flush)
            return true;
    return false;
}

void power_replay(const struct power_log *log, unsigned shuffled,
                  power_check_fn *check, void *ctx)
{
    int medium = make_medium(log);

    check(ctx, medium);
    for (size_t i = 0; i < log->n; i++) {
        bool flushes = log->ops[i].kind == FLUSH;

        for (unsigned k = 0; flushes && has_work(log, i) && k < shuffled; k++)
            shuffle(log, i, k, check, ctx);
        for (size_t p = 0; !flushes && p < pieces(&log->ops[i]); p++) {
            apply(medium, &log->ops[i], p);
            check(ctx, medium);
        }
    }
    close(medium);
}

void power_replay_end(const struct power_log *log, unsigned shuffled,
                      power_check_fn *check, void *ctx)
{
    for (unsigned k = 0; k < shuffled; k++)
        shuffle(log, log->n, k, check, ctx);
}
