/* SPDX-License-Identifier: MIT */
/* Base64, RFC 4648, section 4.  Pure. */
#ifndef HD_BASE_BASE64_H
#define HD_BASE_BASE64_H

#include <stddef.h>
#include <sys/types.h>

/* Bytes of `n` encoded, with the NUL. */
#define HD_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

void hd_base64_encode(const void *data, size_t len, char *ret);
/* At most `size` bytes of it, or -1: it is longer, or not what encode writes.
 * `ret` may hold some of it then. */
ssize_t hd_base64_decode(const char *text, size_t len, void *ret, size_t size);

#endif
