/* SPDX-License-Identifier: MIT */
/* Copies bytes out of and into the rings that a guest shares; never believes
 * an index. */
#include "ring.h"

#include <string.h>

#include "session.h"
#include "wire.h"

/* From the ring's place `at` on, over its end. */
static void copy_out(const struct hd_9p_ring *r, uint32_t at, void *buf,
                     size_t len)
{
    const uint8_t *from = r->data + r->size;
    size_t first;

    at &= r->size - 1;
    first = r->size - at < len ? r->size - at : len;
    memcpy(buf, from + at, first);
    memcpy((uint8_t *)buf + first, from, len - first);
}

ssize_t hd_9p_ring_next(const struct hd_9p_ring *r)
{
    uint32_t cons = r->intf->out_cons;
    uint32_t used =
        __atomic_load_n(&r->intf->out_prod, __ATOMIC_ACQUIRE) - cons;
    uint8_t head[4];
    struct hd_9p_in in = {head, sizeof(head), false};
    uint64_t len;

    if (used > r->size)
        return -1;
    if (used < HD_9P_HEADER)
        return 0;
    copy_out(r, cons, head, sizeof(head));
    len = hd_9p_get(&in, 4);
    if (len < HD_9P_HEADER || len > HD_9P_MSIZE || len > r->size)
        return -1;
    return used < len ? 0 : (ssize_t)len;
}

void hd_9p_ring_take(struct hd_9p_ring *r, void *buf, size_t len)
{
    uint32_t cons = r->intf->out_cons;

    copy_out(r, cons, buf, len);
    __atomic_store_n(&r->intf->out_cons, cons + (uint32_t)len,
                     __ATOMIC_RELEASE);
}

ssize_t hd_9p_ring_room(const struct hd_9p_ring *r)
{
    uint32_t used =
        r->intf->in_prod - __atomic_load_n(&r->intf->in_cons, __ATOMIC_ACQUIRE);

    return used > r->size ? -1 : (ssize_t)(r->size - used);
}

void hd_9p_ring_put(struct hd_9p_ring *r, const void *buf, size_t len)
{
    uint32_t prod = r->intf->in_prod, at = prod & (r->size - 1);
    size_t first = r->size - at < len ? r->size - at : len;

    memcpy(r->data + at, buf, first);
    memcpy(r->data, (const uint8_t *)buf + first, len - first);
    __atomic_store_n(&r->intf->in_prod, prod + (uint32_t)len, __ATOMIC_RELEASE);
}
