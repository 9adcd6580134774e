/* SPDX-License-Identifier: MIT */
/* Tests against the running kernel's network, in a namespace of their own. */
#ifndef HD_TEST_NET_KIT_H
#define HD_TEST_NET_KIT_H

/* The first thing that is not as it should be, or NULL; what begins with
 * "skipped" is none.  Runs in a child. */
typedef const char *net_kit_scenario(void);

#define EXPECT(x)                                                              \
    do {                                                                       \
        if (!(x))                                                              \
            return #x;                                                         \
    } while (0)

/* Says so when this machine allows no namespace or no bridge. */
void net_kit_run(net_kit_scenario *scenario);
/* One that needs no bridge. */
void net_kit_run_unbridged(net_kit_scenario *scenario);

#endif
