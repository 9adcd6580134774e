/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/registry_cmd, registry_show and registry_lines: what
 * `hotdom-guest registry` prints and refuses. */
#include "../../dom-guest/registry_cmd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../dom-guest/registry_lines.h"
#include "../../dom-guest/registry_show.h"
#include "../../pv-drivers/base/io.h"
#include "registry_kit.h"
#include "unit.h"

static char printed[4096];

static int call(struct hd_err *err, const char *verb, const char *a,
                const char *b)
{
    char *argv[] = {"registry", (char *)verb, (char *)a, (char *)b, NULL};
    struct hd_err none = {0};

    hd_fail(&none, HD_E_NO_XEN, "this is no Xen guest");
    return hd_registry_cmd_at(registry_dir, NULL, &none, a ? b ? 4 : 3 : 2,
                              argv, err);
}

/* And `printed` has what came to standard output. */
static int run(struct hd_err *err, const char *verb, const char *a,
               const char *b)
{
    int before = dup(1), fd = memfd_create("stdout", MFD_CLOEXEC), rc;
    ssize_t n;

    fflush(stdout);
    dup2(fd, 1);
    rc = call(err, verb, a, b);
    fflush(stdout);
    dup2(before, 1);
    close(before);
    n = pread(fd, printed, sizeof(printed) - 1, 0);
    printed[n < 0 ? 0 : n] = '\0';
    close(fd);
    return rc;
}

static void what_is_set_is_printed(void)
{
    struct hd_err err;

    registry_begin();
    CHECK_OK(run(&err, "set", "guest/a", "one two"), &err);
    CHECK_OK(run(&err, "get", "guest/a", NULL), &err);
    CU_ASSERT_STRING_EQUAL(printed, "one two\n");
    CHECK_OK(run(&err, "get", "guest/a", "--json"), &err);
    CU_ASSERT_STRING_EQUAL(
        printed, "{\"key\": \"guest/a\", \"type\": \"string\", \"value\": "
                 "\"one two\"}\n");
    CHECK_OK(run(&err, "ls", "guest/", NULL), &err);
    CU_ASSERT_STRING_EQUAL(printed, "guest/a\n");
    CHECK_OK(run(&err, "export", NULL, NULL), &err);
    CU_ASSERT_STRING_EQUAL(printed, "{\n  \"guest/a\": \"one two\"\n}\n");
    CHECK_OK(run(&err, "rm", "guest/a", NULL), &err);
    CHECK_FAILS(run(&err, "get", "guest/a", NULL), &err, HD_E_FAILED,
                "there is no key");
    registry_end();
}

static void all_of_the_guests_part_is_no_key_to_remove(void)
{
    struct hd_err err;

    registry_begin();
    CHECK_FAILS(run(&err, "rm", "guest", NULL), &err, HD_E_USAGE,
                "guest is no key but all of the guest's");
    CHECK_FAILS(run(&err, "rm", "guest/", NULL), &err, HD_E_USAGE, "below it");
    registry_end();
}

static void without_a_host_its_part_says_why_and_the_guests_is_there(void)
{
    static const char *const verbs[][2] = {
        {"get", "host/name"}, {"ls", "host"},     {"ls", "host/"},
        {"get", "store/a"},   {"export", "host"}, {"resolve", "lp0"},
        {"watch", "store/a"},
    };
    hd_autofd int fd = memfd_create("import", MFD_CLOEXEC);
    struct hd_err err;
    char path[32];

    registry_begin();
    registry_set("guest/a", "one");
    for (size_t i = 0; i < HD_ARRAY_LEN(verbs); i++)
        CHECK_FAILS(
            run(&err, verbs[i][0], verbs[i][1], NULL), &err, HD_E_NO_XEN,
            "the host's part of the registry cannot be read: this is no Xen");
    CHECK_FAILS(run(&err, "set", "host/name", "x"), &err, HD_E_DENIED,
                "not the guest's");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    CU_ASSERT_EQUAL(pwrite(fd, "{}", 2, 0), 2);
    CHECK_FAILS(run(&err, "import", "--replace=host", path), &err, HD_E_DENIED,
                "only what is below guest/ can be replaced");
    CHECK_OK(run(&err, "ls", NULL, NULL), &err);
    CU_ASSERT_STRING_EQUAL(printed, "guest/\n");
    registry_end();
}

