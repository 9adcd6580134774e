/* SPDX-License-Identifier: MIT */
/* Runs a test in a network namespace of its own. */
#include "net_kit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/net/bridge.h"
#include "unit.h"

/* Whom alone libudev believes; without it a test of that skips itself. */
static void become_root(uid_t uid)
{
    hd_autofd int map = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);

    dprintf(map, "0 %u 1", uid);
}

static bool enter(void)
{
    uid_t uid = geteuid();

    if (!unshare(CLONE_NEWNET))
        return true;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
        return false;
    become_root(uid);
    return true;
}

/* Containers are often not allowed to make namespaces or bridges. */
static const char *run(net_kit_scenario *scenario, bool bridged)
{
    struct hd_err err = {0};

    if (!enter())
        return "skipped: this machine allows no network namespace";
    if (!bridged)
        return scenario();
    if (hd_bridge_make("hdprobe", &err) &&
        (err.sys == EPERM || err.sys == EOPNOTSUPP))
        return "skipped: this machine allows no bridge";
    if (hd_bridge_remove("hdprobe", &err))
        return "a bridge cannot be removed";
    return scenario();
}

static void run_child(net_kit_scenario *scenario, bool bridged)
{
    char text[200] = "the child died";
    ssize_t n;
    int pair[2], status;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(pair), 0);
    pid = fork();
    CU_ASSERT_NOT_EQUAL_FATAL(pid, -1);
    if (!pid) {
        const char *why = run(scenario, bridged);

        dprintf(pair[1], "%s", why ? why : "good");
        _exit(0);
    }
    close(pair[1]);
    n = read(pair[0], text, sizeof(text) - 1);
    if (n > 0)
        text[n] = '\0';
    close(pair[0]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    if (strcmp(text, "good"))
        printf("\n    %s\n", text);
    if (strncmp(text, "skipped", 7))
        CU_ASSERT_STRING_EQUAL(text, "good");
}

void net_kit_run(net_kit_scenario *scenario)
{
    run_child(scenario, true);
}

void net_kit_run_unbridged(net_kit_scenario *scenario)
{
    run_child(scenario, false);
}
