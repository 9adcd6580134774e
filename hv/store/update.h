/* SPDX-License-Identifier: MIT */
/* A new image for a guest, and the way back; the store keeps all else. */
#ifndef HD_STORE_UPDATE_H
#define HD_STORE_UPDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "pack.h"
#include "reader.h"
#include "target.h"

struct hd_update {
    struct hd_target *target;      /* opened by hd_target_edit, borrowed */
    const struct hd_answer *store; /* what the reader said of it after that */
    const char *guest;
    const char *volume; /* NULL: the guest's only image */
    const char *image;  /* path of the new content; not for hd_revert */
    const char *key;    /* path of the signer's private key */
    bool resign;        /* it may be another signer than before */
    bool seen;          /* this host knows the store, and ... */
    uint64_t booted;    /* ... booted it last at this generation; 0: never */
    struct hd_pack_ops ops; /* without password */
};

struct hd_updated {
    struct hd_store_id store;
    char volume[HD_NAME_SIZE];   /* what the guest boots from now */
    char replaces[HD_NAME_SIZE]; /* what it goes back to, or empty */
};

/*
 * Writes the new image and a header with the next generation to free space and
 * switches over.  The new image replaces the present one, NAME becomes
 * NAME.GENERATION.  Of the images before that one is kept when it is not known
 * whether the present one boots here; when the present one is known never to
 * have booted, it is dropped and the one before is what the new one replaces.
 * Where room is missing, what will be dropped is dropped first, by a generation
 * of its own.  Blocks for as long as writing takes.
 */
int hd_update(const struct hd_update *update, struct hd_updated *ret,
              struct hd_err *err);

/* The guest boots from the image that the present one replaces, and the latter
 * is dropped. */
int hd_revert(const struct hd_update *update, struct hd_updated *ret,
              struct hd_err *err);

#endif
