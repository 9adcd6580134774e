/* SPDX-License-Identifier: MIT */
/* One connection to xenstored in the wire form of xen/io/xs_wire.h: requests
 * are gathered, sent together and heard together; for xs_bulk.c, xs_batch.c and
 * xs_events.c. */
#ifndef HD_BUS_XS_WIRE_H
#define HD_BUS_XS_WIRE_H

#include <errno.h> /* first: it makes xsd_errors whole */
#include <stdint.h>
#include <xen/io/xs_wire.h>

#include "xs_bulk.h"

/* What an answer must be, beside the request's type. */
enum hd_xs_want {
    HD_XS_WANT_OK,
    HD_XS_WANT_NOTHING_THERE,
    HD_XS_WANT_GONE,
    HD_XS_WANT_VALUE
};

struct hd_xs_asked {
    uint32_t type;
    enum hd_xs_want want;
    const char *path; /* borrowed */
};

struct hd_xs_bulk {
    int fd;
    bool socket; /* takes many messages at once; the kernel's device does not */
    int lost;    /* EIO or ETIMEDOUT from then on; 0: it is of use */
    uint32_t transaction, silent_ms;
    char *out;
    size_t len, room;
    struct hd_xs_asked *asked;
    size_t n_asked, max_asked;
    char body[XENSTORE_PAYLOAD_MAX + 1]; /* of the last answer */
    size_t body_len;
    /* What has come and was not taken: some hundred bytes are many answers, and
     * there is room for the longest one. */
    char in[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
    size_t in_at, in_len;
};

#define HD_XS_TRANSACTION "a transaction" /* as what was refused */

/* All that was gathered is forgotten. */
void hd_xs_begin(struct hd_xs_bulk *b);
/* Gathers one; `body` of `n` bytes stands behind the path and its NUL.  The
 * path is borrowed until the answer is heard.  False with errno: as hd_xs_send,
 * or E2BIG, ENOMEM. */
bool hd_xs_ask(struct hd_xs_bulk *b, uint32_t type, enum hd_xs_want want,
               const char *path, const void *body, size_t n);
/* Sends all that was gathered.  False with EIO or ETIMEDOUT: the connection is
 * of no use any more. */
bool hd_xs_send(struct hd_xs_bulk *b);
/* The answer to the request with that index, in order; `*ret_sys` is what it
 * came to, 0: what was wanted.  False as hd_xs_send. */
bool hd_xs_hear(struct hd_xs_bulk *b, size_t i, int *ret_sys);
/* The two halves of it, for who hears of watches as well: the next message,
 * which ends up in `body`; and what it says, as an answer to that request. */
bool hd_xs_message(struct hd_xs_bulk *b, struct xsd_sockmsg *ret);
bool hd_xs_judge(struct hd_xs_bulk *b, size_t i, const struct xsd_sockmsg *msg,
                 int *ret_sys);
/* Takes in what has come, without waiting for more: whether there is a message,
 * all of it, or the connection is lost. */
bool hd_xs_has_come(struct hd_xs_bulk *b);
/* Sends and hears all; the first failure is errno's and `*ret_at`'s. */
bool hd_xs_exchange(struct hd_xs_bulk *b, const char **ret_at);
/* What is asked from here on belongs to a transaction, until its end. */
bool hd_xs_start(struct hd_xs_bulk *b, const char **ret_at);
bool hd_xs_end(struct hd_xs_bulk *b, bool commit);

#endif
