/* SPDX-License-Identifier: MIT */
/* Tests hv/volume/luks_write: whatever a loss of power leaves of a write, the
 * store still opens. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/volume/luks_users.h"
#include "../../pv-drivers/base/io.h"
#include "power.h"
#include "unit.h"

#define START (1u << 16) /* of the volume on the medium */
#define SIZE  (10u << 20)
#define LEN   HD_LUKS_OFFSET_KEY
/* Of a header copy: the first four keyslots, which are all that we use. */
#define USED (2 * HD_LUKS_JSON + 4 * HD_LUKS_AREA)

static const struct hd_luks_cost cheap = {32, 4, 1};

struct bench {
    struct hd_luks luks;
    struct hd_secret *key;
    int header, medium;
    char path[32];           /* of the medium */
    uint8_t *before, *after; /* what the reader copies, USED bytes */
    unsigned old, new;       /* how often a cut left which */
};

static struct hd_secret *secret(const char *text)
{
    struct hd_secret *s = hd_secret_new(strlen(text));

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    memcpy(s->data, text, strlen(text));
    s->len = strlen(text);
    return s;
}

/* A medium with the users anna ("old") and bert ("b"). */
static void bench_init(struct bench *b)
{
    hd_auto(hd_secret) old = secret("old");
    hd_auto(hd_secret) other = secret("b");
    struct hd_err err = {0};

    memset(b, 0, sizeof(*b));
    b->luks.offset = LEN;
    CHECK_OK(hd_uuid_make(&b->luks.uuid, &err), &err);
    CHECK_OK(hd_luks_make(&b->luks.uuid, LEN, &b->header, &b->key, &err), &err);
    CHECK_OK(hd_luks_add(b->header, b->key, "anna", old, &cheap, &err), &err);
    CHECK_OK(hd_luks_add(b->header, b->key, "bert", other, &cheap, &err), &err);
    strcpy(b->path, "/tmp/hotdom-luks-XXXXXX");
    b->medium = mkstemp(b->path);
    CU_ASSERT_FATAL(b->medium >= 0);
    CU_ASSERT_EQUAL(ftruncate(b->medium, START + SIZE), 0);
    CHECK_OK(hd_luks_write(b->header, b->medium, START, &err), &err);
}

static void bench_fini(struct bench *b)
{
    free(b->before);
    free(b->after);
    hd_secret_free(b->key);
    close(b->header);
    close(b->medium);
    unlink(b->path);
}

/* What the reader makes of a medium; NULL when it refuses it. */
static uint8_t *copy(const struct bench *b, int medium, struct hd_err *err)
{
    struct hd_luks_facts facts;
    hd_autofd int fd =
        hd_luks_header_copy(medium, START, SIZE, &b->luks, &facts, err);
    uint8_t *bytes = malloc(USED);

    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    if (fd >= 0) {
        CHECK_OK(hd_io_pread(fd, bytes, USED, 0, err), err);
        return bytes;
    }
    free(bytes);
    return NULL;
}

static int open_as(int header, const struct hd_luks_facts *f, const char *user,
                   const char *password, struct hd_err *err)
{
    hd_auto(hd_secret) pw = secret(password);
    hd_auto(hd_secret) key = NULL;

    for (uint32_t i = 0; i < f->n_users; i++)
        if (!strcmp(f->users[i].name, user))
            return hd_luks_open(header, f->users[i].keyslot, pw, &key, err);
    return hd_fail(err, HD_E_NO_USER, "no user %s", user);
}

/* Reads as the reader does; 0 when the password opens. */
static int opens(const struct bench *b, const char *user, const char *password,
                 struct hd_err *err)
{
    struct hd_luks_facts facts;
    hd_autofd int header =
        hd_luks_header_copy(b->medium, START, SIZE, &b->luks, &facts, err);

    return header < 0 ? -1 : open_as(header, &facts, user, password, err);
}

static void put(const struct bench *b, const uint8_t *bytes, size_t at,
                size_t len)
{
    struct hd_err err = {0};

    CHECK_OK(hd_io_pwrite(b->medium, bytes, len, (off_t)(START + at), &err),
             &err);
}

/* Both copies have the same JSON, and it and all keyslots are as they were or
 * as they are to be; the salts of a mended copy differ. */
static bool same(const uint8_t *a, const uint8_t *b)
{
    return !memcmp(a + 4096, b + 4096, HD_LUKS_JSON - 4096) &&
           !memcmp(a + HD_LUKS_JSON + 4096, b + 4096, HD_LUKS_JSON - 4096) &&
           !memcmp(a + 2 * HD_LUKS_JSON, b + 2 * HD_LUKS_JSON,
                   USED - 2 * HD_LUKS_JSON);
}

static void check_cut(void *ctx, int medium)
{
    struct bench *b = ctx;
    struct hd_err err = {0};
    hd_autofree uint8_t *now = copy(b, medium, &err);
    bool old = now && same(now, b->before), new = now &&same(now, b->after);

    if (!old && !new) {
        printf("\n    %s\n",
               now ? "neither the old header nor the new one" : err.msg);
        CU_FAIL("a cut spoils the header");
    }
    b->old += old;
    b->new += new;
}

