/* SPDX-License-Identifier: MIT */
/* Writes the agent's report; waits for no file but by the agent's hand. */
#include "duty_report.h"

#include <stdbool.h>
#include <string.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/log.h"

static const char *first_trouble(const struct hd_duty *d)
{
    for (size_t i = 0; i < HD_DUTY_PARTS; i++)
        if (*d->why[i])
            return d->why[i];
    return "";
}

/* Once, of a guest that this agent has started. */
static void say_ready(struct hd_duty *d)
{
    if (d->begun_ms)
        hd_log(HD_LOG_INFO, "ready %llu ms after the root was there",
               (unsigned long long)(hd_io_now_ms() - d->begun_ms));
    d->begun_ms = 0;
}

static int read_os(void *ctx, const void *ask, size_t len, void *answer,
                   struct hd_err *err)
{
    (void)ctx, (void)ask, (void)len, (void)err;
    hd_beat_read_os(answer);
    return 0;
}

void hd_duty_report_learn(struct hd_duty *d)
{
    struct hd_err err = {0};

    if (!d->view)
        return;
    (void)hd_hand_do(&d->hand, read_os, "", 0, d->beat.os, sizeof(d->beat.os),
                     hd_io_now_ms() + HD_HAND_MS, &err);
    hd_duty_settle(d, HD_DUTY_FILES, &err);
}

void hd_duty_report(struct hd_duty *d, const char *state)
{
    bool ready = !strcmp(state, "ready") && !*first_trouble(d);
    char line[HD_BEAT_SIZE];
    struct hd_err err;

    hd_beat_gather(&d->beat);
    d->beat.number++;
    d->beat.state = state;
    d->beat.why = first_trouble(d);
    if (!strcmp(state, "ready") && !ready)
        d->beat.state = "trouble";
    hd_beat_format(&d->beat, line);
    /* A host that is older than this has no place for it. */
    if (hd_xsdev_write(d->x, HD_BEAT_NODE, line, &err)) {
        if (d->beat.number == 1)
            hd_log(HD_LOG_WARNING, "the host is not told: %s", err.msg);
    } else if (ready)
        say_ready(d);
}
