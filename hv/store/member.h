/* SPDX-License-Identifier: MIT */
/* The header partition as a stream of members, each byte read once. */
#ifndef HD_STORE_MEMBER_H
#define HD_STORE_MEMBER_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "manifest.h"

/* Where the next byte of the header comes from; bytes of the medium. */
struct hd_stream {
    int fd;
    uint64_t at, end;
};

/* The next member, which must be `name` with 1 to `max` bytes, in memory and
 * NUL-terminated behind `*ret_len`; the caller frees `*ret_buf`.  A member that
 * is too large is an error with the code `too_large`. */
int hd_member_read(struct hd_stream *s, const char *name, size_t max,
                   enum hd_code too_large, char **ret_buf, size_t *ret_len,
                   struct hd_err *err);

/* The next member, which must be `file`, as sealed memory: copied, its digest
 * compared, then unpacked.  Returns the descriptor or -1. */
int hd_member_copy(struct hd_stream *s, const struct hd_file *file,
                   struct hd_err *err);

/* The next member, which must be `file`, passed over without a look. */
int hd_member_skip(struct hd_stream *s, const struct hd_file *file,
                   struct hd_err *err);

/* The two blocks of zeros behind the last member. */
int hd_member_end(struct hd_stream *s, struct hd_err *err);

#endif
