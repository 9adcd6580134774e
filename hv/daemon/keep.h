/* SPDX-License-Identifier: MIT */
/* Guests whose store was pulled, and that stand still with their memory for a
 * while (`on_yank: pause`), for who dumps it. */
#ifndef HD_DAEMON_KEEP_H
#define HD_DAEMON_KEEP_H

#include "store.h"

/* The store was pulled: of those that live, who is kept, and until when: as
 * long as the guest wants, and at most `limit_ms`.  Who was asked once is not
 * again. */
void hd_keep_choose(struct hd_store *store, uint64_t limit_ms, uint64_t now_ms);
/* Their names, for a YANK. */
void hd_keep_name(const struct hd_store *store, uint64_t now_ms,
                  struct hd_job_request *ret);
/* 0: nobody is kept any more; else when the first one's time is over. */
uint64_t hd_keep_until(const struct hd_store *store, uint64_t now_ms);
/* Somebody is, or was. */
bool hd_keep_any(const struct hd_store *store);
/* Nobody is from now on. */
void hd_keep_nobody(struct hd_store *store);

#endif
