/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/keeper, bind and news, with a host at the other end that the
 * test plays. */
#include "../../dom-guest/keeper.h"

#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <xen/io/xs_wire.h>

#include "../../dom-guest/news.h"
#include "../../dom-guest/registry.h"
#include "../../dom-guest/respond.h"
#include "../../pv-drivers/base/io.h"
#include "apart_kit.h"
#include "keeper_kit.h"
#include "unit.h"

static bool has_news(void)
{
    struct pollfd p = {.fd = keeper.news, .events = POLLIN};

    return poll(&p, 1, 2000) == 1;
}

static void a_key_that_is_set_is_written_to_its_file(void)
{
    struct hd_err err;
    char path[PATH_MAX];
    struct stat st;

    keeper_begin_bound();
    keeper_check_file("/etc/resolv.conf", NULL);
    keeper_set("guest/net/resolv", "snameserver 10.0.0.1");
    CU_ASSERT_TRUE(has_news());
    CHECK_OK(hd_keeper_follow(&keeper, keeper_x, &err), &err);
    keeper_check_file("/etc/resolv.conf", "nameserver 10.0.0.1\n");
    snprintf(path, sizeof(path), "%s/etc/resolv.conf", keeper_root);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0644);
    keeper_set("guest/hosts", "sa\nb\n");
    CHECK_OK(hd_keeper_follow(&keeper, keeper_x, &err), &err);
    keeper_check_file("/etc/deep/hosts", "a\nb\n");
    keeper_end();
}

static void a_key_that_goes_leaves_its_file(void)
{
    struct hd_err err;

    keeper_begin_bound();
    keeper_set("guest/hosts", "sa");
    CHECK_OK(hd_keeper_follow(&keeper, keeper_x, &err), &err);
    keeper_set("guest/hosts", NULL);
    CHECK_OK(hd_keeper_follow(&keeper, keeper_x, &err), &err);
    keeper_check_file("/etc/deep/hosts", "a\n");
    keeper_end();
}

static void files_are_written_at_the_start(void)
{
    struct hd_err err;

    keeper_begin_bound();
    keeper_set("guest/hosts", "i7");
    keeper_say_text(XS_ERROR, "ENOENT");
    keeper_say(XS_DIRECTORY, "0", 2);
    keeper_say_text(XS_READ, "guest/hosts /hosts");
    hd_keeper_fini(&keeper);
    CHECK_OK(hd_keeper_begin(&keeper, keeper_dir, keeper_root, keeper_x, &err),
             &err);
    keeper_check_file("/hosts", "7\n");
    keeper_end();
}

static void a_file_that_cannot_be_written_is_named_and_the_others_are_written(
    void)
{
    struct hd_err err;
    char path[PATH_MAX];

    keeper_begin_bound();
    keeper_set("guest/net/resolv", "sx");
    keeper_set("guest/hosts", "sa");
    snprintf(path, sizeof(path), "%s/etc", keeper_root);
    CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
    strcat(path, "/resolv.conf");
    CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
    CHECK_FAILS(hd_keeper_follow(&keeper, keeper_x, &err), &err, HD_E_IO,
                "guest/net/resolv");
    keeper_check_file("/etc/deep/hosts", "a\n");
    keeper_end();
}

static void a_pipe_where_a_file_is_bound_is_replaced(void)
{
    const struct hd_bind bind = {"guest/a", "/pipe"};
    const struct hd_value value = {HD_VALUE_STRING, "a", 1};
    char path[PATH_MAX];
    struct hd_err err;

    keeper_begin();
    snprintf(path, sizeof(path), "%s/pipe", keeper_root);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    CHECK_OK(hd_bind_write(&bind, &value, keeper_root, &err), &err);
    keeper_check_file("/pipe", "a\n");
    keeper_end();
}

