/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/fs9p against guests that send what no client would, and a
 * host whose files change while they are read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/fs9p/ring.h"
#include "fs9p_kit.h"
#include "unit.h"

#define RING 65536

/* ---- the guest */

static uint8_t page[4096], pages[2 * RING];
static struct hd_9p_ring ring;

static void begin_ring(void)
{
    memset(page, 0, sizeof(page));
    ring = (struct hd_9p_ring){(void *)page, pages, RING};
}

/* Behind what is there; as many bytes as it has, whatever it says. */
static void send_to_ring(const void *message, size_t len)
{
    memcpy(pages + RING + ring.intf->out_prod, message, len);
    ring.intf->out_prod += (uint32_t)len;
}

static void two_requests_with_one_tag_are_two_requests(void)
{
    static const uint8_t stat_root[] = {11, 0, 0, 0, P9_STATFS, 9,
                                        0,  0, 0, 0, 0};
    static const uint8_t clunk_root[] = {11, 0, 0, 0, P9_CLUNK, 9,
                                         0,  0, 0, 0, 0};
    static const uint8_t flush[] = {9, 0, 0, 0, P9_FLUSH, 9, 0, 9, 0};
    static const uint8_t want[] = {P9_STATFS + 1, P9_CLUNK + 1, P9_FLUSH + 1,
                                   P9_RLERROR};
    uint8_t request[HD_9P_MSIZE], reply[HD_9P_MSIZE];

    p9_set_up(P9_USUAL);
    begin_ring();
    send_to_ring(stat_root, sizeof(stat_root));
    send_to_ring(clunk_root, sizeof(clunk_root));
    send_to_ring(flush, sizeof(flush));
    send_to_ring(clunk_root, sizeof(clunk_root));
    for (size_t i = 0; i < sizeof(want); i++) {
        ssize_t n = hd_9p_ring_next(&ring);

        CU_ASSERT_FATAL(n > 0);
        hd_9p_ring_take(&ring, request, (size_t)n);
        CU_ASSERT(hd_9p_answer(p9.s, request, (size_t)n, reply) > 0);
        CU_ASSERT_EQUAL(reply[4], want[i]);
        CU_ASSERT_EQUAL(reply[5], 9);
    }
    CU_ASSERT_EQUAL(hd_9p_ring_next(&ring), 0);
    p9_tear_down();
}

static void a_length_that_changes_behind_our_back_is_no_message(void)
{
    uint8_t message[] = {11, 0, 0, 0, P9_STATFS, 9, 0, 0, 0, 0, 0};
    uint8_t request[HD_9P_MSIZE], reply[HD_9P_MSIZE];
    ssize_t n;

    p9_set_up(P9_USUAL);
    begin_ring();
    send_to_ring(message, sizeof(message));
    n = hd_9p_ring_next(&ring);
    CU_ASSERT_EQUAL_FATAL(n, sizeof(message));
    pages[RING] = 255;
    pages[RING + 1] = 255;
    hd_9p_ring_take(&ring, request, (size_t)n);
    CU_ASSERT_EQUAL(hd_9p_answer(p9.s, request, (size_t)n, reply), -1);
    p9_tear_down();
}

static void a_walk_of_64_kib_is_none(void)
{
    static uint8_t large[RING];
    const uint32_t len = sizeof(large);

    p9_set_up(P9_USUAL);
    begin_ring();
    memcpy(large, &len, sizeof(len));
    large[4] = P9_WALK;
    send_to_ring(large, sizeof(large));
    CU_ASSERT_EQUAL(hd_9p_ring_next(&ring), -1);
    /* As long as a message may be, and more names than there are bytes. */
    p9_begin(P9_WALK);
    p9_put(0, 4), p9_put(1, 4), p9_put(16, 2);
    while (!p9.out.full)
        p9_put_text("etc");
    CU_ASSERT_EQUAL(p9_ask(), EPROTO);
    p9_begin(P9_WALK);
    p9_put(0, 4), p9_put(1, 4), p9_put(UINT16_MAX, 2);
    p9_put_text("etc");
    CU_ASSERT_EQUAL(p9_ask(), EPROTO);
    /* Sixteen of them, none of which ends within it. */
    p9_begin(P9_WALK);
    p9_put(0, 4), p9_put(1, 4), p9_put(16, 2);
    for (int i = 0; i < 16; i++)
        p9_put(UINT16_MAX, 2);
    CU_ASSERT_EQUAL(p9_ask(), EPROTO);
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 1), EBADF);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc"), 0);
    p9_tear_down();
}

