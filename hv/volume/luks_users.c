/* SPDX-License-Identifier: MIT */
/* Changes who may open a store: one way, for hotdom-job and for the command
 * line; never trusts a header that hotdom-reader has not checked. */
#include "luks_users.h"

#include <stdbool.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"

#define COPY_BYTES (64u << 10) /* at a time */

int hd_luks_users_open(int header, uint32_t keyslot, const struct hd_luks *luks,
                       const struct hd_secret *password,
                       struct hd_secret **ret_key, struct hd_err *err)
{
    hd_auto(hd_secret) key = NULL;

    if (hd_luks_open(header, keyslot, password, &key, err) ||
        hd_luks_check_mark(key, luks, err))
        return -1;
    *ret_key = hd_steal(&key);
    return 0;
}

/* The copy was sealed when it was checked; this one may be changed. */
static int copy_header(int header, uint64_t size, struct hd_err *err)
{
    hd_autofree char *buf = malloc(COPY_BYTES);
    hd_autofd int copy = hd_io_memfd("hotdom-luks", size, err);

    if (copy < 0)
        return -1;
    if (!buf)
        return hd_fail_errno(err, HD_E_FAILED, "copy the header");
    for (uint64_t at = 0; at < size; at += COPY_BYTES) {
        size_t len = size - at < COPY_BYTES ? (size_t)(size - at) : COPY_BYTES;

        if (hd_io_pread(header, buf, len, (off_t)at, err) ||
            hd_io_pwrite(copy, buf, len, (off_t)at, err))
            return -1;
    }
    return hd_steal_fd(&copy);
}

/* Somebody else's change since the header was read would be lost, and a medium
 * that gives other bytes now is not to be written to.  Nothing is parsed. */
static int check_unchanged(int header, int medium, uint64_t start,
                           bool *ret_torn, struct hd_err *err)
{
    const size_t len = 2 * HD_LUKS_JSON;
    hd_autofree char *both = malloc(2 * len);

    if (!both)
        return hd_fail_errno(err, HD_E_FAILED, "compare the header");
    if (hd_io_pread(header, both, len, 0, err) ||
        hd_io_pread(medium, both + len, len, (off_t)start, err))
        return -1;
    /* Of a write that was cut off one copy stands there still; the reader has
     * replaced the other in memory, see hd_luks_header_copy. */
    if (memcmp(both, both + len, HD_LUKS_JSON) &&
        memcmp(both + HD_LUKS_JSON, both + len + HD_LUKS_JSON, HD_LUKS_JSON))
        return hd_fail(err, HD_E_BUSY,
                       "the store's users were changed by someone else "
                       "meanwhile; try again");
    *ret_torn = memcmp(both, both + len, len) != 0;
    return 0;
}

static int perform(int copy, const struct hd_secret *key,
                   const struct hd_luks_change *c,
                   const struct hd_secret *password, struct hd_err *err)
{
    switch ((enum hd_keys_action)c->action) {
    case HD_KEYS_CHANGE:
        return hd_luks_change(copy, key, c->user, password, &c->cost, err);
    case HD_KEYS_ADD:
        return hd_luks_add(copy, key, c->user, password, &c->cost, err);
    case HD_KEYS_REMOVE:
        return hd_luks_remove(copy, c->user, err);
    }
    return hd_fail(err, HD_E_USAGE, "there is no such change of users");
}

int hd_luks_users_change(int header, const struct hd_secret *key,
                         const struct hd_luks_change *change,
                         const struct hd_secret *password, int medium,
                         struct hd_err *err)
{
    hd_autofd int copy = -1;
    bool torn = false;

    if (!password && change->action != HD_KEYS_REMOVE)
        return hd_fail(err, HD_E_USAGE, "there is no new password");
    copy = copy_header(header, change->luks.offset, err);
    if (copy < 0 || perform(copy, key, change, password, err) ||
        check_unchanged(header, medium, change->start, &torn, err))
        return -1;
    /* A copy that an earlier loss of power has left behind must not be the one
     * that a second loss goes back to: its areas may be in use again. */
    if (torn && hd_luks_write(header, medium, change->start, err))
        return -1;
    return hd_luks_write(copy, medium, change->start, err);
}
