/* SPDX-License-Identifier: MIT */
/* Tests hv/run/unlock with real LUKS2 headers and verifiers. */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/run/unlock.h"
#include "../../hv/store/auth.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

#define FIRST 200 /* the descriptors of the headers */

/* The least that Argon2 in LUKS2 can be told. */
static const struct hd_luks_cost cheap = {32, 4, 1};

/* A store with three encrypted volumes; its guest has the last two. */
static struct hd_job_request req;
static struct hd_plan *plan;
static struct hd_luks luks[3];
static struct hd_secret *want[3], *keys[HD_MAX_LUKS];

static struct hd_secret *secret(const char *text)
{
    struct hd_secret *s = hd_secret_new(strlen(text));

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    memcpy(s->data, text, strlen(text));
    s->len = strlen(text);
    return s;
}

static void make_header(int i, uint64_t offset)
{
    struct hd_err err = {0};
    int fd = -1;

    luks[i].offset = offset;
    CHECK_OK(hd_uuid_make(&luks[i].uuid, &err), &err);
    CHECK_OK(hd_luks_make(&luks[i].uuid, offset, &fd, &want[i], &err), &err);
    CHECK_OK(hd_luks_mark(want[i], &luks[i].uuid, luks[i].mark, &err), &err);
    CU_ASSERT_EQUAL_FATAL(dup2(fd, FIRST + i), FIRST + i);
    close(fd);
}

static void begin(void)
{
    hd_auto(hd_secret) password = secret("correct horse");
    struct hd_err err = {0};

    plan = calloc(1, hd_plan_size(3));
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    plan->n_steps = 3;
    make_header(0, HD_LUKS_OFFSET_KEY);
    CHECK_OK(hd_luks_add(FIRST, want[0], "anna", password, &cheap, &err), &err);
    plan->luks = luks[0];
    for (int i = 1; i < 3; i++) {
        struct hd_step_volume *v = &plan->steps[i].u.volume;
        hd_auto(hd_secret) derived = NULL;

        make_header(i, HD_LUKS_OFFSET_OTHER);
        CHECK_OK(hd_luks_derive(want[0], &luks[i].uuid, &derived, &err), &err);
        CHECK_OK(hd_luks_add_derived(FIRST + i, want[i], derived, &err), &err);
        v->target = HD_TARGET_CRYPT;
        v->header = (uint32_t)i;
        v->luks = luks[i];
        strcpy(v->dm_name, "hotdom-travel-mail");
    }
    plan->steps[0].kind = HD_STEP_START_DOMAIN;
    req = (struct hd_job_request){.ask = HD_ASK_KEYSLOT, .n_headers = 3};
}

static void end(void)
{
    for (int i = 0; i < 3; i++) {
        hd_secret_free(want[i]);
        close(FIRST + i);
    }
    for (int i = 0; i < HD_MAX_LUKS; i++) {
        hd_secret_free(keys[i]);
        keys[i] = NULL;
    }
    free(plan);
}

static int unlock(const char *password, struct hd_err *err)
{
    hd_auto(hd_secret) pw = password ? secret(password) : NULL;

    return hd_unlock(&req, plan, FIRST, pw, keys, err);
}

static void one_password_opens_every_volume_of_the_plan(void)
{
    struct hd_err err = {0};

    begin();
    CHECK_OK(unlock("correct horse", &err), &err);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(keys[i]);
        CU_ASSERT_EQUAL_FATAL(keys[i]->len, HD_LUKS_KEY_BYTES);
        CU_ASSERT_EQUAL(memcmp(keys[i]->data, want[i]->data, HD_LUKS_KEY_BYTES),
                        0);
    }
    CU_ASSERT_PTR_NULL(keys[3]);
    end();
}

static void a_volume_that_no_guest_has_stays_closed(void)
{
    struct hd_err err = {0};

    begin();
    plan->steps[1].kind = HD_STEP_START_DOMAIN;
    CHECK_OK(unlock("correct horse", &err), &err);
    CU_ASSERT_PTR_NULL(keys[1]);
    CU_ASSERT_PTR_NOT_NULL(keys[2]);
    end();
}

static void a_wrong_password_opens_nothing(void)
{
    struct hd_err err = {0};

    begin();
    CHECK_FAILS(unlock("battery staple", &err), &err, HD_E_WRONG_PASSWORD,
                "wrong password");
    CU_ASSERT_PTR_NULL(keys[0]);
    req.keyslot = 1;
    CU_ASSERT_EQUAL(unlock("correct horse", &err), -1);
    CU_ASSERT_PTR_NULL(keys[0]);
    end();
}

/* The thief's own header, with the thief's own password. */
static void the_key_header_of_another_store_is_refused(void)
{
    hd_auto(hd_secret) password = secret("correct horse");
    struct hd_luks signed_one;
    struct hd_err err = {0};

    begin();
    signed_one = luks[0];
    hd_secret_free(want[0]);
    close(FIRST);
    make_header(0, HD_LUKS_OFFSET_KEY);
    CHECK_OK(hd_luks_add(FIRST, want[0], "anna", password, &cheap, &err), &err);
    plan->luks = signed_one;
    CHECK_FAILS(unlock("correct horse", &err), &err, HD_E_BAD_VOLUME,
                "not the one that was signed");
    CU_ASSERT_PTR_NULL(keys[0]);
    end();
}

