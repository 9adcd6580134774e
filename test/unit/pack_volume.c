/* SPDX-License-Identifier: MIT */
/* Tests hv/store/pack_volume and pack_users: encrypted volumes and images, as
 * cryptsetup, veritysetup and our own reader see them. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../hv/store/pack.h"
#include "../../hv/store/reader.h"
#include "../../hv/volume/xts.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "pack_kit.h"
#include "unit.h"

static const char locked[] = "hotdom: 1\n"
                             "store: {name: locked}\n"
                             "users: [{name: x}, {name: y}]\n"
                             "volumes:\n"
                             "  - {name: root, from: root.img}\n"
                             "  - {name: plain, encryption: none, size: 1M}\n"
                             "  - {name: home, size: 3M, from: root.img}\n"
                             "guests: [{name: one, kernel: kernel}]\n";

static const char images[] =
    "hotdom: 1\n"
    "store: {name: images}\n"
    "volumes:\n"
    "  - {name: odd, kind: image, from: root.img}\n"
    "  - {name: small, kind: image, from: initrd}\n"
    "  - {name: long, kind: image, from: initrd, size: 1M}\n"
    "guests: [{name: one, kernel: kernel}]\n";

/* What a host learns of the image that was packed. */
static struct hd_answer *read_back(const struct pack_kit *b, int *ret_medium)
{
    struct hd_answer *a = NULL;
    struct hd_err err = {0};
    char path[PATH_MAX];

