/* SPDX-License-Identifier: MIT */
/* Tests hv/store/auth; with a small N where the cost is not the point. */
#include <string.h>

#include "../../hv/store/auth.h"
#include "unit.h"

static struct hd_secret *secret_of(const char *text)
{
    struct hd_secret *s = hd_secret_new(HD_PASSWORD_MAX + 1);

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->len = strlen(text);
    memcpy(s->data, text, s->len);
    return s;
}

/* Another implementation's answer:
 * hashlib.scrypt(b"swordfish", salt=bytes(range(32)), n=2**15, r=8, p=1). */
static const struct hd_auth swordfish = {
    .n = HD_SCRYPT_N_MIN,
    .r = 8,
    .p = 1,
    .salt = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
             16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31},
    .hash = {0x40, 0xbc, 0x5e, 0xd3, 0xa6, 0x43, 0x6f, 0x95, 0xd4, 0x6c, 0x3f,
             0x9f, 0xb6, 0xc3, 0x11, 0x06, 0xec, 0xfb, 0xca, 0x90, 0x45, 0x80,
             0x62, 0x12, 0x9d, 0xa8, 0x96, 0x6d, 0x30, 0x04, 0xe6, 0x68},
};

static void the_right_password_opens(void)
{
    hd_auto(hd_secret) password = secret_of("swordfish");
    struct hd_err err = {0};

    CHECK_OK(hd_auth_check(&swordfish, password, &err), &err);
}

static void a_wrong_password_does_not(void)
{
    static const char *const wrong[] = {"", "swordfis", "swordfishy"};

    for (size_t i = 0; i < HD_ARRAY_LEN(wrong); i++) {
        hd_auto(hd_secret) password = secret_of(wrong[i]);
        struct hd_err err = {0};

        CHECK_FAILS(hd_auth_check(&swordfish, password, &err), &err,
                    HD_E_WRONG_PASSWORD, "wrong password");
    }
}

static void a_made_verifier_fits_its_password_at_the_cost_asked_for(void)
{
    static const struct {
        uint32_t memory_kib;
        uint64_t n;
    } costs[] = {{0, HD_SCRYPT_N_MIN}, {256 << 10, 1 << 17}};
    hd_auto(hd_secret) password = secret_of("correct horse");
    struct hd_err err = {0};
    struct hd_auth auth;

    for (size_t i = 0; i < HD_ARRAY_LEN(costs); i++) {
        CHECK_OK(hd_auth_make(password, costs[i].memory_kib, &auth, &err),
                 &err);
        CU_ASSERT_EQUAL(auth.n, costs[i].n);
        CHECK_OK(hd_auth_check(&auth, password, &err), &err);
    }
}

static void an_empty_or_endless_password_is_refused(void)
{
    hd_auto(hd_secret) password = secret_of("");
    struct hd_err err = {0};
    struct hd_auth auth;

    CHECK_FAILS(hd_auth_make(password, 0, &auth, &err), &err, HD_E_USAGE,
                "1 to 512 bytes");
    password->len = HD_PASSWORD_MAX + 1;
    CHECK_FAILS(hd_auth_make(password, 0, &auth, &err), &err, HD_E_USAGE,
                "1 to 512 bytes");
}

static const struct hd_test tests[] = {
    HD_TEST(the_right_password_opens),
    HD_TEST(a_wrong_password_does_not),
    HD_TEST(a_made_verifier_fits_its_password_at_the_cost_asked_for),
    HD_TEST(an_empty_or_endless_password_is_refused),
};

HD_SUITE("store/auth", tests);
