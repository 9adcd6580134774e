/* SPDX-License-Identifier: MIT */
/* Ends a job whose xenstored hangs; never asks on a connection of the job's. */
#include "silence.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/bus/xs_bulk.h"
#include "context.h"

/* From its last word to hotdomd's SIGKILL. */
#define LAST_MS 1000
/* A shorter silence is none: on a busy host xenstored takes that long at times.
 * So near a deadline that it has less time than this it is not asked any more,
 * for the deadline itself ends the job. */
#define LEAST_MS 1000

struct hd_silence {
    struct hd_silence_limits limits;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    bool stop;
};

/* False: it is over. */
static bool rest(struct hd_silence *s)
{
    uint64_t at = hd_io_now_ms() + s->limits.every_ms;
    const struct timespec until = {.tv_sec = (time_t)(at / 1000),
                                   .tv_nsec = (long)(at % 1000) * 1000000};
    bool stop;

    pthread_mutex_lock(&s->lock);
    while (!s->stop && !pthread_cond_clockwait(&s->stopped, &s->lock,
                                               CLOCK_MONOTONIC, &until))
        ;
    stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return !stop;
}

static uint64_t least_ms(const struct hd_silence *s)
{
    return s->limits.most_ms < LEAST_MS ? s->limits.most_ms : LEAST_MS;
}

/* With the lock held to the end, so that nobody has stopped it. */
static void end(struct hd_silence *s, uint64_t ms)
{
    struct hd_err err;

    pthread_mutex_lock(&s->lock);
    if (!s->stop) {
        hd_fail(&err, HD_E_TIMEOUT,
                "xenstored has not answered for %u s; when it does not come "
                "back, reboot the host",
                (unsigned)(ms + 500) / 1000);
        hd_context_report(HD_REPORT_DONE, "", 0, &err);
        _exit(1);
    }
    pthread_mutex_unlock(&s->lock);
}

static void *watch(void *arg)
{
    struct hd_silence *s = arg;
    uint64_t last = s->limits.deadline_ms - LAST_MS;
    struct hd_err err;

    while (rest(s)) {
        uint64_t from = hd_io_now_ms();
        uint64_t until =
            s->limits.undoes ? last : hd_io_within_ms(s->limits.most_ms, last);

        if (from + least_ms(s) <= until && hd_xs_answers(until, &err) &&
            err.code == HD_E_TIMEOUT)
            end(s, hd_io_now_ms() - from);
    }
    pthread_cond_destroy(&s->stopped);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return NULL;
}

int hd_silence_watch(const struct hd_silence_limits *limits,
                     struct hd_silence **ret, struct hd_err *err)
{
    struct hd_silence *s = calloc(1, sizeof(*s));
    pthread_t thread;

    if (!s)
        return hd_fail_errno(err, HD_E_FAILED, "watch xenstored");
    s->limits = *limits;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->stopped, NULL);
    errno = pthread_create(&thread, NULL, watch, s);
    if (errno) {
        hd_fail_errno(err, HD_E_FAILED, "watch xenstored");
        free(s);
        return -1;
    }
    pthread_detach(thread);
    *ret = s;
    return 0;
}

/* Its thread, which may be waiting for an answer, frees it. */
void hd_silence_stop(struct hd_silence *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->stopped);
    pthread_mutex_unlock(&s->lock);
}