    hd_beside(HD_READER, path);
    *ret_medium = open(b->output, O_RDONLY);
    CHECK_OK(hd_reader_run(path, *ret_medium, NULL, 0, &a, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    if (a->err.code)
        printf("\n    %s\n", a->err.msg);
    CU_ASSERT_EQUAL_FATAL(a->err.code, HD_OK);
    return a;
}

/* The partition as a file of its own. */
static void cut_out(const struct pack_kit *b, const struct hd_extent *e,
                    const char *name)
{
    char command[256];

    snprintf(command, sizeof(command),
             "dd if=%s of=%s/%s bs=1M skip=%llu count=%llu status=none",
             b->output, b->dir, name, (unsigned long long)e->start / MIB,
             (unsigned long long)e->length / MIB);
    CU_ASSERT_EQUAL(system(command), 0);
}

static int run_in(const struct pack_kit *b, const char *command)
{
    char text[1024];

    snprintf(text, sizeof(text), "PATH=$PATH:/usr/sbin; cd %s && %s", b->dir,
             command);
    return system(text);
}

static struct hd_secret *secret_of(const char *text)
{
    struct hd_secret *s = hd_secret_new(strlen(text));

    memcpy(s->data, text, strlen(text));
    s->len = strlen(text);
    return s;
}

static void each_user_and_the_recovery_key_open_the_key_volume(void)
{
    struct hd_packed packed = {0};
    struct hd_err err = {0};
    struct hd_answer *a;
    struct pack_kit b;
    int medium;

    pack_kit_init(&b);
    pack_kit_text(&b, "m.yaml", locked);
    CHECK_OK(hd_pack(&b.in, &packed, &err), &err);
    CU_ASSERT_STRING_EQUAL(b.users, "x;y;");
    CU_ASSERT_PTR_NOT_NULL_FATAL(packed.recovery);
    a = read_back(&b, &medium);
    cut_out(&b, &a->extents[0], "root.luks");
    pack_kit_text(&b, "pw.x", "x's secret");
    pack_kit_text(&b, "pw.y", "y's secret");
    pack_kit_text(&b, "pw.r", packed.recovery->data);
    pack_kit_text(&b, "pw.wrong", "z's secret");
    CU_ASSERT_EQUAL(
        run_in(&b, "for u in x y r; do cryptsetup open --test-passphrase "
                   "--key-file pw.$u root.luks || exit 1; done; "
                   "! cryptsetup open --test-passphrase --key-file pw.wrong "
                   "root.luks 2>/dev/null"),
        0);
    CU_ASSERT_EQUAL(run_in(&b, "cryptsetup luksDump root.luks >dump && "
                               "[ $(grep -c 'hotdom-user$' dump) = 2 ] && "
                               "[ $(grep -c 'hotdom-recovery$' dump) = 1 ] && "
                               "[ $(grep -c 'argon2id$' dump) = 3 ] && "
                               "[ $(grep -c 'Memory:  *1024$' dump) = 3 ]"),
                    0);
    CU_ASSERT_EQUAL(a->manifest.users[0].auth.n, 0);
    hd_secret_free(packed.recovery);
    free(a);
    close(medium);
    pack_kit_fini(&b);
}

/* The content in the clear, from a keyslot that a user's password opens. */
static void check_content(int medium, const struct hd_answer *a, int i,
                          const struct hd_secret *key)
{
    const struct hd_luks *luks = &a->manifest.volumes[i].luks;
    hd_autofree uint8_t *data = calloc(1, 2 * MIB);
    hd_auto(hd_xts) xts = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_luks_check_mark(key, luks, &err), &err);
    CHECK_OK(hd_xts_new(key, &xts, &err), &err);
    CHECK_OK(hd_io_pread(medium, data, MIB + MIB / 2,
                         (off_t)(a->extents[i].start + luks->offset), &err),
             &err);
    CU_ASSERT_NOT_EQUAL(memcmp(data + 4096, "begin", 5), 0);
    CHECK_OK(hd_xts_decrypt(xts, data, MIB + MIB / 2, 0, &err), &err);
    CU_ASSERT_EQUAL(memcmp(data + 4096, "begin", 5), 0);
    CU_ASSERT_EQUAL(memcmp(data + MIB + MIB / 2 - 3, "end", 3), 0);
    /* The hole of the file reads as zeros. */
    for (size_t at = 8192; at < MIB + MIB / 2 - 3; at++)
        if (data[at]) {
            CU_FAIL("a hole is not zero");
            break;
        }
}

/* Copies the header of a volume, as the reader will hand it out. */
static int copy_header(int medium, const struct hd_answer *a, int i)
{
    uint64_t len = a->manifest.volumes[i].luks.offset;
    hd_autofree void *data = malloc(len);
    struct hd_err err = {0};
    int fd = hd_io_memfd("header", len, &err);

    CHECK_OK(hd_io_pread(medium, data, len, (off_t)a->extents[i].start, &err),
             &err);
    CHECK_OK(hd_io_pwrite(fd, data, len, 0, &err), &err);
    return fd;
}

static void one_password_opens_every_encrypted_volume(void)
{
    struct hd_packed packed = {0};
    struct hd_err err = {0};
    struct hd_answer *a;
    struct pack_kit b;
    int medium;

    pack_kit_init(&b);
    pack_kit_text(&b, "m.yaml", locked);
    b.in.no_recovery_key = true;
    CHECK_OK(hd_pack(&b.in, &packed, &err), &err);
    CU_ASSERT_PTR_NULL(packed.recovery);
    a = read_back(&b, &medium);
    {
        hd_auto(hd_secret) password = secret_of("y's secret");
        hd_autofd int first = copy_header(medium, a, 0);
        hd_autofd int other = copy_header(medium, a, 2);
        hd_auto(hd_secret) key = NULL;
        hd_auto(hd_secret) derived = NULL;
        hd_auto(hd_secret) key2 = NULL;

        CHECK_OK(hd_luks_open(first, 1, password, &key, &err), &err);
        check_content(medium, a, 0, key);
        CHECK_OK(hd_luks_derive(key, &a->manifest.volumes[2].luks.uuid,
                                &derived, &err),
                 &err);
        CHECK_OK(hd_luks_open(other, 0, derived, &key2, &err), &err);
        CU_ASSERT_NOT_EQUAL(memcmp(key->data, key2->data, key->len), 0);
        check_content(medium, a, 2, key2);
    }
    free(a);
    close(medium);
    pack_kit_fini(&b);
}

static void an_encrypted_partition_has_room_for_its_header(void)
{
    struct hd_err err = {0};
    struct hd_packed packed = {0};
    struct hd_answer *a;
    struct pack_kit b;
    int medium;

    pack_kit_init(&b);
    pack_kit_text(&b, "m.yaml", locked);
    CHECK_OK(hd_pack(&b.in, &packed, &err), &err);
    a = read_back(&b, &medium);
    CU_ASSERT_EQUAL(a->extents[0].length, (9 + 2) * MIB);
    CU_ASSERT_EQUAL(a->extents[1].length, 1 * MIB);
    CU_ASSERT_EQUAL(a->extents[2].length, (1 + 3) * MIB);
    hd_secret_free(packed.recovery);
    free(a);
    close(medium);
    pack_kit_fini(&b);
}

/* 1.5 MiB, 9 bytes, and 9 bytes with zeros behind. */
static void every_block_of_an_image_is_in_its_tree(void)
{
    static const uint64_t blocks[] = {384, 1, 256};
    struct hd_packed packed = {0};
    struct hd_err err = {0};
    struct hd_answer *a;
    struct pack_kit b;
    int medium;

    pack_kit_init(&b);
    pack_kit_text(&b, "m.yaml", images);
    CHECK_OK(hd_pack(&b.in, &packed, &err), &err);
    CU_ASSERT_PTR_NULL(packed.recovery);
    a = read_back(&b, &medium);
    for (int i = 0; i < 3; i++) {
        const struct hd_verity *v = &a->manifest.volumes[i].verity;

        CU_ASSERT_EQUAL(v->blocks, blocks[i]);
        CHECK_OK(hd_verity_check(medium, a->extents[i].start, v, NULL, NULL,
                                 NULL, &err),
                 &err);
    }
    CU_ASSERT_EQUAL(a->extents[0].length, 2 * MIB);
    CU_ASSERT_EQUAL(a->extents[1].length, 1 * MIB);
    CU_ASSERT_EQUAL(a->extents[2].length, 2 * MIB);
    cut_out(&b, &a->extents[0], "part");
    CU_ASSERT_EQUAL(run_in(&b, "cmp -n 1572864 part root.img"), 0);
    free(a);
    close(medium);
    pack_kit_fini(&b);
}

static void a_kdf_that_cannot_be_ends_before_anything_is_written(void)
{
    struct hd_packed packed = {0};
    struct hd_err err = {0};
    struct pack_kit b;

    pack_kit_init(&b);
    pack_kit_text(&b, "m.yaml", locked);
    b.in.cost = (struct hd_luks_cost){HD_LUKS_MEMORY_MAX + 1024, 4, 1};
    CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_USAGE,
                "keyslot of x (Argon2 with 2049 MiB, 4 passes): ");
    CU_ASSERT_STRING_EQUAL(b.phases, "");
    CU_ASSERT_EQUAL(run_in(&b, "! ls out.img* 2>/dev/null"), 0);
    pack_kit_fini(&b);
}

