/* SPDX-License-Identifier: MIT */
/* Paravirtual devices with their backend in dom0: their nodes in xenstore and
 * the states that both ends go through. */
#ifndef HD_BUS_XENBUS_H
#define HD_BUS_XENBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/err.h"
#include "xs.h"

/* xen/io/xenbus.h, XenbusState */
enum hd_xenbus_state {
    HD_XENBUS_NONE, /* there is no node */
    HD_XENBUS_INITIALISING,
    HD_XENBUS_INIT_WAIT, /* the backend is ready for its frontend */
    HD_XENBUS_INITIALISED,
    HD_XENBUS_CONNECTED,
    HD_XENBUS_CLOSING,
    HD_XENBUS_CLOSED,
};

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
    uint32_t n_front, n_back;
    struct hd_xenbus_pair front[8]; /* what the guest may change */
    struct hd_xenbus_pair back[16];
};

/* Both folders with what every device has; libxl's own record of the device,
 * by which xl lists, saves and destroys it, is a copy of what `back` says that
 * does not change. */
void hd_xenbus_init(struct hd_xenbus_device *dev, const char *class,
                    uint32_t domid, uint32_t devid);
void hd_xenbus_front(struct hd_xenbus_device *dev, const char *key,
                     const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void hd_xenbus_back(struct hd_xenbus_device *dev, const char *key,
                    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Its backend is a process that waits for it already, and so is ready from the
 * first moment on. */
void hd_xenbus_served(struct hd_xenbus_device *dev);

/* Makes all `n` devices in one transaction, or none, and what `more` says as
 * well: folders and nodes of the caller's.  HD_E_EXISTS when the domain has one
 * of them already. */
struct hd_xenbus_more {
    const struct hd_xs_folder *folders;
    const struct hd_xs_node *nodes;
    size_t n_folders, n_nodes;
};
int hd_xenbus_add(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                  size_t n, const struct hd_xenbus_more *more,
                  struct hd_err *err);

/* Blocks until the backend of each is at least `state`, one before CLOSING or
 * CLOSED itself; HD_E_FAILED with what the driver says when one gives up,
 * HD_E_TIMEOUT at the deadline.  For CLOSED, a backend that is gone will do. */
int hd_xenbus_await(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n, enum hd_xenbus_state state, uint64_t deadline_ms,
                    struct hd_err *err);

/* The same for who watches already, and has more to wait for. */
int hd_xenbus_wait(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                   size_t n, enum hd_xenbus_state state, uint64_t deadline_ms,
                   struct hd_err *err);
/* Has hd_xs_wait wake up when the state of one of the backends changes, for as
 * long as `xs` lives; once for each.  Their states alone: a driver writes a
 * dozen nodes more before it is ready, and each event keeps xenstored from the
 * others. */
int hd_xenbus_watch(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n, struct hd_err *err);

/* Tells the backends of all to let go; does not wait.  With `force` the
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

/* The state that an end tells; NONE for what is no state.  The frontend's is
 * the guest's word. */
enum hd_xenbus_state hd_xenbus_back_state(struct hd_xs *xs,
                                          const struct hd_xenbus_device *dev);
enum hd_xenbus_state hd_xenbus_front_state(struct hd_xs *xs,
                                           const struct hd_xenbus_device *dev);
/* Both at once, in one wait for xenstored. */
struct hd_xenbus_ends {
    enum hd_xenbus_state back, front;
};
struct hd_xenbus_ends hd_xenbus_ends(struct hd_xs *xs,
                                     const struct hd_xenbus_device *dev);
/* HD_E_FAILED with what the backend's driver said when it gave up. */
int hd_xenbus_gave_up(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                      struct hd_err *err);

#endif
