/* SPDX-License-Identifier: MIT */
/* A device that a running guest was given: its effect in the ledger, found
 * again, and taken back by force. */
#ifndef HD_RUN_DEVICE_H
#define HD_RUN_DEVICE_H

#include "../../pv-drivers/bus/xenbus.h"
#include "context.h"

/* What is to be known of one: of an effect, or of the guest's xenstore. */
struct hd_device_of {
    struct hd_xenbus_device bus;   /* class, domid and devid only */
    char dm_name[HD_DM_NAME_SIZE]; /* of a disk, or empty */
};

/* "vbd/51744/hotdom-travel-desk+ram18", "vif/24". */
void hd_device_format(const struct hd_device_of *device,
                      char value[HD_LEDGER_VALUE]);
/* The same of a step that attaches. */
void hd_device_value(const struct hd_step *step, char value[HD_LEDGER_VALUE]);
/* The reverse; without a domid. */
int hd_device_parse(const char *value, struct hd_device_of *ret,
                    struct hd_err *err);

/* dom0's own node of the backend; empty: there is none. */
int hd_device_read(struct hd_context *ctx, const struct hd_xenbus_device *bus,
                   const char *key, char *ret, size_t size, struct hd_err *err);
/* Who serves it and what lies under it, as it was attached; empty as above. */
int hd_device_read_origin(struct hd_context *ctx,
                          const struct hd_xenbus_device *bus, char script[64],
                          char params[HD_XENBUS_PATH], struct hd_err *err);

/* Closes both ends, by force, and removes their nodes: blocks until the
 * backend has let go, for some seconds; then its volume answers EIO, so that
 * it will.  When it is xenstored that is late nothing is fenced. */
int hd_device_close(struct hd_context *ctx, const struct hd_device_of *device,
                    struct hd_err *err);

/* An effect's undo: the device, libxl's record of it, and its volume.  A guest
 * whose domain is gone has let go of it. */
int hd_device_undo(struct hd_context *ctx, const struct hd_effect *effect,
                   struct hd_err *err);

#endif
