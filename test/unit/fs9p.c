/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/fs9p: what a guest is shown and answered, on a real folder,
 * by a guest that lies as well. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs9p_kit.h"
#include "unit.h"

static void a_file_of_the_tables_is_read_and_no_other(void)
{
    p9_set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/resolv.conf"), 0);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), 0);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, 0, 4096), 0);
    CU_ASSERT_EQUAL(p9_got(4), 12);
    CU_ASSERT_EQUAL(memcmp(p9.in.at, "nameserver 1", 12), 0);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, 11, 4096), 0);
    CU_ASSERT_EQUAL(p9_got(4), 1);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, UINT64_MAX, 4096), 0);
    CU_ASSERT_EQUAL(p9_got(4), 0);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "home"), ENOENT);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc/shadow"), -1);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc/fonts/own/b"), -1);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc/link/a"), -1);
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 2), EBADF);
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 1), 0);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, 0, 1), EBADF);
    p9_tear_down();
}

static void dots_and_links_lead_nowhere(void)
{
    uint32_t mode = 0;

    p9_set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "../../../etc"), 0);
    CU_ASSERT_EQUAL(p9_walk(1, 2, "../../home"), -1);
    CU_ASSERT_EQUAL(p9_walk(1, 2, "."), ENOENT);
    CU_ASSERT_EQUAL(p9_walk(0, 3, "etc/fonts/out"), 0);
    CU_ASSERT_EQUAL(p9_stat_of(3, &mode), 0);
    CU_ASSERT(S_ISLNK(mode));
    CU_ASSERT_EQUAL(p9_simple(P9_READLINK, 3), 0);
    CU_ASSERT_EQUAL(p9_got(2), 12);
    CU_ASSERT_EQUAL(memcmp(p9.in.at, "../../home/c", 12), 0);
    CU_ASSERT_EQUAL(p9_lopen(3, 0), ELOOP);
    CU_ASSERT_EQUAL(p9_walk(0, 4, "etc/fonts/dir/c"), -1);
    CU_ASSERT_EQUAL(p9_walk(0, 4, "etc/fonts/pipe"), -1);
    CU_ASSERT_EQUAL(p9_simple(P9_READLINK, 1), EINVAL);
    CU_ASSERT_EQUAL(p9_walk(0, 5, "etc/fonts/a"), 0);
    CU_ASSERT_EQUAL(p9_simple(P9_READLINK, 5), EINVAL);
    CU_ASSERT_EQUAL(p9_stat_of(5, &mode), 0);
    CU_ASSERT_EQUAL(mode, S_IFREG | 0755);
    p9_tear_down();
}

static void folders_list_what_there_is_to_see(void)
{
    char names[256];
    uint32_t mode = 0;

    p9_set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc"), 0);
    CU_ASSERT_EQUAL(p9_stat_of(1, &mode), 0);
    CU_ASSERT_EQUAL(mode, S_IFDIR | 0555);
    CU_ASSERT_EQUAL(p9_read_at(P9_READDIR, 1, 0, 4096), EBADF);
    CU_ASSERT_EQUAL(p9_lopen(1, O_DIRECTORY), 0);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, 0, 4096), EISDIR);
    p9_list(1, 4096, names);
    /* The link is on the way to an exception, and stands as a folder. */
    CU_ASSERT_STRING_EQUAL(names, "link fonts resolv.conf ");
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc/fonts"), 0);
    CU_ASSERT_EQUAL(p9_lopen(2, 0), 0);
    p9_list(2, 40, names);
    CU_ASSERT_PTR_NOT_NULL(strstr(names, "a "));
    CU_ASSERT_PTR_NOT_NULL(strstr(names, "out "));
    CU_ASSERT_PTR_NOT_NULL(strstr(names, "dir "));
    CU_ASSERT_PTR_NULL(strstr(names, "own"));
    CU_ASSERT_PTR_NULL(strstr(names, "pipe"));
    CU_ASSERT_EQUAL(p9_read_at(P9_READDIR, 2, 0, 10), EINVAL);
    p9_tear_down();
}

static void move(const char *from, const char *to)
{
    CU_ASSERT_EQUAL(renameat(p9.host.root, from, p9.host.root, to), 0);
}