static void fids_without_end_take_a_bounded_room(void)
{
    uint32_t made = 0;

    p9_set_up(P9_USUAL);
    for (uint32_t i = 1; i <= 2000000; i++) {
        int rc = p9_attach(i * 31);

        made += !rc;
        if (rc && rc != ENFILE) {
            CU_FAIL("neither made nor refused");
            break;
        }
    }
    CU_ASSERT_EQUAL(made, HD_9P_MAX_FIDS - 1);
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 31), 0);
    CU_ASSERT_EQUAL(p9_walk(0, UINT32_MAX, "etc"), 0);
    /* One fid that comes and goes leaves nothing either. */
    for (uint32_t i = 0; i < 10000; i++) {
        CU_ASSERT_EQUAL_FATAL(p9_simple(P9_CLUNK, UINT32_MAX), 0);
        CU_ASSERT_EQUAL_FATAL(p9_walk(0, UINT32_MAX, "etc/fonts"), 0);
        CU_ASSERT_EQUAL_FATAL(p9_lopen(UINT32_MAX, 0), 0);
    }
    p9_tear_down();
}

/* Linux keeps one for each name that it remembers. */
static void fifty_thousand_files_are_looked_at_side_by_side(void)
{
    const uint32_t n = 50000;
    uint32_t mode;

    p9_set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/fonts"), 0);
    for (uint32_t i = 2; i <= n; i++)
        CU_ASSERT_EQUAL_FATAL(p9_walk(1, i << 8, i % 2 ? "a" : "out"), 0);
    for (uint32_t i = 2; i <= n; i += 501) {
        CU_ASSERT_EQUAL_FATAL(p9_stat_of(i << 8, &mode), 0);
        CU_ASSERT_EQUAL(S_ISREG(mode), i % 2);
    }
    CU_ASSERT_EQUAL(p9_lopen(n << 8, 0), ELOOP);
    CU_ASSERT_EQUAL(p9_lopen((n - 1) << 8, 0), 0);
    for (uint32_t i = 2; i <= n; i++)
        CU_ASSERT_EQUAL_FATAL(p9_simple(P9_CLUNK, i << 8), 0);
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, n << 8), EBADF);
    CU_ASSERT_EQUAL(p9_stat_of(1, &mode), 0);
    p9_tear_down();
}

/* p9_walk's paths are short. */
static int walk_whole(uint32_t fid, const char *path)
{
    char name[HD_9P_NAME];
    int rc = p9_walk(0, fid, "");

    for (size_t len; !rc && *path; path += len + (path[len] == '/')) {
        len = strcspn(path, "/");
        snprintf(name, sizeof(name), "%.*s", (int)len, path);
        rc = p9_walk(fid, fid, name);
    }
    return rc;
}

/* Fewer of them, then. */
static void fids_with_long_paths_take_a_bounded_room(void)
{
    char path[HD_9P_PATH] = "etc/fonts", up[HD_9P_PATH] = "";
    uint32_t made = 0, mode;
    int rc = 0;

    p9_set_up(P9_USUAL);
    while (strlen(path) + 202 < HD_9P_PATH) {
        strcat(path, "/");
        memset(up, 'x', 200), up[200] = '\0';
        strcat(path, up);
    }
    hd_kit_put(&p9.host, path, "deep");
    CU_ASSERT_EQUAL_FATAL(walk_whole(1, path), 0);
    while (!(rc = p9_walk(1, 100 + made, "")))
        made++;
    CU_ASSERT_EQUAL(rc, ENFILE);
    CU_ASSERT(made > 1000 && made < HD_9P_FID_BYTES / strlen(path));
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 100), 0);
    CU_ASSERT_EQUAL(p9_walk(1, 100, ""), 0);
    CU_ASSERT_EQUAL(p9_walk(1, 99, ""), ENFILE);
    CU_ASSERT_EQUAL(p9_stat_of(1, &mode), 0);
    p9_tear_down();
}

static void every_tag_comes_back_as_it_was(void)
{
    static const uint16_t tags[] = {0, 1, 0x7fff, 0xfffe, 0xffff};
    uint8_t message[] = {11, 0, 0, 0, P9_STATFS, 0, 0, 0, 0, 0, 0};
    uint8_t reply[HD_9P_MSIZE];

    p9_set_up(P9_USUAL);
    for (size_t i = 0; i < HD_ARRAY_LEN(tags); i++) {
        memcpy(message + 5, &tags[i], 2);
        CU_ASSERT(hd_9p_answer(p9.s, message, sizeof(message), reply) > 0);
        CU_ASSERT_EQUAL(memcmp(reply + 5, &tags[i], 2), 0);
    }
    p9_tear_down();
}

/* ---- the host */

static void open_file(uint32_t fid, const char *path)
{
    CU_ASSERT_EQUAL(p9_walk(0, fid, path), 0);
    CU_ASSERT_EQUAL(p9_lopen(fid, 0), 0);
}

static uint64_t length_at(uint32_t fid, uint64_t offset)
{
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, fid, offset, 4096), 0);
    return p9_got(4);
}

static void a_file_that_shrinks_and_grows_is_read_as_it_is(void)
{
    p9_set_up(P9_USUAL);
    open_file(1, "etc/resolv.conf");
    CU_ASSERT_EQUAL(length_at(1, 4), 8);
    hd_kit_put(&p9.host, "etc/resolv.conf", "name");
    CU_ASSERT_EQUAL(length_at(1, 4), 0);
    CU_ASSERT_EQUAL(length_at(1, 0), 4);
    hd_kit_put(&p9.host, "etc/resolv.conf", "nameserver 1\nnameserver 2\n");
    CU_ASSERT_EQUAL(length_at(1, 4), 22);
    p9_tear_down();
}

