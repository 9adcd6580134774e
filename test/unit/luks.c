/* SPDX-License-Identifier: MIT */
/* Tests hv/volume/luks with real headers, and against cryptsetup(8). */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../hv/volume/luks.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

/* The least that Argon2 in LUKS2 can be told. */
static const struct hd_luks_cost cheap = {32, 4, 1};

static struct hd_secret *secret(const char *text)
{
    struct hd_secret *s = hd_secret_new(strlen(text));

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    memcpy(s->data, text, strlen(text));
    s->len = strlen(text);
    return s;
}

static int make(uint64_t offset, struct hd_uuid *uuid, struct hd_secret **key)
{
    struct hd_err err = {0};
    int header = -1;

    CHECK_OK(hd_uuid_make(uuid, &err), &err);
    CHECK_OK(hd_luks_make(uuid, offset, &header, key, &err), &err);
    CU_ASSERT_FATAL(header >= 0);
    return header;
}

static int add(int header, const struct hd_secret *key, const char *user,
               const char *password, struct hd_err *err)
{
    hd_auto(hd_secret) pw = secret(password);

    return hd_luks_add(header, key, user, pw, &cheap, err);
}

static int change(int header, const struct hd_secret *key, const char *user,
                  const char *password, struct hd_err *err)
{
    hd_auto(hd_secret) pw = secret(password);

    return hd_luks_change(header, key, user, pw, &cheap, err);
}

/* 0 when the password gives exactly this key. */
static int opens(int header, uint32_t slot, const char *password,
                 const struct hd_secret *want, struct hd_err *err)
{
    hd_auto(hd_secret) pw = secret(password);
    hd_auto(hd_secret) key = NULL;

    if (hd_luks_open(header, slot, pw, &key, err))
        return -1;
    CU_ASSERT_EQUAL_FATAL(key->len, want->len);
    CU_ASSERT_EQUAL(memcmp(key->data, want->data, key->len), 0);
    return 0;
}

static void a_new_header_ends_where_its_data_begins(void)
{
    hd_auto(hd_secret) key = NULL;
    struct hd_uuid uuid;
    struct stat st;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);

    CU_ASSERT_EQUAL(fstat(header, &st), 0);
    CU_ASSERT_EQUAL(st.st_size, HD_LUKS_OFFSET_KEY);
    CU_ASSERT_EQUAL(key->len, HD_LUKS_KEY_BYTES);
}

static void each_user_opens_with_the_own_password_alone(void)
{
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    struct hd_uuid uuid;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);

    CHECK_OK(add(header, key, "anna", "first", &err), &err);
    CHECK_OK(add(header, key, "bert", "second", &err), &err);
    CHECK_OK(opens(header, 0, "first", key, &err), &err);
    CHECK_OK(opens(header, 1, "second", key, &err), &err);
    CHECK_FAILS(opens(header, 0, "second", key, &err), &err,
                HD_E_WRONG_PASSWORD, "wrong password");
    CHECK_FAILS(opens(header, 1, "first", key, &err), &err, HD_E_WRONG_PASSWORD,
                "wrong password");
    CHECK_FAILS(opens(header, 7, "first", key, &err), &err, HD_E_FAILED,
                "cannot open a keyslot");
}

static void a_sealed_header_opens(void)
{
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    struct hd_uuid uuid;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);

    CHECK_OK(add(header, key, "anna", "first", &err), &err);
    CHECK_OK(hd_io_seal(header, &err), &err);
    CHECK_OK(opens(header, 0, "first", key, &err), &err);
    CU_ASSERT_EQUAL(add(header, key, "bert", "second", &err), -1);
}

static void there_is_one_user_of_a_name(void)
{
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    struct hd_uuid uuid;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);

    CHECK_OK(add(header, key, "anna", "first", &err), &err);
    CHECK_FAILS(add(header, key, "anna", "second", &err), &err, HD_E_EXISTS,
                "there is a user anna");
    CHECK_OK(add(header, key, "recovery", "third", &err), &err);
    CHECK_FAILS(add(header, key, "recovery", "fourth", &err), &err, HD_E_EXISTS,
                "there is a user recovery");
}