static void check_mode_and_owner(const char *name, mode_t mode, uid_t uid,
                                 gid_t gid)
{
    char path[PATH_MAX];
    struct stat st;

    snprintf(path, sizeof(path), "%s%s", keeper_root, name);
    CU_ASSERT_EQUAL_FATAL(lstat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode, S_IFREG | mode);
    CU_ASSERT_EQUAL(st.st_uid, uid);
    CU_ASSERT_EQUAL(st.st_gid, gid);
}

static void a_file_keeps_its_mode_and_its_owner(void)
{
    const struct hd_value value = {HD_VALUE_STRING, "new", 3};
    const struct hd_bind old = {"guest/a", "/old"}, fresh = {"guest/b", "/new"},
                         link = {"guest/c", "/link"};
    uid_t uid = geteuid() ? geteuid() : 1234;
    gid_t gid = geteuid() ? getegid() : 4321;
    char path[PATH_MAX], to[PATH_MAX];
    struct hd_err err;

    keeper_begin();
    snprintf(path, sizeof(path), "%s/old", keeper_root);
    CHECK_OK(hd_io_write_file(path, "old\n", 4, 0640, &err), &err);
    CU_ASSERT_EQUAL(chown(path, uid, gid), 0);
    CHECK_OK(hd_bind_write(&old, &value, keeper_root, &err), &err);
    keeper_check_file("/old", "new\n");
    check_mode_and_owner("/old", 0640, uid, gid);
    CHECK_OK(hd_bind_write(&fresh, &value, keeper_root, &err), &err);
    check_mode_and_owner("/new", 0644, geteuid(), getegid());
    /* What others read is as it was to them, though it is no link any more. */
    CHECK_OK(hd_io_write_file(path, "old\n", 4, 0600, &err), &err);
    snprintf(to, sizeof(to), "%s/link", keeper_root);
    CU_ASSERT_EQUAL(symlink(path, to), 0);
    CHECK_OK(hd_bind_write(&link, &value, keeper_root, &err), &err);
    check_mode_and_owner("/link", 0600, geteuid(), getegid());
    keeper_check_file("/old", "old\n");
    keeper_end();
}

static void values_become_lines(void)
{
    static const struct {
        struct hd_value value;
        const char *want;
    } cases[] = {
        {{HD_VALUE_STRING, "", 0}, ""},
        {{HD_VALUE_STRING, "a", 1}, "a\n"},
        {{HD_VALUE_STRING, "a\n", 2}, "a\n"},
        {{HD_VALUE_BOOLEAN, "true", 4}, "true\n"},
        {{HD_VALUE_LIST, "a\0b\0", 4}, "a\nb\n"},
        {{HD_VALUE_BYTES, "raw", 3}, "raw"},
    };
    const struct hd_bind bind = {"guest/a", "/file"};
    struct hd_err err;

    keeper_begin();
    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        CHECK_OK(hd_bind_write(&bind, &cases[i].value, keeper_root, &err),
                 &err);
        keeper_check_file("/file", cases[i].want);
    }
    keeper_end();
}

static void what_is_no_bind_is_left_out(void)
{
    static const char *const bad[] = {"",          "guest/a",
                                      "guest/a ",  "guest/a etc",
                                      "guest/a /", "guest/a /../etc/passwd",
                                      "../a /etc", " /etc/passwd"};
    char text[700];
    struct hd_bind b;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_FALSE(hd_bind_parse(bad[i], &b));
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    text[300] = ' ';
    CU_ASSERT_FALSE(hd_bind_parse(text, &b));
    text[300] = 'a';
    memcpy(text, "a /", 3);
    CU_ASSERT_FALSE(hd_bind_parse(text, &b));
    CU_ASSERT_TRUE(hd_bind_parse("guest/a /etc/a file", &b));
    CU_ASSERT_STRING_EQUAL(b.file, "/etc/a file");
}

/* ---- the host asks */

