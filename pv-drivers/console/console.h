/* SPDX-License-Identifier: MIT */
/* PV consoles beside a guest's first, served by hotdom-serial; xenconsoled
 * knows the first alone. */
#ifndef HD_CONSOLE_CONSOLE_H
#define HD_CONSOLE_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "../bus/xenbus.h"

/* The backend has a name of its own: a QEMU that serves the guest's display
 * would take one called "console" for its own, and open what the guest tells it
 * to.  The guest's driver, hvc_xen, looks for "console". */
#define HD_CONSOLE_CLASS "serial"
#define HD_CONSOLE_FRONT "console"

/* `devid` is 1 for /dev/hvc1; 0 is Xen's own. */
void hd_console_describe(uint32_t domid, uint32_t devid,
                         struct hd_xenbus_device *ret);

enum hd_console_act {
    HD_CONSOLE_WAIT,       /* nothing is to be done */
    HD_CONSOLE_READY,      /* say InitWait */
    HD_CONSOLE_CONNECT,    /* then say Connected */
    HD_CONSOLE_DISCONNECT, /* then say Closed */
    HD_CONSOLE_END,        /* the same, and serve no more */
    HD_CONSOLE_GONE,       /* serve no more, and say nothing */
};

/* What the backend does next, by the states (enum hd_xenbus_state) of both
 * ends; `seen`: its nodes have been there. */
enum hd_console_act hd_console_next(uint32_t back, uint32_t front, bool seen,
                                    bool connected);

#endif
