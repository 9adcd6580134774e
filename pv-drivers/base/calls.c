/* SPDX-License-Identifier: MIT */
/* Has the kernel refuse system calls; looks at no list. */
#include "calls.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

int hd_calls_confine(const char *program, const char *end, struct hd_err *err)
{
    size_t size = (size_t)(end - program);
    const struct sock_fprog p = {
        .len = (unsigned short)(size / sizeof(*p.filter)),
        .filter = (struct sock_filter *)program,
    };
    long rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                      SECCOMP_FILTER_FLAG_TSYNC, &p);

    if (rc > 0) /* the thread that stands in the way */
        errno = EBUSY;
    if (rc)
        return hd_fail_errno(err, HD_E_FAILED, "cannot confine system calls");
    return 0;
}
