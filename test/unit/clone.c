/* SPDX-License-Identifier: MIT */
/* Tests hv/store/clone on packed images with every kind of volume. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/store/auth.h"
#include "../../hv/store/clone.h"
#include "../../hv/store/verify.h"
#include "../../hv/volume/luks_users.h"
#include "../../hv/volume/xts.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "pack_kit.h"
#include "unit.h"

static const char source[] =
    "hotdom: 1\n"
    "store: {name: travel, generation: 3}\n"
    "volumes:\n"
    "  - {name: root, kind: image, from: root.img}\n"
    "  - {name: open, encryption: none, from: root.img}\n"
    "  - {name: home, from: root.img}\n"
    "  - {name: mail, discard: true, from: root.img}\n"
    "users: [{name: owner}, {name: anna, settings: {keyboard: de,"
    " guests: [one]}}]\n"
    "guests:\n"
    "  - {name: one, kernel: kernel, wishes: [{class: sound, level: "
    "optional}], volumes: [{name: root, as: xvda},"
    " {name: open, as: xvdb}, {name: home, as: xvdc}, {name: mail, as: "
    "xvdd}]}\n";

/* A store as the reader sees it. */
struct view {
    int medium;
    struct hd_answer *a;
    int headers[HD_MAX_LUKS];
    size_t n_headers;
};

struct bench {
    struct pack_kit kit;
    struct view from, to;
    char output[64];
    struct hd_clone in;
    struct hd_packed packed, cloned;
};

