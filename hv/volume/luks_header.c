/* SPDX-License-Identifier: MIT */
/* The two copies of a LUKS2 header: which one holds, and whether it is as ours
 * are; never writes to the medium and reads each byte of it once. */
#include "luks_header.h"

#include <endian.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../store/text.h"
#include "luks_json.h"

/* LUKS2 On-Disk Format Specification, 2.1; numbers are big endian. */
struct disk {
    char magic[6];
    uint16_t version;
    uint64_t size;
    uint64_t seqid;
    char label[48];
    char checksum_name[32];
    uint8_t salt[64];
    char uuid[40];
    char subsystem[48];
    uint64_t offset;
    uint8_t zeros[184];
    uint8_t checksum[64];
    uint8_t more_zeros[7 * 512];
    char json[HD_LUKS_JSON - 4096];
} __attribute__((packed));

_Static_assert(sizeof(struct disk) == HD_LUKS_JSON, "as on the disk");
_Static_assert(offsetof(struct disk, json) == 4096, "as on the disk");

static const char magics[2][6] = {{'L', 'U', 'K', 'S', '\xba', '\xbe'},
                                  {'S', 'K', 'U', 'L', '\xba', '\xbe'}};
static const char sha256_name[32] = "sha256";
static const uint8_t no_bytes[7 * 512];

static int checksum(const struct disk *d, uint8_t ret[64], struct hd_err *err)
{
    hd_autofree struct disk *copy = malloc(sizeof(*copy));

    if (!copy)
        return hd_fail_errno(err, HD_E_FAILED, "check a LUKS2 header");
    *copy = *d;
    memset(copy->checksum, 0, sizeof(copy->checksum));
    memset(ret, 0, sizeof(d->checksum));
    if (EVP_Digest(copy, sizeof(*copy), ret, NULL, EVP_sha256(), NULL) != 1)
        return hd_fail(err, HD_E_FAILED, "OpenSSL makes no SHA-256");
    return 0;
}

/* What a write that was cut off leaves is not whole; anything else is. */
static int check_whole(const struct disk *d, int copy, struct hd_err *err)
{
    uint8_t sum[sizeof(d->checksum)];

    if (memcmp(d->magic, magics[copy], sizeof(d->magic)) ||
        d->version != htobe16(2))
        return hd_fail(err, HD_E_BAD_VOLUME, "it is no LUKS2 header");
    if (d->size != htobe64(HD_LUKS_JSON) ||
        d->offset != htobe64(copy * (uint64_t)HD_LUKS_JSON))
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "the LUKS2 header has another size or place");
    if (memcmp(d->checksum_name, sha256_name, sizeof(sha256_name)))
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "the LUKS2 header's checksum is no SHA-256");
    if (checksum(d, sum, err))
        return -1;
    if (memcmp(d->checksum, sum, sizeof(sum)))
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "the LUKS2 header's checksum does not fit");
    return 0;
}

static int check_head(const struct disk *d, const struct hd_luks *expect,
                      struct hd_err *err)
{
    char id[sizeof(d->uuid)] = "";

    hd_uuid_format(&expect->uuid, id);
    if (memcmp(d->uuid, id, sizeof(id)))
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "the LUKS2 header is another volume's: its UUID is not "
                       "the one that was signed");
    if (memcmp(d->label, no_bytes, sizeof(d->label)) ||
        memcmp(d->subsystem, no_bytes, sizeof(d->subsystem)))
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "the LUKS2 header has a label or a subsystem");
    if (memcmp(d->zeros, no_bytes, sizeof(d->zeros)) ||
        memcmp(d->more_zeros, no_bytes, sizeof(d->more_zeros)))
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "the LUKS2 header has something where zeros belong");
    return 0;
}

/* One whole copy. */
static int judge(const struct disk *d, const struct hd_luks *expect,
                 struct hd_luks_json *ret, struct hd_err *err)
{
    if (check_head(d, expect, err))
        return -1;
    if (hd_luks_json_check(d->json, sizeof(d->json), expect, ret, err))
        return hd_wrap(err, "the LUKS2 header");
    ret->facts.seqid_low = (uint32_t)be64toh(d->seqid);
    return 0;
}

static bool same(const struct disk *a, const struct disk *b)
{
    return a->seqid == b->seqid && !memcmp(a->label, b->label, 48) &&
           !memcmp(a->uuid, b->uuid, sizeof(a->uuid)) &&
           !memcmp(a->json, b->json, sizeof(a->json));
}

/* Which copy holds, 0 or 1, and whether the other is to become like it; the
 * rule is in the header file. */
static int choose(const struct disk d[2], const struct hd_luks *expect,
                  int *ret_copy, bool *ret_mend, struct hd_err *err)
{
    struct hd_err first = {0}, second = {0};
    struct hd_luks_json ignored;
    bool whole[2] = {!check_whole(&d[0], 0, &first),
                     !check_whole(&d[1], 1, &second)};
    uint64_t ahead = be64toh(d[0].seqid) - be64toh(d[1].seqid);

    if (!whole[0] && !whole[1]) {
        if (err)
            *err = first;
        return -1;
    }
    *ret_copy = whole[0] ? 0 : 1;
    *ret_mend = !whole[0] || !whole[1] || !same(&d[0], &d[1]);
    if (!whole[0] || !whole[1] || !*ret_mend)
        return 0;
    if (ahead < 1 || ahead > HD_LUKS_STEP)
        return hd_fail(err, HD_E_BAD_VOLUME, "its two LUKS2 headers differ");
    return judge(&d[1], expect, &ignored, err);
}

