/* SPDX-License-Identifier: MIT */
/* The list of system calls of a process that serves files; never grows.  Run as
 * hotdom is built. */
#include <seccomp.h>

#include "../base/calls.h"
#include "../base/mem.h"

/* openat2 takes its flags in memory, where no filter sees them; the user and
 * its limits, which allow no file to be written, hold there.  Of clocks there
 * is clock_gettime alone: a server must not call time(), which is a system call
 * of its own wherever the C library has no vDSO. */
static const struct hd_call allowed[] = {
    {SCMP_SYS(openat2)},
    {SCMP_SYS(fstat)},
    {SCMP_SYS(newfstatat)},
    {SCMP_SYS(readlinkat)},
    {SCMP_SYS(getdents64)},
    {SCMP_SYS(lseek)},
    {SCMP_SYS(pread64)},
    {SCMP_SYS(close)},
    {SCMP_SYS(read)},  /* events, xenstore */
    {SCMP_SYS(write)}, /* the same */
    {SCMP_SYS(writev)},
    {SCMP_SYS(sendmsg)},
    {SCMP_SYS(sendto)},
    {SCMP_SYS(recvfrom)},
    {SCMP_SYS(accept4)},    /* hotdomd's connections */
    {SCMP_SYS(getsockopt)}, /* and who it is */
    {SCMP_SYS(poll)},
    {SCMP_SYS(ppoll)},
    {SCMP_SYS(ioctl)}, /* of grants and event channels */
    {SCMP_SYS(mmap)},
    {SCMP_SYS(munmap)},
    {SCMP_SYS(mremap)},
    {SCMP_SYS(mprotect)},
    {SCMP_SYS(madvise)},
    {SCMP_SYS(brk)},
    {SCMP_SYS(futex)},
    {SCMP_SYS(getpid)},
    {SCMP_SYS(gettid)},
    {SCMP_SYS(dup2)},
    {SCMP_SYS(getrandom)},
    {SCMP_SYS(clock_gettime)},
    {SCMP_SYS(clock_nanosleep)},
    {SCMP_SYS(rt_sigreturn)},
    {SCMP_SYS(rt_sigaction)},
    {SCMP_SYS(rt_sigprocmask)},
    {SCMP_SYS(restart_syscall)},
    {SCMP_SYS(exit)},
    {SCMP_SYS(exit_group)},
};

int main(void)
{
    return hd_calls_make(allowed, HD_ARRAY_LEN(allowed));
}
