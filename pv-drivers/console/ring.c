/* SPDX-License-Identifier: MIT */
/* The two rings of a PV console; each index is read once and never believed. */
#include "ring.h"

/* Indices run on beyond the ring's size, which is a power of two. */
#define USED(prod, cons) ((XENCONS_RING_IDX)((prod) - (cons)))

ssize_t hd_console_ring_peek(const struct xencons_interface *ring, void *buf,
                             size_t size)
{
    XENCONS_RING_IDX cons = ring->out_cons;
    XENCONS_RING_IDX prod = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
    size_t n = USED(prod, cons);

    if (n > sizeof(ring->out))
        return -1;
    if (n > size)
        n = size;
    for (size_t i = 0; i < n; i++)
        ((char *)buf)[i] = ring->out[MASK_XENCONS_IDX(cons + i, ring->out)];
    return (ssize_t)n;
}

void hd_console_ring_done(struct xencons_interface *ring, size_t n)
{
    __atomic_store_n(&ring->out_cons, ring->out_cons + (XENCONS_RING_IDX)n,
                     __ATOMIC_RELEASE);
}

ssize_t hd_console_ring_room(const struct xencons_interface *ring)
{
    XENCONS_RING_IDX cons = __atomic_load_n(&ring->in_cons, __ATOMIC_ACQUIRE);
    size_t n = USED(ring->in_prod, cons);

    return n > sizeof(ring->in) ? -1 : (ssize_t)(sizeof(ring->in) - n);
}

void hd_console_ring_put(struct xencons_interface *ring, const void *buf,
                         size_t n)
{
    XENCONS_RING_IDX prod = ring->in_prod;

    for (size_t i = 0; i < n; i++)
        ring->in[MASK_XENCONS_IDX(prod + i, ring->in)] = ((const char *)buf)[i];
    __atomic_store_n(&ring->in_prod, prod + (XENCONS_RING_IDX)n,
                     __ATOMIC_RELEASE);
}