static void view_open(struct view *v, const char *path)
{
    struct hd_err err = {0};
    char reader[PATH_MAX];

    hd_beside(HD_READER, reader);
    v->medium = open(path, O_RDWR);
    CHECK_OK(hd_reader_run_luks(reader, v->medium, NULL, 0, &v->a, v->headers,
                                &v->n_headers, &err),
             &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(v->a);
    if (v->a->err.code)
        printf("\n%s\n", v->a->err.msg);
    CU_ASSERT_EQUAL_FATAL(v->a->err.code, HD_OK);
}

static void view_close(struct view *v)
{
    for (size_t i = 0; i < v->n_headers; i++)
        close(v->headers[i]);
    if (v->a)
        close(v->medium);
    free(v->a);
}

static void bench_init(struct bench *b, const char *manifest)
{
    struct hd_err err = {0};

    memset(b, 0, sizeof(*b));
    pack_kit_init(&b->kit);
    pack_kit_text(&b->kit, "m.yaml", manifest);
    CHECK_OK(hd_pack(&b->kit.in, &b->packed, &err), &err);
    view_open(&b->from, b->kit.output);
    snprintf(b->output, sizeof(b->output), "%s/clone.img", b->kit.dir);
    b->in = (struct hd_clone){.medium = b->from.medium,
                              .store = b->from.a,
                              .headers = b->from.headers,
                              .user = "owner",
                              .pack = b->kit.in};
    b->in.pack.output = b->output;
}

static void bench_fini(struct bench *b)
{
    view_close(&b->from);
    view_close(&b->to);
    if (b->packed.recovery)
        hd_secret_free(b->packed.recovery);
    if (b->cloned.recovery)
        hd_secret_free(b->cloned.recovery);
    pack_kit_fini(&b->kit);
}

static struct hd_secret *secret_of(const char *text)
{
    struct hd_secret *s = hd_secret_new(HD_PASSWORD_MAX);

    s->len = (size_t)sprintf(s->data, "%s", text);
    return s;
}

/* The key of the first encrypted volume, by the keyslot of `user`. */
static int open_key(const struct view *v, const char *user,
                    const struct hd_secret *password, struct hd_secret **ret,
                    struct hd_err *err)
{
    int first = hd_manifest_luks(&v->a->manifest, -1);

    for (uint32_t i = 0; i < v->a->luks.n_users; i++)
        if (!strcmp(v->a->luks.users[i].name, user))
            return hd_luks_users_open(
                v->headers[0], v->a->luks.users[i].keyslot,
                &v->a->manifest.volumes[first].luks, password, ret, err);
    return hd_fail(err, HD_E_NO_USER, "no %s", user);
}

/* What the guest sees at the place that put_root wrote to. */
static void check_plain(const struct view *v, const char *name,
                        const struct hd_secret *key)
{
    int i = hd_manifest_volume(&v->a->manifest, name);
    const struct hd_volume *volume = &v->a->manifest.volumes[i];
    struct hd_err err = {0};
    hd_auto(hd_xts) xts = NULL;
    char block[512];

    CHECK_OK(hd_io_pread(
                 v->medium, block, sizeof(block),
                 (off_t)(v->a->extents[i].start + volume->luks.offset + 4096),
                 &err),
             &err);
    if (key) {
        CU_ASSERT_NOT_EQUAL(memcmp(block, "begin", 5), 0);
        CHECK_OK(hd_xts_new(key, &xts, &err), &err);
        CHECK_OK(hd_xts_decrypt(xts, block, sizeof(block), 4096, &err), &err);
    }
    CU_ASSERT_EQUAL(memcmp(block, "begin", 6), 0);
}

static void a_clone_has_the_same_content_under_its_own_keys(void)
{
    hd_auto(hd_secret) password = secret_of("owner's secret");
    hd_auto(hd_secret) old_key = NULL;
    hd_auto(hd_secret) key = NULL;
    hd_auto(hd_secret) derived = NULL;
    hd_auto(hd_secret) mail = NULL;
    struct hd_bad_place bad;
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b, source);
    CHECK_OK(hd_clone(&b.in, &b.cloned, &err), &err);
    view_open(&b.to, b.output);
    CHECK_OK(open_key(&b.from, "owner", password, &old_key, &err), &err);
    CHECK_OK(open_key(&b.to, "owner", password, &key, &err), &err);
    CU_ASSERT_NOT_EQUAL(memcmp(key->data, old_key->data, key->len), 0);
    CHECK_OK(hd_luks_derive(key, &b.to.a->manifest.volumes[3].luks.uuid,
                            &derived, &err),
             &err);
    CHECK_OK(hd_luks_users_open(b.to.headers[1], 0,
                                &b.to.a->manifest.volumes[3].luks, derived,
                                &mail, &err),
             &err);
    check_plain(&b.to, "root", NULL);
    check_plain(&b.to, "open", NULL);
    check_plain(&b.to, "home", key);
    check_plain(&b.to, "mail", mail);
    CHECK_OK(hd_verify(&(struct hd_verify){b.to.medium, b.to.a, b.kit.in.ops},
                       &bad, &err),
             &err);
    bench_fini(&b);
}

static void a_clone_is_another_store(void)
{
    const struct hd_manifest *was, *is;
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b, source);
    CHECK_OK(hd_clone(&b.in, &b.cloned, &err), &err);
    view_open(&b.to, b.output);
    was = &b.from.a->manifest;
    is = &b.to.a->manifest;
    CU_ASSERT_EQUAL(is->store.generation, 1);
    CU_ASSERT_FALSE(hd_uuid_equal(&is->store.id, &was->store.id));
    CU_ASSERT_FALSE(hd_uuid_equal(&is->guests[0].id, &was->guests[0].id));
    CU_ASSERT_FALSE(hd_uuid_equal(&b.to.a->gpt.disk, &b.from.a->gpt.disk));
    for (uint32_t i = 0; i < 4; i++)
        CU_ASSERT_FALSE(
            hd_uuid_equal(&is->volumes[i].partuuid, &was->volumes[i].partuuid));
    for (uint32_t i = 2; i < 4; i++)
        CU_ASSERT_FALSE(hd_uuid_equal(&is->volumes[i].luks.uuid,
                                      &was->volumes[i].luks.uuid));
    CU_ASSERT_FALSE(is->volumes[2].discard);
    CU_ASSERT_TRUE(is->volumes[3].discard);
    /* The same image has the same root; that is what was compared. */
    CU_ASSERT_EQUAL(memcmp(&is->volumes[0].verity, &was->volumes[0].verity,
                           sizeof(struct hd_verity)),
                    0);
    bench_fini(&b);
}

