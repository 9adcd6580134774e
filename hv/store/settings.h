/* SPDX-License-Identifier: MIT */
/* What a user wants otherwise than the guests do: what the field table cannot
 * say of it. */
#ifndef HD_STORE_SETTINGS_H
#define HD_STORE_SETTINGS_H

#include "manifest.h"

/* The texts have the characters of what they are, and the guests are the
 * store's: HD_E_BAD_MANIFEST.  hd_yaml_check took both before. */
int hd_settings_check(const struct hd_manifest *m, const struct hd_user *user,
                      struct hd_err *err);

#endif
