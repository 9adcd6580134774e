/* SPDX-License-Identifier: MIT */
/* The list of system calls of the reader; never one that opens anything.  Run
 * as hotdom is built. */
#include <fcntl.h>
#include <linux/fs.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "../../pv-drivers/base/calls.h"
#include "../../pv-drivers/base/mem.h"

/* What reading, hashing, unpacking and answering take, whatever the size. */
static const struct hd_call allowed[] = {
    {SCMP_SYS(read)},
    {SCMP_SYS(pread64)},
    {SCMP_SYS(write)},
    {SCMP_SYS(pwrite64)},
    {SCMP_SYS(lseek)},
    {SCMP_SYS(fstat)},
    {SCMP_SYS(ftruncate)},
    {SCMP_SYS(memfd_create)},
    {SCMP_SYS(sendmsg)},
    {SCMP_SYS(close)},
    {SCMP_SYS(munmap)},
    {SCMP_SYS(mremap)},
    {SCMP_SYS(madvise)},
    {SCMP_SYS(brk)},
    {SCMP_SYS(futex)},
    {SCMP_SYS(getrandom)},
    {SCMP_SYS(getpid)},
    {SCMP_SYS(gettid)},
    {SCMP_SYS(clock_gettime)},
    {SCMP_SYS(sched_yield)},
    {SCMP_SYS(rt_sigreturn)},
    {SCMP_SYS(rt_sigprocmask)},
    {SCMP_SYS(restart_syscall)},
    {SCMP_SYS(exit)},
    {SCMP_SYS(exit_group)},
    {SCMP_SYS(sigaltstack)}, /* the address sanitizer's, at the end */
    /* Those that could do more than the reader needs, by their arguments. */
    {SCMP_SYS(newfstatat), 3, UINT64_MAX, AT_EMPTY_PATH}, /* glibc's fstat */
    {SCMP_SYS(ioctl), 1, UINT64_MAX, BLKGETSIZE64},
    {SCMP_SYS(fcntl), 1, UINT64_MAX, F_ADD_SEALS},
    {SCMP_SYS(fcntl), 1, UINT64_MAX, F_GET_SEALS},
    {SCMP_SYS(mmap), 2, PROT_EXEC, 0},
    {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
};

int main(void)
{
    return hd_calls_make(allowed, HD_ARRAY_LEN(allowed));
}
