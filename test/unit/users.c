/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/users, and with it volume/luks_users: who can open an image that
 * was packed, after each change. */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "../../hv/cli/users.h"
#include "../../pv-drivers/base/io.h"
#include "pack_kit.h"
#include "unit.h"

static const char locked[] = "hotdom: 1\n"
                             "store: {name: locked}\n"
                             "users: [{name: x}, {name: y}]\n"
                             "volumes:\n"
                             "  - {name: plain, encryption: none, size: 1M}\n"
                             "  - {name: root, size: 2M}\n"
                             "  - {name: home, size: 1M}\n"
                             "guests: [{name: one, kernel: kernel}]\n";

/* The image b.output for x and y, whose passwords are "x's secret" and "y's
 * secret", and the recovery key. */
struct bench {
    struct pack_kit kit;
    struct hd_secret *recovery;
};

static void begin(struct bench *b)
{
    struct hd_packed packed = {0};
    struct hd_err err = {0};

    pack_kit_init(&b->kit);
    pack_kit_text(&b->kit, "m.yaml", locked);
    CHECK_OK(hd_pack(&b->kit.in, &packed, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(packed.recovery);
    b->recovery = packed.recovery;
}

static void end(struct bench *b)
{
    hd_secret_free(b->recovery);
    pack_kit_fini(&b->kit);
}

static struct hd_secret *secret_of(const char *text)
{
    struct hd_secret *s = hd_secret_new(512);

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->len = strlen(text);
    memcpy(s->data, text, s->len);
    return s;
}

static struct hd_users *open_users(struct bench *b)
{
    struct hd_users *users = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_users_open(b->kit.output, &users, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(users);
    return users;
}

/* As the job opens it: the keyslot of the token, and the mark. */
static int try(struct bench *b, const char *user, const char *password,
               struct hd_err *err)
{
    hd_auto(hd_users) users = open_users(b);
    const struct hd_answer *a = users->open->answer;
    hd_auto(hd_secret) secret = secret_of(password);
    hd_auto(hd_secret) key = NULL;

    for (uint32_t i = 0; i < a->luks.n_users; i++)
        if (!strcmp(a->luks.users[i].name, user))
            return hd_luks_users_open(
                users->open->headers[0], a->luks.users[i].keyslot,
                &a->manifest.volumes[1].luks, secret, &key, err);
    return hd_fail(err, HD_E_NO_USER, "no %s", user);
}

static int change(struct bench *b, enum hd_keys_action action, const char *user,
                  const char *as, const char *password, const char *new,
                  struct hd_err *err)
{
    hd_auto(hd_users) users = open_users(b);
    hd_auto(hd_secret) old_secret = secret_of(password);
    hd_auto(hd_secret) new_secret = secret_of(new ? new : "");

    return hd_users_change(users, action, user, as, old_secret,
                           new ? new_secret : NULL, err);
}

#define OPENS(user, password) CHECK_OK(try(&b, user, password, &err), &err)
#define WRONG(user, password)                                                  \
    CHECK_FAILS(try(&b, user, password, &err), &err, HD_E_WRONG_PASSWORD,      \
                "wrong password")

static void the_keyslots_say_who_can_open_an_image(void)
{
    hd_auto(hd_users) users = NULL;
    struct hd_err err = {0};
    const char *who;
    struct bench b;

    begin(&b);
    users = open_users(&b);
    CU_ASSERT_FALSE(users->attached);
    CU_ASSERT_TRUE(users->encrypted);
    CU_ASSERT_TRUE(users->recovery);
    CU_ASSERT_EQUAL_FATAL(users->n, 2);
    CU_ASSERT_STRING_EQUAL(users->names[0], "x");
    CU_ASSERT_STRING_EQUAL(users->names[1], "y");
    CU_ASSERT_TRUE(hd_users_has(users, "recovery"));
    CHECK_OK(hd_users_find(users, "y", &who, &err), &err);
    CHECK_FAILS(hd_users_find(users, "z", &who, &err), &err, HD_E_NO_USER,
                "there is x, y");
    CHECK_FAILS(hd_users_find(users, NULL, &who, &err), &err, HD_E_USAGE,
                "say which user, with -u: x, y");
    OPENS("x", "x's secret");
    OPENS("y", "y's secret");
    OPENS("recovery", b.recovery->data);
    WRONG("x", "y's secret");
    end(&b);
}

static void a_user_who_was_removed_opens_it_no_longer(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    CHECK_OK(change(&b, HD_KEYS_REMOVE, "x", "y", "y's secret", NULL, &err),
             &err);
    CHECK_FAILS(try(&b, "x", "x's secret", &err), &err, HD_E_NO_USER, "no x");
    OPENS("y", "y's secret");
    OPENS("recovery", b.recovery->data);
    CHECK_FAILS(change(&b, HD_KEYS_REMOVE, "y", "y", "y's secret", NULL, &err),
                &err, HD_E_DENIED, "last user");
    OPENS("y", "y's secret");
    end(&b);
}

static void a_user_who_was_added_opens_it_with_the_others(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    CHECK_OK(change(&b, HD_KEYS_ADD, "z", "x", "x's secret", "z's own", &err),
             &err);
    OPENS("z", "z's own");
    OPENS("x", "x's secret");
    OPENS("y", "y's secret");
    CHECK_FAILS(
        change(&b, HD_KEYS_ADD, "z", "x", "x's secret", "another", &err), &err,
        HD_E_EXISTS, "there is a user z");
    end(&b);
}

static void a_new_password_takes_the_place_of_the_old_one(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    CHECK_OK(change(&b, HD_KEYS_CHANGE, "x", "x", "x's secret", "new", &err),
             &err);
    OPENS("x", "new");
    WRONG("x", "x's secret");
    OPENS("y", "y's secret");
    OPENS("recovery", b.recovery->data);
    end(&b);
}

/* As somebody copies it from paper. */
static void the_recovery_key_sets_a_forgotten_password(void)
{
    struct hd_err err = {0};
    char typed[128];
    struct bench b;
    size_t n = 0;

    begin(&b);
    for (size_t i = 0; i < b.recovery->len; i++)
        if (b.recovery->data[i] != '-')
            typed[n++] = (char)(b.recovery->data[i] & ~0x20);
    typed[n] = '\0';
    CHECK_OK(change(&b, HD_KEYS_CHANGE, "x", "recovery", typed, "new", &err),
             &err);
    OPENS("x", "new");
    end(&b);
}

static void a_wrong_password_changes_no_byte(void)
{
    hd_autofree char *before = NULL;
    hd_autofree char *after = NULL;
    struct hd_err err = {0};
    struct bench b;
    size_t n, m;

    begin(&b);
    CHECK_OK(hd_io_read_file(b.kit.output, 64 << 20, &before, &n, &err), &err);
    CHECK_FAILS(change(&b, HD_KEYS_REMOVE, "y", "x", "y's secret", NULL, &err),
                &err, HD_E_WRONG_PASSWORD, "wrong password");
    CHECK_OK(hd_io_read_file(b.kit.output, 64 << 20, &after, &m, &err), &err);
    CU_ASSERT_EQUAL_FATAL(n, m);
    CU_ASSERT_EQUAL(memcmp(before, after, n), 0);
    end(&b);
}

static void what_changed_since_it_was_read_is_not_overwritten(void)
{
    hd_auto(hd_users) users = NULL;
    hd_auto(hd_secret) mine = secret_of("y's secret");
    hd_auto(hd_secret) next = secret_of("new");
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    users = open_users(&b);
    CHECK_OK(change(&b, HD_KEYS_REMOVE, "x", "y", "y's secret", NULL, &err),
             &err);
    /* With this older copy x would be back. */
    CHECK_FAILS(
        hd_users_change(users, HD_KEYS_CHANGE, "y", "y", mine, next, &err),
        &err, HD_E_BUSY, "changed by someone else meanwhile");
    CHECK_FAILS(try(&b, "x", "x's secret", &err), &err, HD_E_NO_USER, "no x");
    OPENS("y", "y's secret");
    end(&b);
}

static void an_image_is_changed_by_one_at_a_time(void)
{
    struct hd_err err = {0};
    hd_autofd int other = -1;
    struct bench b;

    begin(&b);
    other = open(b.kit.output, O_RDONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL(flock(other, LOCK_EX), 0);
    CHECK_FAILS(change(&b, HD_KEYS_REMOVE, "x", "y", "y's secret", NULL, &err),
                &err, HD_E_BUSY, "being changed by someone else");
    end(&b);
}

/* A loss of power has left one copy that does not hold. */
static void a_torn_header_is_mended_before_it_is_changed(void)
{
    for (int copy = 0; copy < 2; copy++) {
        struct hd_err err = {0};
        hd_autofd int medium = -1;
        uint64_t start;
        struct bench b;

        begin(&b);
        {
            hd_auto(hd_users) users = open_users(&b);

            start = users->open->answer->extents[1].start;
        }
        medium = open(b.kit.output, O_RDWR | O_CLOEXEC);
        CHECK_OK(hd_io_pwrite(medium, "torn", 4,
                              (off_t)(start + copy * HD_LUKS_JSON + 5000),
                              &err),
                 &err);
        CHECK_OK(change(&b, HD_KEYS_REMOVE, "x", "y", "y's secret", NULL, &err),
                 &err);
        OPENS("y", "y's secret");
        CHECK_FAILS(try(&b, "x", "x's secret", &err), &err, HD_E_NO_USER,
                    "no x");
        end(&b);
    }
}

/* Whoever has the stick for an hour knows the uuid, and can make a header with
 * a key and a password of their own; the owner's data would be written with
 * that key. */
static void a_header_that_was_put_there_is_refused_by_the_signed_mark(void)
{
    hd_auto(hd_secret) key = NULL;
    hd_auto(hd_secret) secret = secret_of("thief");
    hd_autofd int header = -1;
    hd_autofd int medium = -1;
    const struct hd_luks_cost cheap = {8192, 4, 1};
    struct hd_err err = {0};
    struct hd_luks luks;
    uint64_t start;
    struct bench b;

    begin(&b);
    {
        hd_auto(hd_users) users = open_users(&b);

        luks = users->open->answer->manifest.volumes[1].luks;
        start = users->open->answer->extents[1].start;
    }
    medium = open(b.kit.output, O_RDWR | O_CLOEXEC);
    CHECK_OK(hd_luks_make(&luks.uuid, luks.offset, &header, &key, &err), &err);
    CHECK_OK(hd_luks_add(header, key, "x", secret, &cheap, &err), &err);
    CHECK_OK(hd_luks_write(header, medium, start, &err), &err);
    CHECK_FAILS(try(&b, "x", "thief", &err), &err, HD_E_BAD_VOLUME,
                "not the one that was signed");
    end(&b);
}

static void a_header_of_another_store_is_refused_by_its_uuid(void)
{
    hd_auto(hd_users) theirs = NULL;
    struct hd_users *none = NULL;
    struct hd_err err = {0};
    hd_autofd int medium = -1;
    struct bench a, b;

    begin(&a);
    begin(&b);
    theirs = open_users(&b);
    medium = open(a.kit.output, O_RDWR | O_CLOEXEC);
    CHECK_OK(hd_luks_write(theirs->open->headers[0], medium,
                           theirs->open->answer->extents[1].start, &err),
             &err);
    CHECK_FAILS(hd_users_open(a.kit.output, &none, &err), &err, HD_E_BAD_VOLUME,
                "its UUID is not the one that was signed");
    end(&a);
    end(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(the_keyslots_say_who_can_open_an_image),
    HD_TEST(a_user_who_was_removed_opens_it_no_longer),
    HD_TEST(a_user_who_was_added_opens_it_with_the_others),
    HD_TEST(a_new_password_takes_the_place_of_the_old_one),
    HD_TEST(the_recovery_key_sets_a_forgotten_password),
    HD_TEST(a_wrong_password_changes_no_byte),
    HD_TEST(what_changed_since_it_was_read_is_not_overwritten),
    HD_TEST(an_image_is_changed_by_one_at_a_time),
    HD_TEST(a_torn_header_is_mended_before_it_is_changed),
    HD_TEST(a_header_that_was_put_there_is_refused_by_the_signed_mark),
    HD_TEST(a_header_of_another_store_is_refused_by_its_uuid),
};

HD_SUITE("cli/users", tests);