static void odd_names_passwords_and_costs_are_refused(void)
{
    const struct hd_luks_cost costs[] = {
        {32, 4, 9}, {(2u << 20) + 1, 4, 1}, {32, 65, 1}, {~0u, ~0u, ~0u}};
    const char *const names[] = {
        "",     "a b",         "a\n",
        "%s\"", "a/b",         "Anna",
        "-a",   "\",\"x\":\"", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    hd_auto(hd_secret) key = NULL;
    hd_auto(hd_secret) pw = secret("x");
    struct hd_err err = {0};
    struct hd_uuid uuid;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);
    char large[600] = "";

    for (size_t i = 0; i < HD_ARRAY_LEN(names); i++)
        CHECK_FAILS(add(header, key, names[i], "x", &err), &err, HD_E_USAGE,
                    "is not a user's name");
    for (size_t i = 0; i < HD_ARRAY_LEN(costs); i++)
        CHECK_FAILS(hd_luks_add(header, key, "a", pw, &costs[i], &err), &err,
                    HD_E_USAGE, "a KDF takes at most 2048 MiB");
    memset(large, 'x', 513);
    CHECK_FAILS(add(header, key, "a", large, &err), &err, HD_E_USAGE,
                "a password has 1 to 512 bytes");
    CHECK_FAILS(add(header, key, "a", "", &err), &err, HD_E_USAGE,
                "a password has 1 to 512 bytes");
    CHECK_FAILS(hd_luks_add(header, key, "a", pw,
                            &(struct hd_luks_cost){32, 3, 1}, &err),
                &err, HD_E_FAILED, "Forced iteration count is too low");
}

static void a_removed_user_opens_no_longer_and_leaves_no_key(void)
{
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    struct hd_uuid uuid;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);
    uint8_t before[4096], after[4096];

    CHECK_OK(add(header, key, "anna", "first", &err), &err);
    CHECK_OK(add(header, key, "bert", "second", &err), &err);
    CHECK_OK(hd_io_pread(header, before, 4096, 2 * HD_LUKS_JSON, &err), &err);
    CHECK_OK(hd_luks_remove(header, "anna", &err), &err);
    CHECK_OK(hd_io_pread(header, after, 4096, 2 * HD_LUKS_JSON, &err), &err);
    for (size_t i = 0; i < 4096; i += 512)
        CU_ASSERT_NOT_EQUAL(memcmp(before + i, after + i, 512), 0);
    CU_ASSERT_EQUAL(opens(header, 0, "first", key, &err), -1);
    CHECK_OK(opens(header, 1, "second", key, &err), &err);
    CHECK_FAILS(hd_luks_remove(header, "anna", &err), &err, HD_E_NO_USER,
                "no user anna");
    CHECK_FAILS(hd_luks_remove(header, "", &err), &err, HD_E_NO_USER,
                "no user");
}

static void the_last_user_stays_and_the_recovery_key_may_go(void)
{
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    struct hd_uuid uuid;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);

    CHECK_OK(add(header, key, "anna", "first", &err), &err);
    CHECK_OK(add(header, key, "recovery", "second", &err), &err);
    CHECK_FAILS(hd_luks_remove(header, "anna", &err), &err, HD_E_DENIED,
                "anna is the last user");
    CHECK_OK(hd_luks_remove(header, "recovery", &err), &err);
    CHECK_FAILS(hd_luks_remove(header, "anna", &err), &err, HD_E_DENIED,
                "anna is the last user");
    CHECK_OK(opens(header, 0, "first", key, &err), &err);
}

