/* SPDX-License-Identifier: MIT */
/* Looks at the store's medium, by sysfs and procfs; never opens it. */
#include "medium.h"

#include "../host/disk_user.h"
#include "../host/sysfs.h"

/* The kernel reuses numbers and names of disks, never a diskseq. */
int hd_medium_check(int root, const struct hd_job_request *req,
                    struct hd_err *err)
{
    uint64_t seq = hd_sysfs_number(root, 10, "sys/dev/block/%u:%u/diskseq",
                                   req->devmajor, req->devminor);

    if (!seq || seq != req->head.diskseq)
        return hd_fail(err, HD_E_GONE, "the store's medium %s was unplugged",
                       req->head.devname);
    return 0;
}

/* Who was found by the medium's name: if that is still ours, it has been all
 * the time. */
static int fail_used(int root, const struct hd_job_request *req,
                     const char *who, struct hd_err *err)
{
    if (hd_medium_check(root, req, err))
        return -1;
    return hd_fail(err, HD_E_BUSY,
                   "the host uses the store's medium: %s; let go of that, then "
                   "start again",
                   who);
}

int hd_medium_check_alone(int root, const struct hd_job_request *req,
                          struct hd_err *err)
{
    char who[HD_DISK_USER_TEXT];

    return hd_disk_user_share(root, req->head.devname, who)
               ? fail_used(root, req, who, err)
               : 0;
}

int hd_medium_fail_used(int root, const struct hd_job_request *req,
                        struct hd_err *err)
{
    char who[HD_DISK_USER_TEXT];

    if (hd_disk_user_find(root, req->head.devname, who))
        (void)fail_used(root, req, who, err);
    return -1;
}
