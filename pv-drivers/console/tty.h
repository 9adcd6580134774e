/* SPDX-License-Identifier: MIT */
/* A serial port of dom0's. */
#ifndef HD_CONSOLE_TTY_H
#define HD_CONSOLE_TTY_H

#include <stdint.h>

#include "../base/err.h"

/* Opens /dev/NAME for this process alone, as far as others ask before: eight
 * bits, no parity, no flow control, no control characters, `speed` bits a
 * second, whatever its modem lines say.  Reads and writes do not block.
 * HD_E_BUSY when another process has locked it, HD_E_GONE without it. */
int hd_tty_open(const char *name, uint32_t speed, struct hd_err *err);

#endif
