/* SPDX-License-Identifier: MIT */
/* What a 9pfs device is in xenstore (docs/misc/9pfs.markdown of Xen); decides
 * only. */
#include "fs9p.h"

#include "ring.h"

void hd_fs9p_describe(uint32_t domid, struct hd_xenbus_device *ret)
{
    hd_xenbus_init(ret, HD_FS9P_CLASS, domid, HD_FS9P_DEVID);
    hd_xenbus_served(ret);
    ret->front_class = HD_FS9P_FRONT;
    hd_xenbus_front(ret, "tag", HD_FS9P_TAG);
    hd_xenbus_back(ret, "versions", "1");
    hd_xenbus_back(ret, "max-rings", "%d", HD_FS9P_RINGS);
    hd_xenbus_back(ret, "max-ring-page-order", "%d", HD_9P_RING_ORDER);
    hd_xenbus_back(ret, "security_model", "none");
}
