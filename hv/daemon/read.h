/* SPDX-License-Identifier: MIT */
/* A hotdom-reader as hotdomd sees it: started, heard, ended at its deadline. */
#ifndef HD_DAEMON_READ_H
#define HD_DAEMON_READ_H

#include <uv.h>

#include "../store/reader.h"
#include "store.h"

struct hd_read;

/*
 * Once, with the answer and its `n` descriptors, files and then LUKS2 headers,
 * which belong to the callee then; or with `answer` NULL and why there is none
 * in `err`, whose code is HD_E_NOT_A_STORE when there is not even a medium.  A
 * refusal is an answer (answer->err) and its message is printable ASCII.
 */
typedef void hd_read_fn(void *ctx, struct hd_answer *answer, const int *fds,
                        size_t n, const struct hd_err *err);

/* Trusts what HD_TRUSTED_DIR holds now.  Kernels that daemon->files holds are
 * not read again; `fn` does not see a difference. */
int hd_read_start(struct hd_daemon *daemon, const struct hd_device *device,
                  hd_read_fn *fn, void *ctx, struct hd_read **ret,
                  struct hd_err *err);
/* Ends it; `fn` is not called any more. */
void hd_read_cancel(struct hd_read *read);

#endif
