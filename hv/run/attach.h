/* SPDX-License-Identifier: MIT */
/* A guest's paravirtual devices, all in one go, and what it is told. */
#ifndef HD_RUN_ATTACH_H
#define HD_RUN_ATTACH_H

#include "context.h"

/* How many steps from `steps` on hd_attach does together: those that attach a
 * device or tell something; 0 when the first is another. */
uint32_t hd_attach_count(const struct hd_step *steps, uint32_t n);

/* One guest's; its domain is there and paused.  When it returns, every backend
 * waits for its frontend, and the processes among them live.  There is no
 * effect of its own: what undoes the domain undoes it. */
int hd_attach(struct hd_context *ctx, const struct hd_step *steps, uint32_t n,
              struct hd_err *err);

/* The same of a domain that runs, with both ends connected and libxl's record
 * written when it returns; it is told then.  When it fails, what undoes the
 * device's effect undoes it. */
int hd_attach_live(struct hd_context *ctx, const struct hd_step *steps,
                   uint32_t n, struct hd_err *err);
/* Only the steps that tell. */
int hd_attach_tell(struct hd_context *ctx, const struct hd_step *steps,
                   uint32_t n, struct hd_err *err);

/* The reverse, by force: their nodes go, and with them the devices in dom0,
 * which let go of what lies under them; does not wait for that.  Best effort.
 */
void hd_attach_close(struct hd_context *ctx, uint32_t domid);

#endif
