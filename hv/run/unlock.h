/* SPDX-License-Identifier: MIT */
/* The password of a job's user, and the volume keys that it opens. */
#ifndef HD_RUN_UNLOCK_H
#define HD_RUN_UNLOCK_H

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "job.h"

/* Both read the pipe `fd` to its end, which its writer closes at once; too long
 * a password is HD_E_WRONG_PASSWORD. */
int hd_unlock_read(int fd, struct hd_secret **ret, struct hd_err *err);
/* Two, with a NUL between them; `*ret_new` is NULL when there is no second. */
int hd_unlock_read_two(int fd, struct hd_secret **ret,
                       struct hd_secret **ret_new, struct hd_err *err);

/*
 * Holds the password (NULL for HD_ASK_NOTHING) against what the request of a
 * START names, and opens the header of every volume that the plan opens;
 * `headers` is the first of req->n_headers descriptors in a row.  The caller
 * frees `keys`, by header.  HD_E_WRONG_PASSWORD; HD_E_BAD_VOLUME when a header
 * is not the signed one; HD_E_DENIED when an encrypted store would start
 * without a password.  Blocks for the KDF, and changes nothing.
 */
int hd_unlock(const struct hd_job_request *req, const struct hd_plan *plan,
              int headers, const struct hd_secret *password,
              struct hd_secret *keys[HD_MAX_LUKS], struct hd_err *err);

#endif
