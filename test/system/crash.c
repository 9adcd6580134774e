/* SPDX-License-Identifier: MIT */
/* hotdom-job with points to crash at: right before and right behind each record
 * in a ledger, for which ld's --wrap puts these in front of ledger.c's. A file,
 * "N job" or "N daemon", says at which point of a job who gets SIGKILL; the
 * file is gone then, and another has the point's name. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/run/ledger.h"

#define ARMED "/run/crash-point"
#define AT    ARMED ".at"

static atomic_uint reached;

static void crash(const char *when, const char *what, bool daemon)
{
    FILE *f = fopen(AT, "we");

    if (!f || fprintf(f, "%s %s\n", when, what) < 0 || fclose(f) ||
        unlink(ARMED))
        return;
    kill(daemon ? getppid() : getpid(), SIGKILL);
}

static void point(const char *when, const char *what)
{
    unsigned here = atomic_fetch_add(&reached, 1) + 1, n = 0;
    char victim[8] = "";
    FILE *f = fopen(ARMED, "re");

    if (!f)
        return;
    if (fscanf(f, "%u %7s", &n, victim) != 2)
        n = 0;
    fclose(f);
    if (n == here)
        crash(when, what, !strcmp(victim, "daemon"));
}

#define WRAP(name, params, args)                                               \
    int __real_hd_ledger_##name params;                                        \
    int __wrap_hd_ledger_##name params;                                        \
    int __wrap_hd_ledger_##name params                                         \
    {                                                                          \
        int rc;                                                                \
                                                                               \
        point("before", #name);                                                \
        rc = __real_hd_ledger_##name args;                                     \
        point("behind", #name);                                                \
        return rc;                                                             \
    }

WRAP(create,
     (const char *dir, const struct hd_ledger_head *head,
      struct hd_ledger **ret, struct hd_err *err),
     (dir, head, ret, err))
WRAP(take,
     (struct hd_ledger * ledger, enum hd_effect_kind kind, const char *guest,
      const char *value, uint32_t *ret_seq, struct hd_err *err),
     (ledger, kind, guest, value, ret_seq, err))
WRAP(set_domid,
     (struct hd_ledger * ledger, uint32_t seq, uint32_t domid,
      struct hd_err *err),
     (ledger, seq, domid, err))
WRAP(set_running, (struct hd_ledger * ledger, uint32_t seq, struct hd_err *err),
     (ledger, seq, err))
WRAP(set_dumped, (struct hd_ledger * ledger, uint32_t seq, struct hd_err *err),
     (ledger, seq, err))
WRAP(set_quarantined,
     (struct hd_ledger * ledger, uint32_t seq, struct hd_err *err),
     (ledger, seq, err))
WRAP(undone, (struct hd_ledger * ledger, uint32_t seq, struct hd_err *err),
     (ledger, seq, err))
WRAP(close, (struct hd_ledger * ledger, bool *ret_empty, struct hd_err *err),
     (ledger, ret_empty, err))
