/* SPDX-License-Identifier: MIT */
/* Tests hv/store/update, edit and room on packed images, which the program
 * hotdom-reader reads back. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../hv/store/header.h"
#include "../../hv/store/room.h"
#include "../../hv/store/update.h"
#include "../../hv/store/verify.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "pack_kit.h"
#include "power.h"
#include "store_kit.h"
#include "unit.h"

static const char source[] =
    "hotdom: 1\n"
    "store: {name: travel, generation: 3}\n"
    "volumes:\n"
    "  - {name: root, kind: image, from: root.img}\n"
    "  - {name: home, encryption: none, size: 1M}\n"
    "guests:\n"
    "  - {name: one, kernel: kernel, ramdisk: initrd,"
    " volumes: [{name: root, as: xvda}, {name: home, as: xvdb}]}\n"
    "  - {name: two, kernel: kernel}\n";

struct bench {
    struct pack_kit kit;
    char image[64]; /* the new content */
    struct hd_update in;
    struct hd_updated out;
    struct hd_answer *a; /* what the reader said last */
    bool fixed;          /* the medium does not grow */
    uint64_t olds, news; /* generations before and after a power cut */
    unsigned n_old, n_new;
};

static void bench_init(struct bench *b)
{
    struct hd_err err = {0};

    memset(b, 0, sizeof(*b));
    pack_kit_init(&b->kit);
    pack_kit_text(&b->kit, "m.yaml", source);
    pack_kit_text(&b->kit, "new.img", "a new image");
    snprintf(b->image, sizeof(b->image), "%s/new.img", b->kit.dir);
    CHECK_OK(hd_pack(&b->kit.in, &(struct hd_packed){.size = 0}, &err), &err);
    b->in = (struct hd_update){.guest = "one",
                               .image = b->image,
                               .key = b->kit.key,
                               .ops = b->kit.in.ops};
}

static void bench_fini(struct bench *b)
{
    free(b->a);
    pack_kit_fini(&b->kit);
}

static void look(struct bench *b)
{
    hd_autofd int medium = open(b->kit.output, O_RDONLY);
    struct hd_err err = {0};
    char reader[PATH_MAX];

    free(b->a);
    b->a = NULL;
    hd_beside(HD_READER, reader);
    CHECK_OK(hd_reader_run(reader, medium, NULL, 0, &b->a, &err), &err);
    if (b->a->err.code)
        printf("\n%s\n", b->a->err.msg);
    CU_ASSERT_EQUAL_FATAL(b->a->err.code, HD_OK);
}

typedef int change_fn(const struct hd_update *, struct hd_updated *,
                      struct hd_err *);

static int run(struct bench *b, change_fn *change, struct hd_err *err)
{
    struct hd_target target;
    int rc;

    b->kit.phases[0] = '\0';
    if (hd_target_edit(b->kit.output, &target, err))
        return -1;
    look(b);
    target.fixed = b->fixed;
    b->in.target = &target;
    b->in.store = b->a;
    rc = change(&b->in, &b->out, err);
    hd_target_fini(&target);
    look(b);
    return rc;
}

/* All images are what was signed; `name` begins with `text`. */
static void check_content(struct bench *b, const char *name, const char *text,
                          uint64_t at)
{
    hd_autofd int medium = open(b->kit.output, O_RDONLY);
    int v = hd_manifest_volume(&b->a->manifest, name);
    struct hd_verify verify = {medium, b->a, b->kit.in.ops};
    struct hd_bad_place bad;
    struct hd_err err = {0};
    char found[32] = "";

    CU_ASSERT_TRUE_FATAL(v >= 0);
    CHECK_OK(hd_verify(&verify, &bad, &err), &err);
    CHECK_OK(hd_io_pread(medium, found, strlen(text),
                         (off_t)(b->a->extents[v].start + at), &err),
             &err);
    CU_ASSERT_STRING_EQUAL(found, text);
}

