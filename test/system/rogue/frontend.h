/* SPDX-License-Identifier: MIT */
/* The guest's end of its 9pfs device (docs/misc/9pfs.markdown of Xen) in the
 * hands of a process: for a guest whose kernel has no driver bound to it. */
#ifndef HD_TEST_ROGUE_FRONTEND_H
#define HD_TEST_ROGUE_FRONTEND_H

#include <stdbool.h>

#include "../../../dom-guest/xsdev.h"
#include "../../../pv-drivers/fs9p/fs9p.h"
#include "../../../pv-drivers/fs9p/ring.h"

/* Bytes of a ring, one way. */
#define FRONTEND_RING XEN_FLEX_RING_SIZE(HD_9P_RING_ORDER)

struct frontend_ring {
    struct xen_9pfs_data_intf *intf;
    uint8_t *data; /* to the guest, then from it */
    uint32_t ref, port;
    uint32_t refs[HD_9P_RING_PAGES];
};

/* By value; what it has lives as long as the process. */
struct frontend {
    struct hd_xsdev *xs;
    char back[80]; /* the node of the backend's state */
    int grants, events;
    struct frontend_ring rings[HD_FS9P_RINGS];
    uint32_t out, in; /* where the first ring is, whatever its page says */
    bool connected;
};

/* Grants the pages and makes the channels.  Needs root, and the modules
 * xen-gntalloc and xen-evtchn. */
int frontend_open(struct frontend *f, struct hd_err *err);

/* From whatever state to a backend that waits: all that is said then, in the
 * pages and in xenstore, is true.  Blocks, ten seconds at most, as do the
 * others. */
int frontend_greet(struct frontend *f, struct hd_err *err);
/* A node of the frontend's. */
int frontend_write(struct frontend *f, const char *key, const char *value,
                   struct hd_err *err);
/* Is it taken?  Then `connected` is set. */
int frontend_enter(struct frontend *f, struct hd_err *err);
int frontend_leave(struct frontend *f, struct hd_err *err);

/* Behind what was sent on the first ring; there must be room. */
void frontend_send(struct frontend *f, const void *bytes, size_t len);
/* An event for the backend. */
void frontend_notify(struct frontend *f);
/* The next reply: its length; 0: the backend has ended the connection.  -1:
 * nothing comes. */
ssize_t frontend_reply(struct frontend *f, void *buf, size_t size,
                       struct hd_err *err);

#endif
