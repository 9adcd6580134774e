/* SPDX-License-Identifier: MIT */
/* Progress and interruption of long jobs; never ends the program itself. */
#include "work.h"

#include <signal.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
    (void)sig;
    interrupted = 1;
}

void hd_work_begin(struct hd_work *w, bool quiet)
{
    struct sigaction action = {.sa_handler = on_signal};

    hd_progress_init(&w->progress, stderr, quiet);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

int hd_work_show(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
    struct hd_work *w = ctx;

    hd_progress_show(&w->progress, phase, done, total);
    return interrupted;
}

void hd_work_end(struct hd_work *w)
{
    hd_progress_fini(&w->progress);
}
