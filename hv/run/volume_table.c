/* SPDX-License-Identifier: MIT */
/* The device-mapper's table of one volume; never talks to the kernel. */
#include "volume_table.h"

#include <inttypes.h>
#include <stdio.h>

#define HEX_SIZE 65

struct place {
    const struct hd_uuid *store;
    uint32_t major, minor;
};

static void hex(const uint8_t bytes[32], char ret[HEX_SIZE])
{
    for (int i = 0; i < 32; i++)
        snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

/* Linux, admin-guide/device-mapper/linear.rst. */
static void linear(const struct hd_step_volume *v, const struct place *p,
                   struct hd_volume_table *ret)
{
    ret->target = "linear";
    ret->sectors = v->length / HD_VOLUME_SECTOR;
    snprintf(ret->params, sizeof(ret->params), "%u:%u %" PRIu64, p->major,
             p->minor, v->start / HD_VOLUME_SECTOR);
}

/* dm-crypt.rst.  The key is named, not written: `dmsetup table --showkeys` has
 * nothing to show.  allow_discards only by the manifest's word: which blocks of
 * a found stick are in use is nobody's business, and cheap sticks gain little
 * by it. */
static void encrypted(const struct hd_step_volume *v, const struct place *p,
                      struct hd_volume_table *ret)
{
    char key[HD_VOLUME_KEY_SIZE];

    hd_volume_table_key(p->store, v, key);
    ret->target = "crypt";
    ret->sectors = (v->length - v->luks.offset) / HD_VOLUME_SECTOR;
    snprintf(ret->params, sizeof(ret->params),
             HD_LUKS_CIPHER " :%d:logon:%s 0 %u:%u %" PRIu64 "%s",
             HD_LUKS_KEY_BYTES, key, p->major, p->minor,
             (v->start + v->luks.offset) / HD_VOLUME_SECTOR,
             v->discard ? " 1 allow_discards" : "");
}

/* verity.rst: version, data device, hash device, two block sizes, data blocks,
 * first hash block, algorithm, root, salt.  Without options a bad block is EIO
 * for who reads it, and a uevent. */
static void verified(const struct hd_step_volume *v, const struct place *p,
                     struct hd_volume_table *ret)
{
    char root[HEX_SIZE], salt[HEX_SIZE];

    hex(v->verity.root, root);
    hex(v->verity.salt, salt);
    ret->target = "verity";
    ret->sectors = v->verity.blocks * (HD_VERITY_BLOCK / HD_VOLUME_SECTOR);
    snprintf(ret->params, sizeof(ret->params),
             "1 %u:%u %u:%u %u %u %" PRIu64 " %" PRIu64 " sha256 %s %s",
             p->major, p->minor, p->major, p->minor, HD_VERITY_BLOCK,
             HD_VERITY_BLOCK, v->verity.blocks, v->verity.blocks, root, salt);
}

/* dm-mpath.c, multipath_ctr: two features of three words, no handler of the
 * hardware's, one group, which is the first; a path selector without arguments,
 * one path, no arguments for it. */
static void held(const struct hd_step_volume *v, const struct place *p,
                 struct hd_volume_table *ret)
{
    ret->target = "multipath";
    ret->sectors = v->length / HD_VOLUME_SECTOR;
    snprintf(ret->params, sizeof(ret->params),
             "3 queue_if_no_path queue_mode bio 0 1 1 round-robin 0 1 0 %u:%u",
             p->major, p->minor);
}

static void (*const tables[])(const struct hd_step_volume *,
                              const struct place *,
                              struct hd_volume_table *) = {
    [HD_TARGET_LINEAR] = linear,   [HD_TARGET_CRYPT] = encrypted,
    [HD_TARGET_VERITY] = verified, [HD_TARGET_RAM] = linear,
    [HD_TARGET_DISK] = linear,     [HD_TARGET_HOLD] = held,
};

void hd_volume_table_key(const struct hd_uuid *store,
                         const struct hd_step_volume *volume,
                         char ret[HD_VOLUME_KEY_SIZE])
{
    char a[HD_UUID_SIZE], b[HD_UUID_SIZE];

    hd_uuid_format(store, a);
    hd_uuid_format(&volume->luks.uuid, b);
    snprintf(ret, HD_VOLUME_KEY_SIZE, "hotdom:%s-%s", a, b);
}

void hd_volume_table_make(const struct hd_step_volume *volume,
                          const struct hd_uuid *store, uint32_t major,
                          uint32_t minor, struct hd_volume_table *ret)
{
    struct place place = {store, major, minor};

    tables[volume->target](volume, &place, ret);
}
