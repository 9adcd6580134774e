/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/registry_watch: one that prints into a pipe while a registry
 * changes, or another one takes its place. */
#include "../../dom-guest/registry_watch.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "apart_kit.h"
#include "registry_kit.h"
#include "unit.h"

#define WAIT_MS 20000

static int out;
static pid_t pid;

static void begin_watch(void)
{
    int fds[2];

    CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
    pid = fork();
    if (!pid) {
        struct hd_err err;

        (void)dup2(fds[1], 1);
        (void)close(2); /* that it does not know what was before */
        (void)hd_registry_watch(registry_dir, NULL, "guest", false, &err);
        _exit(1);
    }
    close(fds[1]);
    out = fds[0];
}

static void end_watch(void)
{
    kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    close(out);
}

/* It begins at a time of its own: what it does not print is set again. */
static bool prints(const char *key, const char *value)
{
    uint64_t deadline_ms = hd_io_now_ms() + WAIT_MS;
    struct pollfd p = {.fd = out, .events = POLLIN};
    char want[64], text[1024];

    snprintf(want, sizeof(want), "%s \"%s\"\n", key, value);
    while (hd_io_left_ms(deadline_ms)) {
        registry_set(key, value);
        if (poll(&p, 1, 50) == 1) {
            ssize_t n = read(out, text, sizeof(text) - 1);

            text[n > 0 ? n : 0] = '\0';
            if (strstr(text, want))
                return true;
        }
    }
    return false;
}

static const char *prepare(void)
{
    if (geteuid() || unshare(CLONE_NEWNS))
        return "skipped: only root may mount here";
    EXPECT(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    begin_watch();
    return NULL;
}

static const char *mounted_over(void)
{
    bool before = prints("guest/a", "one");
    bool mounted = !mount("guest", registry_dir, "tmpfs", 0, NULL);
    bool behind = prints("guest/b", "two");

    end_watch();
    EXPECT(before && mounted && behind);
    return NULL;
}

static void who_watches_sees_what_a_registry_says_that_a_mount_brings(void)
{
    registry_begin();
    apart_kit_run(prepare, mounted_over);
    registry_end();
}

static const struct hd_test tests[] = {
    HD_TEST(who_watches_sees_what_a_registry_says_that_a_mount_brings),
};
HD_SUITE("dom-guest/registry_watch", tests);
