/* SPDX-License-Identifier: MIT */
/* A hotdomd that only has its control socket, and its clients, for tests. */
#ifndef HD_TEST_CONTROL_KIT_H
#define HD_TEST_CONTROL_KIT_H

#include <stdio.h>
#include <string.h>

#include "../../hv/daemon/daemon.h"
#include "unit.h"

/* One daemon without Xen and disks for all tests: the control socket lives as
 * long as its process. */
extern struct hd_daemon kit_control;

/* A connection, which the caller closes; it does not block. */
int kit_control_dial(void);
/* So often the daemon does what there is to do. */
void kit_control_turn(int times);
/* What the peer of `fd` says to `len` bytes, until the next call; "" when it
 * hangs up. */
const char *kit_control_ask(int fd, const void *bytes, size_t len);

#define ASK(fd, text) kit_control_ask(fd, text, sizeof(text))

#define CHECK_SAYS(reply, words)                                               \
    do {                                                                       \
        const char *said = (reply);                                            \
        if (!strstr(said, words)) {                                            \
            printf("\n    %s:%d: said %s\n", __FILE__, __LINE__, said);        \
            CU_FAIL(words);                                                    \
        }                                                                      \
    } while (0)

#endif
