/* SPDX-License-Identifier: MIT */
/* Bounded access to xenstore; never trusts what a node holds. */
#ifndef HD_BUS_XS_H
#define HD_BUS_XS_H

#include <stddef.h>
#include <stdint.h>

#include "../base/err.h"
#include "../base/mem.h"

/* Bytes with the NUL; xenstore's own limits (xen/io/xs_wire.h, 2 KiB a value by
 * quota). */
#define HD_XS_PATH_SIZE  1024
#define HD_XS_VALUE_SIZE 2049

struct hd_xs; /* opaque; for one thread */

/* What a silent xenstored ends fails with HD_E_TIMEOUT and, other than a
 * deadline of the caller's, with ETIMEDOUT in err->sys. */

/* One node of hd_xs_write; a NULL value removes it and what is below. */
struct hd_xs_node {
    const char *path, *value;
};

/* A node of dom0's making whose rights differ from the node's above: `owner`
 * has all, `reader` may read.  What is made below it takes after it. */
struct hd_xs_folder {
    const char *path;
    uint32_t owner, reader;
};

/* As hd_xs_bulk_open.  Every request below blocks until xenstored has answered
 * it, which takes well under a millisecond, and fails when it is silent for
 * HD_XS_SILENT_MS (xs_bulk.h). */
int hd_xs_open(struct hd_xs **ret, struct hd_err *err);
void hd_xs_free(struct hd_xs *xs);
HD_DEFINE_AUTO(hd_xs)

/* Copies a node of at most `size` - 1 printable ASCII characters into `buf`.
 * 1: there; 0: no such node (`buf` is untouched); -1: anything else, a longer
 * value and other characters as well. */
int hd_xs_read(struct hd_xs *xs, const char *path, char *buf, size_t size,
               struct hd_err *err);
/* Several, asked for together: one wait for all.  Each says in `there` what it
 * came to, whatever the others are: that a value is longer, or no text, does
 * not fail the call.  -1 when xenstored does not answer, or refuses one. */
struct hd_xs_value {
    const char *path;
    char *buf;
    size_t size;
    int there; /* what hd_xs_read gives */
};
int hd_xs_read_all(struct hd_xs *xs, struct hd_xs_value *values, size_t n,
                   struct hd_err *err);
/* All `n` nodes or none, in one transaction.  Removing what is not there is
 * success. */
int hd_xs_write(struct hd_xs *xs, const struct hd_xs_node *nodes, size_t n,
                struct hd_err *err);
/* Gives a node that is there another value: 1; 0: there is none, and none is
 * made. */
int hd_xs_update(struct hd_xs *xs, const char *path, const char *value,
                 struct hd_err *err);
/* Makes the folders, then writes the nodes: all or none, in one transaction.
 * HD_E_EXISTS when a folder is there already. */
int hd_xs_make(struct hd_xs *xs, const struct hd_xs_folder *folders,
               size_t n_folders, const struct hd_xs_node *nodes, size_t n_nodes,
               struct hd_err *err);
/* The same without a transaction, which oxenstored does all over when another's
 * has ended meanwhile: in this order, and what has been written stays when
 * something fails. */
int hd_xs_put(struct hd_xs *xs, const struct hd_xs_folder *folders,
              size_t n_folders, const struct hd_xs_node *nodes, size_t n_nodes,
              struct hd_err *err);
/* The names of a node's children; a node that is not there has none.  The
 * caller frees `*ret_names` in one piece. */
int hd_xs_list(struct hd_xs *xs, const char *path, char ***ret_names,
               size_t *ret_n, struct hd_err *err);

/* What the first watch needs, ahead. */
int hd_xs_warm(struct hd_xs *xs, struct hd_err *err);
/* An event each time that `path` or what is below changes, and one at once; of
 * several with one token, one may stand for all.  Nobody may count on the same
 * watch twice being one: xs_events.h.  A token has at most 31 characters, and
 * there are at most 16.  Special paths: "@releaseDomain" (a domain shut down or
 * went away) and "@introduceDomain".  Once xenstored was silent for
 * HD_XS_SILENT_MS (xs_bulk.h), or has gone, there are no watches any more,
 * which hd_xs_check says; the next one that is made is the first of a new
 * connection. */
int hd_xs_watch(struct hd_xs *xs, const char *path, const char *token,
                struct hd_err *err);
/* No more of them; the token is what tells two watches of a path apart. */
void hd_xs_unwatch(struct hd_xs *xs, const char *path, const char *token);
/* Readable when events have come, but for those that came with the answer to
 * hd_xs_watch or hd_xs_unwatch: call hd_xs_check until it gives 0 before each
 * poll(2), the first one as well.  For poll(2) only; -1 before hd_xs_warm or
 * the first watch.  It lives as long as `xs`, unless its connection was lost:
 * the watch after that has another.  Once it does not block, as libuv makes it,
 * nobody may watch any more: a xenstored that is busy would pass for one that
 * is silent. */
int hd_xs_fd(struct hd_xs *xs);
/* Takes one event without blocking: 1 with its token (at most `size` - 1
 * characters of it), 0: none is left, or only the beginning of one, -1: the
 * connection is lost, HD_E_TIMEOUT when xenstored was silent, HD_E_IO when it
 * is gone. */
int hd_xs_check(struct hd_xs *xs, char *token, size_t size, struct hd_err *err);
/* Blocks until an event was there (all that wait are taken) or `deadline_ms` is
 * over; which one, the caller sees by looking at what it waits for. */
int hd_xs_wait(struct hd_xs *xs, uint64_t deadline_ms, struct hd_err *err);
/* The same for who looks elsewhere than in xenstore, and goes on without it:
 * once xenstored is gone, it blocks until `deadline_ms`. */
void hd_xs_rest(struct hd_xs *xs, uint64_t deadline_ms);

#endif
