/* SPDX-License-Identifier: MIT */
/* The pieces of which 9P2000.L messages are made; both ways bounded. */
#ifndef HD_FS9P_WIRE_H
#define HD_FS9P_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HD_9P_HEADER 7  /* size[4] type[1] tag[2] */
#define HD_9P_QID    13 /* type[1] version[4] path[8] */
#define HD_9P_NAME   256

/* What came from the guest, and what is left of it.  Once something was not
 * there, `bad` stays and all is 0. */
struct hd_9p_in {
    const uint8_t *at;
    size_t left;
    bool bad;
};

/* An unsigned number of 1, 2, 4 or 8 bytes, the least first. */
uint64_t hd_9p_get(struct hd_9p_in *in, size_t bytes);
/* A string as the name of one thing: without "/" and NUL, not empty; bad when
 * it is anything else or longer. */
void hd_9p_get_name(struct hd_9p_in *in, char ret[HD_9P_NAME]);
/* A string that nobody looks at. */
void hd_9p_skip_text(struct hd_9p_in *in);

/* A reply under way in `size` bytes; what has no room is not written, and
 * `full` stays. */
struct hd_9p_out {
    uint8_t *buf;
    size_t size, len;
    bool full;
};

void hd_9p_put(struct hd_9p_out *out, uint64_t value, size_t bytes);
void hd_9p_put_text(struct hd_9p_out *out, const char *text, size_t len);
/* Over what is there already. */
void hd_9p_put_at(struct hd_9p_out *out, size_t at, uint64_t value,
                  size_t bytes);

#endif
