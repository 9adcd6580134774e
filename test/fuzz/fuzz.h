/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: one medium a process, and a way to fail. */
#ifndef HD_TEST_FUZZ_H
#define HD_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"

/* libFuzzer calls this with each input; one file is one target. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What holds of all that a parser accepts.  An input that breaks it is kept as
 * a crash. */
#define MUST(holds)                                                            \
    do {                                                                       \
        if (!(holds))                                                          \
            __builtin_trap();                                                  \
    } while (0)

/* The input is eaten from its front; what is not there any more is zero. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

static inline void fuzz_take(struct fuzz_input *in, void *to, size_t len)
{
    size_t n = in->left < len ? in->left : len;

    memset(to, 0, len);
    if (n)
        memcpy(to, in->at, n);
    in->at += n;
    in->left -= n;
}

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
    uint8_t byte;

    fuzz_take(in, &byte, 1);
    return byte;
}

/* The process' only medium, of `size` bytes, all zero. */
static inline int fuzz_medium(off_t size)
{
    static int fd = -1;

    if (fd < 0)
        fd = hd_io_memfd("fuzz", 0, NULL);
    MUST(fd >= 0 && !ftruncate(fd, 0) && !ftruncate(fd, size));
    return fd;
}

static inline void fuzz_write(int fd, const void *data, size_t len, off_t at)
{
    MUST(!hd_io_pwrite(fd, data, len, at, NULL));
}

/*
 * Overwrites pieces of a struct that is good otherwise: each piece is three
 * bytes of offset, one of length, and its bytes.
 */
static inline void fuzz_patch(struct fuzz_input *in, void *object, size_t size)
{
    while (in->left > 4) {
        uint8_t head[4];
        size_t at, n;

        fuzz_take(in, head, sizeof(head));
        at = ((size_t)head[2] << 16 | (size_t)head[1] << 8 | head[0]) % size;
        n = head[3] < in->left ? head[3] : in->left;
        n = n < size - at ? n : size - at;
        fuzz_take(in, (char *)object + at, n);
    }
}

#endif
