/* SPDX-License-Identifier: MIT */
/* Compares files with those that a host has kept; reads none. */
#include "known.h"

#include <string.h>

struct hd_known hd_known_of(const struct hd_manifest *m,
                            const struct hd_file *file)
{
    struct hd_known known = {.size = file->size,
                             .unpacked = file->unpacked,
                             .kernel = hd_manifest_is_kernel(m, file)};

    memcpy(known.sha256, file->sha256, sizeof(known.sha256));
    return known;
}

bool hd_known_same(const struct hd_known *known, const struct hd_file *file)
{
    return !memcmp(known->sha256, file->sha256, sizeof(known->sha256)) &&
           known->size == file->size && known->unpacked == file->unpacked;
}

bool hd_known_serves(const struct hd_known *known, const struct hd_manifest *m,
                     const struct hd_file *file)
{
    return hd_known_same(known, file) &&
           (known->kernel || !hd_manifest_is_kernel(m, file));
}
