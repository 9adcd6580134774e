/* SPDX-License-Identifier: MIT */
/* What a PV console is in xenstore; decides only. */
#include "console.h"

/* libxl_console.c, libxl__device_console_add: what Linux's driver reads. */
void hd_console_describe(uint32_t domid, uint32_t devid,
                         struct hd_xenbus_device *ret)
{
    hd_xenbus_init(ret, HD_CONSOLE_CLASS, domid, devid);
    hd_xenbus_served(ret);
    ret->front_class = HD_CONSOLE_FRONT;
    hd_xenbus_front(ret, "protocol", "vt100");
    hd_xenbus_back(ret, "protocol", "vt100");
}