/* Writes what was changed, then looks at all that a cut may leave of it. */
static void write_and_cut(struct bench *b)
{
    struct hd_err err = {0};
    struct power_log *log;

    b->before = copy(b, b->medium, &err);
    log = power_begin(b->path);
    CHECK_OK(hd_luks_write(b->header, b->medium, START, &err), &err);
    power_end(log);
    b->after = copy(b, b->medium, &err);
    CU_ASSERT_FATAL(b->before && b->after);
    power_replay(log, 10, check_cut, b);
    power_free(log);
    CU_ASSERT_TRUE(b->old > 0);
    CU_ASSERT_TRUE(b->new > 0);
}

static void a_changed_password_survives_power_loss(void)
{
    hd_auto(hd_secret) new = secret("new");
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    CHECK_OK(hd_luks_change(b.header, b.key, "anna", new, &cheap, &err), &err);
    write_and_cut(&b);
    CHECK_OK(opens(&b, "anna", "new", &err), &err);
    CHECK_FAILS(opens(&b, "anna", "old", &err), &err, HD_E_WRONG_PASSWORD, "");
    CHECK_OK(opens(&b, "bert", "b", &err), &err);
    bench_fini(&b);
}

static void a_new_user_survives_power_loss(void)
{
    hd_auto(hd_secret) pw = secret("c");
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    CHECK_OK(hd_luks_add(b.header, b.key, "carl", pw, &cheap, &err), &err);
    write_and_cut(&b);
    CHECK_OK(opens(&b, "carl", "c", &err), &err);
    CHECK_OK(opens(&b, "bert", "b", &err), &err);
    bench_fini(&b);
}

/* Bert's, the second one. */
static void area(const struct bench *b, uint8_t bytes[HD_LUKS_AREA])
{
    struct hd_err err = {0};

    CHECK_OK(hd_io_pread(b->medium, bytes, HD_LUKS_AREA,
                         START + 2 * HD_LUKS_JSON + HD_LUKS_AREA, &err),
             &err);
}

static void a_removed_user_leaves_nothing_on_the_medium(void)
{
    static uint8_t before[HD_LUKS_AREA], after[HD_LUKS_AREA];
    struct hd_err err = {0};
    struct bench b;
    size_t left = 0;

    bench_init(&b);
    CHECK_OK(hd_luks_remove(b.header, "bert", &err), &err);
    area(&b, before);
    write_and_cut(&b);
    area(&b, after);
    for (size_t at = 0; at < HD_LUKS_AREA - 4096; at += 512)
        left += !memcmp(before + at, after + at, 512);
    CU_ASSERT_EQUAL(left, 0);
    CHECK_FAILS(opens(&b, "bert", "b", &err), &err, HD_E_NO_USER, "");
    CHECK_OK(opens(&b, "anna", "old", &err), &err);
    bench_fini(&b);
}

/* The first write was cut off; the next one goes on from what was read. */
static void a_write_after_power_loss_makes_all_whole(void)
{
    static const uint8_t torn[4096];
    hd_auto(hd_secret) new = secret("new");
    struct hd_luks_change change = {
        HD_KEYS_CHANGE, "anna", START, {{{0}}, 0, {0}}, cheap};
    struct hd_luks_facts facts;
    struct hd_err err = {0};
    struct bench b;
    int header;

    bench_init(&b);
    change.luks = b.luks;
    put(&b, torn, HD_LUKS_JSON, sizeof(torn));
    header = hd_luks_header_copy(b.medium, START, SIZE, &b.luks, &facts, &err);
    CU_ASSERT_FATAL(header >= 0);
    CHECK_OK(hd_luks_users_change(header, b.key, &change, new, b.medium, &err),
             &err);
    CHECK_OK(opens(&b, "anna", "new", &err), &err);
    /* The second copy alone will do, too. */
    put(&b, torn, 0, sizeof(torn));
    CHECK_OK(opens(&b, "anna", "new", &err), &err);
    close(header);
    bench_fini(&b);
}

static void a_medium_that_fails_says_so(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    close(b.medium);
    b.medium = open(b.path, O_RDONLY);
    CHECK_OK(hd_luks_write(b.header, b.medium, START, &err), &err);
    CHECK_OK(hd_luks_remove(b.header, "bert", &err), &err);
    CHECK_FAILS(hd_luks_write(b.header, b.medium, START, &err), &err, HD_E_IO,
                "");
    bench_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(a_changed_password_survives_power_loss),
    HD_TEST(a_new_user_survives_power_loss),
    HD_TEST(a_removed_user_leaves_nothing_on_the_medium),
    HD_TEST(a_write_after_power_loss_makes_all_whole),
    HD_TEST(a_medium_that_fails_says_so),
};

HD_SUITE("volume/luks_write", tests);
