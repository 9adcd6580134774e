/* SPDX-License-Identifier: MIT */
/* Tests in a child, which may change what every process of a kind shares: its
 * network, its mounts. */
#ifndef HD_TEST_APART_KIT_H
#define HD_TEST_APART_KIT_H

#include <stdbool.h>

/* The first thing that is not as it should be, or NULL; "skipped: ..." when
 * this machine does not allow it. */
typedef const char *apart_kit_scenario(void);

#define EXPECT(x)                                                              \
    do {                                                                       \
        if (!(x))                                                              \
            return #x;                                                         \
    } while (0)

/* Runs `prepare` and, unless that has something to say, `scenario`.  False: it
 * was skipped. */
bool apart_kit_run(apart_kit_scenario *prepare, apart_kit_scenario *scenario);

#endif
