/* SPDX-License-Identifier: MIT */
/* The methods that give a running guest a device, or take it. */
#ifndef HD_CONTROL_METHOD_HOT_H
#define HD_CONTROL_METHOD_HOT_H

#include "method.h"

/* The reply follows when it is done. */
hd_method_fn hd_method_block_attach, hd_method_block_detach,
    hd_method_network_attach, hd_method_network_detach;

#endif
