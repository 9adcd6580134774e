/* SPDX-License-Identifier: MIT */
/* Tests hv/store/pack, bundle and target: images are read back by the program
 * hotdom-reader, and by tar and openssl. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../hv/store/auth.h"
#include "../../hv/store/pack.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "pack_kit.h"
#include "store_kit.h"
#include "unit.h"

/* How many files of the kit have a name that begins so. */
static int count_files(const struct pack_kit *b, const char *prefix)
{
    DIR *dir = opendir(b->dir);
    struct dirent *e;
    int n = 0;

    while ((e = readdir(dir)))
        n += !strncmp(e->d_name, prefix, strlen(prefix));
    closedir(dir);
    return n;
}

/* A store that the reader has taken from what hd_pack wrote. */
struct taken {
    struct hd_answer *answer;
    struct hd_packed packed;
    int medium, fds[HD_MAX_FDS];
    size_t n;
};

static void pack_and_take(struct pack_kit *b, struct taken *ret)
{
    struct hd_err err = {0};

    *ret = (struct taken){0};
    CHECK_OK(hd_pack(&b->in, &ret->packed, &err), &err);
    ret->medium = open(b->output, O_RDONLY);
    CHECK_OK(kit_run_reader(ret->medium, &ret->packed.signer, &ret->answer,
                            ret->fds, &ret->n, &err),
             &err);
    CU_ASSERT_EQUAL_FATAL(ret->answer->err.code, HD_OK);
    /* The kernel of both, the ramdisk of one, the kernel as a ramdisk. */
    CU_ASSERT_EQUAL_FATAL(ret->n, 3);
}

static void taken_fini(struct taken *t)
{
    for (size_t i = 0; i < t->n; i++)
        close(t->fds[i]);
    free(t->answer);
    close(t->medium);
}

static void a_packed_store_is_accepted_by_the_reader(void)
{
    struct hd_err err = {0};
    const struct hd_answer *a;
    char text[16] = "";
    struct pack_kit b;
    struct taken t;

    pack_kit_init(&b);
    pack_and_take(&b, &t);
    a = t.answer;
    CU_ASSERT_EQUAL(a->manifest.store.generation, 3);
    CU_ASSERT_TRUE(hd_uuid_equal(&a->manifest.store.id, &t.packed.store.id));
    CU_ASSERT_EQUAL(a->medium_size, t.packed.size);
    CU_ASSERT_STRING_EQUAL(a->manifest.guests[1].kernel, "one/vmlinux.zst");
    CHECK_OK(hd_io_pread(t.fds[1], text, 9, 0, &err), &err);
    CU_ASSERT_STRING_EQUAL(text, "a ramdisk");
    taken_fini(&t);
    pack_kit_fini(&b);
}

/* What of the ramdisk, `data`, the reader hands to hotdomd; how it is stored is
 * in *ret_file. */
static void pack_ramdisk(const void *data, size_t len, char ret[64],
                         struct hd_file *ret_file)
{
    struct pack_kit b;
    struct taken t;

    pack_kit_init(&b);
    pack_kit_file(&b, "initrd", data, len);
    pack_and_take(&b, &t);
    memset(ret, 0, 64);
    CU_ASSERT(pread(t.fds[1], ret, 64, 0) > 0);
    *ret_file = t.answer->manifest.files[1];
    CU_ASSERT_STRING_EQUAL(t.answer->manifest.guests[0].ramdisk,
                           ret_file->name);
    taken_fini(&t);
    pack_kit_fini(&b);
}

static const uint8_t gzipped[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
    0x4b, 0x54, 0x28, 0x4a, 0xcc, 0x4d, 0xc9, 0x2c, 0xce, 0x06,
    0x00, 0x00, 0x4f, 0xaa, 0xa0, 0x09, 0x00, 0x00, 0x00};

static void a_ramdisk_by_gzip_is_unpacked_once_and_not_at_each_start(void)
{
    struct hd_file file;
    char text[64];

    pack_ramdisk(gzipped, sizeof(gzipped), text, &file);
    CU_ASSERT_STRING_EQUAL(text, "a ramdisk");
    CU_ASSERT_EQUAL(file.unpacked, 9);
    CU_ASSERT_STRING_EQUAL(file.name, "one/initrd.img.zst");
}

/* As an archive behind another: the kernel reads both. */
static void a_ramdisk_with_more_behind_its_gzip_stays_as_it_is(void)
{
    uint8_t both[sizeof(gzipped) + 8] = {0};
    struct hd_file file;
    char text[64];

    memcpy(both, gzipped, sizeof(gzipped));
    memcpy(both + sizeof(gzipped), "070701..", 8);
    pack_ramdisk(both, sizeof(both), text, &file);
    CU_ASSERT_EQUAL(memcmp(text, both, sizeof(both)), 0);
    CU_ASSERT_EQUAL(file.unpacked, 0);
    CU_ASSERT_STRING_EQUAL(file.name, "one/initrd.img");
}