static void an_updated_guest_has_the_new_image_and_the_old_one_stays(void)
{
    struct hd_err err = {0};
    const struct hd_manifest *m;
    struct bench b;

    bench_init(&b);
    CHECK_OK(run(&b, hd_update, &err), &err);
    m = &b.a->manifest;
    CU_ASSERT_EQUAL(m->store.generation, 4);
    CU_ASSERT_STRING_EQUAL(b.out.volume, "root.4");
    CU_ASSERT_STRING_EQUAL(b.out.replaces, "root");
    CU_ASSERT_STRING_EQUAL(m->guests[0].disks[0].name, "root.4");
    CU_ASSERT_EQUAL(m->n_volumes, 3);
    CU_ASSERT_STRING_EQUAL(b.kit.phases, "volume root.4;verifying root.4;"
                                         "header;flushing;verifying;");
    check_content(&b, "root.4", "a new image", 0);
    check_content(&b, "root", "begin", 4096);
    bench_fini(&b);
}

static void a_reverted_guest_has_its_old_image_and_the_new_one_is_gone(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    CHECK_FAILS(run(&b, hd_revert, &err), &err, HD_E_FAILED,
                "guest one has no image that replaced another one");
    CHECK_OK(run(&b, hd_update, &err), &err);
    CHECK_OK(run(&b, hd_revert, &err), &err);
    CU_ASSERT_EQUAL(b.a->manifest.store.generation, 5);
    CU_ASSERT_STRING_EQUAL(b.out.volume, "root");
    CU_ASSERT_STRING_EQUAL(b.a->manifest.guests[0].disks[0].name, "root");
    CU_ASSERT_EQUAL(b.a->manifest.n_volumes, 2);
    check_content(&b, "root", "begin", 4096);
    bench_fini(&b);
}

/* What the guest boots and what it goes back to, after each update. */
static void check_chain(struct bench *b, const char *now, const char *before,
                        unsigned n_volumes)
{
    const struct hd_manifest *m = &b->a->manifest;
    int v = hd_manifest_volume(m, now);

    CU_ASSERT_STRING_EQUAL(m->guests[0].disks[0].name, now);
    CU_ASSERT_TRUE_FATAL(v >= 0);
    CU_ASSERT_STRING_EQUAL(m->volumes[v].replaces, before);
    CU_ASSERT_EQUAL(m->n_volumes, n_volumes);
    CU_ASSERT_TRUE(hd_manifest_volume(m, before) >= 0);
}

static void the_image_before_goes_when_the_present_one_has_booted(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    b.in.seen = true;
    b.in.booted = 3;
    CHECK_OK(run(&b, hd_update, &err), &err);
    check_chain(&b, "root.4", "root", 3);
    b.in.booted = 4;
    CHECK_OK(run(&b, hd_update, &err), &err);
    check_chain(&b, "root.5", "root.4", 3);
    bench_fini(&b);
}

static void a_present_image_that_never_booted_goes_itself(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    b.in.seen = true;
    b.in.booted = 3;
    CHECK_OK(run(&b, hd_update, &err), &err);
    CHECK_OK(run(&b, hd_update, &err), &err);
    check_chain(&b, "root.5", "root", 3);
    check_content(&b, "root", "begin", 4096);
    bench_fini(&b);
}

static void a_host_that_does_not_know_the_store_keeps_one_more(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    for (int i = 0; i < 4; i++)
        CHECK_OK(run(&b, hd_update, &err), &err);
    check_chain(&b, "root.7", "root.6", 4);
    CU_ASSERT_TRUE(hd_manifest_volume(&b.a->manifest, "root.5") >= 0);
    CU_ASSERT_EQUAL(hd_manifest_volume(&b.a->manifest, "root"), -1);
    bench_fini(&b);
}

/* A store with two guests that are updated in turn stays within its size once
 * what was dropped makes room. */
static void dropped_images_make_room_for_new_ones(void)
{
    struct hd_err err = {0};
    struct stat before, after;
    struct bench b;

    bench_init(&b);
    b.in.seen = true;
    for (int i = 0; i < 12; i++) {
        b.in.booted = 3 + (uint64_t)i;
        CHECK_OK(run(&b, hd_update, &err), &err);
        if (i == 3)
            stat(b.kit.output, &before);
    }
    stat(b.kit.output, &after);
    CU_ASSERT_EQUAL(after.st_size, before.st_size);
    check_content(&b, "root.15", "a new image", 0);
    bench_fini(&b);
}

