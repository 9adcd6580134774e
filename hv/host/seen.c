/* SPDX-License-Identifier: MIT */
/* Keeps what was seen of each store; never looks at a store itself. */
#include "seen.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "kept.h"

#define TEXT_MAX 256

static void name_file(const char *dir, const struct hd_uuid *id,
                      char path[PATH_MAX])
{
    char text[HD_UUID_SIZE];

    hd_uuid_format(id, text);
    snprintf(path, PATH_MAX, "%s/%s", dir, text);
}

/* ---- a record as text */

static void format(const struct hd_seen *seen, char text[TEXT_MAX])
{
    char hex[2 * sizeof(seen->digest) + 1];

    for (size_t i = 0; i < sizeof(seen->digest); i++)
        snprintf(hex + 2 * i, 3, "%02x", seen->digest[i]);
    snprintf(text, TEXT_MAX,
             "hotdom-seen 1\ngeneration %" PRIu64 "\nmanifest %s\n"
             "booted %" PRIu64 "\n",
             seen->generation, hex, seen->booted);
}

static int parse(const char *text, struct hd_seen *ret, struct hd_err *err)
{
    char hex[2 * sizeof(ret->digest) + 1] = "", again[TEXT_MAX];
    struct hd_seen seen = {0};

    sscanf(text,
           "hotdom-seen 1 generation %19" SCNu64 " manifest %64[0-9a-f] "
           "booted %19" SCNu64,
           &seen.generation, hex, &seen.booted);
    for (size_t i = 0; i < sizeof(seen.digest); i++)
        sscanf(hex + 2 * i, "%2hhx", &seen.digest[i]);
    /* Whatever the scan let pass shows here. */
    format(&seen, again);
    if (strcmp(text, again) || !seen.generation ||
        seen.booted > seen.generation)
        return hd_fail(err, HD_E_ROLLBACK, "it is damaged");
    *ret = seen;
    return 0;
}

static int load(const char *dir, const struct hd_uuid *id, struct hd_seen *ret,
                struct hd_err *err)
{
    hd_autofree char *text = NULL;
    char path[PATH_MAX], name[HD_UUID_SIZE];
    struct hd_err why = {0};
    size_t len;

    name_file(dir, id, path);
    hd_uuid_format(id, name);
    if (hd_io_read_file(path, TEXT_MAX, &text, &len, &why)) {
        if (why.sys == ENOENT)
            return hd_fail(err, HD_E_NO_STORE,
                           "no store with the id %s was seen here", name);
        if (why.sys)
            return hd_fail(err, HD_E_IO, "%s", why.msg);
    } /* else it is longer than any record */
    if (!text || strlen(text) != len || parse(text, ret, err))
        return hd_fail(err, HD_E_ROLLBACK,
                       "%s, which says what was seen of this store, is "
                       "damaged; if you trust this copy, run: hotdom trust "
                       "reset %s",
                       path, name);
    return 0;
}

static int save(const char *dir, const struct hd_uuid *id,
                const struct hd_seen *seen, struct hd_err *err)
{
    char path[PATH_MAX], text[TEXT_MAX];

    name_file(dir, id, path);
    format(seen, text);
    return hd_io_write_file(path, text, strlen(text), 0600, err);
}

/* ---- what is recorded */

static int refuse(const struct hd_seen *seen, const struct hd_uuid *id,
                  uint64_t generation, struct hd_err *err)
{
    char name[HD_UUID_SIZE];

    hd_uuid_format(id, name);
    if (generation == seen->generation)
        return hd_fail(err, HD_E_ROLLBACK,
                       "another manifest with the same generation %" PRIu64
                       " of this store was seen here; if you trust this one, "
                       "run: hotdom trust reset %s",
                       generation, name);
    return hd_fail(err, HD_E_ROLLBACK,
                   "this is generation %" PRIu64 " of a store of which %" PRIu64
                   " was seen here; to accept the older one, run: hotdom trust "
                   "reset %s",
                   generation, seen->generation, name);
}

int hd_seen_accept(const char *dir, const struct hd_uuid *id,
                   uint64_t generation, const uint8_t digest[32],
                   struct hd_err *err)
{
    hd_autofd int folder = hd_io_lock_folder(dir, err);
    struct hd_seen seen = {0};
    char path[PATH_MAX];
    struct hd_err why = {0};

    if (folder < 0)
        return -1;
    if (load(dir, id, &seen, &why)) {
        if (why.code != HD_E_NO_STORE) {
            if (err)
                *err = why;
            return -1;
        }
        hd_kept_make_room(folder, HD_SEEN_MAX);
    }
    if (generation < seen.generation ||
        (generation == seen.generation && memcmp(digest, seen.digest, 32)))
        return refuse(&seen, id, generation, err);
    if (generation == seen.generation) {
        /* Used again: the last to be dropped.  It may be lost. */
        name_file(dir, id, path);
        utimensat(AT_FDCWD, path, NULL, 0);
        return 0;
    }
    seen.generation = generation;
    memcpy(seen.digest, digest, 32);
    return save(dir, id, &seen, err);
}

int hd_seen_boot(const char *dir, const struct hd_uuid *id, uint64_t generation,
                 struct hd_err *err)
{
    hd_autofd int folder = hd_io_lock_folder(dir, err);
    struct hd_seen seen;
    struct hd_err why = {0};

    if (folder < 0)
        return -1;
    if (load(dir, id, &seen, &why)) {
        if (why.code == HD_E_NO_STORE)
            return 0;
        if (err)
            *err = why;
        return -1;
    }
    if (generation <= seen.booted || generation > seen.generation)
        return 0;
    seen.booted = generation;
    return save(dir, id, &seen, err);
}

int hd_seen_load(const char *dir, const struct hd_uuid *id, struct hd_seen *ret,
                 struct hd_err *err)
{
    return load(dir, id, ret, err);
}

int hd_seen_booted(const char *dir, const struct hd_uuid *id, uint64_t *ret,
                   struct hd_err *err)
{
    struct hd_err why = {0};
    struct hd_seen seen = {0};

    if (load(dir, id, &seen, &why) && why.code != HD_E_NO_STORE) {
        if (err)
            *err = why;
        return -1;
    }
    *ret = seen.booted;
    return 0;
}

int hd_seen_forget(const char *dir, const struct hd_uuid *id,
                   struct hd_err *err)
{
    hd_autofd int folder = hd_io_lock_folder(dir, err);
    char name[HD_UUID_SIZE];

    if (folder < 0)
        return -1;
    hd_uuid_format(id, name);
    if (!unlinkat(folder, name, 0))
        return fsync(folder)
                   ? hd_fail_errno(err, HD_E_IO, "cannot forget store %s", name)
                   : 0;
    if (errno == ENOENT)
        return hd_fail(err, HD_E_NO_STORE,
                       "no store with the id %s was seen here", name);
    return hd_fail_errno(err, HD_E_IO, "cannot forget store %s", name);
}