static void a_changed_password_is_the_only_one_of_its_user(void)
{
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    struct hd_uuid uuid;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);

    CHECK_OK(add(header, key, "anna", "first", &err), &err);
    CHECK_OK(change(header, key, "anna", "second", &err), &err);
    CU_ASSERT_EQUAL(opens(header, 0, "first", key, &err), -1);
    CHECK_OK(opens(header, 1, "second", key, &err), &err);
    CHECK_FAILS(change(header, key, "bert", "x", &err), &err, HD_E_NO_USER,
                "no user bert");
    /* Its token went along. */
    CHECK_FAILS(add(header, key, "anna", "x", &err), &err, HD_E_EXISTS,
                "there is a user anna");
}

static void there_are_32_keyslots(void)
{
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    struct hd_uuid uuid;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);
    char name[20];

    for (int i = 0; i < HD_LUKS_KEYSLOTS; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        CHECK_OK(add(header, key, name, name, &err), &err);
    }
    CHECK_FAILS(add(header, key, "more", "x", &err), &err, HD_E_LIMIT,
                "all 32 keyslots are taken");
    CHECK_OK(opens(header, 31, "user31", key, &err), &err);
    CHECK_FAILS(change(header, key, "user3", "x", &err), &err, HD_E_LIMIT,
                "all 32 keyslots are taken");
    CHECK_OK(opens(header, 3, "user3", key, &err), &err);
}

/* JSON has room for 32 users of short names, or 29 of the longest. */
static void a_header_that_is_full_says_so(void)
{
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    struct hd_uuid uuid;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);
    char name[HD_NAME_SIZE];
    int n = 0;

    do {
        snprintf(name, sizeof(name), "%029d", n);
    } while (!add(header, key, name, "x", &err) && ++n < HD_LUKS_KEYSLOTS);
    CU_ASSERT_TRUE(n >= 29 && n < HD_LUKS_KEYSLOTS);
    CU_ASSERT_EQUAL(err.code, HD_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.msg,
                           "cannot add a keyslot: the LUKS2 header is full");
    CHECK_OK(opens(header, 28, "x", key, &err), &err);
}

static void one_password_opens_several_volumes(void)
{
    hd_auto(hd_secret) first = NULL;
    hd_auto(hd_secret) second = NULL;
    hd_auto(hd_secret) derived = NULL;
    hd_auto(hd_secret) again = NULL;
    struct hd_uuid key_uuid, uuid;
    struct hd_err err = {0};
    hd_autofd int key_header = make(HD_LUKS_OFFSET_KEY, &key_uuid, &first);
    hd_autofd int header = make(HD_LUKS_OFFSET_OTHER, &uuid, &second);

    CHECK_OK(hd_luks_derive(first, &uuid, &derived, &err), &err);
    CHECK_OK(hd_luks_add_derived(header, second, derived, &err), &err);
    CHECK_OK(opens(header, 0, derived->data, second, &err), &err);
    /* Another volume has another passphrase. */
    CHECK_OK(hd_luks_derive(first, &key_uuid, &again, &err), &err);
    CHECK_FAILS(opens(header, 0, again->data, second, &err), &err,
                HD_E_WRONG_PASSWORD, "wrong password");
}

/* printf '...' | openssl dgst -sha256 -mac HMAC -macopt hexkey:... */
static void marks_and_passphrases_are_as_documented(void)
{
    static const uint8_t want[32] = {
        0x47, 0xf9, 0x80, 0xc9, 0x6a, 0xbb, 0xb4, 0x8a, 0x6e, 0x08, 0xd5,
        0x00, 0xfd, 0xf1, 0x38, 0xba, 0x97, 0x4f, 0x52, 0xe6, 0x59, 0x3c,
        0xe1, 0x02, 0x86, 0xfa, 0x91, 0xe7, 0xf5, 0xda, 0x11, 0xa2};
    hd_auto(hd_secret) key = hd_secret_new(HD_LUKS_KEY_BYTES);
    hd_auto(hd_secret) derived = NULL;
    struct hd_luks luks = {0};
    struct hd_err err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    memset(key->data, 0x0b, key->size);
    key->len = key->size;
    CHECK_OK(
        hd_uuid_parse("5c0e1f2a-3b4c-4d5e-8f60-718293a4b5c6", &luks.uuid, &err),
        &err);
    CHECK_OK(hd_luks_mark(key, &luks.uuid, luks.mark, &err), &err);
    CU_ASSERT_EQUAL(memcmp(luks.mark, want, sizeof(want)), 0);
    CHECK_OK(hd_luks_derive(key, &luks.uuid, &derived, &err), &err);
    CU_ASSERT_STRING_EQUAL(derived->data, "3d7b014c0ec865a5840e4afad80e0e63"
                                          "77b73a8ce725c6c5a66cfa53ccb62ff8");
    CHECK_OK(hd_luks_check_mark(key, &luks, &err), &err);
    key->data[63] ^= 1;
    CHECK_FAILS(hd_luks_check_mark(key, &luks, &err), &err, HD_E_BAD_VOLUME,
                "the header is not the one that was signed");
}

