/* SPDX-License-Identifier: MIT */
/* What a guest wishes for beside memory, vcpus, volumes and nics: what the
 * field table cannot say of it. */
#ifndef HD_STORE_WISH_H
#define HD_STORE_WISH_H

#include <stdbool.h>

#include "manifest.h"

/* xvda to xvdp: what Xen's block front end numbers without extensions. */
bool hd_wish_is_disk_name(const char *as);

/* Each wish has what its class needs and nothing else, and no two contradict:
 * HD_E_BAD_MANIFEST.  hd_yaml_check took the guest before. */
int hd_wish_check(const struct hd_guest *g, struct hd_err *err);

#endif