static void a_folder_is_listed_in_its_place_and_nowhere_else(void)
{
    p9_set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/fonts"), 0);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), 0);
    CU_ASSERT_EQUAL(p9_read_at(P9_READDIR, 1, 0, 4096), 0);
    move("etc/fonts", "home/fonts");
    hd_kit_put(&p9.host, "home/fonts/private", "");
    CU_ASSERT_EQUAL(p9_read_at(P9_READDIR, 1, 0, 4096), ESTALE);
    /* Nor when another one is there. */
    hd_kit_put(&p9.host, "etc/fonts/a", "");
    CU_ASSERT_EQUAL(p9_read_at(P9_READDIR, 1, 0, 4096), ESTALE);
    move("etc/fonts", "etc/others");
    move("home/fonts", "etc/fonts");
    CU_ASSERT_EQUAL(p9_read_at(P9_READDIR, 1, 0, 4096), 0);
    p9_tear_down();
}

/* Each entry of the folder `path`, open as `fid`, has the number that its own
 * attributes have; gives how many there were. */
static int same_numbers(uint32_t fid, const char *path)
{
    struct {
        uint64_t id;
        char name[HD_9P_NAME];
    } all[16];
    char whole[200];
    uint32_t mode;
    uint64_t id;
    int n = 0;

    CU_ASSERT_EQUAL_FATAL(p9_read_at(P9_READDIR, fid, 0, 4096), 0);
    (void)p9_got(4);
    for (; p9.in.left && n < 16; n++) {
        (void)p9_got(5);
        all[n].id = p9_got(8);
        (void)p9_got(8), (void)p9_got(1);
        hd_9p_get_name(&p9.in, all[n].name);
    }
    for (int i = 0; i < n; i++) {
        if (!strcmp(all[i].name, "."))
            snprintf(whole, sizeof(whole), "%s", path);
        else if (!strcmp(all[i].name, ".."))
            snprintf(whole, sizeof(whole), "%.*s",
                     (int)(strrchr(path, '/') - path), path);
        else
            snprintf(whole, sizeof(whole), "%s/%.100s", path, all[i].name);
        CU_ASSERT_EQUAL_FATAL(p9_walk(0, 90, whole), 0);
        CU_ASSERT_EQUAL(p9_stat_id(90, &mode, &id), 0);
        CU_ASSERT_EQUAL(all[i].id, id);
        CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 90), 0);
    }
    return n;
}

static void an_entry_has_the_number_of_its_file(void)
{
    p9_set_up("+/etc/fonts\n+/etc/resolv.conf\n-/etc/fonts/own\n"
              "+/etc/fonts/own/b\n");
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/fonts"), 0);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), 0);
    /* ".", "..", a, out, dir; own, of which only b is the host's. */
    CU_ASSERT_EQUAL(same_numbers(1, "etc/fonts"), 6);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc"), 0);
    CU_ASSERT_EQUAL(p9_lopen(2, 0), 0);
    CU_ASSERT_EQUAL(same_numbers(2, "etc"), 2);
    p9_tear_down();
}

static int read_link(const char *path, size_t *ret_len)
{
    int rc;

    CU_ASSERT_EQUAL(p9_walk(0, 90, path), 0);
    rc = p9_simple(P9_READLINK, 90);
    *ret_len = p9_got(2);
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 90), 0);
    return rc;
}

static void a_link_that_is_too_long_is_not_cut(void)
{
    char text[2001];
    size_t len;

    p9_set_up(P9_USUAL);
    memset(text, 'x', sizeof(text) - 1);
    text[2000] = '\0';
    hd_kit_point(&p9.host, "etc/fonts/2000", text);
    text[1024] = '\0';
    hd_kit_point(&p9.host, "etc/fonts/1024", text);
    text[1023] = '\0';
    hd_kit_point(&p9.host, "etc/fonts/1023", text);
    CU_ASSERT_EQUAL(read_link("etc/fonts/2000", &len), ENAMETOOLONG);
    CU_ASSERT_EQUAL(read_link("etc/fonts/1024", &len), ENAMETOOLONG);
    CU_ASSERT_EQUAL(read_link("etc/fonts/1023", &len), 0);
    CU_ASSERT_EQUAL(len, 1023);
    p9_tear_down();
}

