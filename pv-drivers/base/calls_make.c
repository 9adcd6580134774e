/* SPDX-License-Identifier: MIT */
/* Makes a program of the kernel's of a list, as hotdom is built; in no program
 * that is installed. */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "calls.h"

static int add(scmp_filter_ctx ctx, const struct hd_call *c)
{
    if (!c->mask)
        return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, c->call, 0);
    return seccomp_rule_add(
        ctx, SCMP_ACT_ALLOW, c->call, 1,
        SCMP_CMP(c->arg, SCMP_CMP_MASKED_EQ, c->mask, c->value));
}

int hd_calls_make(const struct hd_call *calls, size_t n)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc = ctx ? 0 : -1;

    for (size_t i = 0; !rc && i < n; i++)
        rc = add(ctx, &calls[i]);
    if (!rc)
        rc = seccomp_export_bpf(ctx, STDOUT_FILENO);
    seccomp_release(ctx);
    if (rc)
        fputs("cannot make a filter of system calls\n", stderr);
    return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
