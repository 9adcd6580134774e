/* SPDX-License-Identifier: MIT */
/* A view in a namespace of its own, against the running kernel's mounts. */
#ifndef HD_TEST_VIEW_KIT_H
#define HD_TEST_VIEW_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../dom-guest/view.h"

extern struct hd_view *view_kit;
extern struct hd_view_outcome view_kit_out; /* of the last of these */
extern uint64_t view_kit_now_ms;

/* Scenarios of apart_kit.h: the host's /srv/agent is shown; and the guest has
 * a folder of its own where the host has one too, /srv/agent/own. */
const char *view_kit_prepare(void);
const char *view_kit_prepare_own(void);

/* A file system in memory there. */
bool view_kit_memory_at(const char *path);
bool view_kit_write(const char *path, const char *text);
bool view_kit_holds(const char *path, const char *text);
/* A guest's disk on /srv, with a file of its own. */
bool view_kit_cover(void);
/* What tells one overlay from another, though both show the same. */
dev_t view_kit_device_of(const char *path);

/* All of the tables, which are so many layers. */
bool view_kit_compose(const char *tables, size_t made);
/* How many hidden layers a look shows again. */
size_t view_kit_look(void);

#endif
