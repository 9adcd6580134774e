/* SPDX-License-Identifier: MIT */
/* Tests hv/volume/xts against published vectors and cryptsetup's own sectors.
 */
#include <string.h>

#include "../../hv/volume/luks_header.h"
#include "../../hv/volume/xts.h"
#include "unit.h"

#define BYTES 1536

static struct hd_secret *counting_key(void)
{
    struct hd_secret *key = hd_secret_new(HD_LUKS_KEY_BYTES);

    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    for (size_t i = 0; i < HD_LUKS_KEY_BYTES; i++)
        key->data[i] = (char)i;
    key->len = HD_LUKS_KEY_BYTES;
    return key;
}

/* IEEE 1619-2007, annex B, vectors 10 and 14: AES-256, 512 bytes 00 01 .. ff
 * 00 .., data units 0xff and 0xffffffffff. */
static void sectors_are_as_ieee_1619_says(void)
{
    static const uint8_t key_bytes[HD_LUKS_KEY_BYTES] = {
        0x27, 0x18, 0x28, 0x18, 0x28, 0x45, 0x90, 0x45, 0x23, 0x53, 0x60,
        0x28, 0x74, 0x71, 0x35, 0x26, 0x62, 0x49, 0x77, 0x57, 0x24, 0x70,
        0x93, 0x69, 0x99, 0x59, 0x57, 0x49, 0x66, 0x96, 0x76, 0x27, 0x31,
        0x41, 0x59, 0x26, 0x53, 0x58, 0x97, 0x93, 0x23, 0x84, 0x62, 0x64,
        0x33, 0x83, 0x27, 0x95, 0x02, 0x88, 0x41, 0x97, 0x16, 0x93, 0x99,
        0x37, 0x51, 0x05, 0x82, 0x09, 0x74, 0x94, 0x45, 0x92};
    static const uint8_t v10[16] = {0x1c, 0x3b, 0x3a, 0x10, 0x2f, 0x77,
                                    0x03, 0x86, 0xe4, 0x83, 0x6c, 0x99,
                                    0xe3, 0x70, 0xcf, 0x9b};
    static const uint8_t v14[16] = {0x64, 0x49, 0x7e, 0x5a, 0x83, 0x1e,
                                    0x4a, 0x93, 0x2c, 0x09, 0xbe, 0x3e,
                                    0x53, 0x93, 0x37, 0x6d};
    hd_auto(hd_secret) key = counting_key();
    hd_auto(hd_xts) x = NULL;
    struct hd_err err = {0};
    uint8_t data[512];

    memcpy(key->data, key_bytes, sizeof(key_bytes));
    CHECK_OK(hd_xts_new(key, &x, &err), &err);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)i;
    CHECK_OK(hd_xts_encrypt(x, data, sizeof(data), 0xffull * 512, &err), &err);
    CU_ASSERT_EQUAL(memcmp(data, v10, sizeof(v10)), 0);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)i;
    CHECK_OK(hd_xts_encrypt(x, data, sizeof(data), 0xffffffffffull * 512, &err),
             &err);
    CU_ASSERT_EQUAL(memcmp(data, v14, sizeof(v14)), 0);
}

static void many_sectors_are_what_each_alone_is(void)
{
    hd_auto(hd_secret) key = counting_key();
    hd_auto(hd_xts) x = NULL;
    struct hd_err err = {0};
    uint8_t whole[BYTES], parts[BYTES];

    CHECK_OK(hd_xts_new(key, &x, &err), &err);
    memset(whole, 7, BYTES);
    memset(parts, 7, BYTES);
    CHECK_OK(hd_xts_encrypt(x, whole, BYTES, 4096, &err), &err);
    for (size_t at = 0; at < BYTES; at += 512)
        CHECK_OK(hd_xts_encrypt(x, parts + at, 512, 4096 + at, &err), &err);
    CU_ASSERT_EQUAL(memcmp(whole, parts, BYTES), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(whole, whole + 512, 512), 0);
}

static void what_is_decrypted_is_as_before(void)
{
    hd_auto(hd_secret) key = counting_key();
    hd_auto(hd_xts) x = NULL;
    struct hd_err err = {0};
    uint8_t data[BYTES], was[BYTES];

    CHECK_OK(hd_xts_new(key, &x, &err), &err);
    for (size_t i = 0; i < BYTES; i++)
        was[i] = data[i] = (uint8_t)(i * 3);
    CHECK_OK(hd_xts_encrypt(x, data, BYTES, 1ull << 40, &err), &err);
    CHECK_OK(hd_xts_decrypt(x, data, BYTES, 1ull << 40, &err), &err);
    CU_ASSERT_EQUAL(memcmp(data, was, BYTES), 0);
    CHECK_OK(hd_xts_encrypt(x, data, BYTES, 1ull << 40, &err), &err);
    CHECK_OK(hd_xts_decrypt(x, data, BYTES, 1ull << 41, &err), &err);
    CU_ASSERT_NOT_EQUAL(memcmp(data, was, BYTES), 0);
}

static void parts_of_sectors_and_other_keys_are_refused(void)
{
    hd_auto(hd_secret) key = counting_key();
    hd_auto(hd_xts) x = NULL;
    struct hd_xts *other = NULL;
    struct hd_err err = {0};
    uint8_t data[1024] = {0};

    CHECK_OK(hd_xts_new(key, &x, &err), &err);
    CHECK_FAILS(hd_xts_encrypt(x, data, 100, 0, &err), &err, HD_E_FAILED,
                "100 bytes at 0 are not whole sectors");
    CHECK_FAILS(hd_xts_decrypt(x, data, 512, 1, &err), &err, HD_E_FAILED,
                "not whole sectors");
    key->len = 32;
    CHECK_FAILS(hd_xts_new(key, &other, &err), &err, HD_E_FAILED,
                "a volume key has 64 bytes, not 32");
    /* Both halves the same: no XTS at all. */
    key->len = HD_LUKS_KEY_BYTES;
    memcpy(key->data + 32, key->data, 32);
    CHECK_FAILS(hd_xts_new(key, &other, &err), &err, HD_E_FAILED,
                "OpenSSL does not take the key");
    CU_ASSERT_PTR_NULL(other);
}

static const struct hd_test tests[] = {
    HD_TEST(sectors_are_as_ieee_1619_says),
    HD_TEST(many_sectors_are_what_each_alone_is),
    HD_TEST(what_is_decrypted_is_as_before),
    HD_TEST(parts_of_sectors_and_other_keys_are_refused),
};

HD_SUITE("volume/xts", tests);
