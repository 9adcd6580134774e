/* SPDX-License-Identifier: MIT */
/* A folder with one small text a store, named by its id; what the text means is
 * no matter of this one. */
#ifndef HD_HOST_KEPT_H
#define HD_HOST_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/uuid.h"

/* All of them block as the folder's file system does. */

/* In one step, mode 0600; the folder is made when it is not there.  Of more
 * than `max` texts the oldest goes. */
int hd_kept_save(const char *dir, const struct hd_uuid *id, const void *text,
                 size_t len, size_t max, struct hd_err *err);
/* At most `max_bytes`; HD_E_NO_STORE when there is none.  The caller frees
 * `*ret`. */
int hd_kept_load(const char *dir, const struct hd_uuid *id, size_t max_bytes,
                 char **ret, size_t *ret_len, struct hd_err *err);
/* 0 as well when there is none. */
int hd_kept_forget(const char *dir, const struct hd_uuid *id,
                   struct hd_err *err);
/* Forgets all that `keep` does not want. */
void hd_kept_sweep(const char *dir,
                   bool (*keep)(void *ctx, const struct hd_uuid *id),
                   void *ctx);

/* For those who write such a folder, `folder`, in a way of their own: removes
 * what a loss of power left half written, and the oldest when there is no room
 * for one more. */
void hd_kept_make_room(int folder, size_t max);

#endif
