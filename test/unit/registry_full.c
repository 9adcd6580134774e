/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/registry on a volume without room: it says so, is read, and
 * gives room back. */
#include "../../dom-guest/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "apart_kit.h"
#include "registry_kit.h"
#include "unit.h"

#define VALUE 300   /* bytes */
#define LARGE 30000 /* the same */
#define KEYS  2000

/* A volume of 768 KiB, in memory. */
static const char *prepare(void)
{
    if (geteuid() || unshare(CLONE_NEWNS))
        return "skipped: only root may mount here";
    EXPECT(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    EXPECT(!mount("volume", registry_dir, "tmpfs", 0, "size=768k,mode=700"));
    return NULL;
}

/* Sets it to so many bytes, or removes it when they are none. */
static int change_by(unsigned i, size_t len, struct hd_err *err)
{
    static char data[LARGE];
    const struct hd_value v = {HD_VALUE_BYTES, data, len};
    hd_auto(hd_registry) r = NULL;
    char key[HD_KEY_SIZE];

    snprintf(key, sizeof(key), "guest/%u", i);
    if (hd_registry_open(registry_dir, HD_REGISTRY_WRITE, hd_io_now_ms() + 9000,
                         &r, err) ||
        (len ? hd_registry_set(r, key, &v, err)
             : hd_registry_remove(r, key, NULL, err)))
        return -1;
    return hd_registry_commit(r, err);
}

static int change(unsigned i, bool set, struct hd_err *err)
{
    return change_by(i, set ? VALUE : 0, err);
}

/* How many keys there was room for, from guest/0 on. */
static unsigned fill(struct hd_err *err)
{
    unsigned n = 0;

    while (n < KEYS && !change(n, true, err))
        n++;
    return n;
}

/* All of them are there and no other. */
static bool holds(unsigned n)
{
    hd_auto(hd_registry) r = NULL;
    char key[HD_KEY_SIZE];
    struct hd_value v;
    bool all = !hd_registry_open(registry_dir, HD_REGISTRY_READ,
                                 hd_io_now_ms() + 9000, &r, NULL);

    for (unsigned i = 0; all && i <= n; i++) {
        snprintf(key, sizeof(key), "guest/%u", i);
        all = hd_registry_get(r, key, &v, NULL) == (i < n ? 1 : 0);
    }
    return all && !hd_registry_check(registry_dir, NULL);
}

static bool is_full(const struct hd_err *err)
{
    return err->code == HD_E_IO &&
           strstr(err->msg, "write the registry: the guest's data volume is "
                            "full");
}

static int remove_all(struct hd_err *err)
{
    hd_auto(hd_registry) r = NULL;

    return hd_registry_open(registry_dir, HD_REGISTRY_WRITE,
                            hd_io_now_ms() + 9000, &r, err) ||
                   hd_registry_remove(r, "guest", NULL, err)
               ? -1
               : hd_registry_commit(r, err);
}

static const char *by_its_own(void)
{
    struct hd_err err;
    unsigned n = fill(&err);

    EXPECT(n > 100 && n < KEYS && is_full(&err) && holds(n));
    for (unsigned i = n; i--;)
        EXPECT(!change(i, false, &err));
    EXPECT(holds(0));
    /* And what was removed has given room. */
    n = fill(&err);
    EXPECT(n > 100 && is_full(&err) && holds(n));
    EXPECT(!remove_all(&err) && holds(0));
    EXPECT(fill(&err) > 100);
    return NULL;
}

static void a_registry_that_has_filled_its_volume_is_read_and_takes_removals(
    void)
{
    registry_begin();
    apart_kit_run(prepare, by_its_own);
    registry_end();
}

/* Whoever else writes there takes all that is left. */
static bool take_the_rest(void)
{
    static const char block[4096];
    hd_autofd int fd =
        open(registry_at("other"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ssize_t n;

    while ((n = write(fd, block, sizeof(block))) > 0)
        ;
    return n < 0 && errno == ENOSPC;
}

static const char *by_others(void)
{
    struct hd_err err;
    unsigned n = 0;

    for (; n < 50; n++)
        EXPECT(!change(n, true, &err));
    EXPECT(take_the_rest());
    while (n < KEYS && !change(n, true, &err))
        n++;
    EXPECT(n < KEYS && is_full(&err) && holds(n));
    for (unsigned i = n; i--;)
        EXPECT(!change(i, false, &err));
    EXPECT(holds(0) && !change(0, true, &err));
    return NULL;
}

static void a_registry_on_a_volume_that_others_have_filled_takes_removals(void)
{
    registry_begin();
    apart_kit_run(prepare, by_others);
    registry_end();
}

static const char *from_the_start(void)
{
    struct hd_err err;

    EXPECT(take_the_rest());
    EXPECT(change(0, true, &err) && err.code == HD_E_IO &&
           strstr(err.msg, "full"));
    EXPECT(holds(0));
    EXPECT(!unlink(registry_at("other")) && !change(0, true, &err) && holds(1));
    return NULL;
}

static void a_volume_that_is_full_from_the_start_gets_its_registry_later(void)
{
    registry_begin();
    apart_kit_run(prepare, from_the_start);
    registry_end();
}

/* Room for all that a registry may be. */
static const char *prepare_large(void)
{
    if (geteuid() || unshare(CLONE_NEWNS))
        return "skipped: only root may mount here";
    EXPECT(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    EXPECT(!mount("volume", registry_dir, "tmpfs", 0, "size=80m,mode=700"));
    return NULL;
}

/* How many values of LARGE bytes there was room for. */
static unsigned fill_large(struct hd_err *err)
{
    unsigned n = 0;

    while (n < KEYS * 2 && !change_by(n, LARGE, err))
        n++;
    return n;
}

static bool has_its_64_mib(const struct hd_err *err)
{
    return err->code == HD_E_LIMIT && strstr(err->msg, "has its 64 MiB");
}

/* All at once, of which the list is longest. */
static const char *to_its_end(void)
{
    struct hd_err err;
    unsigned n = fill_large(&err);

    EXPECT(n > 1900 && has_its_64_mib(&err));
    EXPECT(!remove_all(&err));
    /* Without anything else in between.  What LMDB gives back lies in pieces,
     * so that not all of it is of use for large ones. */
    EXPECT(!change_by(0, LARGE, &err));
    EXPECT(fill_large(&err) > n / 2 && has_its_64_mib(&err));
    for (unsigned i = 0; i < 100; i++)
        EXPECT(!change(i, false, &err) && !change_by(i, LARGE, &err));
    EXPECT(!remove_all(&err) && holds(0));
    return NULL;
}

static void a_registry_of_64_mib_takes_removals_and_then_values(void)
{
    registry_begin();
    apart_kit_run(prepare_large, to_its_end);
    registry_end();
}

/* Who stays open sees the file grow into the room that is kept for removals. */
static const char *read_on(void)
{
    hd_auto(hd_registry_reader) reader = NULL;
    struct hd_value v;
    struct hd_err err;

    EXPECT(fill_large(&err) > 1900 && has_its_64_mib(&err));
    EXPECT(!hd_registry_reader_open(registry_dir, &reader, &err));
    EXPECT(hd_registry_reader_get(reader, "guest/1", UINT64_MAX, &v, &err) ==
           1);
    EXPECT(!remove_all(&err));
    EXPECT(hd_registry_reader_get(reader, "guest/1", UINT64_MAX, &v, &err) ==
           0);
    EXPECT(!change_by(1, LARGE, &err));
    EXPECT(hd_registry_reader_get(reader, "guest/1", UINT64_MAX, &v, &err) ==
           1);
    return NULL;
}

static void who_reads_a_registry_of_64_mib_reads_on_when_it_is_emptied(void)
{
    registry_begin();
    apart_kit_run(prepare_large, read_on);
    registry_end();
}

static const char *large_ones(void)
{
    struct hd_err err;
    unsigned n = fill_large(&err);

    EXPECT(n > 10 && is_full(&err));
    for (int times = 0; times < 3; times++) {
        EXPECT(!remove_all(&err) && holds(0));
        EXPECT(fill_large(&err) > n / 2 && is_full(&err));
    }
    return NULL;
}

static void large_values_that_were_removed_give_room_to_large_ones(void)
{
    registry_begin();
    apart_kit_run(prepare, large_ones);
    registry_end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_registry_that_has_filled_its_volume_is_read_and_takes_removals),
    HD_TEST(a_registry_on_a_volume_that_others_have_filled_takes_removals),
    HD_TEST(a_volume_that_is_full_from_the_start_gets_its_registry_later),
    HD_TEST(a_registry_of_64_mib_takes_removals_and_then_values),
    HD_TEST(who_reads_a_registry_of_64_mib_reads_on_when_it_is_emptied),
    HD_TEST(large_values_that_were_removed_give_room_to_large_ones),
};
HD_SUITE("dom-guest/registry_full", tests);
