/* SPDX-License-Identifier: MIT */
/* A long job of the command line: its progress, and its end by a signal. */
#ifndef HD_CLI_WORK_H
#define HD_CLI_WORK_H

#include "progress.h"

struct hd_work {
    struct hd_progress progress;
    int password_fd; /* -1: the terminal */
};

/* From now on SIGINT, SIGTERM and SIGHUP end the job through hd_work_show and
 * not the program. */
void hd_work_begin(struct hd_work *w, bool quiet);
/* `progress` of struct hd_pack_ops; `ctx` is the work. */
int hd_work_show(void *ctx, const char *phase, uint64_t done, uint64_t total);
void hd_work_end(struct hd_work *w);

#endif
