/* SPDX-License-Identifier: MIT */
/* PV consoles beside a guest's first, served by hotdom-serial; xenconsoled
 * knows the first alone. */
#ifndef HD_CONSOLE_CONSOLE_H
#define HD_CONSOLE_CONSOLE_H

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

#endif
