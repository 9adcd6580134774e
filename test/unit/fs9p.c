/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/fs9p: what a guest is shown and answered, on a real folder,
 * by a guest that lies as well. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/fs9p/session.h"
#include "../../pv-drivers/fs9p/wire.h"
#include "unit.h"

enum {
    VERSION = 100,
    ATTACH = 104,
    FLUSH = 108,
    WALK = 110,
    LOPEN = 12,
    GETATTR = 24,
    READLINK = 22,
    READDIR = 40,
    STATFS = 8,
    READ = 116,
    CLUNK = 120,
    REMOVE = 122,
    RLERROR = 7
};

/* The host: a folder of this test's, and the view that its tables give. */
static struct {
    char dir[32];
    struct hd_tables *tables;
    struct hd_tree tree;
    struct hd_9p *s;
    uint8_t request[HD_9P_MSIZE], reply[HD_9P_MSIZE];
    struct hd_9p_out out;
    struct hd_9p_in in; /* the reply, behind its header */
    uint8_t type;       /* of the reply */
} k;

static void file(const char *path, const char *text, mode_t mode)
{
    int fd = openat(k.tree.root, path, O_WRONLY | O_CREAT, 0600);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
    close(fd);
}

static void begin(uint8_t type)
{
    k.out = (struct hd_9p_out){.buf = k.request, .size = sizeof(k.request)};
    hd_9p_put(&k.out, 0, 4);
    hd_9p_put(&k.out, type, 1);
    hd_9p_put(&k.out, 77, 2);
}

static void put(uint64_t value, size_t bytes)
{
    hd_9p_put(&k.out, value, bytes);
}

static void put_text(const char *text)
{
    hd_9p_put_text(&k.out, text, strlen(text));
}

/* 0, or the errno that the reply has. */
static int ask(void)
{
    ssize_t n;

    hd_9p_put_at(&k.out, 0, k.out.len, 4);
    n = hd_9p_answer(k.s, k.request, k.out.len, k.reply);
    CU_ASSERT_FATAL(n >= HD_9P_HEADER);
    k.in = (struct hd_9p_in){k.reply, (size_t)n, false};
    CU_ASSERT_EQUAL(hd_9p_get(&k.in, 4), (uint64_t)n);
    k.type = (uint8_t)hd_9p_get(&k.in, 1);
    CU_ASSERT_EQUAL(hd_9p_get(&k.in, 2), 77);
    return k.type == RLERROR ? (int)hd_9p_get(&k.in, 4) : 0;
}

static uint64_t got(size_t bytes)
{
    return hd_9p_get(&k.in, bytes);
}

static int version(uint32_t msize, const char *text)
{
    begin(VERSION);
    put(msize, 4);
    put_text(text);
    return ask();
}

static int attach(uint32_t fid)
{
    begin(ATTACH);
    put(fid, 4);
    put(UINT32_MAX, 4);
    put_text("nobody");
    put_text("");
    put(0, 4);
    return ask();
}

/* `path` is names with "/" between them; -1: so many of them are there. */
static int walk(uint32_t fid, uint32_t to, const char *path)
{
    char copy[256], *rest = copy, *name;
    uint16_t n = 0;
    int rc;

    snprintf(copy, sizeof(copy), "%s", path);
    begin(WALK);
    put(fid, 4);
    put(to, 4);
    put(0, 2);
    for (; *path && (name = strsep(&rest, "/")); n++)
        put_text(name);
    hd_9p_put_at(&k.out, HD_9P_HEADER + 8, n, 2);
    rc = ask();
    return rc ? rc : got(2) == n ? 0 : -1;
}

static int simple(uint8_t type, uint32_t fid)
{
    begin(type);
    put(fid, 4);
    return ask();
}

static int lopen(uint32_t fid, uint32_t flags)
{
    begin(LOPEN);
    put(fid, 4);
    put(flags, 4);
    return ask();
}

static int read_at(uint8_t type, uint32_t fid, uint64_t offset, uint32_t count)
{
    begin(type);
    put(fid, 4);
    put(offset, 8);
    put(count, 4);
    return ask();
}

