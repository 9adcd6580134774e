/* SPDX-License-Identifier: MIT */
/* A folder with everything that hd_pack takes, for tests. */
#ifndef HD_TEST_PACK_KIT_H
#define HD_TEST_PACK_KIT_H

#include <stddef.h>

#include "../../hv/store/pack.h"

#define MIB 1048576

struct pack_kit {
    char dir[32];
    struct hd_pack in;
    char manifest[64], key[64], output[64];
    unsigned calls, stop_at;     /* of progress */
    char phases[256], users[64]; /* in their order */
};

/* m.yaml and what it names: kernel, initrd, and root.img, which holds "begin"
 * at 4096, a hole, and "end" before 1.5 MiB.  Keyslots are cheap. */
void pack_kit_init(struct pack_kit *b);
void pack_kit_fini(struct pack_kit *b);
/* Writes a file of the folder. */
void pack_kit_file(const struct pack_kit *b, const char *name, const void *data,
                   size_t len);
void pack_kit_text(const struct pack_kit *b, const char *name,
                   const char *text);

#endif
