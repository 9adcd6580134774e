/* SPDX-License-Identifier: MIT */
/*
 * hotdom-reader: reads a store in an unprivileged process of its own, and the
 * bounded answer it gives.  The caller never parses a byte of the medium.
 */
#ifndef HD_STORE_READER_H
#define HD_STORE_READER_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "gpt.h"
#include "known.h"
#include "manifest.h"
#include "sign.h"

/*
 * The program: `hotdom-reader [--any-signer]`, descriptors 0 = /dev/null,
 * 2 = log,
 *   3  SOCK_SEQPACKET: the answer goes there, one message
 *   4  the medium, read-only
 *   5  sealed memfd of n * 32 bytes: the trusted signers' keys
 * Started as root it becomes the user hotdom-reader and confines itself before
 * it looks at descriptor 4; started by a plain user it confines itself as far
 * as it may.  --any-signer (hotdom inspect) parses what anybody signed.
 *
 *   6  sealed memfd of n * struct hd_known: files that are neither read nor
 *      sent where they serve; closed or empty: none
 *
 * The message is the text "hotdom-reader 2" with these descriptors: the answer
 * (a sealed memfd of exactly sizeof(struct hd_answer)), and, when answer.err
 * is HD_OK, one sealed memfd for each manifest file in order, unpacked, but for
 * the known ones; then one for each encrypted volume in order: a checked copy
 * of its LUKS2 header (hd_luks_header_copy).  With --any-signer no files
 * follow, only headers.
 */
#define HD_READER_SOCK   3
#define HD_READER_MEDIUM 4
#define HD_READER_KEYS   5
#define HD_READER_KNOWN  6
#define HD_READER_HELLO  "hotdom-reader 2"

/* From its start; one that works, as on a slow host it has to, gets as much
 * again, and again: it is one that waits for a disk that is sick. */
#define HD_READER_DEADLINE_MS 10000
#define HD_READER_WORK_MS     1000 /* of processor time in each */
/* At most; the same is its limit of processor time. */
#define HD_READER_LONGEST_MS 60000

/*
 * The reader's address space, at most: its code, its libraries, the manifest
 * and its answer, a window of zstd.  What it hands over is not in it: the
 * files' memory is the caller's, HD_HEADER_BYTES for all files of a store
 * (hd_manifest_check), HD_UNPACKED_BYTES for one, and while a file is unpacked
 * its packed bytes besides.
 */
#define HD_READER_MEMORY (64ul << 20)

struct hd_extent { /* where a volume lies on the medium, in bytes */
    uint64_t start, length;
};

struct hd_answer {
    struct hd_err err;       /* code HD_OK, or why it is refused */
    struct hd_signer signer; /* zero when there was none to read */
    uint32_t trusted;        /* the signer is one of descriptor 5's */
    uint64_t medium_size;    /* bytes */
    uint8_t digest[32];      /* SHA-256 of the manifest's bytes */
    struct hd_gpt gpt;       /* all of it, the header's partition too */
    uint64_t files_at; /* byte of the medium: the first file's tar block */
    struct hd_extent extents[HD_MAX_VOLUMES]; /* by volume */
    uint8_t known[HD_MAX_FILES]; /* 1: in descriptor 6's list, so not sent */
    struct hd_luks_facts luks;   /* of the key volume */
    struct hd_manifest manifest;
};

/*
 * The receiver's side: takes one message from `sock` (does not block when it is
 * readable), checks seals, sizes and every field, and gives the answer and the
 * files and LUKS2 headers.  A refused store is success here: see answer->err.
 * The caller frees `*ret` and closes the `*ret_n` descriptors in `fds`: the
 * files, then the headers.  A known file's place in `fds` holds -1; whether it
 * is known the caller alone can say.
 */
int hd_reader_receive(int sock, struct hd_answer **ret, int fds[HD_MAX_FDS],
                      size_t *ret_n, struct hd_err *err);

/* Blocks until the reader at `reader_path` has answered about `medium`, at most
 * HD_READER_LONGEST_MS; for the command line, not for hotdomd. */
int hd_reader_run(const char *reader_path, int medium,
                  const struct hd_signer *trusted, size_t n_trusted,
                  struct hd_answer **ret, struct hd_err *err);
/* The same with the LUKS2 headers, in the manifest's order; the caller closes
 * the `*ret_n` descriptors. */
int hd_reader_run_luks(const char *reader_path, int medium,
                       const struct hd_signer *trusted, size_t n_trusted,
                       struct hd_answer **ret, int headers[HD_MAX_LUKS],
                       size_t *ret_n, struct hd_err *err);

/* The memfds for descriptors 5 and 6.  They return them or -1. */
int hd_reader_keys(const struct hd_signer *trusted, size_t n,
                   struct hd_err *err);
int hd_reader_known(const struct hd_known *known, size_t n, struct hd_err *err);

#endif
