/* SPDX-License-Identifier: MIT */
/* Tests hv/volume/luks_write: whatever a loss of power leaves of a write, the
 * store still opens. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../hv/volume/luks_users.h"
#include "../../pv-drivers/base/io.h"
#include "luks_kit.h"
#include "unit.h"

#define START (1u << 20) /* of the volume on the medium */
#define BLOCK 4096
#define LEN   HD_LUKS_OFFSET_KEY
#define STEPS 8

static const struct hd_luks_cost cheap = {32, 4, 1};

/* What is safe on the medium: its content at each flush. */
static struct {
    int medium; /* 0: nothing is recorded */
    size_t n;
    uint8_t *flushed[STEPS]; /* owned, LEN bytes each */
} record;

static uint8_t *snapshot(int medium)
{
    uint8_t *copy = malloc(LEN);
    struct hd_err err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    CHECK_OK(hd_io_pread(medium, copy, LEN, START, &err), &err);
    return copy;
}

/* The C library's, for all of the tests. */
int fdatasync(int fd)
{
    if (record.medium && fd == record.medium && record.n < STEPS)
        record.flushed[record.n++] = snapshot(fd);
    return (int)syscall(SYS_fdatasync, fd);
}

struct bench {
    struct hd_luks luks;
    struct hd_secret *key;
    int header, medium;
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
    b->medium = hd_io_memfd("medium", KIT_LUKS_SIZE, &err);
    CU_ASSERT_FATAL(b->medium > 0);
    CHECK_OK(hd_luks_write(b->header, b->medium, START, &err), &err);
}

static void bench_fini(struct bench *b)
{
    while (record.n > 0)
        free(record.flushed[--record.n]);
    record.medium = 0;
    hd_secret_free(b->key);
    close(b->header);
    close(b->medium);
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
    hd_autofd int header = hd_luks_header_copy(
        b->medium, START, KIT_LUKS_SIZE - START, &b->luks, &facts, err);

    return header < 0 ? -1 : open_as(header, &facts, user, password, err);
}

static void put(const struct bench *b, const uint8_t *bytes, size_t at,
                size_t len)
{
    struct hd_err err = {0};

    CHECK_OK(
        hd_io_pwrite(b->medium, bytes + at, len, (off_t)(START + at), &err),
        &err);
}

/* Anna gets in, with one password or the other. */
static void check_opens(const struct bench *b, const char *what, size_t step,
                        size_t at)
{
    struct hd_err err = {0}, err2 = {0};

    if (opens(b, "anna", "old", &err) && opens(b, "anna", "new", &err2)) {
        printf("\n    step %zu, %s block %zu: %s; %s\n", step, what, at / BLOCK,
               err.msg, err2.msg);
        CU_FAIL("no password opens");
    }
}

/* Power is lost between two flushes: of the blocks that differ only the first
 * ones are there, or only the last ones; and one of them in half. */
static void tear(const struct bench *b, size_t step, const uint8_t *before,
                 const uint8_t *after)
{
    size_t n = 0, every;

    for (size_t at = 0; at < LEN; at += BLOCK)
        n += memcmp(before + at, after + at, BLOCK) != 0;
    every = n / 4 + 1;
    for (int last = 0; last < 2; last++) {
        const uint8_t *from = last ? after : before;
        const uint8_t *to = last ? before : after;
        size_t i = 0;

        put(b, from, 0, LEN);
        for (size_t at = 0; at < LEN; at += BLOCK) {
            if (!memcmp(from + at, to + at, BLOCK))
                continue;
            put(b, to, at, BLOCK / 2);
            if (i++ % every == 0)
                check_opens(b, last ? "last" : "first", step, at);
            put(b, to, at, BLOCK);
        }
        check_opens(b, "all", step, LEN);
    }
}

/* Does that change, then everything that a loss of power may leave of it. */
static void write_and_tear(struct bench *b)
{
    uint8_t *before = snapshot(b->medium);
    struct hd_err err = {0};
    size_t n;

    record.medium = b->medium;
    CHECK_OK(hd_luks_write(b->header, b->medium, START, &err), &err);
    record.medium = 0;
    n = record.n;
    CU_ASSERT_EQUAL(n, 4);
    for (size_t i = 0; i < n; i++)
        tear(b, i, i ? record.flushed[i - 1] : before, record.flushed[i]);
    free(before);
    put(b, record.flushed[n - 1], 0, LEN);
}

static void a_changed_password_survives_power_loss(void)
{
    hd_auto(hd_secret) new = secret("new");
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    CHECK_OK(hd_luks_change(b.header, b.key, "anna", new, &cheap, &err), &err);
    write_and_tear(&b);
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
    write_and_tear(&b);
    CHECK_OK(opens(&b, "carl", "c", &err), &err);
    CHECK_OK(opens(&b, "bert", "b", &err), &err);
    bench_fini(&b);
}

static void a_removed_user_leaves_nothing_on_the_medium(void)
{
    struct hd_err err = {0};
    struct bench b;
    size_t left = 0;

    bench_init(&b);
    CHECK_OK(hd_luks_remove(b.header, "bert", &err), &err);
    uint8_t *before = snapshot(b.medium);
    write_and_tear(&b);
    uint8_t *after = snapshot(b.medium);
    /* Bert's was the second area. */
    for (size_t at = 2 * HD_LUKS_JSON + HD_LUKS_AREA;
         at < 2 * HD_LUKS_JSON + 2 * HD_LUKS_AREA - BLOCK; at += 512)
        left += !memcmp(before + at, after + at, 512);
    CU_ASSERT_EQUAL(left, 0);
    CHECK_FAILS(opens(&b, "bert", "b", &err), &err, HD_E_NO_USER, "");
    CHECK_OK(opens(&b, "anna", "old", &err), &err);
    free(before);
    free(after);
    bench_fini(&b);
}

/* The first write was cut off; the next one goes on from what was read. */
static void a_write_after_power_loss_makes_all_whole(void)
{
    const struct hd_luks_cost cost = cheap;
    hd_auto(hd_secret) new = secret("new");
    struct hd_luks_facts facts;
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    /* The second copy is torn. */
    uint8_t *torn = calloc(1, LEN);
    CU_ASSERT_PTR_NOT_NULL_FATAL(torn);
    put(&b, torn, HD_LUKS_JSON, BLOCK);
    free(torn);
    hd_autofd int header = hd_luks_header_copy(
        b.medium, START, KIT_LUKS_SIZE - START, &b.luks, &facts, &err);
    struct hd_luks_change change = {
        .action = HD_KEYS_CHANGE, .user = "anna", .start = START, .cost = cost};

    change.luks = b.luks;
    CU_ASSERT_FATAL(header >= 0);
    CHECK_OK(hd_luks_users_change(header, b.key, &change, new, b.medium, &err),
             &err);
    CHECK_OK(opens(&b, "anna", "new", &err), &err);
    uint8_t *all = snapshot(b.medium);
    CU_ASSERT_EQUAL(memcmp(all + HD_LUKS_JSON, "SKUL\xba\xbe", 6), 0);
    all[0] ^= 1;
    put(&b, all, 0, BLOCK);
    CHECK_OK(opens(&b, "anna", "new", &err), &err);
    free(all);
    bench_fini(&b);
}

static void a_medium_that_fails_says_so(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    CHECK_OK(hd_io_seal(b.medium, &err), &err);
    CHECK_OK(hd_luks_write(b.header, b.medium, START, &err), &err);
    CHECK_OK(hd_luks_remove(b.header, "bert", &err), &err);
    CU_ASSERT_EQUAL(hd_luks_write(b.header, b.medium, START, &err), -1);
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
