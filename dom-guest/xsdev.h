/* SPDX-License-Identifier: MIT */
/* xenstore as a guest reaches it: through its kernel's device, in the wire form
 * of xen/io/xs_wire.h; without a library. */
#ifndef HD_GUEST_XSDEV_H
#define HD_GUEST_XSDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../pv-drivers/base/err.h"
#include "../pv-drivers/base/mem.h"

/* Paths without a leading "/" are below the guest's own /local/domain/DOMID,
 * whatever that number is after a restore. */
#define HD_XSDEV_PAYLOAD 4096 /* bytes of a message: XENSTORE_PAYLOAD_MAX */
#define HD_XSDEV_BELLS   32

struct hd_xsdev; /* opaque; for one thread */

/* HD_E_NO_XEN when this is no Xen guest. */
int hd_xsdev_open(struct hd_xsdev **ret, struct hd_err *err);
/* Takes `fd`, whose other end talks as xenstored does. */
int hd_xsdev_take(int fd, struct hd_xsdev **ret, struct hd_err *err);
void hd_xsdev_free(struct hd_xsdev *x);
HD_DEFINE_AUTO(hd_xsdev)

/* Each of these blocks until xenstored has answered; HD_E_TIMEOUT after five
 * seconds without. */

/* A value of at most `size` - 1 bytes without a NUL: 1; 0: there is no such
 * node; -1: a longer one, and any other failure. */
int hd_xsdev_read(struct hd_xsdev *x, const char *path, char *buf, size_t size,
                  struct hd_err *err);
int hd_xsdev_write(struct hd_xsdev *x, const char *path, const char *value,
                   struct hd_err *err);
/* Names of a node's children, each with its NUL, `*ret_len` bytes of them; a
 * node that is not there has none. */
int hd_xsdev_list(struct hd_xsdev *x, const char *path,
                  char names[HD_XSDEV_PAYLOAD + 1], size_t *ret_len,
                  struct hd_err *err);

/* From now on bell number `bell` rings when `path` or what is below changes,
 * and once at first. */
int hd_xsdev_watch(struct hd_xsdev *x, const char *path, unsigned bell,
                   struct hd_err *err);
/* The bells that have rung since the last call, as bits; does not block. */
int hd_xsdev_bells(struct hd_xsdev *x, uint32_t *ret, struct hd_err *err);
/* A bell has rung while something else was asked, of which hd_xsdev_fd says
 * nothing any more. */
bool hd_xsdev_rung(const struct hd_xsdev *x);
/* For poll(2): readable when a bell rings. */
int hd_xsdev_fd(const struct hd_xsdev *x);

#endif
