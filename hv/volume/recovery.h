/* SPDX-License-Identifier: MIT */
/* How a person types a recovery key; makes none (hd_luks_recovery_key does). */
#ifndef HD_VOLUME_RECOVERY_H
#define HD_VOLUME_RECOVERY_H

#include <stdbool.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"

/* 8 groups of 8 modhex letters (4 bits each), and the dashes between them. */
#define HD_RECOVERY_LETTERS "cbdefghijklnrtuv"
#define HD_RECOVERY_TEXT    71

/* A recovery key as it was printed, however it was typed: with dashes, blanks
 * or neither, in any case.  What is none is copied as it is.  The caller frees
 * `*ret`. */
int hd_recovery_normal(const struct hd_secret *typed, struct hd_secret **ret,
                       struct hd_err *err);
/* It has the form of one. */
bool hd_recovery_is_key(const struct hd_secret *text);

#endif
