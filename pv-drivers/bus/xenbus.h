/* SPDX-License-Identifier: MIT */
/* Paravirtual devices with their backend in dom0: their nodes in xenstore.
 * xenbus_state.h has the states that both ends go through. */
#ifndef HD_BUS_XENBUS_H
#define HD_BUS_XENBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/err.h"
#include "xs.h"

#define HD_XENBUS_VALUE 160

struct hd_xenbus_pair {
    const char *key; /* static */
    char value[HD_XENBUS_VALUE];
};

/* By value; hd_xenbus_init, then the setters of its class. */
struct hd_xenbus_device {
    const char *class;       /* static: "vbd", "vif" */
    const char *front_class; /* static: what the guest calls it; NULL: class */
    uint32_t domid, devid;
    uint32_t n_front, n_back, n_libxl;
    struct hd_xenbus_pair front[8]; /* what the guest may change */
    struct hd_xenbus_pair back[12]; /* what its driver reads, or a program */
    struct hd_xenbus_pair libxl[4]; /* what xl reads and nobody else */
};

/* Both folders with what every device has; libxl's own record of the device,
 * by which xl lists, saves and destroys it, is a copy of what `back` says that
 * does not change, and `libxl`.  xenstored tells a kernel of each node of the
 * first two, and it asks back each time, one after the other: what nobody reads
 * there only makes an attach longer. */
void hd_xenbus_init(struct hd_xenbus_device *dev, const char *class,
                    uint32_t domid, uint32_t devid);
void hd_xenbus_front(struct hd_xenbus_device *dev, const char *key,
                     const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void hd_xenbus_back(struct hd_xenbus_device *dev, const char *key,
                    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void hd_xenbus_libxl(struct hd_xenbus_device *dev, const char *key,
                     const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Its backend is a process that waits for it already, and so is ready from the
 * first moment on. */
void hd_xenbus_served(struct hd_xenbus_device *dev);

/* Makes both ends of all `n` devices in one transaction, or none; then, in
 * none, what `more` (may be NULL) says, folders and nodes of the caller's: who
 * gets -1 removes the devices.  HD_E_EXISTS when the domain has one of them
 * already; nothing has been written then. */
struct hd_xenbus_more {
    const struct hd_xs_folder *folders;
    const struct hd_xs_node *nodes;
    size_t n_folders, n_nodes;
};
int hd_xenbus_add(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                  size_t n, const struct hd_xenbus_more *more,
                  struct hd_err *err);

/* What libxl wants to know of them, for when their drivers are at work; without
 * it they can be removed as well. */
int hd_xenbus_record(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                     size_t n, struct hd_err *err);

/* Tells the backends of all to let go; does not wait.  Nothing is written when
 * xenstored does not say which of them are there.  With `force` the
 * frontends' nodes go as well, so that no guest can hold its backend. */
int hd_xenbus_close(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n, bool force, struct hd_err *err);

/* Their nodes on all three sides; the backends' devices go with them.  Nothing
 * there is success. */
int hd_xenbus_remove(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                     size_t n, struct hd_err *err);

/* The domain's devices of a class as libxl has recorded them, at most `max`,
 * with class, domid and devid only. */
int hd_xenbus_list(struct hd_xs *xs, const char *class, uint32_t domid,
                   struct hd_xenbus_device *devices, size_t max, size_t *ret_n,
                   struct hd_err *err);

/* "/local/domain/0/backend/vbd/7/51712" and so on. */
#define HD_XENBUS_PATH 128
void hd_xenbus_back_path(const struct hd_xenbus_device *dev,
                         char ret[HD_XENBUS_PATH]);
/* "/local/domain/7/device/vbd/51712" and so on. */
void hd_xenbus_front_path(const struct hd_xenbus_device *dev,
                          char ret[HD_XENBUS_PATH]);

#endif
