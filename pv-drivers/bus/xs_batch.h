/* SPDX-License-Identifier: MIT */
/* A transaction of somebody who asks for one thing at a time, as libxl does:
 * what needs no answer is sent together with the next request that does. */
#ifndef HD_BUS_XS_BATCH_H
#define HD_BUS_XS_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <xenstore.h>

#include "../base/err.h"
#include "../base/mem.h"

struct hd_xs_batch; /* opaque: a connection of its own; for one thread */

/* Begins a transaction: HD_E_NO_XEN or HD_E_TIMEOUT as hd_xs_bulk_open.  It
 * waits for a silent xenstored as libxenstore does, so longer than whoever
 * watches over it (hv/run/silence.h) lets it. */
int hd_xs_batch_open(struct hd_xs_batch **ret, struct hd_err *err);
/* What was not ended is dropped. */
void hd_xs_batch_free(struct hd_xs_batch *batch);
HD_DEFINE_AUTO(hd_xs_batch)

/* Gathered: true, unless there is no memory or it is too long (E2BIG), or no
 * right (EINVAL), or the connection is lost; hd_xs_batch_end fails then, too.
 * What xenstored refuses is told by that alone, but that there is nothing to
 * remove, which is no failure. */
bool hd_xs_batch_write(struct hd_xs_batch *batch, const char *path,
                       const void *value, size_t len);
bool hd_xs_batch_mkdir(struct hd_xs_batch *batch, const char *path);
bool hd_xs_batch_rm(struct hd_xs_batch *batch, const char *path);
bool hd_xs_batch_set_rights(struct hd_xs_batch *batch, const char *path,
                            const struct xs_permissions *rights, size_t n);

/* Waits for all that was gathered and for this.  As xs_read and xs_directory:
 * the caller frees it in one piece; NULL with errno. */
void *hd_xs_batch_read(struct hd_xs_batch *batch, const char *path,
                       unsigned int *ret_len);
char **hd_xs_batch_list(struct hd_xs_batch *batch, const char *path,
                        unsigned int *ret_n);

/* Waits, and ends the transaction.  False with errno: EAGAIN when another
 * writer was faster, else the first that was refused; then nothing of it is
 * there. */
bool hd_xs_batch_end(struct hd_xs_batch *batch, bool commit);

#endif