static void what_the_host_asks_is_answered_once(void)
{
    struct hd_piece ask = {.number = 9, .len = 20};
    char text[HD_PIECE_TEXT];
    struct hd_err err;

    keeper_begin_bound();
    memcpy(ask.data, "get guest/none - 0\n", 20);
    ask.len = 19;
    hd_piece_format(&ask, text);
    keeper_say_text(XS_READ, text);
    keeper_say(XS_WRITE, "OK", 3);
    CHECK_OK(hd_keeper_answer(&keeper, keeper_x, &err), &err);
    keeper_check_answer(keeper_last_request(),
                        "failed there is no key guest/none\n");
    keeper_say_text(XS_READ, text);
    CHECK_OK(hd_keeper_answer(&keeper, keeper_x, &err), &err);
    keeper_say_text(XS_READ, "garbage");
    CHECK_OK(hd_keeper_answer(&keeper, keeper_x, &err), &err);
    keeper_say_text(XS_ERROR, "ENOENT");
    CHECK_OK(hd_keeper_answer(&keeper, keeper_x, &err), &err);
    keeper_end();
}

/* ---- another file system where the registry is */

static const char *go_apart(void)
{
    if (geteuid() || unshare(CLONE_NEWNS))
        return "skipped: only root may mount here";
    EXPECT(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    return NULL;
}

static bool has_written(const char *want)
{
    hd_autofree char *text = NULL;
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/etc/deep/hosts", keeper_root);
    return !hd_io_read_file(path, 64, &text, NULL, NULL) && !strcmp(text, want);
}

/* A key is set, and the keeper hears of it. */
static bool follows(const char *value, const char *want)
{
    keeper_set("guest/hosts", value);
    return has_news() && !hd_keeper_follow(&keeper, keeper_x, NULL) &&
           has_written(want);
}

static bool looks(const char *want)
{
    keeper_say_binds();
    return !hd_keeper_retry(&keeper, keeper_x, NULL) && has_written(want) &&
           !hd_keeper_is_due(&keeper);
}

static const char *mounted_over(void)
{
    char var[PATH_MAX];

    snprintf(var, sizeof(var), "%s/var", keeper_root);
    EXPECT(follows("sunder", "under\n"));
    EXPECT(!mount("guest", var, "tmpfs", 0, NULL));
    keeper_set("guest/hosts", "sover");
    EXPECT(looks("over\n") && follows("slater", "later\n"));
    /* It asks nothing where all is as it was. */
    EXPECT(!hd_keeper_retry(&keeper, keeper_x, NULL));
    EXPECT(!umount(var) && looks("under\n") && follows("sx", "x\n"));
    return NULL;
}

static void a_registry_that_a_mount_brings_is_kept_from_then_on(void)
{
    keeper_begin_bound();
    apart_kit_run(go_apart, mounted_over);
    keeper_end();
}

static void a_folder_that_was_removed_is_made_and_heard_of_again(void)
{
    char command[80];
    struct hd_err err;

    keeper_begin_bound();
    CU_ASSERT_TRUE(follows("sone", "one\n"));
    snprintf(command, sizeof(command), "rm -rf %s", keeper_dir);
    CU_ASSERT_EQUAL(system(command), 0);
    CU_ASSERT_TRUE(has_news()); /* that it has gone */
    CHECK_OK(hd_keeper_follow(&keeper, keeper_x, &err), &err);
    CU_ASSERT_TRUE(looks("one\n"));
    CU_ASSERT_TRUE(follows("stwo", "two\n"));
    keeper_end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_registry_that_a_mount_brings_is_kept_from_then_on),
    HD_TEST(a_folder_that_was_removed_is_made_and_heard_of_again),
    HD_TEST(a_key_that_is_set_is_written_to_its_file),
    HD_TEST(a_key_that_goes_leaves_its_file),
    HD_TEST(files_are_written_at_the_start),
    HD_TEST(a_file_that_cannot_be_written_is_named_and_the_others_are_written),
    HD_TEST(a_pipe_where_a_file_is_bound_is_replaced),
    HD_TEST(a_file_keeps_its_mode_and_its_owner),
    HD_TEST(values_become_lines),
    HD_TEST(what_is_no_bind_is_left_out),
    HD_TEST(what_the_host_asks_is_answered_once),
};
HD_SUITE("dom-guest/keeper", tests);
