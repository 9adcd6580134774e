/* SPDX-License-Identifier: MIT */
/* What a virtual NIC is in xenstore and on the host; never makes a bridge. */
#include "vif.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/mac.h"
#include "../base/paths.h"

/* netback hands out credit in steps of this: xl-network-configuration(5). */
#define RATE_US 50000u

void hd_vif_rate(uint64_t rate, uint64_t *ret_bytes, uint32_t *ret_us)
{
    *ret_bytes = rate * RATE_US / 1000000;
    *ret_us = RATE_US;
}

/* The names and values of libxl_nic.c, libxl__set_xenstore_nic. */
void hd_vif_describe(const struct hd_vif *vif, struct hd_xenbus_device *ret)
{
    uint64_t bytes;
    uint32_t us;
    char mac[HD_MAC_SIZE];

    hd_mac_format(vif->mac, mac);
    hd_xenbus_init(ret, HD_VIF_CLASS, vif->domid, vif->devid);
    hd_xenbus_front(ret, "handle", "%u", vif->devid);
    hd_xenbus_front(ret, "mac", "%s", mac);
    hd_xenbus_back(ret, "script", "%s", HD_HOTPLUG);
    hd_xenbus_back(ret, "mac", "%s", mac);
    hd_xenbus_libxl(ret, "bridge", "%s", vif->bridge);
    hd_xenbus_back(ret, "handle", "%u", vif->devid);
    hd_xenbus_libxl(ret, "type", "vif");
    /* A frontend that is fast must wait for hd_vif_join. */
    hd_xenbus_back(ret, "hotplug-status", "%s", "");
    if (vif->rate) {
        hd_vif_rate(vif->rate, &bytes, &us);
        hd_xenbus_back(ret, "rate", "%" PRIu64 ",%u", bytes, us);
    }
    if (vif->mtu) {
        hd_xenbus_front(ret, "mtu", "%u", vif->mtu);
        hd_xenbus_back(ret, "mtu", "%u", vif->mtu);
    }
}

int hd_vif_join(struct hd_xs *xs, const struct hd_vif *vif, struct hd_err *err)
{
    struct hd_xenbus_device dev;
    struct hd_port port = {.mtu = vif->mtu, .isolated = vif->isolated};
    char path[HD_XENBUS_PATH], node[HD_XENBUS_PATH + 16];

    snprintf(port.name, sizeof(port.name), "vif%u.%u", vif->domid, vif->devid);
    snprintf(port.bridge, sizeof(port.bridge), "%s", vif->bridge);
    memcpy(port.mac, vif->mac, sizeof(port.mac));
    if (hd_port_join(&port, err))
        return -1;
    hd_vif_describe(vif, &dev);
    hd_xenbus_back_path(&dev, path);
    snprintf(node, sizeof(node), "%s/hotplug-status", path);
    return hd_xs_write(xs, &(struct hd_xs_node){node, "connected"}, 1, err);
}