static void a_file_that_vanishes_is_read_by_who_has_it_open(void)
{
    uint32_t mode;

    p9_set_up(P9_USUAL);
    open_file(1, "etc/resolv.conf");
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc/resolv.conf"), 0);
    CU_ASSERT_EQUAL(unlinkat(p9.host.root, "etc/resolv.conf", 0), 0);
    CU_ASSERT_EQUAL(length_at(1, 0), 12);
    CU_ASSERT_EQUAL(p9_stat_of(1, &mode), 0);
    CU_ASSERT_EQUAL(mode, S_IFREG | 0644);
    CU_ASSERT_EQUAL(p9_stat_of(2, &mode), ENOENT);
    CU_ASSERT_EQUAL(p9_lopen(2, 0), ENOENT);
    CU_ASSERT_EQUAL(p9_walk(0, 3, "etc/resolv.conf"), -1);
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 1), 0);
    p9_tear_down();
}

/* As editors and package managers do it. */
static void a_file_that_is_replaced_is_itself_to_who_has_it_open(void)
{
    uint64_t before, after, other;
    uint32_t mode;

    p9_set_up(P9_USUAL);
    open_file(1, "etc/fonts/a");
    CU_ASSERT_EQUAL(p9_stat_id(1, &mode, &before), 0);
    hd_kit_put(&p9.host, "etc/new", "another");
    CU_ASSERT_EQUAL(
        renameat(p9.host.root, "etc/new", p9.host.root, "etc/fonts/a"), 0);
    CU_ASSERT_EQUAL(p9_stat_id(1, &mode, &after), 0);
    CU_ASSERT_EQUAL(before, after);
    CU_ASSERT_EQUAL(mode, S_IFREG | 0755); /* and never set-uid */
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc/fonts/a"), 0);
    CU_ASSERT_EQUAL(p9_stat_id(2, &mode, &other), 0);
    CU_ASSERT_NOT_EQUAL(before, other);
    p9_tear_down();
}

/* Between the walk and what follows it. */
static void a_file_that_becomes_something_else_is_not_followed(void)
{
    p9_set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/resolv.conf"), 0);
    CU_ASSERT_EQUAL(unlinkat(p9.host.root, "etc/resolv.conf", 0), 0);
    hd_kit_point(&p9.host, "etc/resolv.conf", "shadow");
    CU_ASSERT_EQUAL(p9_lopen(1, 0), ELOOP);
    CU_ASSERT_EQUAL(unlinkat(p9.host.root, "etc/resolv.conf", 0), 0);
    CU_ASSERT_EQUAL(mkfifoat(p9.host.root, "etc/resolv.conf", 0666), 0);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), ENOENT);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc/fonts/a"), 0);
    CU_ASSERT_EQUAL(
        renameat(p9.host.root, "etc/fonts", p9.host.root, "etc/other"), 0);
    hd_kit_point(&p9.host, "etc/fonts", "other");
    CU_ASSERT_EQUAL(p9_lopen(2, 0), ENOENT);
    p9_tear_down();
}

static void a_folder_that_vanishes_lists_nothing(void)
{
    char names[256];

    p9_set_up(P9_USUAL);
    hd_kit_put(&p9.host, "etc/fonts/more/x", "x");
    open_file(1, "etc/fonts/more");
    CU_ASSERT_EQUAL(unlinkat(p9.host.root, "etc/fonts/more/x", 0), 0);
    p9_list(1, 4096, names);
    CU_ASSERT_PTR_NULL(strstr(names, "x"));
    CU_ASSERT_EQUAL(unlinkat(p9.host.root, "etc/fonts/more", AT_REMOVEDIR), 0);
    CU_ASSERT_EQUAL(p9_read_at(P9_READDIR, 1, 0, 4096), ENOENT);
    p9_tear_down();
}

static const struct hd_test tests[] = {
    HD_TEST(two_requests_with_one_tag_are_two_requests),
    HD_TEST(a_length_that_changes_behind_our_back_is_no_message),
    HD_TEST(a_walk_of_64_kib_is_none),
    HD_TEST(fids_without_end_take_a_bounded_room),
    HD_TEST(fifty_thousand_files_are_looked_at_side_by_side),
    HD_TEST(fids_with_long_paths_take_a_bounded_room),
    HD_TEST(every_tag_comes_back_as_it_was),
    HD_TEST(a_file_that_shrinks_and_grows_is_read_as_it_is),
    HD_TEST(a_file_that_vanishes_is_read_by_who_has_it_open),
    HD_TEST(a_file_that_is_replaced_is_itself_to_who_has_it_open),
    HD_TEST(a_file_that_becomes_something_else_is_not_followed),
    HD_TEST(a_folder_that_vanishes_lists_nothing),
};
HD_SUITE("fs9p/hostile", tests);
