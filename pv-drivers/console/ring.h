/* SPDX-License-Identifier: MIT */
/* The page that a PV console's two ends share: xen/io/console.h. */
#ifndef HD_CONSOLE_RING_H
#define HD_CONSOLE_RING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <xen/io/console.h>

/* The guest may write any of it at any time.  All of these answer -1 when its
 * indices cannot be; then nothing more is to be believed of that page. */

/* Copies what the guest has written, at most `size` bytes; they stay there. */
ssize_t hd_console_ring_peek(const struct xencons_interface *ring, void *buf,
                             size_t size);
/* Of what was peeked, `n` bytes are done with. */
void hd_console_ring_done(struct xencons_interface *ring, size_t n);
/* How much the guest can be given. */
ssize_t hd_console_ring_room(const struct xencons_interface *ring);
/* Gives it `n` bytes, no more than there is room for. */
void hd_console_ring_put(struct xencons_interface *ring, const void *buf,
                         size_t n);

#endif
