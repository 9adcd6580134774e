/* SPDX-License-Identifier: MIT */
/* The methods that pause a guest, let it go on, and end it. */
#ifndef HD_CONTROL_METHOD_ORDER_H
#define HD_CONTROL_METHOD_ORDER_H

#include "method.h"

/* They reply at once, with the guest's state then. */
hd_method_fn hd_method_pause, hd_method_unpause, hd_method_reboot,
    hd_method_shutdown, hd_method_destroy;

#endif
