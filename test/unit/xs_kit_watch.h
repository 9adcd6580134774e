/* SPDX-License-Identifier: MIT */
/* Between the parts of the xenstore in memory: what its socket asks of its
 * watches.  Tests have xs_kit.h. */
#ifndef HD_TEST_XS_KIT_WATCH_H
#define HD_TEST_XS_KIT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

/* In two pieces, as xenstored does it, and no event between them. */
bool xs_kit_send(int fd, const void *head, size_t head_len, const void *body,
                 size_t len);

/* By a client; false with errno. */
bool xs_kit_watch(int fd, const char *path, const char *token);
bool xs_kit_unwatch(int fd, const char *path, const char *token);
/* It has been told that it watches. */
void xs_kit_watch_begins(int fd, const char *path, const char *token);
/* It goes. */
void xs_kit_watch_no_more(int fd);

#endif
