/* SPDX-License-Identifier: MIT */
/* The method that looks at a running guest's registry and changes it. */
#ifndef HD_CONTROL_METHOD_REGISTRY_H
#define HD_CONTROL_METHOD_REGISTRY_H

#include "method.h"

hd_method_fn hd_method_registry;

#endif
