/* SPDX-License-Identifier: MIT */
/* From what a person calls a store to its checked manifest: finds the medium,
 * has the sandboxed reader look at it, and parses none of it. */
#ifndef HD_CLI_OPEN_STORE_H
#define HD_CLI_OPEN_STORE_H

#include <limits.h>
#include <stdbool.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../store/reader.h"
#include "../store/target.h"

struct hd_open_store {
    char path[PATH_MAX];        /* of the image or device */
    int medium;                 /* `path`, read-only; owned */
    struct hd_answer *answer;   /* owned; answer->err is HD_OK */
    char trusted[HD_NAME_SIZE]; /* what this host calls the signer, or empty */
    int headers[HD_MAX_LUKS];   /* owned; checked copies of the LUKS2 headers */
    size_t n_headers;
    bool attached;           /* hotdomd lists it ... */
    bool in_use;             /* ... and guests of it are there or about to be */
    struct hd_target target; /* of hd_open_store_change; else closed */
    bool let_go;             /* hotdomd is to look at it again afterwards */
};

/*
 * `store` is an image, a device, or the name, id or device name of an attached
 * store.  Whoever signed it is accepted: look at answer->trusted.  Errors: what
 * the reader refused, with the path in front; HD_E_NO_STORE when there is no
 * such file and no such store.  Blocks as the medium does.
 */
int hd_open_store(const char *store, struct hd_open_store **ret,
                  struct hd_err *err);
/* Only finds out whether hotdomd lists it; reads no medium. */
int hd_open_store_find(const char *store, bool *ret_attached,
                       struct hd_err *err);
/*
 * The same to change the store: nobody else has it open, nor will meanwhile,
 * and the reader looks at it after that is certain.  An attached store must be
 * idle; hotdomd lets go of it and looks at it anew when this one is freed.
 */
int hd_open_store_change(const char *store, struct hd_open_store **ret,
                         struct hd_err *err);
void hd_open_store_free(struct hd_open_store *open);
HD_DEFINE_AUTO(hd_open_store)

/* HD_E_BUSY unless the store may be changed or copied. */
int hd_open_store_idle(const struct hd_open_store *open, struct hd_err *err);

#endif
