/* SPDX-License-Identifier: MIT */
/* Virtual NICs, served by the kernel's netback. */
#ifndef HD_NET_VIF_H
#define HD_NET_VIF_H

#include <stdint.h>

#include "../base/err.h"
#include "../bus/xenbus.h"
#include "port.h"

#define HD_VIF_CLASS "vif"

struct hd_vif {
    uint32_t domid, devid;
    const char *bridge;
    uint8_t mac[6];
    uint32_t mtu;  /* 0: the bridge's */
    uint64_t rate; /* bytes a second that the guest may send; 0: no limit */
    bool isolated;
};

/* How netback counts a rate: so many bytes in so many microseconds. */
void hd_vif_rate(uint64_t rate, uint64_t *ret_bytes, uint32_t *ret_us);
/* What netback needs. */
void hd_vif_describe(const struct hd_vif *vif, struct hd_xenbus_device *ret);

/* Once its backend waits: its port joins the bridge, and netback is told that
 * it did. */
int hd_vif_join(struct hd_xs *xs, const struct hd_vif *vif, struct hd_err *err);

#endif
