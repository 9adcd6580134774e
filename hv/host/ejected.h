/* SPDX-License-Identifier: MIT */
/* Media that somebody has ejected and nobody has pulled yet: a hotdomd that
 * starts leaves them alone. */
#ifndef HD_HOST_EJECTED_H
#define HD_HOST_EJECTED_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

/* One empty file each, DIR/<diskseq>, in /run: the kernel gives no number twice
 * before it starts anew (block/genhd.c).  None of these waits for a disk. */

int hd_ejected_add(const char *dir, uint64_t diskseq, struct hd_err *err);
bool hd_ejected_has(const char *dir, uint64_t diskseq);
/* Somebody has pulled it, or wants it back. */
void hd_ejected_forget(const char *dir, uint64_t diskseq);
/* Forgets all that `keep` does not want. */
void hd_ejected_sweep(const char *dir,
                      bool (*keep)(void *ctx, uint64_t diskseq), void *ctx);

#endif
