/* SPDX-License-Identifier: MIT */
/* A hotdomd with one store for tests: it reads no disk and begins no job. */
#ifndef HD_TEST_DAEMON_KIT_H
#define HD_TEST_DAEMON_KIT_H

#include "../../hv/daemon/life.h"

struct kit_daemon {
    struct hd_daemon daemon; /* is stopping, so that nothing begins */
    uv_loop_t loop;
    struct hd_store *store;
    struct hd_guest_life *guests; /* the store's */
    struct hd_event last;         /* that was told */
    size_t told;
};

/* The store `label` runs with these guests, the names up to NULL. */
void kit_daemon_init(struct kit_daemon *k, const char *label,
                     const char *const *guests);
/* Also when the store has been dropped. */
void kit_daemon_fini(struct kit_daemon *k);

/* What any hotdomd of this program keeps in HD_ORDER_DIR; empty: nothing.  The
 * linker brings it here (--wrap), so that none of it is on the host. */
extern char kit_orders[256];

/* Of what a job reports when a guest starts, and when one is given a device: is
 * it an event of that guest, with the error's reason and all of its words? */
bool kit_daemon_tells(const struct hd_err *why);

#endif
