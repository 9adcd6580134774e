/* SPDX-License-Identifier: MIT */
/* A hotdom-job as hotdomd sees it: started, heard, ended at its deadline. */
#ifndef HD_DAEMON_TASK_H
#define HD_DAEMON_TASK_H

#include "../../pv-drivers/base/mem.h"
#include "../run/job.h"

struct hd_spare;
struct hd_task;

struct hd_task_ops {
    /* All but HD_REPORT_DONE. */
    void (*report)(void *ctx, const struct hd_job_report *report);
    /* Last: what DONE said, whose process may still be going and has nothing
     * of the store any more, or how it died.  The task is not the caller's
     * behind it. */
    void (*ended)(void *ctx, const struct hd_err *outcome);
};

/* The job's input; everything is borrowed for the call. */
struct hd_task_input {
    struct hd_job_request *request; /* sizes and deadline (states.h) are filled
                                       in */
    const struct hd_plan *plan;     /* or NULL */
    const int *files;
    size_t n_files;
    const int *headers; /* START: all, KEYS: the key volume's */
    size_t n_headers;
    const struct hd_secret *password;     /* or NULL */
    const struct hd_secret *new_password; /* KEYS, or NULL */
    size_t n_guests;                      /* for the deadline ... */
    uint64_t bytes;                       /* ... that it writes at most */
};

int hd_task_start(struct hd_spare *spare, const struct hd_task_input *input,
                  const struct hd_task_ops *ops, void *ctx,
                  struct hd_task **ret, struct hd_err *err);
/* SIGKILL for the job and all that it forked; `ended` follows. */
void hd_task_kill(struct hd_task *task);

#endif
