/* SPDX-License-Identifier: MIT */
/* A job whose xenstored hangs: libxenstore and libxl wait for its answer for
 * ever, so the job ends itself and says why. */
#ifndef HD_RUN_SILENCE_H
#define HD_RUN_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

/* Whether xenstored answers is asked so often, the first time when a job has
 * taken longer than most do. */
#define HD_SILENCE_EVERY_MS 5000

struct hd_silence_limits {
    uint64_t every_ms, most_ms;
    /* The job's.  What undoes waits for xenstored until just before it, for
     * there is nothing better to do. */
    uint64_t deadline_ms;
    bool undoes;
};

struct hd_silence; /* opaque: a thread */

/* When xenstored was silent for too long the process tells hotdomd so
 * (HD_REPORT_DONE with HD_E_TIMEOUT) and ends, wherever it is; what it had
 * begun stands in the ledger.  However near the deadline is, that is never for
 * less than a second, or than `most_ms` when that is less. */
int hd_silence_watch(const struct hd_silence_limits *limits,
                     struct hd_silence **ret, struct hd_err *err);
/* Consumes it, and does not wait for an answer; from here on the process is not
 * ended.  NULL will do. */
void hd_silence_stop(struct hd_silence *silence);

#endif