static void what_is_no_name_is_not_resolved(void)
{
    static const char *const bad[] = {"", "a/b", "..", "a b", "a/"};
    struct hd_err err;

    registry_begin();
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(run(&err, "resolve", bad[i], NULL), &err, HD_E_USAGE,
                    "is no name");
    registry_end();
}

/* ---- more than one answer */

static void fill(void)
{
    static char much[40000];
    const struct hd_value v = {HD_VALUE_BYTES, much, sizeof(much)};

    registry_set_value("guest/a", &v);
    registry_set_value("guest/b", &v);
    registry_set_value("guest/c", &v);
    registry_set_value("guest/d", &v);
}

/* Its exit status is the error's code. */
static pid_t export_to(int fd)
{
    pid_t pid = fork();

    if (!pid) {
        struct hd_err err = {0};

        dup2(fd, 1);
        (void)call(&err, "export", NULL, NULL);
        _exit(err.code);
    }
    return pid;
}

/* Whoever prints into a pipe waits with its second question for the first one's
 * end to be read. */
static int export_while(bool changes)
{
    char bytes[4096];
    int fds[2], status;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_CLOEXEC), 0);
    CU_ASSERT_TRUE(fcntl(fds[1], F_SETPIPE_SZ, 4096) >= 0);
    pid = export_to(fds[1]);
    close(fds[1]);
    /* Some of a value. */
    for (ssize_t n, got = 0; got < 64; got += n) {
        n = read(fds[0], bytes, 64);
        CU_ASSERT_FATAL(n > 0);
    }
    if (changes)
        registry_set("guest/other", "x");
    while (read(fds[0], bytes, sizeof(bytes)) > 0)
        continue;
    close(fds[0]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void what_changes_while_it_is_exported_is_no_export(void)
{
    registry_begin();
    fill();
    CU_ASSERT_EQUAL(export_while(false), 0);
    CU_ASSERT_EQUAL(export_while(true), HD_E_BUSY);
    registry_end();
}

/* ---- where a name leads */

static void take(struct hd_registry_place *p, const char *key,
                 const char *value)
{
    struct hd_entry e = {.value = registry_text(value)};

    strcpy(e.key, key);
    hd_registry_show_take(&e, p);
}

static const char *shown(const struct hd_registry_place *p, bool json)
{
    FILE *out = fmemopen(printed, sizeof(printed), "w");

    hd_registry_show_place("lp0", p, json, out);
    fclose(out);
    return printed;
}

static void a_place_is_a_line_and_what_is_absent_has_none(void)
{
    struct hd_registry_place p = {0};

    take(&p, "host/map/lp0/class", "usb");
    take(&p, "host/map/lp0/how", "pv");
    take(&p, "host/map/lp0/host", "ttyUSB0");
    take(&p, "host/map/lp0/where", "USB 1-2");
    CU_ASSERT_STRING_EQUAL(shown(&p, false),
                           "lp0: usb, pv, the host's ttyUSB0 at USB 1-2\n");
    CU_ASSERT_STRING_EQUAL(
        shown(&p, true),
        "{\"name\": \"lp0\", \"class\": \"usb\", \"how\": \"pv\", \"host\": "
        "\"ttyUSB0\", \"where\": \"USB 1-2\", \"device\": \"\"}\n");
    take(&p, "host/map/lp0/how", "absent");
    CU_ASSERT_STRING_EQUAL(shown(&p, false),
                           "lp0: usb, absent, the host's ttyUSB0\n");
}

/* ---- lines */

/* What the lines are answered with. */
static int lines(const char *text, struct hd_err *err)
{
    FILE *out = fmemopen(printed, sizeof(printed), "w");
    struct hd_err none = {0};
    int fds[2], rc;

    memset(printed, 0, sizeof(printed));
    hd_fail(&none, HD_E_NO_XEN, "no host");
    CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_CLOEXEC), 0);
    CU_ASSERT_EQUAL(write(fds[1], text, strlen(text)), (ssize_t)strlen(text));
    close(fds[1]);
    rc = hd_registry_lines(registry_dir, NULL, &none, fds[0], out, err);
    close(fds[0]);
    fclose(out);
    return rc;
}