static int stat_of(uint32_t fid, uint32_t *ret_mode)
{
    int rc;

    begin(GETATTR);
    put(fid, 4);
    put(0x7ff, 8);
    rc = ask();
    (void)got(8), (void)got(HD_9P_QID - 8), (void)got(8);
    *ret_mode = (uint32_t)got(4);
    return rc;
}

static void set_up(const char *tables)
{
    memset(&k, 0, sizeof(k));
    strcpy(k.dir, "/tmp/hotdom-fs9p-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(k.dir));
    k.tree.root = open(k.dir, O_PATH | O_DIRECTORY);
    CU_ASSERT_EQUAL_FATAL(hd_tables_parse(tables, &k.tables, NULL), 0);
    k.tree.tables = k.tables;
    mkdirat(k.tree.root, "etc", 0755);
    mkdirat(k.tree.root, "etc/fonts", 0755);
    mkdirat(k.tree.root, "etc/fonts/own", 0755);
    mkdirat(k.tree.root, "home", 0755);
    file("etc/resolv.conf", "nameserver 1", 0644);
    file("etc/shadow", "secret", 0644);
    file("etc/fonts/a", "font a", 04755);
    file("etc/fonts/own/b", "font b", 0644);
    file("home/c", "private", 0644);
    CU_ASSERT_EQUAL(symlinkat("../../home/c", k.tree.root, "etc/fonts/out"), 0);
    CU_ASSERT_EQUAL(symlinkat("/home", k.tree.root, "etc/fonts/dir"), 0);
    CU_ASSERT_EQUAL(symlinkat("fonts", k.tree.root, "etc/link"), 0);
    CU_ASSERT_EQUAL(mkfifoat(k.tree.root, "etc/fonts/pipe", 0666), 0);
    k.s = hd_9p_new(&k.tree);
    CU_ASSERT_EQUAL_FATAL(version(65536, "9P2000.L"), 0);
    CU_ASSERT_EQUAL_FATAL(attach(0), 0);
}

static void tear_down(void)
{
    static const char *const files[] = {
        "etc/resolv.conf", "etc/shadow",     "etc/fonts/a",
        "etc/fonts/own/b", "home/c",         "etc/fonts/out",
        "etc/fonts/dir",   "etc/fonts/pipe", "etc/link"};
    static const char *const dirs[] = {"etc/fonts/own", "etc/fonts", "etc",
                                       "home"};

    hd_9p_free(k.s);
    hd_tables_free(k.tables);
    for (size_t i = 0; i < HD_ARRAY_LEN(files); i++)
        unlinkat(k.tree.root, files[i], 0);
    for (size_t i = 0; i < HD_ARRAY_LEN(dirs); i++)
        unlinkat(k.tree.root, dirs[i], AT_REMOVEDIR);
    close(k.tree.root);
    CU_ASSERT_EQUAL(rmdir(k.dir), 0);
}

static const char usual[] =
    "+/etc/resolv.conf\n+/etc/fonts\n+/etc/link/a\n-/etc/fonts/own\n";

static void a_file_of_the_tables_is_read_and_no_other(void)
{
    set_up(usual);
    CU_ASSERT_EQUAL(walk(0, 1, "etc/resolv.conf"), 0);
    CU_ASSERT_EQUAL(lopen(1, 0), 0);
    CU_ASSERT_EQUAL(read_at(READ, 1, 0, 4096), 0);
    CU_ASSERT_EQUAL(got(4), 12);
    CU_ASSERT_EQUAL(memcmp(k.in.at, "nameserver 1", 12), 0);
    CU_ASSERT_EQUAL(read_at(READ, 1, 11, 4096), 0);
    CU_ASSERT_EQUAL(got(4), 1);
    CU_ASSERT_EQUAL(read_at(READ, 1, UINT64_MAX, 4096), 0);
    CU_ASSERT_EQUAL(got(4), 0);
    CU_ASSERT_EQUAL(walk(0, 2, "home"), ENOENT);
    CU_ASSERT_EQUAL(walk(0, 2, "etc/shadow"), -1);
    CU_ASSERT_EQUAL(walk(0, 2, "etc/fonts/own/b"), -1);
    CU_ASSERT_EQUAL(walk(0, 2, "etc/link/a"), -1);
    CU_ASSERT_EQUAL(simple(CLUNK, 2), EBADF);
    CU_ASSERT_EQUAL(simple(CLUNK, 1), 0);
    CU_ASSERT_EQUAL(read_at(READ, 1, 0, 1), EBADF);
    tear_down();
}

static void dots_and_links_lead_nowhere(void)
{
    uint32_t mode = 0;

    set_up(usual);
    CU_ASSERT_EQUAL(walk(0, 1, "../../../etc"), 0);
    CU_ASSERT_EQUAL(walk(1, 2, "../../home"), -1);
    CU_ASSERT_EQUAL(walk(1, 2, "."), ENOENT);
    CU_ASSERT_EQUAL(walk(0, 3, "etc/fonts/out"), 0);
    CU_ASSERT_EQUAL(stat_of(3, &mode), 0);
    CU_ASSERT(S_ISLNK(mode));
    CU_ASSERT_EQUAL(simple(READLINK, 3), 0);
    CU_ASSERT_EQUAL(got(2), 12);
    CU_ASSERT_EQUAL(memcmp(k.in.at, "../../home/c", 12), 0);
    CU_ASSERT_EQUAL(lopen(3, 0), ELOOP);
    CU_ASSERT_EQUAL(walk(0, 4, "etc/fonts/dir/c"), -1);
    CU_ASSERT_EQUAL(walk(0, 4, "etc/fonts/pipe"), -1);
    CU_ASSERT_EQUAL(simple(READLINK, 1), EINVAL);
    CU_ASSERT_EQUAL(walk(0, 5, "etc/fonts/a"), 0);
    CU_ASSERT_EQUAL(simple(READLINK, 5), EINVAL);
    CU_ASSERT_EQUAL(stat_of(5, &mode), 0);
    CU_ASSERT_EQUAL(mode, S_IFREG | 0755);
    tear_down();
}

/* The names, each with a blank behind it. */
static void list(uint32_t fid, uint32_t count, char ret[256])
{
    uint64_t offset = 0;
    char name[HD_9P_NAME];

    *ret = '\0';
    for (;;) {
        CU_ASSERT_EQUAL_FATAL(read_at(READDIR, fid, offset, count), 0);
        if (!got(4))
            return;
        while (k.in.left) {
            (void)got(5), (void)got(8);
            offset = got(8);
            (void)got(1);
            hd_9p_get_name(&k.in, name);
            CU_ASSERT_FALSE_FATAL(k.in.bad);
            snprintf(ret + strlen(ret), 256 - strlen(ret), "%s ", name);
        }
    }
}

static void folders_list_what_there_is_to_see(void)
{
    char names[256];
    uint32_t mode = 0;

    set_up(usual);
    CU_ASSERT_EQUAL(walk(0, 1, "etc"), 0);
    CU_ASSERT_EQUAL(stat_of(1, &mode), 0);
    CU_ASSERT_EQUAL(mode, S_IFDIR | 0555);
    CU_ASSERT_EQUAL(read_at(READDIR, 1, 0, 4096), EBADF);
    CU_ASSERT_EQUAL(lopen(1, O_DIRECTORY), 0);
    CU_ASSERT_EQUAL(read_at(READ, 1, 0, 4096), EISDIR);
    list(1, 4096, names);
    /* The link is on the way to an exception, and stands as a folder. */
    CU_ASSERT_STRING_EQUAL(names, "link fonts resolv.conf ");
    CU_ASSERT_EQUAL(walk(0, 2, "etc/fonts"), 0);
    CU_ASSERT_EQUAL(lopen(2, 0), 0);
    list(2, 40, names);
    CU_ASSERT_PTR_NOT_NULL(strstr(names, "a "));
    CU_ASSERT_PTR_NOT_NULL(strstr(names, "out "));
    CU_ASSERT_PTR_NOT_NULL(strstr(names, "dir "));
    CU_ASSERT_PTR_NULL(strstr(names, "own"));
    CU_ASSERT_PTR_NULL(strstr(names, "pipe"));
    CU_ASSERT_EQUAL(read_at(READDIR, 2, 0, 10), EINVAL);
    tear_down();
}

static void whatever_writes_is_a_read_only_file_system(void)
{
    static const uint8_t writes[] = {14, 16, 18, 20, 26, 32,
                                     50, 70, 72, 74, 76, 118};

    set_up(usual);
    CU_ASSERT_EQUAL(walk(0, 1, "etc/resolv.conf"), 0);
    for (size_t i = 0; i < sizeof(writes); i++)
        CU_ASSERT_EQUAL(simple(writes[i], 1), EROFS);
    CU_ASSERT_EQUAL(lopen(1, O_WRONLY), EROFS);
    CU_ASSERT_EQUAL(lopen(1, O_RDWR), EROFS);
    CU_ASSERT_EQUAL(lopen(1, O_TRUNC), EROFS);
    CU_ASSERT_EQUAL(simple(REMOVE, 1), EROFS);
    CU_ASSERT_EQUAL(simple(CLUNK, 1), EBADF);
    /* Extended attributes, locks, authentication, what nobody knows. */
    CU_ASSERT_EQUAL(simple(30, 0), EOPNOTSUPP);
    CU_ASSERT_EQUAL(simple(52, 0), EOPNOTSUPP);
    CU_ASSERT_EQUAL(simple(102, 0), EOPNOTSUPP);
    CU_ASSERT_EQUAL(simple(255, 0), EOPNOTSUPP);
    CU_ASSERT_EQUAL(simple(STATFS, 0), 0);
    CU_ASSERT_EQUAL(got(4), 0x01021997);
    begin(FLUSH);
    put(3, 2);
    CU_ASSERT_EQUAL(ask(), 0);
    tear_down();
}

static void a_version_begins_everything_anew(void)
{
    uint32_t mode;

    set_up(usual);
    CU_ASSERT_EQUAL(version(8192, "9P2000.u"), 0);
    CU_ASSERT_EQUAL(got(4), 8192);
    CU_ASSERT_EQUAL(got(2), 7);
    CU_ASSERT_EQUAL(memcmp(k.in.at, "unknown", 7), 0);
    CU_ASSERT_EQUAL(attach(0), EPROTO);
    CU_ASSERT_EQUAL(version(1 << 20, "9P2000.L"), 0);
    CU_ASSERT_EQUAL(got(4), HD_9P_MSIZE);
    CU_ASSERT_EQUAL(stat_of(0, &mode), EBADF);
    CU_ASSERT_EQUAL(version(100, "9P2000.L"), EPROTO);
    tear_down();
}

static void fids_are_bounded_and_each_is_one(void)
{
    set_up(usual);
    CU_ASSERT_EQUAL(attach(0), EBADF);
    CU_ASSERT_EQUAL(walk(0, 0, ""), 0);
    CU_ASSERT_EQUAL(walk(0, 1, ""), 0);
    CU_ASSERT_EQUAL(walk(0, 1, ""), EBADF);
    CU_ASSERT_EQUAL(walk(99, 2, ""), EBADF);
    CU_ASSERT_EQUAL(walk(1, 1, "etc"), 0);
    for (uint32_t i = 2; i < HD_9P_MAX_FIDS; i++)
        CU_ASSERT_EQUAL_FATAL(walk(0, i, "etc/fonts"), 0);
    CU_ASSERT_EQUAL(walk(0, 5000, "etc"), ENFILE);
    for (uint32_t i = 2; i < 2 + HD_9P_MAX_OPEN; i++)
        CU_ASSERT_EQUAL_FATAL(lopen(i, 0), 0);
    CU_ASSERT_EQUAL(lopen(2 + HD_9P_MAX_OPEN, 0), ENFILE);
    CU_ASSERT_EQUAL(lopen(2, 0), EBUSY);
    CU_ASSERT_EQUAL(walk(2, 6000, "a"), EBUSY);
    CU_ASSERT_EQUAL(simple(CLUNK, 2), 0);
    CU_ASSERT_EQUAL(lopen(2 + HD_9P_MAX_OPEN, 0), 0);
    tear_down();
}

static void malformed_requests_are_errors(void)
{
    static const char *const names[] = {"", "a/b", "/"};
    static const uint8_t with_fid[] = {
        STATFS, LOPEN, READLINK, GETATTR, READDIR, WALK, READ, CLUNK, REMOVE};
    char longer[HD_9P_NAME + 8];

    set_up(usual);
    for (size_t i = 0; i < HD_ARRAY_LEN(names); i++) {
        begin(WALK);
        put(0, 4), put(1, 4), put(1, 2), put_text(names[i]);
        CU_ASSERT_EQUAL(ask(), EPROTO);
    }
    begin(WALK);
    put(0, 4), put(1, 4), put(1, 2);
    hd_9p_put_text(&k.out, "a\0b", 3);
    CU_ASSERT_EQUAL(ask(), EPROTO);
    memset(longer, 'x', sizeof(longer));
    begin(WALK);
    put(0, 4), put(1, 4), put(1, 2);
    hd_9p_put_text(&k.out, longer, sizeof(longer));
    CU_ASSERT_EQUAL(ask(), EPROTO);
    begin(WALK);
    put(0, 4), put(1, 4), put(17, 2);
    CU_ASSERT_EQUAL(ask(), EPROTO);
    for (size_t i = 0; i < sizeof(with_fid); i++) {
        begin(with_fid[i]);
        CU_ASSERT_EQUAL(ask(), EPROTO);
        begin(with_fid[i]);
        put(0, 4);
        for (int j = 0; j < 8; j++)
            put(0, 8);
        CU_ASSERT_EQUAL(ask(), EPROTO);
    }
    begin(ATTACH);
    put(9, 4);
    CU_ASSERT_EQUAL(ask(), EPROTO);
    begin(VERSION);
    CU_ASSERT_EQUAL(ask(), EPROTO);
    tear_down();
}

static void what_is_no_message_ends_the_session(void)
{
    set_up(usual);
    begin(STATFS);
    put(0, 4);
    hd_9p_put_at(&k.out, 0, 12, 4);
    CU_ASSERT_EQUAL(hd_9p_answer(k.s, k.request, 11, k.reply), -1);
    CU_ASSERT_EQUAL(hd_9p_answer(k.s, k.request, 6, k.reply), -1);
    CU_ASSERT_EQUAL(hd_9p_answer(k.s, k.request, 0, k.reply), -1);
    tear_down();
}

static void a_path_that_grows_too_long_is_refused(void)
{
    char name[251], path[6 * sizeof(name)] = "etc";
    static const int want[] = {0, 0, 0, 0, ENAMETOOLONG};

    set_up("+/etc\n");
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    CU_ASSERT_EQUAL(walk(0, 1, "etc"), 0);
    for (int i = 0; i < 5; i++) {
        sprintf(path + strlen(path), "/%s", name);
        CU_ASSERT_EQUAL(mkdirat(k.tree.root, path, 0755), 0);
        CU_ASSERT_EQUAL(walk(1, 1, name), want[i]);
    }
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(unlinkat(k.tree.root, path, AT_REMOVEDIR), 0);
        *strrchr(path, '/') = '\0';
    }
    tear_down();
}

static const struct hd_test tests[] = {
    HD_TEST(a_file_of_the_tables_is_read_and_no_other),
    HD_TEST(dots_and_links_lead_nowhere),
    HD_TEST(folders_list_what_there_is_to_see),
    HD_TEST(whatever_writes_is_a_read_only_file_system),
    HD_TEST(a_version_begins_everything_anew),
    HD_TEST(fids_are_bounded_and_each_is_one),
    HD_TEST(malformed_requests_are_errors),
    HD_TEST(what_is_no_message_ends_the_session),
    HD_TEST(a_path_that_grows_too_long_is_refused),
};
HD_SUITE("fs9p/session", tests);
