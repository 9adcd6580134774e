/* SPDX-License-Identifier: MIT */
/* Tests hv/volume/luks_header: the binary part, and which of two copies holds.
 */
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "luks_kit.h"
#include "unit.h"

static void what_we_make_is_taken(void)
{
    struct hd_err err = {0};
    struct kit_luks k;

    kit_luks_get(&k, true);
    CHECK_OK(kit_luks_check(&k, &err), &err);
    CU_ASSERT_EQUAL(k.facts.n_users, 2);
    CU_ASSERT_STRING_EQUAL(k.facts.users[0].name, "anna");
    CU_ASSERT_EQUAL(k.facts.users[0].keyslot, 0);
    CU_ASSERT_STRING_EQUAL(k.facts.users[1].name, "recovery");
    CU_ASSERT_EQUAL(k.facts.users[1].keyslot, 1);
    CU_ASSERT_EQUAL(k.facts.memory_kib, 32);
    CU_ASSERT_EQUAL(k.facts.time, 4);
    CU_ASSERT_EQUAL(k.facts.lanes, 1);
    CU_ASSERT(k.facts.seqid_low > 0);
    kit_luks_get(&k, false);
    CHECK_OK(kit_luks_check(&k, &err), &err);
    CU_ASSERT_EQUAL(k.facts.n_users, 0);
}

static void two_headers_that_differ_are_refused(void)
{
    const char *from = "\"time\":4", *to = "\"time\":5";
    const char *words = "its two LUKS2 headers differ";

    REFUSED(kit_luks_edit_copy(&k, 0, from, to), words);
    REFUSED(kit_luks_edit_copy(&k, 1, from, to), words);
    /* The second ahead: we never write so. */
    REFUSED(kit_luks_edit_copy(&k, 1, from, to);
            kit_luks_seqid(&k, 1, 99), words);
    REFUSED(kit_luks_seqid(&k, 1, 99), words);
    /* Too far behind for one change. */
    REFUSED(kit_luks_seqid(&k, 0, 117); kit_luks_seqid(&k, 1, 100), words);
    REFUSED(kit_luks_seqid(&k, 0, 0); kit_luks_seqid(&k, 1, ~0ull - 20), words);
}

static void a_write_that_was_cut_off_is_taken(void)
{
    TAKEN(k.both[9000] ^= 1);                /* the first is torn */
    TAKEN(k.both[HD_LUKS_JSON + 5000] ^= 1); /* the second */
    TAKEN(memset(k.both, 0, 512));
    TAKEN(kit_luks_seqid(&k, 0, 116); kit_luks_seqid(&k, 1, 100);
          kit_luks_edit_copy(&k, 0, "anna", "bert");
          CHECK_OK(kit_luks_check(&k, &err), &err);
          CU_ASSERT_STRING_EQUAL(k.facts.users[0].name, "bert");
          CU_ASSERT_EQUAL(k.facts.seqid_low, 116));
    /* The second must still be one of ours. */
    REFUSED(kit_luks_seqid(&k, 0, 101); kit_luks_seqid(&k, 1, 100);
            kit_luks_edit_copy(&k, 1, "\"time\":4", "\"time\":99"),
            "time must be");
    REFUSED(k.both[9000] ^= 1;
            k.both[HD_LUKS_JSON + 9000] ^= 1, "checksum does not fit");
}

static void the_header_of_another_store_is_refused(void)
{
    REFUSED(k.luks.uuid.byte[3] ^= 1,
            "another volume's: its UUID is not the one that was signed");
    REFUSED(kit_luks_poke(&k, 168, "12345678", 8), "its UUID is not the one");
    REFUSED(kit_luks_poke(&k, 168 + 36, "x", 1), "its UUID is not the one");
}

