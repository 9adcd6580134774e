/* SPDX-License-Identifier: MIT */
/* From a medium to a verified manifest: what runs inside hotdom-reader. */
#ifndef HD_STORE_HEADER_H
#define HD_STORE_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"
#include "reader.h"

struct hd_header_keys {
    const struct hd_signer *list; /* borrowed */
    size_t n;
    bool any; /* go on with a signer that is not in the list */
    const struct hd_known *known; /* borrowed; files not to be read */
    size_t n_known;
};

/*
 * Reads, verifies and parses, in this order; each byte of the medium once.
 * Fills in all of `answer` but err; of a refused store only what was known when
 * it was refused: the medium's size, the signer, whether it is trusted.  The
 * caller closes the descriptors in `fds`: `answer->manifest.n_files`, -1 for
 * each known file, then one for each encrypted volume; none are open after a
 * failure.
 */
int hd_header_read(int medium, const struct hd_header_keys *keys,
                   struct hd_answer *answer, int fds[HD_MAX_FDS],
                   struct hd_err *err);

#endif
