/* SPDX-License-Identifier: MIT */
/* Changes who may open a store, on the medium's key volume; never touches a
 * guest, Xen or the ledger, for nothing of the host changes. */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../../pv-drivers/base/paths.h"
#include "../host/tries.h"
#include "jobs.h"
#include "unlock.h"

static bool is_medium(const struct hd_job_request *req, int fd)
{
    struct stat st;
    uint64_t seq;

    return !fstat(fd, &st) && S_ISBLK(st.st_mode) &&
           st.st_rdev == makedev(req->devmajor, req->devminor) &&
           !ioctl(fd, BLKGETDISKSEQ, &seq) && seq == req->head.diskseq;
}

/* Not exclusive: while guests run, the device-mapper holds the medium.  It lies
 * on their volumes' data, and this writes in front of that.  What was opened
 * tells which disk it is, so nothing can come between look and write. */
static int open_medium(const struct hd_job_request *req, struct hd_err *err)
{
    hd_autofd int fd = -1;
    char path[64];

    snprintf(path, sizeof(path), "/dev/block/%u:%u", req->devmajor,
             req->devminor);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT && errno != ENXIO && errno != ENOMEDIUM)
        return hd_fail_errno(err, HD_E_IO,
                             "cannot open the store's medium %s for writing",
                             req->head.devname);
    if (fd < 0 || !is_medium(req, fd))
        return hd_fail(err, HD_E_GONE, "the store's medium %s was unplugged",
                       req->head.devname);
    return hd_steal_fd(&fd);
}

struct attempt {
    const struct hd_job_request *req;
    const struct hd_secret *password;
    struct hd_secret **key;
};

static int check(void *arg, struct hd_err *err)
{
    const struct attempt *attempt = arg;
    const struct hd_job_request *req = attempt->req;

    return hd_luks_users_open(HD_JOB_FILES, req->keyslot, &req->keys.luks,
                              attempt->password, attempt->key, err);
}

int hd_job_keys(struct hd_context *ctx, struct hd_err *err)
{
    const struct hd_job_request *req = ctx->req;
    hd_auto(hd_secret) password = NULL;
    hd_auto(hd_secret) next = NULL;
    hd_auto(hd_secret) key = NULL;
    hd_autofd int medium = -1;
    struct attempt attempt = {.req = req, .key = &key};

    if (hd_unlock_read_two(HD_JOB_PASSWORD, &password, &next, err))
        return -1;
    attempt.password = password;
    if (hd_tries_check(HD_TRIES_DIR, &req->store, check, &attempt, err))
        return -1;
    hd_context_report(HD_REPORT_UNLOCKED, "", 0, NULL);
    medium = open_medium(req, err);
    if (medium < 0)
        return -1;
    return hd_luks_users_change(HD_JOB_FILES, key, &req->keys, next, medium,
                                err);
}
