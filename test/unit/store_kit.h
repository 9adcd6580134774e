/* SPDX-License-Identifier: MIT */
/* Stores for tests: a good one in pieces, to be spoilt before it is built. */
#ifndef HD_TEST_STORE_KIT_H
#define HD_TEST_STORE_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "../../hv/store/gpt.h"
#include "../../hv/store/reader.h"

#define KIT_KERNEL   1024 /* bytes of the smallest kernel that Xen would take */
#define KIT_TEXT     8192
#define KIT_HEADER   (64 << 10) /* where the header partition is ... */
#define KIT_VOLUME   (1 << 20)  /* ... and the volume, and its size */
#define KIT_SIZE     (3 << 20)  /* of the whole image */
#define KIT_UNPACKED 300000     /* of the file "desk/extra.zst" */

struct kit_member {
    const char *name;
    void *data; /* owned */
    size_t len, unpacked;
};

struct kit_store {
    char dir[32], key[48]; /* the signer's files */
    char text[KIT_TEXT];   /* the signed manifest */
    struct kit_member manifest, sig, signer, files[3];
    size_t n_files;
    struct hd_gpt gpt;
    struct hd_signer who;
};

/* An x86-64 ELF with one segment and Xen's entry note. */
void kit_kernel(uint8_t elf[KIT_KERNEL]);

/* Everything as it must be; ends the test when that fails. */
void kit_store_init(struct kit_store *s);
void kit_store_fini(struct kit_store *s);
/* Replaces a member's bytes by a copy of these. */
void kit_store_put(struct kit_member *m, const void *data, size_t len);
/* Signs s->text again, as the manifest; `text` NULL: writes it for the files as
 * they are now. */
void kit_store_sign(struct kit_store *s, const char *text);
/* The first `from` in s->text becomes `to`; then it is signed. */
void kit_store_edit(struct kit_store *s, const char *from, const char *to);
/* The medium, in memory.  The caller closes it. */
int kit_store_build(const struct kit_store *s);

/* What the program hotdom-reader says; `trusted` may be NULL. */
extern struct rusage kit_reader_usage; /* of the last one */
int kit_run_reader_knowing(int medium, const struct hd_signer *trusted,
                           const struct hd_known *known, size_t n_known,
                           struct hd_answer **ret, int fds[HD_MAX_FDS],
                           size_t *ret_n, struct hd_err *err);
int kit_run_reader(int medium, const struct hd_signer *trusted,
                   struct hd_answer **ret, int fds[HD_MAX_FDS], size_t *ret_n,
                   struct hd_err *err);
/* The same without a process; fills in `err` when the store is refused. */
int kit_read(int medium, const struct hd_signer *trusted, struct hd_err *err);
/* Builds, reads in this process, closes. */
int kit_refuse(const struct kit_store *s, struct hd_err *err);

#endif
