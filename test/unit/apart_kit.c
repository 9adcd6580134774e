/* SPDX-License-Identifier: MIT */
/* Runs a test in a child and takes its word; leaves this process as it is. */
#include "apart_kit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static const char *run(apart_kit_scenario *prepare,
                       apart_kit_scenario *scenario)
{
    const char *why = prepare();

    return why ? why : scenario();
}

bool apart_kit_run(apart_kit_scenario *prepare, apart_kit_scenario *scenario)
{
    char text[200] = "the child died";
    ssize_t n;
    int pair[2], status;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(pair), 0);
    pid = fork();
    CU_ASSERT_NOT_EQUAL_FATAL(pid, -1);
    if (!pid) {
        const char *why = run(prepare, scenario);

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
    if (!strncmp(text, "skipped", 7))
        return false;
    CU_ASSERT_STRING_EQUAL(text, "good");
    return true;
}