#define LINE(key, type, value)                                                 \
    "{\"key\": \"" key "\", \"type\": \"" type "\", \"value\": " value "}\n"

static void lines_are_answered_one_by_one(void)
{
    const struct hd_value list = {HD_VALUE_LIST, "a\0b", 4};
    struct hd_err err;

    registry_begin();
    CHECK_OK(lines("", &err), &err);
    CU_ASSERT_STRING_EQUAL(printed, "");
    CHECK_OK(lines("guest/a\n", &err), &err);
    CU_ASSERT_STRING_EQUAL(printed, LINE("guest/a", "none", "null"));
    registry_set("guest/a", "one");
    registry_set_value("guest/list", &list);
    CHECK_OK(lines("guest/list\nguest/none\nguest/a", &err), &err);
    CU_ASSERT_STRING_EQUAL(printed,
                           LINE("guest/list", "list", "[\"a\", \"b\"]")
                               LINE("guest/none", "none", "null")
                                   LINE("guest/a", "string", "\"one\""));
    registry_end();
}

static void a_line_that_is_no_key_ends_it_behind_the_answers_before(void)
{
    char longest[HD_KEY_SIZE + 10];
    struct hd_err err;

    registry_begin();
    registry_set("guest/a", "one");
    CHECK_FAILS(lines("guest/a\n../b\nguest/a\n", &err), &err, HD_E_USAGE,
                "\"../b\" is no key");
    CU_ASSERT_STRING_EQUAL(printed, LINE("guest/a", "string", "\"one\""));
    CHECK_FAILS(lines("\n", &err), &err, HD_E_USAGE, "is no key");
    CHECK_FAILS(lines("host/name\n", &err), &err, HD_E_NO_XEN, "no host");
    memset(longest, 'k', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    CHECK_FAILS(lines(longest, &err), &err, HD_E_USAGE, "is no key");
    registry_end();
}

/* Who waits for each answer before it asks on. */
static void a_line_is_answered_before_the_next_one_comes(void)
{
    int to[2], from[2], status;
    char text[256];
    struct hd_err err;
    ssize_t n;
    pid_t pid;

    registry_begin();
    registry_set("guest/a", "one");
    CU_ASSERT_FATAL(!pipe2(to, O_CLOEXEC) && !pipe2(from, O_CLOEXEC));
    pid = fork();
    if (!pid) {
        close(to[1]);
        _exit(hd_registry_lines(registry_dir, NULL, &err, to[0],
                                fdopen(from[1], "w"), &err)
                  ? 1
                  : 0);
    }
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(write(to[1], "guest/a\n", 8), 8);
        n = read(from[0], text, sizeof(text) - 1);
        CU_ASSERT_FATAL(n > 0);
        text[n] = '\0';
        CU_ASSERT_STRING_EQUAL(text, i ? LINE("guest/a", "string", "\"two\"")
                                       : LINE("guest/a", "string", "\"one\""));
        registry_set("guest/a", "two");
    }
    close(to[1]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    close(to[0]);
    close(from[0]);
    close(from[1]);
    registry_end();
}

static const struct hd_test tests[] = {
    HD_TEST(what_is_set_is_printed),
    HD_TEST(all_of_the_guests_part_is_no_key_to_remove),
    HD_TEST(without_a_host_its_part_says_why_and_the_guests_is_there),
    HD_TEST(what_is_no_name_is_not_resolved),
    HD_TEST(what_changes_while_it_is_exported_is_no_export),
    HD_TEST(a_place_is_a_line_and_what_is_absent_has_none),
    HD_TEST(lines_are_answered_one_by_one),
    HD_TEST(a_line_that_is_no_key_ends_it_behind_the_answers_before),
    HD_TEST(a_line_is_answered_before_the_next_one_comes),
};
HD_SUITE("dom-guest/registry_cmd", tests);