static void the_binary_part_must_be_ours(void)
{
    uint8_t wide[8] = {0, 0, 0, 0, 0, 0, 0x80, 0};

    REFUSED(kit_luks_poke(&k, 0, "LUKQ", 4), "it is no LUKS2 header");
    REFUSED(kit_luks_poke(&k, 7, "\1", 1), "it is no LUKS2 header");
    REFUSED(memset(k.both, 0, sizeof(k.both)), "it is no LUKS2 header");
    REFUSED(kit_luks_poke(&k, 8, wide, 8), "has another size or place");
    REFUSED(kit_luks_poke(&k, 256, wide, 8), "has another size or place");
    REFUSED(kit_luks_poke(&k, 72, "sha1\0\0", 6), "checksum is no SHA-256");
    REFUSED(kit_luks_poke(&k, 24, "label", 5), "a label or a subsystem");
    REFUSED(kit_luks_poke(&k, 208, "sub", 3), "a label or a subsystem");
    REFUSED(kit_luks_poke(&k, 300, "x", 1), "something where zeros belong");
    REFUSED(kit_luks_poke(&k, 4095, "x", 1), "something where zeros belong");
}

static void a_header_cut_short_is_refused(void)
{
    struct hd_luks_facts facts;
    struct hd_err err = {0};
    struct kit_luks k;

    kit_luks_get(&k, true);
    CHECK_FAILS(hd_luks_header_check(k.both, sizeof(k.both), HD_LUKS_OFFSET_KEY,
                                     &k.luks, &facts, &err),
                &err, HD_E_BAD_VOLUME, "would begin behind its end");
    CHECK_FAILS(hd_luks_header_check(k.both, sizeof(k.both) - 1, KIT_LUKS_SIZE,
                                     &k.luks, &facts, &err),
                &err, HD_E_BAD_VOLUME, "the LUKS2 header is cut off");
    CHECK_FAILS(hd_luks_header_check(k.both, sizeof(k.both), KIT_LUKS_SIZE,
                                     &k.luks, &facts, &err),
                &err, HD_E_BAD_VOLUME, "keyslot 0 is cut off");
}

/* The partition of a medium that ends after so many bytes. */
static int copy_of(const struct kit_luks *k, size_t len, struct hd_err *err)
{
    hd_autofd int medium = hd_io_memfd("medium", len, err);
    size_t n = len < sizeof(k->both) ? len : sizeof(k->both);
    struct hd_luks_facts facts;
    int fd;

    CHECK_OK(hd_io_pwrite(medium, k->both, n, 0, err), err);
    fd = hd_luks_header_copy(medium, 0, KIT_LUKS_SIZE, &k->luks, &facts, err);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

static void only_a_whole_good_header_is_copied(void)
{
    struct hd_err err = {0};
    struct kit_luks k;

    kit_luks_get(&k, true);
    CHECK_OK(copy_of(&k, 1 << 20, &err), &err);
    CHECK_FAILS(copy_of(&k, 1000, &err), &err, HD_E_BAD_HEADER,
                "the LUKS2 header: ");
    CHECK_FAILS(copy_of(&k, sizeof(k.both) + 512, &err), &err, HD_E_BAD_HEADER,
                "a keyslot: ");
    k.luks.uuid.byte[0] ^= 1;
    CHECK_FAILS(copy_of(&k, 1 << 20, &err), &err, HD_E_BAD_VOLUME,
                "another volume's");
    k.luks.offset++;
    CHECK_FAILS(copy_of(&k, 1 << 20, &err), &err, HD_E_BAD_VOLUME,
                "encrypted data begins at");
    kit_luks_get(&k, true);
    memset(k.both, 0, sizeof(k.both));
    CHECK_FAILS(copy_of(&k, 1 << 20, &err), &err, HD_E_BAD_VOLUME,
                "it is no LUKS2 header");
}

static const struct hd_test tests[] = {
    HD_TEST(what_we_make_is_taken),
    HD_TEST(two_headers_that_differ_are_refused),
    HD_TEST(a_write_that_was_cut_off_is_taken),
    HD_TEST(the_header_of_another_store_is_refused),
    HD_TEST(the_binary_part_must_be_ours),
    HD_TEST(a_header_cut_short_is_refused),
    HD_TEST(only_a_whole_good_header_is_copied),
};

HD_SUITE("volume/luks_header", tests);
