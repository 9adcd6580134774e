/* SPDX-License-Identifier: MIT */
/* Fuzzes the two byte rings of a 9p frontend: a guest that writes what it
 * shares between any two steps of ours.  The sanitizer sees what leaves them.
 */
#include "fuzz.h"

#include "../../pv-drivers/fs9p/ring.h"
#include "../../pv-drivers/fs9p/session.h"

static uint8_t message[HD_9P_MSIZE];

static uint32_t number(struct fuzz_input *in)
{
    uint32_t n;

    fuzz_take(in, &n, sizeof(n));
    return n;
}

/* False: it is no ring any more, and its view is ended. */
static bool take(struct hd_9p_ring *r)
{
    ssize_t n = hd_9p_ring_next(r);

    MUST(n <= 0 || (n <= HD_9P_MSIZE && n <= r->size));
    if (n > 0)
        hd_9p_ring_take(r, message, (size_t)n);
    return n >= 0;
}

static bool give(struct hd_9p_ring *r, uint32_t len)
{
    ssize_t room = hd_9p_ring_room(r);

    MUST(room <= r->size);
    if (room >= 0 && len <= sizeof(message) && len <= room)
        hd_9p_ring_put(r, message, len);
    return room >= 0;
}

static void write_some(struct hd_9p_ring *r, struct fuzz_input *in)
{
    uint32_t at = number(in) % (2 * r->size), n = fuzz_byte(in);

    fuzz_take(in, r->data + at, n < 2 * r->size - at ? n : 2 * r->size - at);
}

static bool step(struct hd_9p_ring *r, struct fuzz_input *in)
{
    switch (fuzz_byte(in) % 8) {
    case 0:
        r->intf->out_prod = number(in);
        return true;
    case 1:
        r->intf->in_cons = number(in);
        return true;
    case 2: /* Ours, but it lies in the same page. */
        r->intf->out_cons = number(in);
        return true;
    case 3:
        r->intf->in_prod = number(in);
        return true;
    case 4:
        r->intf->out_prod += fuzz_byte(in);
        return true;
    case 5:
        write_some(r, in);
        return true;
    case 6:
        return take(r);
    default:
        return give(r, number(in) % 65536);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct xen_9pfs_data_intf page;
    struct fuzz_input in = {data, len};
    struct hd_9p_ring r = {.intf = &page};

    r.size =
        (uint32_t)XEN_FLEX_RING_SIZE(1 + fuzz_byte(&in) % HD_9P_RING_ORDER);
    r.data = calloc(2, r.size);
    MUST(r.data);
    memset(&page, 0, sizeof(page));
    while (in.left && step(&r, &in))
        continue;
    free(r.data);
    return 0;
}
