/* SPDX-License-Identifier: MIT */
/* Where a guest's display is served: VNC on a socket that only root opens. */
#ifndef HD_DOMAIN_DISPLAY_H
#define HD_DOMAIN_DISPLAY_H

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/paths.h"
#include "../plan/plan.h"

/* Fits in sun_path of unix(7). */
#define HD_DISPLAY_SIZE (sizeof(HD_DISPLAY_DIR "/") + HD_DOMAIN_NAME_SIZE)

/* HD_DISPLAY_DIR/LABEL.GUEST, named as the domain is. */
void hd_display_path(const char *label, const char *guest,
                     char ret[HD_DISPLAY_SIZE]);
/* Makes the folder, 0700, when it is not there. */
int hd_display_prepare(struct hd_err *err);
/* The socket of a domain that is gone; none is fine. */
void hd_display_remove(const char *label, const char *guest);

#endif