static void a_clone_opens_for_its_one_user_and_its_own_recovery_key(void)
{
    hd_auto(hd_secret) annas = secret_of("anna's secret");
    hd_auto(hd_secret) key = NULL;
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b, source);
    b.in.user = "anna";
    CHECK_OK(hd_clone(&b.in, &b.cloned, &err), &err);
    view_open(&b.to, b.output);
    CU_ASSERT_EQUAL(b.to.a->manifest.n_users, 1);
    CU_ASSERT_STRING_EQUAL(b.to.a->manifest.users[0].name, "anna");
    CU_ASSERT_EQUAL(b.to.a->luks.n_users, 2);
    CHECK_FAILS(open_key(&b.to, "owner", annas, &key, &err), &err, HD_E_NO_USER,
                "");
    CHECK_FAILS(open_key(&b.to, "recovery", b.packed.recovery, &key, &err),
                &err, HD_E_WRONG_PASSWORD, "");
    CHECK_OK(open_key(&b.to, "recovery", b.cloned.recovery, &key, &err), &err);
    bench_fini(&b);
}

static void a_clone_has_its_users_settings_and_its_guests_wishes(void)
{
    const struct hd_manifest *m;
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b, source);
    b.in.user = "anna";
    CHECK_OK(hd_clone(&b.in, &b.cloned, &err), &err);
    view_open(&b.to, b.output);
    m = &b.to.a->manifest;
    CU_ASSERT_EQUAL(m->n_users, 1);
    CU_ASSERT_STRING_EQUAL(m->users[0].name, "anna");
    CU_ASSERT_STRING_EQUAL(m->users[0].settings.keyboard, "de");
    CU_ASSERT_STRING_EQUAL(m->users[0].settings.guests[0].name, "one");
    CU_ASSERT_EQUAL(m->guests[0].n_wishes, 1);
    CU_ASSERT_EQUAL(m->guests[0].wishes[0].class, HD_CLASS_SOUND);
    CU_ASSERT_EQUAL(m->guests[0].wishes[0].level, HD_LEVEL_OPTIONAL);
    bench_fini(&b);
}

static void no_clone(struct bench *b)
{
    CU_ASSERT_EQUAL(access(b->output, F_OK), -1);
}

static void a_clone_needs_a_user_of_the_source(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b, source);
    b.in.user = NULL;
    CHECK_FAILS(hd_clone(&b.in, &b.cloned, &err), &err, HD_E_USAGE,
                "the store has 2 users; name one");
    b.in.user = "recovery";
    CHECK_FAILS(hd_clone(&b.in, &b.cloned, &err), &err, HD_E_NO_USER,
                "the store has no user recovery");
    no_clone(&b);
    bench_fini(&b);
}

static int give_nonsense(void *ctx, const char *user, struct hd_secret **ret,
                         struct hd_err *err)
{
    (void)ctx;
    (void)user;
    (void)err;
    *ret = secret_of("nonsense");
    return 0;
}

static void a_wrong_password_makes_no_clone(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b, source);
    b.in.pack.ops.password = give_nonsense;
    CHECK_FAILS(hd_clone(&b.in, &b.cloned, &err), &err, HD_E_WRONG_PASSWORD,
                "");
    no_clone(&b);
    bench_fini(&b);
}