static void refuse_ramdisk(const void *data, size_t len)
{
    struct hd_err err = {0};
    struct pack_kit b;

    pack_kit_init(&b);
    pack_kit_file(&b, "initrd", data, len);
    CHECK_FAILS(hd_pack(&b.in, &(struct hd_packed){.size = 0}, &err), &err,
                HD_E_BAD_KERNEL, "ramdisk initrd: cannot unpack it");
    pack_kit_fini(&b);
}

static void a_ramdisk_whose_gzip_is_damaged_is_refused_by_name(void)
{
    refuse_ramdisk(gzipped, sizeof(gzipped) - 9);
}

static void a_ramdisk_whose_gzip_holds_nothing_is_refused_by_name(void)
{
    static const uint8_t nothing[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3,
                                      3,    0,    0, 0, 0, 0, 0, 0, 0, 0};

    refuse_ramdisk(nothing, sizeof(nothing));
}

static void volumes_are_whole_mebibytes_with_their_content(void)
{
    struct hd_answer *a = NULL;
    struct hd_err err = {0};
    char path[PATH_MAX], text[8] = "";
    struct pack_kit b;
    int medium;

    pack_kit_init(&b);
    hd_beside(HD_READER, path);
    CHECK_OK(hd_pack(&b.in, &(struct hd_packed){.size = 0}, &err), &err);
    medium = open(b.output, O_RDONLY);
    CHECK_OK(hd_reader_run(path, medium, NULL, 0, &a, &err), &err);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(a->extents[i].length, 2 * MIB);
        CU_ASSERT_EQUAL(a->extents[i].start % MIB, 0);
    }
    CHECK_OK(
        hd_io_pread(medium, text, 5, (off_t)a->extents[0].start + 4096, &err),
        &err);
    CU_ASSERT_STRING_EQUAL(text, "begin");
    CHECK_OK(hd_io_pread(medium, text, 4,
                         (off_t)a->extents[0].start + MIB + MIB / 2 - 3, &err),
             &err);
    CU_ASSERT_STRING_EQUAL(text, "end");
    free(a);
    close(medium);
    pack_kit_fini(&b);
}

static void tar_and_openssl_need_no_hotdom(void)
{
    struct hd_err err = {0};
    char command[512];
    struct pack_kit b;

    pack_kit_init(&b);
    CHECK_OK(hd_pack(&b.in, &(struct hd_packed){.size = 0}, &err), &err);
    snprintf(command, sizeof(command),
             "cd %s && dd if=out.img of=h.tar bs=1M skip=1 count=1 2>/dev/null "
             "&& test \"$(tar tf h.tar | tr '\\n' ' ')\" = 'manifest.yaml "
             "manifest.sig signer.pub one/vmlinux.zst one/initrd.img "
             "two/initrd.img ' && tar xf h.tar && openssl pkeyutl -verify "
             "-rawin -in manifest.yaml -sigfile manifest.sig -pubin -inkey "
             "signer.pub >/dev/null && cmp -s signer.pub k.pub",
             b.dir);
    CU_ASSERT_EQUAL(system(command), 0);
    pack_kit_fini(&b);
}

static void zeros_take_no_room_in_an_image(void)
{
    struct hd_err err = {0};
    struct pack_kit b;
    struct stat st;

    pack_kit_init(&b);
    pack_kit_text(
        &b, "m.yaml",
        "hotdom: 1\nstore: {name: a}\nvolumes: [{name: v, encryption: "
        "none, size: 1T}]\n"
        "guests: [{name: a, kernel: kernel}]\n");
    CHECK_OK(hd_pack(&b.in, &(struct hd_packed){.size = 0}, &err), &err);
    CU_ASSERT_EQUAL(stat(b.output, &st), 0);
    CU_ASSERT_EQUAL((uint64_t)st.st_size, (1ull << 40) + 3 * MIB);
    CU_ASSERT_TRUE(st.st_blocks * 512 < MIB);
    pack_kit_fini(&b);
}

static void each_user_gets_a_verifier_of_its_password(void)
{
    struct hd_answer *a = NULL;
    struct hd_err err = {0};
    char path[PATH_MAX];
    struct pack_kit b;
    int medium;

    pack_kit_init(&b);
    hd_beside(HD_READER, path);
    pack_kit_text(&b, "m.yaml",
                  "hotdom: 1\nstore: {name: a}\nusers: [{name: x}, {name: y}]\n"
                  "guests: [{name: a, kernel: kernel}]\n");
    CHECK_OK(hd_pack(&b.in, &(struct hd_packed){.size = 0}, &err), &err);
    CU_ASSERT_STRING_EQUAL(b.users, "x;y;");
    medium = open(b.output, O_RDONLY);
    CHECK_OK(hd_reader_run(path, medium, NULL, 0, &a, &err), &err);
    CU_ASSERT_EQUAL(a->manifest.n_users, 2);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(a->manifest.users[i].auth.n, HD_SCRYPT_N_MIN);
    CU_ASSERT_NOT_EQUAL(memcmp(a->manifest.users[0].auth.salt,
                               a->manifest.users[1].auth.salt, 32),
                        0);
    free(a);
    close(medium);
    pack_kit_fini(&b);
}

