/* SPDX-License-Identifier: MIT */
/* A store that is changed in place: new volumes and a new header go to free
 * space, then the partition table switches from the old store to the new one.
 */
#ifndef HD_STORE_EDIT_H
#define HD_STORE_EDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "bundle.h"
#include "gpt.h"
#include "manifest.h"
#include "pack.h"
#include "reader.h"
#include "target.h"

/*
 * In order: begin, drop and add as needed, prepare, write the volumes, commit;
 * then, for a further change, begin again with hd_edit_next.  Until commit
 * switches the table the store is what it was, wherever power fails.
 */
struct hd_edit {
    struct hd_target *target;      /* borrowed */
    const struct hd_pack_ops *ops; /* borrowed */
    const char *key;               /* path of the signer's private key */
    struct hd_signer signer;       /* the store's; its key's when resigned */
    bool resign;                   /* another signer will do */
    struct hd_manifest m;          /* as it will be, generation included */
    struct hd_gpt gpt;             /* the table as it will be */
    struct hd_gpt taken; /* what must not be written to: the table in force, and
                            what was added */
    struct hd_bundle *bundle;
    uint64_t header;   /* where the next header goes, in bytes */
    uint64_t was_size; /* of an image, to go back to; 0: no going back */
};

/* `store` is what the reader said of the target just now.  Reads its files into
 * memory. */
int hd_edit_begin(struct hd_target *target, const struct hd_answer *store,
                  const char *key, bool resign, const struct hd_pack_ops *ops,
                  struct hd_edit **ret, struct hd_err *err);
/* Takes back what a change that was not committed did to an image's size. */
void hd_edit_free(struct hd_edit *e);
HD_DEFINE_AUTO(hd_edit)

/* Whether a volume of `size` bytes and a header fit, now or, with `dropped`,
 * once what was dropped so far is gone: HD_E_FAILED says how much is missing.
 */
int hd_edit_room(const struct hd_edit *e, uint64_t size, bool dropped,
                 struct hd_err *err);

/* The volume is no longer in the next store; nor is it what any replaces.  Its
 * bytes stay until something is written there after the next commit. */
void hd_edit_drop(struct hd_edit *e, int volume);

/* A volume more, with its size and partuuid, and where it goes. */
int hd_edit_add(struct hd_edit *e, const struct hd_volume *v,
                uint64_t *ret_start, struct hd_err *err);

/* Checks the manifest and the key, and that there is room for everything. */
int hd_edit_prepare(struct hd_edit *e, struct hd_err *err);

/* Writes the header, flushes and reads it again, and switches over.  What the
 * volumes hold was written before. */
int hd_edit_commit(struct hd_edit *e, struct hd_err *err);

/* What was committed is in force; the next change has the next generation. */
void hd_edit_next(struct hd_edit *e);

#endif
