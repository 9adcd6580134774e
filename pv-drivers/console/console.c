/* SPDX-License-Identifier: MIT */
/* What a PV console is in xenstore, and the states that its backend goes
 * through; decides only. */
#include "console.h"

/* libxl_console.c, libxl__device_console_add: what Linux's driver reads. */
void hd_console_describe(uint32_t domid, uint32_t devid,
                         struct hd_xenbus_device *ret)
{
    hd_xenbus_init(ret, HD_CONSOLE_CLASS, domid, devid);
    ret->front_class = HD_CONSOLE_FRONT;
    hd_xenbus_front(ret, "protocol", "vt100");
    hd_xenbus_back(ret, "protocol", "vt100");
}

enum hd_console_act hd_console_next(uint32_t back, uint32_t front, bool seen,
                                    bool connected)
{
    bool up = front == HD_XENBUS_INITIALISED || front == HD_XENBUS_CONNECTED;

    if (back == HD_XENBUS_NONE)
        return seen ? HD_CONSOLE_GONE : HD_CONSOLE_WAIT;
    /* Who attached it wants it back, or it failed. */
    if (back == HD_XENBUS_CLOSING)
        return HD_CONSOLE_END;
    if (connected)
        return up ? HD_CONSOLE_WAIT : HD_CONSOLE_DISCONNECT;
    if (up && back == HD_XENBUS_INIT_WAIT)
        return HD_CONSOLE_CONNECT;
    /* A frontend that begins, or begins again. */
    if (back == HD_XENBUS_INITIALISING ||
        (back == HD_XENBUS_CLOSED && front == HD_XENBUS_INITIALISING))
        return HD_CONSOLE_READY;
    return HD_CONSOLE_WAIT;
}