static void an_image_is_overwritten_only_by_force(void)
{
    struct hd_packed packed;
    struct hd_err err = {0};
    struct pack_kit b;

    pack_kit_init(&b);
    pack_kit_text(&b, "out.img", "photos");
    CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_EXISTS,
                "out.img exists; --force overwrites it");
    b.in.force = true;
    CHECK_OK(hd_pack(&b.in, &packed, &err), &err);
    CU_ASSERT_EQUAL(count_files(&b, "out.img"), 1);
    b.in.output = "/dev/null";
    CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_USAGE,
                "/dev/null is neither a file nor a disk");
    b.in.output = "/dev/no-such-disk";
    CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_IO,
                "there is no device /dev/no-such-disk");
    pack_kit_fini(&b);
}

/* Wherever it is stopped: no image, no rest of one. */
static void an_interrupted_pack_leaves_nothing(void)
{
    struct hd_packed packed;
    struct hd_err err = {0};
    unsigned all;
    struct pack_kit b;

    pack_kit_init(&b);
    CHECK_OK(hd_pack(&b.in, &packed, &err), &err);
    CU_ASSERT_STRING_EQUAL(b.phases, "kernels;volume root;volume home;header;"
                                     "flushing;verifying;");
    all = b.calls;
    unlink(b.output);
    for (unsigned at = 1; at <= all; at++) {
        b.calls = 0;
        b.stop_at = at;
        b.phases[0] = '\0';
        CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_FAILED,
                    "interrupted");
        CU_ASSERT_EQUAL(count_files(&b, "out.img"), 0);
    }
    pack_kit_fini(&b);
}

static void bad_inputs_are_named(void)
{
    struct hd_packed packed;
    struct hd_err err = {0};
    struct pack_kit b;

    pack_kit_init(&b);
    pack_kit_text(&b, "kernel", "#!/bin/sh");
    CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_BAD_KERNEL,
                "guest one: kernel kernel: it is no bzImage and no ELF");
    pack_kit_text(&b, "kernel", "");
    CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_BAD_MANIFEST,
                "guest one: kernel is not a file of 1 byte to 256 MiB");
    pack_kit_text(&b, "root.img", "");
    CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_BAD_MANIFEST,
                "volume root: root.img is empty");
    pack_kit_text(&b, "m.yaml",
                  "hotdom: 1\nstore: {name: a}\nvolumes:\n"
                  "- {name: v, encryption: none, size: 1K, from: none.img}\n"
                  "guests: [{name: a, kernel: kernel}]\n");
    CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_IO,
                "volume v: cannot open none.img: No such file");
    pack_kit_text(&b, "none.img",
                  "more than a hundred bytes: ................"
                  "............................................................"
                  "..........");
    pack_kit_text(&b, "m.yaml",
                  "hotdom: 1\nstore: {name: a}\nvolumes:\n"
                  "- {name: v, encryption: none, size: 100, from: none.img}\n"
                  "guests: [{name: a, kernel: kernel}]\n");
    CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_BAD_MANIFEST,
                "volume v: none.img is larger than its size");
    pack_kit_text(&b, "m.yaml", "hotdom: 3\n");
    CHECK_FAILS(hd_pack(&b.in, &packed, &err), &err, HD_E_BAD_MANIFEST,
                "m.yaml: line 1, column 9: hotdom: 3 is out of range");
    pack_kit_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(a_packed_store_is_accepted_by_the_reader),
    HD_TEST(a_ramdisk_by_gzip_is_unpacked_once_and_not_at_each_start),
    HD_TEST(a_ramdisk_with_more_behind_its_gzip_stays_as_it_is),
    HD_TEST(a_ramdisk_whose_gzip_is_damaged_is_refused_by_name),
    HD_TEST(a_ramdisk_whose_gzip_holds_nothing_is_refused_by_name),
    HD_TEST(volumes_are_whole_mebibytes_with_their_content),
    HD_TEST(tar_and_openssl_need_no_hotdom),
    HD_TEST(zeros_take_no_room_in_an_image),
    HD_TEST(each_user_gets_a_verifier_of_its_password),
    HD_TEST(an_image_is_overwritten_only_by_force),
    HD_TEST(an_interrupted_pack_leaves_nothing),
    HD_TEST(bad_inputs_are_named),
};

HD_SUITE("store/pack", tests);
