/* SPDX-License-Identifier: MIT */
/* The two byte rings between a 9p frontend and us: xen/io/9pfs.h. */
#ifndef HD_FS9P_RING_H
#define HD_FS9P_RING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
/* ring.h wants them first. */
#include <xen/xen.h>
#include <xen/io/9pfs.h>

/* 2^5 pages, half of them each way: the largest message has room. */
#define HD_9P_RING_ORDER 5
#define HD_9P_RING_PAGES (1u << HD_9P_RING_ORDER)

/* The guest may write any of it at any time; each index is read once. */
struct hd_9p_ring {
    struct xen_9pfs_data_intf *intf;
    uint8_t *data; /* first to the guest, then from it */
    uint32_t size; /* bytes of one way, a power of two */
};

/* Where the next message of the guest is: its length when it is whole, 0 when
 * there is none yet, -1 when there can be none: indices that cannot be, a
 * length that is no message's. */
ssize_t hd_9p_ring_next(const struct hd_9p_ring *ring);
/* Copies those `len` bytes, and takes them. */
void hd_9p_ring_take(struct hd_9p_ring *ring, void *buf, size_t len);
/* How much it can be given; -1 as above. */
ssize_t hd_9p_ring_room(const struct hd_9p_ring *ring);
/* Gives it `len` bytes, no more than there is room for. */
void hd_9p_ring_put(struct hd_9p_ring *ring, const void *buf, size_t len);

#endif
