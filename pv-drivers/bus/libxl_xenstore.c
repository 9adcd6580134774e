/* SPDX-License-Identifier: MIT */
/*
 * Stands before libxenstore in hotdom-job, as a program's own functions do:
 * libxl makes a domain of some hundred nodes in a few transactions, and waits
 * for each node, which on a busy host is most of what libxl takes.  Within a
 * transaction nobody needs an answer before its end, or before something is
 * read, so it is a batch.  Of what is read outside of one, domains' names are
 * asked for together; all else goes on as it is, and so does everything if
 * libxl should come to be linked in another way.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <xenstore.h>

#include "../base/next.h"
#include "xs_batch.h"
#include "xs_names.h"

#define MOST 64 /* transactions at a time: one a guest that starts */

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static struct hd_xs_batch *batches[MOST]; /* that of transaction i + 1 */
static struct hd_xs_names names;          /* as long as the job */

/* Each has one owner, so it stays until that one ends it. */
static struct hd_xs_batch *batch_of(xs_transaction_t t)
{
    struct hd_xs_batch *batch;

    pthread_mutex_lock(&turn);
    batch = t >= 1 && t <= MOST ? batches[t - 1] : NULL;
    pthread_mutex_unlock(&turn);
    return batch;
}

static xs_transaction_t keep(struct hd_xs_batch *batch)
{
    xs_transaction_t t = XBT_NULL;

    pthread_mutex_lock(&turn);
    for (xs_transaction_t i = 0; i < MOST && !t; i++)
        if (!batches[i]) {
            batches[i] = batch;
            t = i + 1;
        }
    pthread_mutex_unlock(&turn);
    return t;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    hd_auto(hd_xs_batch) batch = NULL;
    xs_transaction_t t;

    (void)h;
    if (hd_xs_batch_open(&batch, NULL))
        return XBT_NULL;
    errno = ENOSPC;
    t = keep(batch);
    if (t)
        (void)hd_steal(&batch);
    return t;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    hd_auto(hd_xs_batch) batch = batch_of(t);

    (void)h;
    errno = ENOENT;
    if (!batch)
        return false;
    pthread_mutex_lock(&turn);
    batches[t - 1] = NULL;
    pthread_mutex_unlock(&turn);
    return hd_xs_batch_end(batch, !abort);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    struct hd_xs_batch *batch = batch_of(t);

    return batch ? hd_xs_batch_write(batch, path, data, len)
                 : HD_NEXT(xs_write)(h, t, path, data, len);
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct hd_xs_batch *batch = batch_of(t);

    return batch ? hd_xs_batch_mkdir(batch, path)
                 : HD_NEXT(xs_mkdir)(h, t, path);
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct hd_xs_batch *batch = batch_of(t);

    return batch ? hd_xs_batch_rm(batch, path) : HD_NEXT(xs_rm)(h, t, path);
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                        const char *path, struct xs_permissions *perms,
                        unsigned int n)
{
    struct hd_xs_batch *batch = batch_of(t);

    return batch ? hd_xs_batch_set_rights(batch, path, perms, n)
                 : HD_NEXT(xs_set_permissions)(h, t, path, perms, n);
}

static char *read_name(const char *path, unsigned int *len)
{
    char *name;

    pthread_mutex_lock(&turn);
    name = hd_xs_names_read(&names, path);
    pthread_mutex_unlock(&turn);
    if (name && len)
        *len = (unsigned int)strlen(name);
    return name;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    struct hd_xs_batch *batch = batch_of(t);
    char *name = t == XBT_NULL ? read_name(path, len) : NULL;

    return batch  ? hd_xs_batch_read(batch, path, len)
           : name ? name
                  : HD_NEXT(xs_read)(h, t, path, len);
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *n)
{
    struct hd_xs_batch *batch = batch_of(t);

    return batch ? hd_xs_batch_list(batch, path, n)
                 : HD_NEXT(xs_directory)(h, t, path, n);
}

/* Both xenstoreds answer with this, and libxl asks ten times a start. */
char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    char *path;

    (void)h;
    return asprintf(&path, "/local/domain/%u", domid) < 0 ? NULL : path;
}
