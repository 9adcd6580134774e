/* SPDX-License-Identifier: MIT */
/* The settings of the user who started the guest, put where the guest's system
 * looks for them. */
#ifndef HD_GUEST_PREFS_H
#define HD_GUEST_PREFS_H

#include <stddef.h>

#include "../pv-drivers/base/err.h"
#include "xsdev.h"

struct hd_prefs {
    char locale[64];    /* "de_DE.UTF-8"; each may be empty */
    char keyboard[64];  /* "de" */
    char time_zone[64]; /* "Europe/Berlin" */
};

#define HD_PREFS_NODE "data/hotdom/settings"

/* What the host says, of HD_PREFS_NODE; a value with other characters
 * than a setting has is left out. */
int hd_prefs_load(struct hd_xsdev *x, struct hd_prefs *ret, struct hd_err *err);

/*
 * Writes what differs into the system below `root` ("" for the guest's own).
 * Debian's files and systemd's: those that are there, or the former where there
 * is neither.  They stay when the user's next start has no such setting.  A
 * zone that the guest does not have is HD_E_NO_DEVICE; the others are applied.
 */
int hd_prefs_apply(const struct hd_prefs *prefs, const char *root,
                   struct hd_err *err);

/* `text` with KEY=VALUE in place of its line of that key, or behind all others.
 * The caller frees it; NULL without memory. */
char *hd_prefs_set(const char *text, const char *key, const char *value);

#endif
