/* SPDX-License-Identifier: MIT */
/* What was seen of stores, written by other threads: hotdomd's loop never waits
 * for the host's disk. */
#ifndef HD_DAEMON_RECORD_H
#define HD_DAEMON_RECORD_H

#include <uv.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/uuid.h"

struct hd_answer;
struct hd_record;

/* Once, in the loop; the record is freed behind it. */
typedef void hd_record_fn(void *ctx, const struct hd_err *outcome);

/* hd_seen_accept of a verified manifest; `answer` is borrowed for the call. */
int hd_record_accept(uv_loop_t *loop, const struct hd_answer *answer,
                     hd_record_fn *fn, void *ctx, struct hd_record **ret,
                     struct hd_err *err);
/* hd_seen_forget, and the last map */
int hd_record_forget(uv_loop_t *loop, const struct hd_uuid *id,
                     hd_record_fn *fn, void *ctx, struct hd_record **ret,
                     struct hd_err *err);
/* hd_seen_boot; what goes wrong is logged. */
void hd_record_boot(uv_loop_t *loop, const struct hd_uuid *id,
                    uint64_t generation);
/* Its map, `text`, is the last one that a store was here with; what goes wrong
 * is logged. */
void hd_record_last(uv_loop_t *loop, const struct hd_uuid *id,
                    const char *text);
/* It goes on, and `fn` is never called. */
void hd_record_cancel(struct hd_record *record);

#endif
