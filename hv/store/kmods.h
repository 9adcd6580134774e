/* SPDX-License-Identifier: MIT */
/* A kernel's modules, as depmod(8) has listed them: which a guest needs before
 * its root is there, and in which order they are loaded. */
#ifndef HD_STORE_KMODS_H
#define HD_STORE_KMODS_H

#include <stddef.h>

#include "../../pv-drivers/base/err.h"

#define HD_KMODS      64  /* of one ramdisk */
#define HD_KMODS_PATH 256 /* below the folder, with the NUL */
#define HD_KMODS_TEXT (8u << 20)

struct hd_kmods {
    size_t n;
    char paths[HD_KMODS][HD_KMODS_PATH]; /* each behind those it needs */
};

/* `dep` and `builtin` are the texts of modules.dep and modules.builtin.
 * HD_E_BAD_KERNEL, with its name, for one without which no guest gets its root:
 * it is neither there nor in the kernel itself.  HD_E_FAILED for compressed
 * modules, which only modprobe(8) loads. */
int hd_kmods_choose(const char *dep, const char *builtin, struct hd_kmods *ret,
                    struct hd_err *err);

#endif