static void whatever_writes_is_a_read_only_file_system(void)
{
    static const uint8_t writes[] = {14, 16, 18, 20, 26, 32,
                                     50, 70, 72, 74, 76, 118};

    p9_set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/resolv.conf"), 0);
    for (size_t i = 0; i < sizeof(writes); i++)
        CU_ASSERT_EQUAL(p9_simple(writes[i], 1), EROFS);
    CU_ASSERT_EQUAL(p9_lopen(1, O_WRONLY), EROFS);
    CU_ASSERT_EQUAL(p9_lopen(1, O_RDWR), EROFS);
    CU_ASSERT_EQUAL(p9_lopen(1, O_TRUNC), EROFS);
    CU_ASSERT_EQUAL(p9_simple(P9_REMOVE, 1), EROFS);
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 1), EBADF);
    /* Extended attributes, locks, authentication, what nobody knows. */
    CU_ASSERT_EQUAL(p9_simple(30, 0), EOPNOTSUPP);
    CU_ASSERT_EQUAL(p9_simple(52, 0), EOPNOTSUPP);
    CU_ASSERT_EQUAL(p9_simple(102, 0), EOPNOTSUPP);
    CU_ASSERT_EQUAL(p9_simple(255, 0), EOPNOTSUPP);
    CU_ASSERT_EQUAL(p9_simple(P9_STATFS, 0), 0);
    CU_ASSERT_EQUAL(p9_got(4), 0x01021997);
    p9_begin(P9_FLUSH);
    p9_put(3, 2);
    CU_ASSERT_EQUAL(p9_ask(), 0);
    p9_tear_down();
}

static void a_version_begins_everything_anew(void)
{
    uint32_t mode;

    p9_set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_version(8192, "9P2000.u"), 0);
    CU_ASSERT_EQUAL(p9_got(4), 8192);
    CU_ASSERT_EQUAL(p9_got(2), 7);
    CU_ASSERT_EQUAL(memcmp(p9.in.at, "unknown", 7), 0);
    CU_ASSERT_EQUAL(p9_attach(0), EPROTO);
    CU_ASSERT_EQUAL(p9_version(1 << 20, "9P2000.L"), 0);
    CU_ASSERT_EQUAL(p9_got(4), HD_9P_MSIZE);
    CU_ASSERT_EQUAL(p9_stat_of(0, &mode), EBADF);
    CU_ASSERT_EQUAL(p9_version(100, "9P2000.L"), EPROTO);
    p9_tear_down();
}

static void fids_are_bounded_and_each_is_one(void)
{
    p9_set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_attach(0), EBADF);
    CU_ASSERT_EQUAL(p9_walk(0, 0, ""), 0);
    CU_ASSERT_EQUAL(p9_walk(0, 1, ""), 0);
    CU_ASSERT_EQUAL(p9_walk(0, 1, ""), EBADF);
    CU_ASSERT_EQUAL(p9_walk(99, 2, ""), EBADF);
    CU_ASSERT_EQUAL(p9_walk(1, 1, "etc"), 0);
    for (uint32_t i = 2; i < HD_9P_MAX_FIDS; i++)
        CU_ASSERT_EQUAL_FATAL(p9_walk(0, i, "etc/fonts"), 0);
    CU_ASSERT_EQUAL(p9_walk(0, UINT32_MAX, "etc"), ENFILE);
    for (uint32_t i = 2; i < 2 + HD_9P_MAX_OPEN; i++)
        CU_ASSERT_EQUAL_FATAL(p9_lopen(i, 0), 0);
    CU_ASSERT_EQUAL(p9_lopen(2 + HD_9P_MAX_OPEN, 0), ENFILE);
    CU_ASSERT_EQUAL(p9_lopen(2, 0), EBUSY);
    CU_ASSERT_EQUAL(p9_walk(2, UINT32_MAX, "a"), EBUSY);
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 2), 0);
    CU_ASSERT_EQUAL(p9_lopen(2 + HD_9P_MAX_OPEN, 0), 0);
    p9_tear_down();
}

