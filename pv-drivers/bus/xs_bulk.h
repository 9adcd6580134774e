/* SPDX-License-Identifier: MIT */
/* Requests that are all sent before the first answer is read, as those of a
 * transaction:
 * libxenstore waits for each, and on a busy host a hundred waits are what a
 * guest's start is made of.  In the wire form of xen/io/xs_wire.h. */
#ifndef HD_BUS_XS_BULK_H
#define HD_BUS_XS_BULK_H

#include <stdbool.h>

#include "xs.h"

struct hd_xs_bulk; /* opaque: a connection of its own; for one thread */

/* How long xenstored may be silent within a request: it answers within a
 * millisecond, on a busy host within a second. */
#define HD_XS_SILENT_MS 5000
#define HD_XS_SILENT_WHY                                                       \
    "xenstored does not answer; when it does not come back, reboot the host"
#define HD_XS_ENDED_WHY "xenstored does not run; reboot the host"

/* HD_E_NO_XEN when xenstored is not there, or has ended (ECONNREFUSED),
 * HD_E_TIMEOUT when it lets nobody in for `silent_ms`, which from then on is
 * how long it may be silent.  Where there is no socket of its at all it is
 * asked through the kernel's device, which takes a request for as long as
 * xenstored wants. */
int hd_xs_bulk_open(struct hd_xs_bulk **ret, uint32_t silent_ms,
                    struct hd_err *err);
void hd_xs_bulk_free(struct hd_xs_bulk *bulk);
HD_DEFINE_AUTO(hd_xs_bulk)

/* As hd_xs_make, once: false with errno and, in `*ret_at`, whose path; EAGAIN
 * when another writer was faster, EEXIST for a folder that is there.  Blocks
 * until xenstored has answered it all, and fails with ETIMEDOUT when it is
 * silent for too long.  After EIO and that the connection is of no use any
 * more. */
bool hd_xs_bulk_make(struct hd_xs_bulk *bulk,
                     const struct hd_xs_folder *folders, size_t n_folders,
                     const struct hd_xs_node *nodes, size_t n_nodes,
                     const char **ret_at);

/* The same in no transaction: in this order, up to the first that is refused,
 * and what follows that as well. */
bool hd_xs_bulk_put(struct hd_xs_bulk *bulk, const struct hd_xs_folder *folders,
                    size_t n_folders, const struct hd_xs_node *nodes,
                    size_t n_nodes, const char **ret_at);

/* As hd_xs_read_all, outside of a transaction, and values as they are: `there`
 * is -1 for one that is too long or has a NUL.  False with errno and, in
 * `*ret_at`, which was refused first; after EIO and ETIMEDOUT the connection is
 * of no use any more. */
bool hd_xs_bulk_read(struct hd_xs_bulk *bulk, struct hd_xs_value *values,
                     size_t n, const char **ret_at);

/* The same of one node, which must be there: ENOENT. */
bool hd_xs_bulk_update(struct hd_xs_bulk *bulk, const struct hd_xs_node *node);

/* A node's value, of any bytes, with a NUL behind it that does not count; the
 * connection's own, until the next request.  False as hd_xs_bulk_read. */
bool hd_xs_bulk_value(struct hd_xs_bulk *bulk, const char *path,
                      const char **ret, size_t *ret_len);

/* The names of a node's children, each with its NUL; the caller frees `*ret`.
 * EAGAIN when they change as they are read, which who has very many may see. */
#define HD_XS_LIST_SIZE (1u << 20)
bool hd_xs_bulk_list(struct hd_xs_bulk *bulk, const char *path, char **ret,
                     size_t *ret_len);
/* Such names as xs_directory gives them: in one piece, the pointers and a NULL,
 * then the text; the caller frees it.  NULL with errno. */
char **hd_xs_split(const char *text, size_t len, size_t *ret_n);

/* Asks xenstored something, on a connection of its own: HD_E_TIMEOUT when it
 * has not answered at the deadline, HD_E_NO_XEN when it is not there. */
int hd_xs_answers(uint64_t deadline_ms, struct hd_err *err);
/* For whoever has waited in vain for what others say through xenstored. */
#define HD_XS_LAST_MS 1000

#endif
