/* SPDX-License-Identifier: MIT */
/* Gathers a transaction's requests; never answers for xenstored. */
#include "xs_batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xs_bulk.h"
#include "xs_wire.h"

/* As libxenstore, which waits for ever: libxl does not look whether each
 * transaction came to its end, so who gives up is the job. */
#define SILENT_MS 600000

#define MOST_RIGHTS 16 /* of a node; libxl gives two */
#define RIGHT_SIZE  12 /* "r4294967295" */

struct hd_xs_batch {
    struct hd_xs_bulk *bulk;
    int refused; /* errno of the first that was; 0: none */
};

void hd_xs_batch_free(struct hd_xs_batch *batch)
{
    if (!batch)
        return;
    hd_xs_bulk_free(batch->bulk);
    free(batch);
}

int hd_xs_batch_open(struct hd_xs_batch **ret, struct hd_err *err)
{
    hd_auto(hd_xs_batch) batch = calloc(1, sizeof(*batch));
    const char *at;

    if (!batch)
        return hd_fail_errno(err, HD_E_FAILED, "open xenstore");
    if (hd_xs_bulk_open(&batch->bulk, SILENT_MS, err))
        return -1;
    if (!hd_xs_start(batch->bulk, &at))
        return hd_fail_errno(err, HD_E_NO_XEN, "begin %s", at);
    hd_xs_begin(batch->bulk);
    *ret = hd_steal(&batch);
    return 0;
}

/* Paths are not kept: they are the caller's for as long as it asks. */
static bool gather(struct hd_xs_batch *batch, uint32_t type,
                   enum hd_xs_want want, const char *path, const void *body,
                   size_t n)
{
    bool ok = hd_xs_ask(batch->bulk, type, want, path, body, n);

    if (ok)
        batch->bulk->asked[batch->bulk->n_asked - 1].path = NULL;
    return ok;
}

/* What is without one of its writes is as bad as what xenstored refused. */
static bool refuse(struct hd_xs_batch *batch, int sys)
{
    if (!batch->refused)
        batch->refused = sys;
    errno = sys;
    return false;
}

static bool later(struct hd_xs_batch *batch, uint32_t type,
                  enum hd_xs_want want, const char *path, const void *body,
                  size_t n)
{
    return gather(batch, type, want, path, body, n) || refuse(batch, errno);
}

bool hd_xs_batch_write(struct hd_xs_batch *batch, const char *path,
                       const void *value, size_t len)
{
    return later(batch, XS_WRITE, HD_XS_WANT_OK, path, value, len);
}

bool hd_xs_batch_mkdir(struct hd_xs_batch *batch, const char *path)
{
    return later(batch, XS_MKDIR, HD_XS_WANT_OK, path, "", 0);
}

bool hd_xs_batch_rm(struct hd_xs_batch *batch, const char *path)
{
    return later(batch, XS_RM, HD_XS_WANT_GONE, path, "", 0);
}

bool hd_xs_batch_set_rights(struct hd_xs_batch *batch, const char *path,
                            const struct xs_permissions *rights, size_t n)
{
    static const char letters[] = {[XS_PERM_NONE] = 'n',
                                   [XS_PERM_READ] = 'r',
                                   [XS_PERM_WRITE] = 'w',
                                   [XS_PERM_READ | XS_PERM_WRITE] = 'b'};
    char text[MOST_RIGHTS * RIGHT_SIZE];
    size_t len = 0;

    if (n > MOST_RIGHTS)
        return refuse(batch, EINVAL);
    for (size_t i = 0; i < n; i++) {
        if (rights[i].perms >= sizeof(letters))
            return refuse(batch, EINVAL);
        len += 1 + (size_t)snprintf(text + len, sizeof(text) - len, "%c%u",
                                    letters[rights[i].perms], rights[i].id);
    }
    return later(batch, XS_SET_PERMS, HD_XS_WANT_OK, path, text, len);
}

/* Hears the first `n`, of which none is read; false: there is no more. */
static bool catch_up(struct hd_xs_batch *batch, size_t n)
{
    bool ok = hd_xs_send(batch->bulk);
    int sys;

    for (size_t i = 0; ok && i < n; i++) {
        ok = hd_xs_hear(batch->bulk, i, &sys);
        if (ok && sys)
            (void)refuse(batch, sys);
    }
    return ok;
}

/* The answer is in the connection's `body`.  What cannot be asked leaves alone
 * what was gathered before. */
static bool now(struct hd_xs_batch *batch, uint32_t type, const char *path)
{
    struct hd_xs_bulk *b = batch->bulk;
    int sys;
    bool ok;

    if (!gather(batch, type, HD_XS_WANT_VALUE, path, "", 0))
        return false;
    ok = catch_up(batch, b->n_asked - 1) && hd_xs_hear(b, b->n_asked - 1, &sys);
    hd_xs_begin(b);
    if (ok)
        errno = sys;
    return ok && !sys;
}

void *hd_xs_batch_read(struct hd_xs_batch *batch, const char *path,
                       unsigned int *ret_len)
{
    char *value;

    if (!now(batch, XS_READ, path))
        return NULL;
    value = malloc(batch->bulk->body_len + 1);
    if (!value)
        return NULL;
    memcpy(value, batch->bulk->body, batch->bulk->body_len + 1);
    if (ret_len)
        *ret_len = (unsigned int)batch->bulk->body_len;
    return value;
}

char **hd_xs_batch_list(struct hd_xs_batch *batch, const char *path,
                        unsigned int *ret_n)
{
    const struct hd_xs_bulk *b = batch->bulk;
    char **names;
    size_t n;

    if (!now(batch, XS_DIRECTORY, path))
        return NULL;
    names = hd_xs_split(b->body, b->body_len, &n);
    *ret_n = names ? (unsigned int)n : 0;
    return names;
}

bool hd_xs_batch_end(struct hd_xs_batch *batch, bool commit)
{
    struct hd_xs_bulk *b = batch->bulk;

    if (!catch_up(batch, b->n_asked) ||
        !hd_xs_end(b, commit && !batch->refused))
        return false;
    errno = batch->refused;
    return !commit || !batch->refused;
}
