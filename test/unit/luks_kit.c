/* SPDX-License-Identifier: MIT */
/* LUKS2 headers for tests, made by the code under test and spoilt by hand. */
#include "luks_kit.h"

#include <endian.h>
#include <openssl/evp.h>
#include <string.h>

#include "../../hv/volume/luks.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

#define JSON     4096 /* where it is in a copy */
#define CHECKSUM 448

static const struct hd_luks_cost cheap = {32, 4, 1};

/* It takes a while to make one. */
void kit_luks_get(struct kit_luks *ret, bool key_volume)
{
    static struct kit_luks made[2];
    struct kit_luks *k = &made[key_volume];
    hd_auto(hd_secret) pw = hd_secret_new(64);
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    hd_autofd int fd = -1;

    if (!k->luks.offset) {
        pw->len = 64;
        memset(pw->data, 'x', 64);
        k->luks.offset = key_volume ? HD_LUKS_OFFSET_KEY : HD_LUKS_OFFSET_OTHER;
        CHECK_OK(hd_uuid_make(&k->luks.uuid, &err), &err);
        CHECK_OK(hd_luks_make(&k->luks.uuid, k->luks.offset, &fd, &key, &err),
                 &err);
        if (key_volume) {
            CHECK_OK(hd_luks_add(fd, key, "anna", pw, &cheap, &err), &err);
            CHECK_OK(hd_luks_add(fd, key, "recovery", pw, &cheap, &err), &err);
        } else {
            CHECK_OK(hd_luks_add_derived(fd, key, pw, &err), &err);
        }
        CHECK_OK(hd_io_pread(fd, k->both, sizeof(k->both), 0, &err), &err);
    }
    *ret = *k;
}

static void sum(struct kit_luks *k, int copy)
{
    uint8_t *d = k->both + copy * HD_LUKS_JSON;

    memset(d + CHECKSUM, 0, 64);
    EVP_Digest(d, HD_LUKS_JSON, d + CHECKSUM, NULL, EVP_sha256(), NULL);
}

static char *json(struct kit_luks *k, int copy)
{
    return (char *)k->both + copy * HD_LUKS_JSON + JSON;
}

void kit_luks_put(struct kit_luks *k, const char *text, size_t len)
{
    CU_ASSERT_FATAL(len <= KIT_LUKS_ROOM);
    for (int i = 0; i < 2; i++) {
        memset(json(k, i), 0, KIT_LUKS_ROOM);
        memcpy(json(k, i), text, len);
        sum(k, i);
    }
}

void kit_luks_edit_copy(struct kit_luks *k, int copy, const char *from,
                        const char *to)
{
    char *at = strstr(json(k, copy), from);

    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
    memcpy(at, to, strlen(to));
    memset(at + strlen(at), 0,
           KIT_LUKS_ROOM - (size_t)(at + strlen(at) - json(k, copy)));
    sum(k, copy);
}

void kit_luks_edit(struct kit_luks *k, const char *from, const char *to)
{
    kit_luks_edit_copy(k, 0, from, to);
    kit_luks_edit_copy(k, 1, from, to);
}

void kit_luks_poke(struct kit_luks *k, size_t at, const void *bytes, size_t len)
{
    for (int i = 0; i < 2; i++) {
        memcpy(k->both + i * HD_LUKS_JSON + at, bytes, len);
        sum(k, i);
    }
}

void kit_luks_seqid(struct kit_luks *k, int copy, uint64_t seqid)
{
    seqid = htobe64(seqid);
    memcpy(k->both + copy * HD_LUKS_JSON + 16, &seqid, 8);
    sum(k, copy);
}

int kit_luks_check(struct kit_luks *k, struct hd_err *err)
{
    static uint8_t whole[HD_LUKS_OFFSET_KEY]; /* zeros behind the copies */

    memcpy(whole, k->both, sizeof(k->both));
    return hd_luks_header_check(whole, k->luks.offset, KIT_LUKS_SIZE, &k->luks,
                                &k->facts, err);
}
