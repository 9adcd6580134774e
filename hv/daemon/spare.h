/* SPDX-License-Identifier: MIT */
/* Some hotdom-jobs ahead of need: started, linked, connected to Xen, and
 * waiting for a request, so that a plug waits for none of that. */
#ifndef HD_DAEMON_SPARE_H
#define HD_DAEMON_SPARE_H

#include <uv.h>

#include "../../pv-drivers/base/err.h"

struct hd_child;
struct hd_spare; /* opaque; one a daemon, which lives as long as that */

/* NULL without memory.  The first job is started a while after this. */
struct hd_spare *hd_spare_new(uv_loop_t *loop);
uv_loop_t *hd_spare_loop(struct hd_spare *spare);

/* A job that waits, or a new one when there is none; another is started a
 * while later, out of this one's way, or when it has ended.  The caller owns
 * the child, to which it hands its own callback, and `*ret_sock`: see
 * hv/run/job.h. */
int hd_spare_take(struct hd_spare *spare, struct hd_child **ret, int *ret_sock,
                  struct hd_err *err);

/* A job has ended, behind which nobody boots: another may be started in its
 * place. */
void hd_spare_refill(struct hd_spare *spare);

/* No job waits any more. */
void hd_spare_stop(struct hd_spare *spare);

#endif
