/* SPDX-License-Identifier: MIT */
/* hotdom console: finds a guest's domain and becomes xenconsole. */
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd.h"
#include "whom.h"

#define XENCONSOLE "/usr/lib/xen-*/bin/xenconsole"

static int become_xenconsole(int64_t domid, struct hd_err *err)
{
    char number[24];
    glob_t found;

    snprintf(number, sizeof(number), "%lld", (long long)domid);
    /* Sorted, so the last one is the newest Xen's. */
    if (glob(XENCONSOLE, 0, NULL, &found) || !found.gl_pathc)
        return hd_fail(err, HD_E_FAILED,
                       "there is no xenconsole; install xen-utils");
    execl(found.gl_pathv[found.gl_pathc - 1], "xenconsole", number,
          (char *)NULL);
    hd_fail_errno(err, HD_E_FAILED, "cannot start xenconsole");
    globfree(&found);
    return -1;
}

int hd_cmd_console(int argc, char **argv, struct hd_err *err)
{
    struct hd_whom whom;

    if (argc != 2 || *argv[1] == '-')
        return hd_fail(err, HD_E_USAGE, "it takes one guest, no option");
    if (hd_whom(argv[1], &whom, err))
        return -1;
    return become_xenconsole(whom.domid, err);
}
