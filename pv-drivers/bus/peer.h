/* SPDX-License-Identifier: MIT */
/* What a backend that is a process shares with its frontend: pages of the
 * guest's and one event channel. */
#ifndef HD_BUS_PEER_H
#define HD_BUS_PEER_H

#include <stdint.h>

#include "../base/err.h"
#include "../base/mem.h"

struct hd_peer; /* opaque */

#define HD_PEER_PAGES 32 /* of hd_peer_map, at most */

/* Opens /dev/xen/evtchn and /dev/xen/gntdev, which only root may; what follows
 * needs no right any more.  HD_E_NO_XEN without them. */
int hd_peer_open(uint32_t domid, struct hd_peer **ret, struct hd_err *err);
void hd_peer_free(struct hd_peer *peer); /* disconnects */
HD_DEFINE_AUTO(hd_peer)

/* Maps the page that the domain granted as `ref`, to be written as well, and
 * binds its event channel `port`.  Both numbers are the guest's word; what is
 * not its own to give fails.  `*ret_page` lives until it is disconnected. */
int hd_peer_connect(struct hd_peer *peer, uint32_t ref, uint32_t port,
                    void **ret_page, struct hd_err *err);
/* Maps `n` pages more, one behind the other, once a connection.  They live as
 * long as the first one. */
int hd_peer_map(struct hd_peer *peer, const uint32_t *refs, uint32_t n,
                void **ret_pages, struct hd_err *err);
void hd_peer_disconnect(struct hd_peer *peer);

/* Readable when the guest has sent an event; for poll(2) only. */
int hd_peer_fd(struct hd_peer *peer);
/* Takes the event, so that the next one makes it readable again. */
void hd_peer_take(struct hd_peer *peer);
void hd_peer_notify(struct hd_peer *peer);

#endif