static void a_store_with_verifiers_is_cloned_by_one_of_its_users(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b, "hotdom: 1\n"
                   "store: {name: travel}\n"
                   "volumes:\n"
                   "  - {name: open, encryption: none, from: root.img}\n"
                   "users: [{name: owner}, {name: anna}]\n"
                   "guests: [{name: one, kernel: kernel}]\n");
    CHECK_OK(hd_clone(&b.in, &b.cloned, &err), &err);
    CU_ASSERT_PTR_NULL(b.cloned.recovery);
    view_open(&b.to, b.output);
    CU_ASSERT_EQUAL(b.to.a->manifest.n_users, 1);
    CU_ASSERT_STRING_EQUAL(b.to.a->manifest.users[0].name, "owner");
    CU_ASSERT_NOT_EQUAL(memcmp(b.to.a->manifest.users[0].auth.salt,
                               b.from.a->manifest.users[0].auth.salt, 32),
                        0);
    check_plain(&b.to, "open", NULL);
    unlink(b.output);
    b.in.pack.ops.password = give_nonsense;
    CHECK_FAILS(hd_clone(&b.in, &b.cloned, &err), &err, HD_E_WRONG_PASSWORD,
                "");
    no_clone(&b);
    bench_fini(&b);
}

static void an_image_that_was_changed_is_not_cloned(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b, source);
    CHECK_OK(hd_io_pwrite(b.from.medium, "x", 1,
                          (off_t)b.from.a->extents[0].start + 77777, &err),
             &err);
    CHECK_FAILS(hd_clone(&b.in, &b.cloned, &err), &err, HD_E_BAD_VOLUME,
                "volume root: the source is not what was signed");
    no_clone(&b);
    bench_fini(&b);
}

static void only_whom_one_trusts_is_signed_for(void)
{
    struct hd_err err = {0};
    struct hd_signer who;
    char other[80];
    struct bench b;

    bench_init(&b, source);
    snprintf(other, sizeof(other), "%s/other", b.kit.dir);
    CHECK_OK(hd_sign_keygen(other, &who, &err), &err);
    strcat(other, ".key");
    b.in.pack.key = other;
    CHECK_FAILS(hd_clone(&b.in, &b.cloned, &err), &err, HD_E_UNTRUSTED_SIGNER,
                "is not trusted here; --resign vouches");
    no_clone(&b);
    b.in.trusted = true;
    CHECK_OK(hd_clone(&b.in, &b.cloned, &err), &err);
    CU_ASSERT_EQUAL(memcmp(&b.cloned.signer, &who, sizeof(who)), 0);
    b.in.pack.output = b.kit.output;
    b.in.pack.force = true;
    CHECK_FAILS(hd_clone(&b.in, &b.cloned, &err), &err, HD_E_USAGE,
                "is the store itself");
    bench_fini(&b);
}

static void an_interrupted_clone_leaves_nothing(void)
{
    struct hd_err err = {0};
    unsigned all;
    struct bench b;

    bench_init(&b, source);
    b.kit.calls = 0;
    CHECK_OK(hd_clone(&b.in, &b.cloned, &err), &err);
    all = b.kit.calls;
    unlink(b.output);
    for (unsigned at = 1; at <= all; at += 1 + all / 4) {
        b.kit.calls = 0;
        b.kit.stop_at = at;
        b.kit.phases[0] = b.kit.users[0] = '\0';
        CHECK_FAILS(hd_clone(&b.in, &(struct hd_packed){.size = 0}, &err), &err,
                    HD_E_FAILED, "interrupted");
        no_clone(&b);
    }
    bench_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(a_clone_has_the_same_content_under_its_own_keys),
    HD_TEST(a_clone_is_another_store),
    HD_TEST(a_clone_opens_for_its_one_user_and_its_own_recovery_key),
    HD_TEST(a_clone_has_its_users_settings_and_its_guests_wishes),
    HD_TEST(a_clone_needs_a_user_of_the_source),
    HD_TEST(a_wrong_password_makes_no_clone),
    HD_TEST(a_store_with_verifiers_is_cloned_by_one_of_its_users),
    HD_TEST(an_image_that_was_changed_is_not_cloned),
    HD_TEST(only_whom_one_trusts_is_signed_for),
    HD_TEST(an_interrupted_clone_leaves_nothing),
};

HD_SUITE("store/clone", tests);
