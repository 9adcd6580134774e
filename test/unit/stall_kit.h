/* SPDX-License-Identifier: MIT */
/* A file of a host that has gone: what touches it waits, in a process of its
 * own, until the test lets it go on. */
#ifndef HD_TEST_STALL_KIT_H
#define HD_TEST_STALL_KIT_H

#include "../../dom-guest/hand.h"

/* Longer than any step takes on a loaded machine. */
#define STALL_KIT_MS 20000

/* How often something has begun to wait. */
int stall_kit_begun(void);

void stall_kit_begin(void);
/* All that wait go on. */
void stall_kit_go(void);
void stall_kit_end(void);

/* Waits as said above; ends for no signal that can be ignored. */
hd_hand_fn stall_kit_wait;

/* The hand waits, and is late. */
void stall_kit_hold(struct hd_hand *hand);
/* It is back, after stall_kit_go. */
void stall_kit_await(struct hd_hand *hand);

#endif
