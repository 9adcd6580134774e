/* SPDX-License-Identifier: MIT */
/* Reads all of a store and says what is not as it was signed. */
#ifndef HD_STORE_VERIFY_H
#define HD_STORE_VERIFY_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "pack.h"
#include "reader.h"

struct hd_verify {
    int medium;
    const struct hd_answer *store; /* what the reader said of it just now: the
                                      header is verified with that */
    struct hd_pack_ops ops;        /* without password */
};

/* The place where a check ended. */
struct hd_bad_place {
    char volume[HD_NAME_SIZE]; /* empty: none, all is well */
    uint64_t byte;             /* of the volume; UINT64_MAX: its hash tree */
};

/*
 * Reads every image with its hash tree and every data volume to its end, from
 * the medium and not from the host's memory.  HD_E_BAD_VOLUME for a block that
 * is not what was signed, HD_E_IO for one that cannot be read; `*ret_bad` is
 * filled in then.  Blocks as long as reading takes.
 */
int hd_verify(const struct hd_verify *verify, struct hd_bad_place *ret_bad,
              struct hd_err *err);

#endif
