/* SPDX-License-Identifier: MIT */
/* The host end of a virtual NIC as a port of its bridge. */
#ifndef HD_NET_PORT_H
#define HD_NET_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/err.h"

struct hd_port {
    char name[16];   /* IFNAMSIZ; "vif7.0" */
    char bridge[16]; /* IFNAMSIZ */
    uint8_t mac[6];  /* the guest's: what it sends from another is dropped */
    uint32_t mtu;    /* 0: as it is */
    bool isolated;   /* it reaches no other isolated port */
};

/* Joins it to the bridge and brings it up.  The bridge learns no address from
 * it and takes only frames from `mac`, so no guest can be another one:
 * bridge(8), "locked", of Linux 5.18.  Blocks until the interface is there, at
 * most two seconds, and then as hd_fdb_give does, whose HD_E_BUSY it passes on:
 * another guest has that address.  HD_E_NO_NETWORK without the bridge.  All
 * over one socket of rtnetlink(7)'s. */
int hd_port_join(const struct hd_port *port, struct hd_err *err);

#endif
