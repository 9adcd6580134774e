/* SPDX-License-Identifier: MIT */
/* The store's medium under a job: still the one that was read, and nobody
 * else's. */
#ifndef HD_RUN_MEDIUM_H
#define HD_RUN_MEDIUM_H

#include "job.h"

/* These read sysfs and procfs below `root` (hd_sysfs_root), and answer at
 * once. */

/* HD_E_GONE when the request's device is another disk by now, or none. */
int hd_medium_check(int root, const struct hd_job_request *req,
                    struct hd_err *err);

/* Whether it is the guests' alone: HD_E_BUSY, and who it is, when a dm device
 * that is not hotdom's is made of it or of a part of it, HD_E_GONE as above.
 * Only such share it once a volume is open: to mounts, swap and md it is taken.
 */
int hd_medium_check_alone(int root, const struct hd_job_request *req,
                          struct hd_err *err);

/* For a volume that could not be opened: HD_E_BUSY, and who it is, when the
 * host uses the medium in any way, or HD_E_GONE when it is another disk that is
 * used; else `err` stays as it is.  Returns -1. */
int hd_medium_fail_used(int root, const struct hd_job_request *req,
                        struct hd_err *err);

#endif
