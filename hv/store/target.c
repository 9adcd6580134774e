/* SPDX-License-Identifier: MIT */
/* Opens, guards and finishes what a store is written to; never overwrites what
 * is in use. */
#include "target.h"

#include <blkid.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"
#include "text.h"

static void probe_freep(blkid_probe *p)
{
    blkid_free_probe(*p);
}

static const char *value_of(blkid_probe probe, const char *name)
{
    const char *value = NULL;

    return blkid_probe_lookup_value(probe, name, &value, NULL) ? NULL : value;
}

/* What a person would miss: a file system with its label, or a table. */
static int check_empty(const struct hd_target *t, struct hd_err *err)
{
    __attribute__((cleanup(probe_freep))) blkid_probe probe = blkid_new_probe();
    const char *type, *table, *label;
    char quoted[HD_TEXT_QUOTED] = "";

    if (!probe || blkid_probe_set_device(probe, t->fd, 0, 0))
        return hd_fail_errno(err, HD_E_IO, "cannot look at %s", t->path);
    blkid_probe_enable_superblocks(probe, 1);
    blkid_probe_set_superblocks_flags(probe,
                                      BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL);
    blkid_probe_enable_partitions(probe, 1);
    if (blkid_do_fullprobe(probe) < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot look at %s", t->path);
    type = value_of(probe, "TYPE");
    table = value_of(probe, "PTTYPE");
    label = value_of(probe, "LABEL");
    if (!type && !table)
        return 0;
    if (label)
        hd_text_quote(quoted, label, strlen(label));
    if (type)
        return hd_fail(err, HD_E_EXISTS,
                       "%s holds %s%s%s; --force overwrites it", t->path, type,
                       label ? " " : "", quoted);
    return hd_fail(err, HD_E_EXISTS,
                   "%s holds a partition table (%s); --force overwrites it",
                   t->path, table);
}

/* The kernel's exclusive open fails for what is mounted, swapped to, or held by
 * device-mapper, md or another exclusive user, its partitions included. */
static int open_device(struct hd_target *t, bool force, struct hd_err *err)
{
    unsigned sector = 0;

    t->fd = open(t->path, O_RDWR | O_EXCL | O_CLOEXEC);
    if (t->fd < 0 && errno == EBUSY)
        return hd_fail(err, HD_E_BUSY,
                       "%s is mounted or in use; unmount it first", t->path);
    if (t->fd < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot open %s", t->path);
    t->device = t->fixed = true;
    if (ioctl(t->fd, BLKGETSIZE64, &t->size) ||
        ioctl(t->fd, BLKSSZGET, &sector))
        return hd_fail_errno(err, HD_E_IO, "cannot size %s", t->path);
    t->sector = sector;
    if (sector != 512 && sector != 4096)
        return hd_fail(err, HD_E_FAILED, "%s has sectors of %u bytes", t->path,
                       sector);
    return force ? 0 : check_empty(t, err);
}

static int open_image(struct hd_target *t, struct hd_err *err)
{
    if ((size_t)snprintf(t->temp, sizeof(t->temp), "%s.XXXXXX", t->path) >=
        sizeof(t->temp)) {
        t->temp[0] = '\0';
        return hd_fail(err, HD_E_USAGE, "the path %s is too long", t->path);
    }
    t->fd = mkostemp(t->temp, O_CLOEXEC);
    if (t->fd < 0) {
        t->temp[0] = '\0';
        return hd_fail_errno(err, HD_E_IO, "cannot create %s", t->path);
    }
    t->sector = 512;
    return 0;
}

static int open_target(struct hd_target *t, const char *path, bool force,
                       struct hd_err *err)
{
    struct stat st;

    if ((size_t)snprintf(t->path, sizeof(t->path), "%s", path) >=
        sizeof(t->path))
        return hd_fail(err, HD_E_USAGE, "the path is too long");
    if (stat(path, &st)) {
        if (errno != ENOENT)
            return hd_fail_errno(err, HD_E_IO, "%s", path);
        if (!strncmp(path, "/dev/", 5))
            return hd_fail(err, HD_E_IO, "there is no device %s", path);
        return open_image(t, err);
    }
    if (S_ISBLK(st.st_mode))
        return open_device(t, force, err);
    if (!S_ISREG(st.st_mode))
        return hd_fail(err, HD_E_USAGE, "%s is neither a file nor a disk",
                       path);
    if (!force)
        return hd_fail(err, HD_E_EXISTS, "%s exists; --force overwrites it",
                       path);
    return open_image(t, err);
}

int hd_target_open(const char *path, bool force, struct hd_target *ret,
                   struct hd_err *err)
{
    struct hd_target t = {.fd = -1};

    if (open_target(&t, path, force, err)) {
        hd_target_fini(&t);
        return -1;
    }
    *ret = t;
    return 0;
}

/* A lock that ends with the descriptor, since an image has no exclusive open.
 */
static int edit_image(struct hd_target *t, const struct stat *st,
                      struct hd_err *err)
{
    t->fd = open(t->path, O_RDWR | O_CLOEXEC);
    if (t->fd < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot open %s", t->path);
    if (flock(t->fd, LOCK_EX | LOCK_NB))
        return hd_fail(err, HD_E_BUSY, "%s is being changed already", t->path);
    t->sector = 512;
    t->size = (uint64_t)st->st_size;
    return 0;
}

int hd_target_edit(const char *path, struct hd_target *ret, struct hd_err *err)
{
    struct hd_target t = {.fd = -1};
    struct stat st;
    int rc;

    if ((size_t)snprintf(t.path, sizeof(t.path), "%s", path) >= sizeof(t.path))
        return hd_fail(err, HD_E_USAGE, "the path is too long");
    if (stat(path, &st))
        return hd_fail_errno(err, HD_E_IO, "cannot open %s", path);
    if (S_ISBLK(st.st_mode))
        rc = open_device(&t, true, err);
    else if (S_ISREG(st.st_mode))
        rc = edit_image(&t, &st, err);
    else
        rc = hd_fail(err, HD_E_USAGE, "%s is neither a file nor a disk", path);
    if (rc) {
        hd_target_fini(&t);
        return -1;
    }
    *ret = t;
    return 0;
}

int hd_target_resize(struct hd_target *t, uint64_t size, struct hd_err *err)
{
    if (t->fixed) {
        if (t->size < size)
            return hd_fail(err, HD_E_FAILED,
                           "%s has %llu MiB and the store needs %llu MiB",
                           t->path, (unsigned long long)t->size >> 20,
                           (unsigned long long)size >> 20);
        return 0;
    }
    if (ftruncate(t->fd, (off_t)size))
        return hd_fail_errno(err, HD_E_IO, "cannot make room in %s", t->path);
    t->size = size;
    return 0;
}

bool hd_target_is_zero(const struct hd_target *t)
{
    return t->temp[0];
}

int hd_target_zero(struct hd_target *t, uint64_t start, uint64_t len,
                   struct hd_err *err)
{
    uint64_t range[2] = {start, len};

    if (hd_target_is_zero(t) || !len)
        return 0;
    if (t->device ? ioctl(t->fd, BLKZEROOUT, range)
                  : fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                              (off_t)start, (off_t)len))
        return hd_fail_errno(err, HD_E_IO, "cannot clear %s", t->path);
    return 0;
}

int hd_target_push(struct hd_target *t, uint64_t start, uint64_t len,
                   struct hd_err *err)
{
    const unsigned wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                          SYNC_FILE_RANGE_WAIT_AFTER;

    /* An error is told once, so neither call's may be passed over. */
    if (sync_file_range(t->fd, (off_t)start, (off_t)len,
                        SYNC_FILE_RANGE_WRITE) ||
        (t->pushed_len &&
         sync_file_range(t->fd, (off_t)t->pushed, (off_t)t->pushed_len, wait)))
        return hd_fail_errno(err, HD_E_IO, "cannot write %s", t->path);
    t->pushed = start;
    t->pushed_len = len;
    return 0;
}

int hd_target_sync(struct hd_target *t, struct hd_err *err)
{
    if (fsync(t->fd))
        return hd_fail_errno(err, HD_E_IO, "cannot write %s", t->path);
    return 0;
}

void hd_target_forget(const struct hd_target *t, uint64_t start, uint64_t len)
{
    posix_fadvise(t->fd, (off_t)start, (off_t)len, POSIX_FADV_DONTNEED);
}

int hd_target_commit(struct hd_target *t, struct hd_err *err)
{
    if (t->device) {
        /* A device that cannot have partitions, or keeps them busy, is read at
         * its next plug; the store is on it. */
        (void)!ioctl(t->fd, BLKRRPART);
        return 0;
    }
    if (!t->temp[0])
        return 0; /* edited, under its own name */
    if (fchmod(t->fd, 0644) || rename(t->temp, t->path))
        return hd_fail_errno(err, HD_E_IO, "cannot write %s", t->path);
    t->temp[0] = '\0';
    return 0;
}

void hd_target_fini(struct hd_target *t)
{
    if (t->temp[0])
        unlink(t->temp);
    if (t->fd >= 0)
        close(t->fd);
    t->temp[0] = '\0';
    t->fd = -1;
}