static void what_cannot_be_updated_is_named_and_nothing_changes(void)
{
    struct hd_err err = {0};
    struct stat before, after;
    struct hd_signer who;
    char other[80];
    struct bench b;

    bench_init(&b);
    stat(b.kit.output, &before);
    b.in.guest = "nobody";
    CHECK_FAILS(run(&b, hd_update, &err), &err, HD_E_NO_GUEST,
                "the store has no guest nobody");
    b.in.guest = "two";
    CHECK_FAILS(run(&b, hd_update, &err), &err, HD_E_FAILED,
                "guest two has no image");
    b.in.guest = "one";
    b.in.volume = "home";
    CHECK_FAILS(run(&b, hd_update, &err), &err, HD_E_FAILED,
                "guest one has no image home");
    b.in.volume = NULL;
    snprintf(other, sizeof(other), "%s/other", b.kit.dir);
    CHECK_OK(hd_sign_keygen(other, &who, &err), &err);
    strcat(other, ".key");
    b.in.key = other;
    CHECK_FAILS(run(&b, hd_update, &err), &err, HD_E_DENIED,
                "is not the key of the store's signer ed25519:");
    stat(b.kit.output, &after);
    CU_ASSERT_EQUAL(after.st_size, before.st_size);
    CU_ASSERT_EQUAL(b.a->manifest.store.generation, 3);
    b.in.resign = true;
    CHECK_OK(run(&b, hd_update, &err), &err);
    CU_ASSERT_EQUAL(memcmp(&b.a->signer, &who, sizeof(who)), 0);
    bench_fini(&b);
}

static void an_interrupted_update_leaves_the_store_as_it_was(void)
{
    struct hd_err err = {0};
    struct stat before, after;
    unsigned all;
    struct bench b;

    bench_init(&b);
    stat(b.kit.output, &before);
    b.kit.calls = 0;
    CHECK_OK(run(&b, hd_update, &err), &err);
    all = b.kit.calls;
    CHECK_OK(run(&b, hd_revert, &err), &err);
    stat(b.kit.output, &before);
    for (unsigned at = 1; at <= all; at++) {
        b.kit.calls = 0;
        b.kit.stop_at = at;
        CHECK_FAILS(run(&b, hd_update, &err), &err, HD_E_FAILED, "interrupted");
        stat(b.kit.output, &after);
        CU_ASSERT_EQUAL(after.st_size, before.st_size);
        CU_ASSERT_EQUAL(b.a->manifest.store.generation, 5);
    }
    bench_fini(&b);
}

static void one_store_is_changed_by_one_program_at_a_time(void)
{
    struct hd_err err = {0};
    struct hd_target target;
    struct bench b;

    bench_init(&b);
    CHECK_OK(hd_target_edit(b.kit.output, &target, &err), &err);
    CHECK_FAILS(run(&b, hd_update, &err), &err, HD_E_BUSY,
                "is being changed already");
    hd_target_fini(&target);
    CHECK_OK(run(&b, hd_update, &err), &err);
    bench_fini(&b);
}

/* The reader accepts it, and every image that it names is whole. */
static void old_or_new(void *ctx, int medium)
{
    hd_autofree struct hd_answer *a = malloc(sizeof(*a));
    struct hd_header_keys keys = {.any = true};
    struct bench *b = ctx;
    struct hd_bad_place bad;
    struct hd_err err = {0};
    int fds[HD_MAX_FDS];
    struct hd_pack_ops ops = b->kit.in.ops;
    struct hd_verify verify = {medium, a, ops};

    memset(fds, -1, sizeof(fds));
    CHECK_OK(hd_header_read(medium, &keys, a, fds, &err), &err);
    for (size_t i = 0; i < HD_MAX_FDS; i++)
        if (fds[i] > 0)
            close(fds[i]);
    b->kit.phases[0] = '\0';
    CHECK_OK(hd_verify(&verify, &bad, &err), &err);
    b->n_old += a->manifest.store.generation == b->olds;
    b->n_new += a->manifest.store.generation == b->news;
    CU_ASSERT_TRUE(a->manifest.store.generation >= b->olds &&
                   a->manifest.store.generation <= b->news);
}

static void cut_power(struct bench *b, change_fn *change)
{
    struct power_log *log = power_begin(b->kit.output);
    struct hd_err err = {0};

    look(b);
    b->olds = b->a->manifest.store.generation;
    CHECK_OK(run(b, change, &err), &err);
    power_end(log);
    b->news = b->a->manifest.store.generation;
    b->n_old = b->n_new = 0;
    power_replay(log, 3, old_or_new, b);
    power_free(log);
    CU_ASSERT_TRUE(b->n_old > 40 && b->n_new > 40);
}