static void an_interrupted_pack_of_any_kind_leaves_nothing(void)
{
    static const char *const sources[] = {locked, images};
    static const char *const phases[] = {
        "keyslots;kernels;volume root;volume plain;volume home;header;"
        "flushing;verifying;",
        "kernels;volume odd;volume small;volume long;header;"
        "flushing;verifying;"};

    for (size_t i = 0; i < HD_ARRAY_LEN(sources); i++) {
        struct hd_packed packed = {0};
        struct hd_err err = {0};
        struct pack_kit b;
        unsigned all;

        pack_kit_init(&b);
        pack_kit_text(&b, "m.yaml", sources[i]);
        b.in.no_recovery_key = true;
        CHECK_OK(hd_pack(&b.in, &packed, &err), &err);
        CU_ASSERT_STRING_EQUAL(b.phases, phases[i]);
        all = b.calls;
        unlink(b.output);
        for (unsigned at = 1; at <= all; at++) {
            b.calls = 0;
            b.stop_at = at;
            b.phases[0] = b.users[0] = '\0';
            CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_FAILED,
                        "interrupted");
            CU_ASSERT_EQUAL(run_in(&b, "! ls out.img* 2>/dev/null"), 0);
        }
        pack_kit_fini(&b);
    }
}

static const struct hd_test tests[] = {
    HD_TEST(each_user_and_the_recovery_key_open_the_key_volume),
    HD_TEST(one_password_opens_every_encrypted_volume),
    HD_TEST(an_encrypted_partition_has_room_for_its_header),
    HD_TEST(every_block_of_an_image_is_in_its_tree),
    HD_TEST(a_kdf_that_cannot_be_ends_before_anything_is_written),
    HD_TEST(an_interrupted_pack_of_any_kind_leaves_nothing),
};

HD_SUITE("store/pack_volume", tests);