static int check_expect(const struct hd_luks *expect, uint64_t size,
                        struct hd_err *err)
{
    if (expect->offset != HD_LUKS_OFFSET_KEY &&
        expect->offset != HD_LUKS_OFFSET_OTHER)
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "encrypted data begins at %u or %u, not at %llu",
                       HD_LUKS_OFFSET_KEY, HD_LUKS_OFFSET_OTHER,
                       (unsigned long long)expect->offset);
    if (expect->offset >= size)
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "its encrypted data would begin behind its end");
    return 0;
}

/* The copy that does not hold becomes the other's double. */
static int mend(struct disk d[2], int good, struct hd_err *err)
{
    int bad = !good;

    d[bad] = d[good];
    memcpy(d[bad].magic, magics[bad], sizeof(d[bad].magic));
    d[bad].offset = htobe64(bad * (uint64_t)HD_LUKS_JSON);
    return checksum(&d[bad], d[bad].checksum, err);
}

int hd_luks_header_check(const uint8_t *header, size_t len, uint64_t size,
                         const struct hd_luks *expect,
                         struct hd_luks_facts *ret, struct hd_err *err)
{
    const struct disk *d = (const struct disk *)header;
    struct hd_luks_json j = {0};
    bool ignored;
    int copy;

    if (check_expect(expect, size, err))
        return -1;
    if (len < 2 * sizeof(*d))
        return hd_fail(err, HD_E_BAD_VOLUME, "the LUKS2 header is cut off");
    if (choose(d, expect, &copy, &ignored, err) ||
        judge(&d[copy], expect, &j, err))
        return -1;
    for (int i = 0; i < HD_LUKS_KEYSLOTS; i++)
        if (j.areas[i].at + j.areas[i].len > len)
            return hd_fail(err, HD_E_BAD_VOLUME, "keyslot %d is cut off", i);
    *ret = j.facts;
    return 0;
}

static bool is_user(const struct hd_luks_facts *f, uint32_t i)
{
    const struct hd_luks_user *u = &f->users[i];
    size_t len = strnlen(u->name, sizeof(u->name));

    if (len == sizeof(u->name) || !hd_text_is_name(u->name, len) ||
        u->keyslot >= HD_LUKS_KEYSLOTS)
        return false;
    for (uint32_t j = 0; j < i; j++)
        if (!strcmp(f->users[j].name, u->name) ||
            f->users[j].keyslot == u->keyslot)
            return false;
    return true;
}

bool hd_luks_kdf_bounded(uint32_t memory_kib, uint32_t time, uint32_t lanes)
{
    return memory_kib && memory_kib <= HD_LUKS_MEMORY_MAX && time &&
           time <= HD_LUKS_TIME_MAX && lanes && lanes <= HD_LUKS_LANES_MAX;
}

int hd_luks_header_check_facts(const struct hd_luks_facts *facts, bool users,
                               struct hd_err *err)
{
    if (facts->n_users > HD_LUKS_KEYSLOTS || users != !!facts->n_users)
        return hd_fail(err, HD_E_BAD_VOLUME, "too many users or too few");
    for (uint32_t i = 0; i < facts->n_users; i++)
        if (!is_user(facts, i))
            return hd_fail(err, HD_E_BAD_VOLUME, "user %u is none", i);
    if (users
            ? !hd_luks_kdf_bounded(facts->memory_kib, facts->time, facts->lanes)
            : facts->memory_kib || facts->time || facts->lanes)
        return hd_fail(err, HD_E_BAD_VOLUME, "the KDF's cost is out of range");
    return 0;
}

static int copy_area(int medium, uint64_t start, int fd,
                     const struct hd_luks_area *a, struct hd_err *err)
{
    hd_autofree char *buf = malloc(HD_LUKS_AREA);

    if (!buf)
        return hd_fail_errno(err, HD_E_FAILED, "read a keyslot");
    if (hd_io_pread(medium, buf, a->len, (off_t)(start + a->at), err))
        return hd_wrap(err, "a keyslot");
    return hd_io_pwrite(fd, buf, a->len, (off_t)a->at, err);
}

int hd_luks_header_copy(int medium, uint64_t start, uint64_t size,
                        const struct hd_luks *expect, struct hd_luks_facts *ret,
                        struct hd_err *err)
{
    hd_autofree struct disk *d = malloc(2 * sizeof(*d));
    struct hd_luks_json j = {0};
    hd_autofd int fd = -1;
    bool differ;
    int good;

    if (!d)
        return hd_fail_errno(err, HD_E_FAILED, "read a LUKS2 header");
    if (check_expect(expect, size, err))
        return -1;
    if (hd_io_pread(medium, d, 2 * sizeof(*d), (off_t)start, err))
        return hd_wrap(err, "the LUKS2 header");
    if (choose(d, expect, &good, &differ, err) ||
        (differ && mend(d, good, err)) || judge(d, expect, &j, err))
        return -1;
    fd = hd_io_memfd("hotdom-luks", expect->offset, err);
    if (fd < 0 || hd_io_pwrite(fd, d, 2 * sizeof(*d), 0, err))
        return -1;
    for (int i = 0; i < HD_LUKS_KEYSLOTS; i++)
        if (j.areas[i].len && copy_area(medium, start, fd, &j.areas[i], err))
            return -1;
    if (hd_io_seal(fd, err))
        return -1;
    *ret = j.facts;
    return hd_steal_fd(&fd);
}
