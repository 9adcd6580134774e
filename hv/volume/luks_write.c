/* SPDX-License-Identifier: MIT */
/* Brings a changed header to its medium so that either the old or the new one
 * is whole at any moment; never writes what is there already. */
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "luks.h"
#include "luks_session.h"

#define CHUNK (64u << 10)

struct target {
    int header, medium;
    uint64_t start; /* of the volume, on the medium */
};

/* A medium that cannot be read there may still be written. */
static bool same(const struct target *t, const uint8_t *want, size_t len,
                 uint64_t at)
{
    uint8_t there[CHUNK];

    return !hd_io_pread(t->medium, there, len, (off_t)(t->start + at), NULL) &&
           !memcmp(there, want, len);
}

static int copy(const struct target *t, uint64_t at, uint64_t end,
                struct hd_err *err)
{
    uint8_t want[CHUNK];

    while (at < end) {
        size_t len = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        int rc = hd_io_pread(t->header, want, len, (off_t)at, err);

        if (!rc && !same(t, want, len, at))
            rc =
                hd_io_pwrite(t->medium, want, len, (off_t)(t->start + at), err);
        /* It is key material, if encrypted. */
        explicit_bzero(want, len);
        if (rc)
            return -1;
        at += len;
    }
    return 0;
}

static int flush(const struct target *t, struct hd_err *err)
{
    if (fdatasync(t->medium))
        return hd_fail_errno(err, HD_E_IO, "cannot flush the medium");
    return 0;
}

/* The areas that the new header's keyslots use. */
static int copy_keyslots(const struct target *t, struct hd_err *err)
{
    hd_autosession s = {0};

    if (hd_luks_session_load(t->header, &s, err))
        return -1;
    for (int i = 0; i < HD_LUKS_KEYSLOTS; i++) {
        uint64_t at, len;

        if (crypt_keyslot_status(s.cd, i) < CRYPT_SLOT_ACTIVE)
            continue;
        if (crypt_keyslot_area(s.cd, i, &at, &len))
            return hd_fail(err, HD_E_FAILED, "keyslot %d has no area", i);
        if (copy(t, at, at + len, err))
            return -1;
    }
    return flush(t, err);
}

int hd_luks_write(int header, int medium, uint64_t start, struct hd_err *err)
{
    const struct target t = {header, medium, start};
    struct stat st;

    if (fstat(header, &st))
        return hd_fail_errno(err, HD_E_FAILED, "cannot size the LUKS2 header");
    if (copy_keyslots(&t, err) || copy(&t, 0, HD_LUKS_JSON, err) ||
        flush(&t, err) || copy(&t, HD_LUKS_JSON, 2 * HD_LUKS_JSON, err) ||
        flush(&t, err))
        return -1;
    /* What removed keyslots leave: nobody may find a key there later. */
    if (copy(&t, 2 * HD_LUKS_JSON, (uint64_t)st.st_size, err))
        return -1;
    return flush(&t, err);
}