static void power_may_fail_at_any_point_of_an_update_and_a_revert(void)
{
    struct bench b;

    bench_init(&b);
    cut_power(&b, hd_update);
    cut_power(&b, hd_revert);
    b.in.seen = true;
    cut_power(&b, hd_update);
    bench_fini(&b);
}

/* On a medium that cannot grow: what is to go makes way by a generation of its
 * own, and power may fail there too. */
static void what_is_dropped_makes_way_where_room_is_missing(void)
{
    struct hd_err err = {0};
    struct bench b;
    struct stat st;

    bench_init(&b);
    stat(b.kit.output, &st);
    b.fixed = true;
    b.in.seen = true;
    /* Room for a header and an image, of 1 MiB each, and for another header. */
    CU_ASSERT_EQUAL(truncate(b.kit.output, st.st_size + 3 * MIB), 0);
    b.in.booted = 3;
    CHECK_OK(run(&b, hd_update, &err), &err);
    check_chain(&b, "root.4", "root", 3);
    pack_kit_file(&b.kit, "new.img", NULL, 0);
    CU_ASSERT_EQUAL(truncate(b.image, 3 * MIB / 2), 0);
    b.in.booted = 4;
    cut_power(&b, hd_update);
    CU_ASSERT_EQUAL(b.olds, 4);
    CU_ASSERT_EQUAL(b.news, 6);
    check_chain(&b, "root.6", "root.4", 3);
    CU_ASSERT_EQUAL(truncate(b.image, 8 * MIB), 0);
    b.in.booted = 6;
    CHECK_FAILS(run(&b, hd_update, &err), &err, HD_E_FAILED,
                "out.img: there is no room for 9 MiB more: ");
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, " bytes are missing"));
    CU_ASSERT_EQUAL(b.a->manifest.store.generation, 6);
    check_chain(&b, "root.6", "root.4", 3);
    bench_fini(&b);
}

static void missing_room_is_said_in_bytes(void)
{
    hd_autofree struct hd_gpt *gpt = calloc(1, sizeof(*gpt));
    struct hd_err err = {0};
    uint64_t start = 0;

    gpt->n = 2;
    gpt->parts[0] = (struct hd_part){.start = 6 * MIB, .length = 4 * MIB};
    gpt->parts[1] = (struct hd_part){.start = 3 * MIB, .length = MIB / 2};
    CHECK_OK(hd_room_find(gpt, 20 * MIB, 2 * MIB, &start, &err), &err);
    CU_ASSERT_EQUAL(start, MIB);
    CHECK_OK(hd_room_find(gpt, 20 * MIB, 2 * MIB + 1, &start, &err), &err);
    CU_ASSERT_EQUAL(start, 10 * MIB);
    CHECK_OK(hd_room_find(gpt, 20 * MIB, 10 * MIB, &start, &err), &err);
    CU_ASSERT_EQUAL(start, 10 * MIB);
    CHECK_FAILS(hd_room_find(gpt, 20 * MIB, 11 * MIB, &start, &err), &err,
                HD_E_FAILED,
                "no room for 11 MiB more: 1048576 bytes are missing");
}

static const struct hd_test tests[] = {
    HD_TEST(an_updated_guest_has_the_new_image_and_the_old_one_stays),
    HD_TEST(a_reverted_guest_has_its_old_image_and_the_new_one_is_gone),
    HD_TEST(the_image_before_goes_when_the_present_one_has_booted),
    HD_TEST(a_present_image_that_never_booted_goes_itself),
    HD_TEST(a_host_that_does_not_know_the_store_keeps_one_more),
    HD_TEST(dropped_images_make_room_for_new_ones),
    HD_TEST(what_cannot_be_updated_is_named_and_nothing_changes),
    HD_TEST(an_interrupted_update_leaves_the_store_as_it_was),
    HD_TEST(one_store_is_changed_by_one_program_at_a_time),
    HD_TEST(power_may_fail_at_any_point_of_an_update_and_a_revert),
    HD_TEST(what_is_dropped_makes_way_where_room_is_missing),
    HD_TEST(missing_room_is_said_in_bytes),
};

HD_SUITE("store/update", tests);
