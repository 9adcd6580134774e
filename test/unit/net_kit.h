/* SPDX-License-Identifier: MIT */
/* Tests against the running kernel's network, in a namespace of their own. */
#ifndef HD_TEST_NET_KIT_H
#define HD_TEST_NET_KIT_H

#include "apart_kit.h"

/* Says so when this machine allows no namespace or no bridge. */
void net_kit_run(apart_kit_scenario *scenario);
/* One that needs no bridge. */
void net_kit_run_unbridged(apart_kit_scenario *scenario);

#endif