static void the_data_header_of_another_store_is_no_wrong_password(void)
{
    struct hd_err err = {0};

    begin();
    hd_secret_free(want[2]);
    close(FIRST + 2);
    make_header(2, HD_LUKS_OFFSET_OTHER);
    /* Its keyslot opens for nobody ... */
    hd_auto(hd_secret) other = secret("0123456789abcdef");
    CHECK_OK(hd_luks_add_derived(FIRST + 2, want[2], other, &err), &err);
    CHECK_FAILS(unlock("correct horse", &err), &err, HD_E_BAD_VOLUME,
                "volume hotdom-travel-mail: the header is not the one");
    end();
    /* ... or for the right one, but with another key in it. */
    begin();
    plan->steps[2].u.volume.luks.mark[0] ^= 1;
    CHECK_FAILS(unlock("correct horse", &err), &err, HD_E_BAD_VOLUME,
                "volume hotdom-travel-mail: the header is not the one");
    CU_ASSERT_PTR_NULL(keys[2]);
    end();
}

static void an_encrypted_store_never_starts_without_its_keyslot(void)
{
    struct hd_err err = {0};

    begin();
    req.ask = HD_ASK_NOTHING;
    CHECK_FAILS(unlock(NULL, &err), &err, HD_E_DENIED, "needs a password");
    req.ask = HD_ASK_VERIFIER;
    CHECK_FAILS(unlock("correct horse", &err), &err, HD_E_DENIED,
                "needs a password");
    end();
}

static void a_plain_store_asks_its_verifier_or_nobody(void)
{
    hd_auto(hd_secret) password = secret("correct horse");
    struct hd_err err = {0};

    req = (struct hd_job_request){.ask = HD_ASK_NOTHING};
    plan = calloc(1, hd_plan_size(0));
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    CHECK_OK(unlock(NULL, &err), &err);
    req.ask = HD_ASK_VERIFIER;
    CHECK_OK(hd_auth_make(password, 0, &req.auth, &err), &err);
    CHECK_OK(unlock("correct horse", &err), &err);
    CHECK_FAILS(unlock("battery staple", &err), &err, HD_E_WRONG_PASSWORD, "");
    free(plan);
}

/* The read end of a pipe that holds these bytes. */
static int filled(const char *bytes, size_t len)
{
    struct hd_err err = {0};
    int pair[2];

    CU_ASSERT_EQUAL_FATAL(pipe2(pair, O_CLOEXEC), 0);
    CHECK_OK(hd_io_write(pair[1], bytes, len, &err), &err);
    close(pair[1]);
    return pair[0];
}

static bool is(const struct hd_secret *s, const char *text)
{
    return s && s->len == strlen(text) && !memcmp(s->data, text, s->len);
}

static void two_passwords_come_with_a_nul_between_them(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *old, *next;
    } cases[] = {
        {"old\0new", 7, "old", "new"},
        {"old", 3, "old", NULL},
        {"old\0", 4, "old", NULL},
        {"\0new", 4, "", "new"},
        {"", 0, "", NULL},
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        hd_auto(hd_secret) old = NULL;
        hd_auto(hd_secret) next = NULL;
        struct hd_err err = {0};
        hd_autofd int fd = filled(cases[i].bytes, cases[i].len);

        CHECK_OK(hd_unlock_read_two(fd, &old, &next, &err), &err);
        CU_ASSERT(is(old, cases[i].old));
        CU_ASSERT(cases[i].next ? is(next, cases[i].next) : !next);
    }
}

static void a_password_that_is_too_long_is_a_wrong_one(void)
{
    hd_auto(hd_secret) fits = NULL;
    hd_auto(hd_secret) one = NULL;
    hd_auto(hd_secret) two = NULL;
    static char bytes[2 * HD_PASSWORD_MAX + 2];
    struct hd_err err = {0};
    hd_autofd int whole = filled(bytes, HD_PASSWORD_MAX);
    hd_autofd int longer = filled(bytes, HD_PASSWORD_MAX + 1);
    hd_autofd int both = filled(bytes, sizeof(bytes));

    CHECK_OK(hd_unlock_read(whole, &fits, &err), &err);
    CU_ASSERT_EQUAL(fits->len, HD_PASSWORD_MAX);
    CHECK_FAILS(hd_unlock_read(longer, &one, &err), &err, HD_E_WRONG_PASSWORD,
                "more than 512 bytes");
    CHECK_FAILS(hd_unlock_read_two(both, &one, &two, &err), &err,
                HD_E_WRONG_PASSWORD, "more than 512 bytes");
}

static const struct hd_test tests[] = {
    HD_TEST(one_password_opens_every_volume_of_the_plan),
    HD_TEST(a_volume_that_no_guest_has_stays_closed),
    HD_TEST(a_wrong_password_opens_nothing),
    HD_TEST(the_key_header_of_another_store_is_refused),
    HD_TEST(the_data_header_of_another_store_is_no_wrong_password),
    HD_TEST(an_encrypted_store_never_starts_without_its_keyslot),
    HD_TEST(a_plain_store_asks_its_verifier_or_nobody),
    HD_TEST(two_passwords_come_with_a_nul_between_them),
    HD_TEST(a_password_that_is_too_long_is_a_wrong_one),
};

HD_SUITE("run/unlock", tests);
