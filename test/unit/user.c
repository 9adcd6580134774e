/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/user: whose keyslot or verifier a password is tried on. */
#include <string.h>

#include "../../hv/daemon/user.h"
#include "unit.h"

/* A store with an encrypted volume, or without; keyslots are not in the order
 * of their users. */
static struct hd_answer *store(bool encrypted)
{
    static struct hd_answer a;

    memset(&a, 0, sizeof(a));
    a.manifest.n_volumes = 1;
    a.manifest.volumes[0].encryption =
        encrypted ? HD_ENCRYPTION_LUKS2 : HD_ENCRYPTION_NONE;
    return &a;
}

static void add(struct hd_answer *a, const char *name, uint32_t keyslot)
{
    if (hd_user_encrypted(a)) {
        struct hd_luks_user *u = &a->luks.users[a->luks.n_users++];

        strcpy(u->name, name);
        u->keyslot = keyslot;
    } else {
        struct hd_user *u = &a->manifest.users[a->manifest.n_users++];

        strcpy(u->name, name);
        u->auth.n = keyslot;
    }
}

static struct hd_secret *secret(const char *text)
{
    struct hd_secret *s = hd_secret_new(512);

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->len = strlen(text);
    memcpy(s->data, text, s->len);
    return s;
}

static bool tries(const struct hd_user_choice *who, const char *typed,
                  const char *want)
{
    hd_auto(hd_secret) in = secret(typed);
    hd_auto(hd_secret) out = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_user_secret(who, in, &out, &err), &err);
    return out->len == strlen(want) && !memcmp(out->data, want, out->len);
}

static void a_user_has_the_keyslot_of_the_token(void)
{
    struct hd_answer *a = store(true);
    struct hd_user_choice who;
    struct hd_err err = {0};

    add(a, "owner", 4);
    add(a, "second", 2);
    CHECK_OK(hd_user_choose(a, "second", &who, &err), &err);
    CU_ASSERT_EQUAL(who.ask, HD_ASK_KEYSLOT);
    CU_ASSERT_EQUAL(who.keyslot, 2);
    CU_ASSERT_STRING_EQUAL(who.name, "second");
    CU_ASSERT_TRUE(tries(&who, "correct horse", "correct horse"));
}

static void without_encrypted_volumes_the_verifier_decides(void)
{
    struct hd_answer *a = store(false);
    struct hd_user_choice who;
    struct hd_err err = {0};

    add(a, "owner", 1 << 15);
    add(a, "recovery", 1 << 16); /* a name as any other here */
    CHECK_OK(hd_user_choose(a, "owner", &who, &err), &err);
    CU_ASSERT_EQUAL(who.ask, HD_ASK_VERIFIER);
    CU_ASSERT_EQUAL(who.auth.n, 1 << 15);
    CHECK_FAILS(hd_user_choose(a, NULL, &who, &err), &err, HD_E_USAGE,
                "2 users; say which one");
}

static void the_only_user_beside_the_recovery_key_need_not_be_named(void)
{
    struct hd_answer *a = store(true);
    struct hd_user_choice who;
    struct hd_err err = {0};

    add(a, "recovery", 0);
    add(a, "owner", 1);
    CHECK_OK(hd_user_choose(a, NULL, &who, &err), &err);
    CU_ASSERT_STRING_EQUAL(who.name, "owner");
    CU_ASSERT_EQUAL(who.keyslot, 1);
    add(a, "second", 2);
    CHECK_FAILS(hd_user_choose(a, NULL, &who, &err), &err, HD_E_USAGE,
                "2 users; say which one");
}

static void a_store_with_nothing_but_a_recovery_key_asks_to_name_it(void)
{
    struct hd_answer *a = store(true);
    struct hd_user_choice who;
    struct hd_err err = {0};

    CHECK_FAILS(hd_user_choose(a, NULL, &who, &err), &err, HD_E_DENIED,
                "no users");
    add(a, "recovery", 0);
    CHECK_FAILS(hd_user_choose(a, NULL, &who, &err), &err, HD_E_USAGE,
                "recovery");
    CHECK_OK(hd_user_choose(a, "recovery", &who, &err), &err);
    CU_ASSERT_EQUAL(who.keyslot, 0);
}

static void a_recovery_key_may_be_typed_without_dashes(void)
{
    struct hd_answer *a = store(true);
    struct hd_user_choice who;
    struct hd_err err = {0};
    const char *typed = "CBDEFGHIJKLNRTUVcbdefghijklnrtuv"
                        "vvvvvvvvccccccccbbbbbbbbuuuuuuuu";

    add(a, "owner", 0);
    add(a, "recovery", 1);
    CHECK_OK(hd_user_choose(a, "recovery", &who, &err), &err);
    CU_ASSERT_TRUE(tries(&who, typed,
                         "cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-vvvvvvvv-"
                         "cccccccc-bbbbbbbb-uuuuuuuu"));
    /* Anyone else may have a password of that form. */
    CHECK_OK(hd_user_choose(a, "owner", &who, &err), &err);
    CU_ASSERT_TRUE(tries(&who, typed, typed));
}

/* Who knows nobody's name learns none: the same work is done, in vain. */
static void a_name_that_nobody_has_is_tried_with_a_password_that_cannot_fit(
    void)
{
    for (int encrypted = 0; encrypted <= 1; encrypted++) {
        struct hd_answer *a = store(encrypted);
        struct hd_user_choice who, real;
        struct hd_err err = {0};

        add(a, "owner", 1 << 15);
        CHECK_OK(hd_user_choose(a, "ghost", &who, &err), &err);
        CHECK_OK(hd_user_choose(a, "owner", &real, &err), &err);
        CU_ASSERT_PTR_NULL(who.name);
        CU_ASSERT_EQUAL(who.ask, real.ask);
        CU_ASSERT_EQUAL(who.keyslot, real.keyslot);
        CU_ASSERT_EQUAL(who.auth.n, real.auth.n);
        CU_ASSERT_FALSE(tries(&who, "correct horse", "correct horse"));
    }
}

static void nobodys_password_is_another_one_each_time(void)
{
    const struct hd_user_choice nobody = {.ask = HD_ASK_KEYSLOT};
    hd_auto(hd_secret) typed = secret("x");
    hd_auto(hd_secret) one = NULL;
    hd_auto(hd_secret) two = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_user_secret(&nobody, typed, &one, &err), &err);
    CHECK_OK(hd_user_secret(&nobody, typed, &two, &err), &err);
    CU_ASSERT_EQUAL(one->len, 64);
    CU_ASSERT_EQUAL(two->len, 64);
    CU_ASSERT_NOT_EQUAL(memcmp(one->data, two->data, 64), 0);
    CU_ASSERT_PTR_NULL(memchr(one->data, '\0', one->len));
}

static const struct hd_test tests[] = {
    HD_TEST(a_user_has_the_keyslot_of_the_token),
    HD_TEST(without_encrypted_volumes_the_verifier_decides),
    HD_TEST(the_only_user_beside_the_recovery_key_need_not_be_named),
    HD_TEST(a_store_with_nothing_but_a_recovery_key_asks_to_name_it),
    HD_TEST(a_recovery_key_may_be_typed_without_dashes),
    HD_TEST(a_name_that_nobody_has_is_tried_with_a_password_that_cannot_fit),
    HD_TEST(nobodys_password_is_another_one_each_time),
};

HD_SUITE("daemon/user", tests);
