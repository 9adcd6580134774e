/* SPDX-License-Identifier: MIT */
/* A kernel's modules, as depmod(8) has listed them: which a guest needs that
 * has none of its own, what for, and in which order they are loaded. */
#ifndef HD_STORE_KMODS_H
#define HD_STORE_KMODS_H

#include <stddef.h>

#include "../../pv-drivers/base/err.h"

#define HD_KMODS      64  /* of one ramdisk */
#define HD_KMODS_PATH 256 /* below the folder, with the NUL */
#define HD_KMODS_TEXT (8u << 20)

enum hd_kmods_use {
    HD_KMODS_ROOT, /* before the root is there */
    HD_KMODS_VIEW, /* before the host's files are */
    HD_KMODS_MORE, /* for a root, or another disk, of another kind */
};
#define HD_KMODS_USES 3

struct hd_kmods {
    size_t n;
    char paths[HD_KMODS][HD_KMODS_PATH]; /* each behind those it needs */
};

/* All for one use: what another one needs as well is there again.  `dep` and
 * `builtin` are the texts of modules.dep and modules.builtin.  HD_E_BAD_KERNEL,
 * with its name, for one that each guest's kernel is to have: it is neither
 * there nor in the kernel itself.  HD_E_FAILED for compressed modules, which
 * only modprobe(8) loads. */
int hd_kmods_choose(const char *dep, const char *builtin, enum hd_kmods_use use,
                    struct hd_kmods *ret, struct hd_err *err);

#endif
