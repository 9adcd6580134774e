/* SPDX-License-Identifier: MIT */
/* Looks at the store's medium, by sysfs and procfs; never opens it. */
#include "medium.h"

#include <stdio.h>
#include <stdlib.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../host/disk_user.h"
#include "../host/sysfs.h"

/* The kernel reuses numbers and names of disks, never a diskseq. */
int hd_medium_check(const struct hd_job_request *req, struct hd_err *err)
{
    char path[64];
    hd_autofree char *text = NULL;

    snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/diskseq", req->devmajor,
             req->devminor);
    if (hd_io_read_file(path, 32, &text, NULL, NULL) ||
        strtoull(text, NULL, 10) != req->head.diskseq)
        return hd_fail(err, HD_E_GONE, "the store's medium %s was unplugged",
                       req->head.devname);
    return 0;
}

static int fail_used(const char *who, struct hd_err *err)
{
    return hd_fail(err, HD_E_BUSY,
                   "the host uses the store's medium: %s; let go of that, then "
                   "start again",
                   who);
}

int hd_medium_check_alone(const struct hd_job_request *req, struct hd_err *err)
{
    hd_autofd int root = hd_sysfs_root(err);
    char who[HD_DISK_USER_TEXT];

    if (root < 0)
        return -1;
    return hd_disk_user_share(root, req->head.devname, who)
               ? fail_used(who, err)
               : 0;
}

int hd_medium_fail_used(const struct hd_job_request *req, struct hd_err *err)
{
    hd_autofd int root = hd_sysfs_root(NULL);
    char who[HD_DISK_USER_TEXT];

    if (root >= 0 && hd_disk_user_find(root, req->head.devname, who))
        fail_used(who, err);
    return -1;
}
