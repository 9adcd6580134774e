/* SPDX-License-Identifier: MIT */
/* hotdom-job and hotdomd with points to crash at: right before and right behind
 * each record in a ledger and a guest's dump, for which ld's --wrap puts these
 * in front of theirs. A file, "N job" or "N daemon", says that at the Nth point
 * from then on, of whoever comes to it, the one who is there gets SIGKILL, or
 * hotdomd; the file is gone then, and another has the point's name. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../../hv/domain/domain.h"
#include "../../hv/ledger/ledger.h"

#define ARMED "/run/crash-point"
#define AT    ARMED ".at"

static void crash(const char *when, const char *what, bool daemon)
{
    bool below = strcmp(program_invocation_short_name, "hotdomd");
    FILE *f = fopen(AT, "we");

    if (!f || fprintf(f, "%s %s\n", when, what) < 0 || fclose(f) ||
        unlink(ARMED))
        return;
    kill(daemon && below ? getppid() : getpid(), SIGKILL);
}

/* Counts down; true when this is the one. */
static bool is_here(char victim[8])
{
    hd_autofd int fd = open(ARMED, O_RDWR | O_CLOEXEC);
    char text[32] = "";
    unsigned n;

    if (fd < 0 || flock(fd, LOCK_EX) || pread(fd, text, 31, 0) <= 0 ||
        sscanf(text, "%u %7s", &n, victim) != 2 || !n)
        return false;
    snprintf(text, sizeof(text), "%u %s\n", n - 1, victim);
    return !ftruncate(fd, 0) && pwrite(fd, text, strlen(text), 0) > 0 && n == 1;
}

static void point(const char *when, const char *what)
{
    char victim[8];

    if (is_here(victim))
        crash(when, what, !strcmp(victim, "daemon"));
}

#define WRAP(name, params, args)                                               \
    int __real_hd_##name params;                                               \
    int __wrap_hd_##name params;                                               \
    int __wrap_hd_##name params                                                \
    {                                                                          \
        int rc;                                                                \
                                                                               \
        point("before", #name);                                                \
        rc = __real_hd_##name args;                                            \
        point("behind", #name);                                                \
        return rc;                                                             \
    }

WRAP(ledger_create,
     (const char *dir, const struct hd_ledger_head *head,
      struct hd_ledger **ret, struct hd_err *err),
     (dir, head, ret, err))
WRAP(ledger_take,
     (struct hd_ledger * ledger, enum hd_effect_kind kind, const char *guest,
      const char *value, uint32_t *ret_seq, struct hd_err *err),
     (ledger, kind, guest, value, ret_seq, err))
WRAP(ledger_set_domid,
     (struct hd_ledger * ledger, uint32_t seq, uint32_t domid,
      struct hd_err *err),
     (ledger, seq, domid, err))
WRAP(ledger_set_running,
     (struct hd_ledger * ledger, uint32_t seq, struct hd_err *err),
     (ledger, seq, err))
WRAP(ledger_set_dumped,
     (struct hd_ledger * ledger, uint32_t seq, struct hd_err *err),
     (ledger, seq, err))
WRAP(ledger_set_quarantined,
     (struct hd_ledger * ledger, uint32_t seq, struct hd_err *err),
     (ledger, seq, err))
WRAP(ledger_undone,
     (struct hd_ledger * ledger, uint32_t seq, struct hd_err *err),
     (ledger, seq, err))
WRAP(ledger_close,
     (struct hd_ledger * ledger, bool *ret_empty, struct hd_err *err),
     (ledger, ret_empty, err))
WRAP(domain_dump,
     (struct hd_toolstack * ts, uint32_t domid, int fd, struct hd_err *err),
     (ts, domid, fd, err))