static void a_recovery_key_is_eight_groups_of_modhex(void)
{
    hd_auto(hd_secret) a = NULL;
    hd_auto(hd_secret) b = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_luks_recovery_key(&a, &err), &err);
    CHECK_OK(hd_luks_recovery_key(&b, &err), &err);
    CU_ASSERT_EQUAL(a->len, 71);
    CU_ASSERT_EQUAL(strlen(a->data), 71);
    for (size_t i = 0; i < 71; i++) {
        const char *set = i % 9 == 8 ? "-" : "cbdefghijklnrtuv";

        CU_ASSERT_PTR_NOT_NULL(strchr(set, a->data[i]));
    }
    CU_ASSERT_STRING_NOT_EQUAL(a->data, b->data);
}

/* Runs cryptsetup on the header, as on a device; gives its exit status. */
static int cryptsetup(int header, const char *arguments, const char *password)
{
    char command[300];
    FILE *pipe;

    snprintf(command, sizeof(command),
             "/usr/sbin/cryptsetup %s /proc/%d/fd/%d --disable-locks "
             ">/dev/null 2>&1",
             arguments, getpid(), header);
    pipe = popen(command, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
    fputs(password, pipe);
    return pclose(pipe) / 256;
}

static void cryptsetup_takes_what_we_make(void)
{
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    struct hd_uuid uuid;
    hd_autofd int header = make(HD_LUKS_OFFSET_KEY, &uuid, &key);

    CHECK_OK(add(header, key, "anna", "first", &err), &err);
    CHECK_OK(add(header, key, "recovery", "second", &err), &err);
    CU_ASSERT_EQUAL(cryptsetup(header, "luksDump", ""), 0);
    CU_ASSERT_EQUAL(
        cryptsetup(header, "open --test-passphrase -d - -S 0", "first"), 0);
    CU_ASSERT_EQUAL(cryptsetup(header, "open --test-passphrase -d -", "second"),
                    0);
    CU_ASSERT_EQUAL(cryptsetup(header, "open --test-passphrase -d -", "third"),
                    2); /* its code for a wrong passphrase */
}

static const struct hd_test tests[] = {
    HD_TEST(a_new_header_ends_where_its_data_begins),
    HD_TEST(each_user_opens_with_the_own_password_alone),
    HD_TEST(a_sealed_header_opens),
    HD_TEST(there_is_one_user_of_a_name),
    HD_TEST(odd_names_passwords_and_costs_are_refused),
    HD_TEST(a_removed_user_opens_no_longer_and_leaves_no_key),
    HD_TEST(the_last_user_stays_and_the_recovery_key_may_go),
    HD_TEST(a_changed_password_is_the_only_one_of_its_user),
    HD_TEST(there_are_32_keyslots),
    HD_TEST(a_header_that_is_full_says_so),
    HD_TEST(one_password_opens_several_volumes),
    HD_TEST(cryptsetup_takes_what_we_make),
    HD_TEST(marks_and_passphrases_are_as_documented),
    HD_TEST(a_recovery_key_is_eight_groups_of_modhex),
};

HD_SUITE("volume/luks", tests);