static void malformed_requests_are_errors(void)
{
    static const char *const names[] = {"", "a/b", "/"};
    static const uint8_t with_fid[] = {P9_STATFS,  P9_LOPEN,   P9_READLINK,
                                       P9_GETATTR, P9_READDIR, P9_WALK,
                                       P9_READ,    P9_CLUNK,   P9_REMOVE};
    char longer[HD_9P_NAME + 8];

    p9_set_up(P9_USUAL);
    for (size_t i = 0; i < HD_ARRAY_LEN(names); i++) {
        p9_begin(P9_WALK);
        p9_put(0, 4), p9_put(1, 4), p9_put(1, 2), p9_put_text(names[i]);
        CU_ASSERT_EQUAL(p9_ask(), EPROTO);
    }
    p9_begin(P9_WALK);
    p9_put(0, 4), p9_put(1, 4), p9_put(1, 2);
    hd_9p_put_text(&p9.out, "a\0b", 3);
    CU_ASSERT_EQUAL(p9_ask(), EPROTO);
    memset(longer, 'x', sizeof(longer));
    p9_begin(P9_WALK);
    p9_put(0, 4), p9_put(1, 4), p9_put(1, 2);
    hd_9p_put_text(&p9.out, longer, sizeof(longer));
    CU_ASSERT_EQUAL(p9_ask(), EPROTO);
    p9_begin(P9_WALK);
    p9_put(0, 4), p9_put(1, 4), p9_put(17, 2);
    CU_ASSERT_EQUAL(p9_ask(), EPROTO);
    for (size_t i = 0; i < sizeof(with_fid); i++) {
        p9_begin(with_fid[i]);
        CU_ASSERT_EQUAL(p9_ask(), EPROTO);
        p9_begin(with_fid[i]);
        p9_put(0, 4);
        for (int j = 0; j < 8; j++)
            p9_put(0, 8);
        CU_ASSERT_EQUAL(p9_ask(), EPROTO);
    }
    p9_begin(P9_ATTACH);
    p9_put(9, 4);
    CU_ASSERT_EQUAL(p9_ask(), EPROTO);
    p9_begin(P9_VERSION);
    CU_ASSERT_EQUAL(p9_ask(), EPROTO);
    p9_tear_down();
}

static void what_is_no_message_ends_the_session(void)
{
    p9_set_up(P9_USUAL);
    p9_begin(P9_STATFS);
    p9_put(0, 4);
    hd_9p_put_at(&p9.out, 0, 12, 4);
    CU_ASSERT_EQUAL(hd_9p_answer(p9.s, p9.request, 11, p9.reply), -1);
    CU_ASSERT_EQUAL(hd_9p_answer(p9.s, p9.request, 6, p9.reply), -1);
    CU_ASSERT_EQUAL(hd_9p_answer(p9.s, p9.request, 0, p9.reply), -1);
    p9_tear_down();
}

static void a_path_that_grows_too_long_is_refused(void)
{
    char name[251], path[6 * sizeof(name)] = "etc";
    static const int want[] = {0, 0, 0, 0, ENAMETOOLONG};

    p9_set_up("+/etc\n");
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc"), 0);
    for (int i = 0; i < 5; i++) {
        sprintf(path + strlen(path), "/%s", name);
        CU_ASSERT_EQUAL(mkdirat(p9.host.root, path, 0755), 0);
        CU_ASSERT_EQUAL(p9_walk(1, 1, name), want[i]);
    }
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(unlinkat(p9.host.root, path, AT_REMOVEDIR), 0);
        *strrchr(path, '/') = '\0';
    }
    p9_tear_down();
}

static const struct hd_test tests[] = {
    HD_TEST(a_file_of_the_tables_is_read_and_no_other),
    HD_TEST(dots_and_links_lead_nowhere),
    HD_TEST(folders_list_what_there_is_to_see),
    HD_TEST(a_folder_is_listed_in_its_place_and_nowhere_else),
    HD_TEST(an_entry_has_the_number_of_its_file),
    HD_TEST(a_link_that_is_too_long_is_not_cut),
    HD_TEST(whatever_writes_is_a_read_only_file_system),
    HD_TEST(a_version_begins_everything_anew),
    HD_TEST(fids_are_bounded_and_each_is_one),
    HD_TEST(malformed_requests_are_errors),
    HD_TEST(what_is_no_message_ends_the_session),
    HD_TEST(a_path_that_grows_too_long_is_refused),
};
HD_SUITE("fs9p/session", tests);
