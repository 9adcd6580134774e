/* SPDX-License-Identifier: MIT */
/* Speaks as udev does, in a network namespace of the test's own (net_kit). */
#ifndef HD_TEST_UDEV_KIT_H
#define HD_TEST_UDEV_KIT_H

#include <stdbool.h>

/* Whether somebody here listens to udev and would believe this process: libudev
 * keeps silent in a container without udev, and to all but root. */
bool udev_kit_is_heard(void);
/* Says `times` that the disk ("sda") changed, which bears `tag`; `more` are
 * lines of the event's properties.  False when it cannot. */
bool udev_kit_tell(const char *disk, const char *tag, const char *more,
                   unsigned times);

#endif
