/* SPDX-License-Identifier: MIT */
/* Puts questions where a guest's agent reads them and looks for its answers;
 * leaves no question behind. */
#include "inquire.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/bus/piece.h"
#include "agent.h"

/* Between two looks, in ms: twice the last, from the first up to the other. */
#define FIRST_MS 1
#define LAST_MS  50

struct asked {
    struct hd_xs *xs;
    char ask[HD_AGENT_PATH + 16], answer[HD_AGENT_PATH + 16];
    uint64_t deadline_ms;
    const atomic_bool *stop;
};

static int fail_gone(struct hd_err *err)
{
    return hd_fail(err, HD_E_NO_GUEST,
                   "the guest has ended, or was started by an older hotdomd, "
                   "or has removed the node where it is asked");
}

/* 1: the answer to it is there; 0: not yet. */
static int look(const struct asked *a, const struct hd_piece *ask,
                struct hd_piece *ret)
{
    char text[HD_PIECE_TEXT];

    return hd_xs_read(a->xs, a->answer, text, sizeof(text), NULL) == 1 &&
           hd_piece_parse(text, ret) && ret->number == ask->number &&
           ret->turn == ask->turn;
}

static int exchange(void *ctx, const struct hd_piece *ask, struct hd_piece *ret,
                    struct hd_err *err)
{
    const struct asked *a = ctx;
    char text[HD_PIECE_TEXT];
    long ms = FIRST_MS;
    int rc;

    hd_piece_format(ask, text);
    rc = hd_xs_update(a->xs, a->ask, text, err);
    if (rc <= 0)
        return rc ? -1 : fail_gone(err);
    while (!look(a, ask, ret)) {
        struct timespec t = {.tv_nsec = ms * 1000000};

        if (!hd_io_left_ms(a->deadline_ms))
            return hd_fail(err, HD_E_TIMEOUT,
                           "the guest's agent does not answer");
        if (*a->stop)
            return hd_fail(err, HD_E_BUSY, "hotdomd is being stopped");
        nanosleep(&t, NULL);
        if (!hd_xs_read(a->xs, a->ask, text, sizeof(text), NULL))
            return fail_gone(err);
        ms = ms < LAST_MS / 2 ? 2 * ms : LAST_MS;
    }
    return 0;
}

int hd_inquire(struct hd_xs *xs, uint32_t domid,
               const struct hd_entries *question, uint64_t deadline_ms,
               const atomic_bool *stop, struct hd_entries *answer,
               struct hd_err *err)
{
    struct asked a = {.xs = xs, .deadline_ms = deadline_ms, .stop = stop};
    char folder[HD_AGENT_PATH];
    struct timespec now;
    int rc;

    /* One that nobody has had: those of an earlier hotdomd are older. */
    clock_gettime(CLOCK_BOOTTIME, &now);
    hd_agent_folder(domid, folder);
    snprintf(a.answer, sizeof(a.answer), "%s/answer", folder);
    snprintf(a.ask, sizeof(a.ask),
             "/local/domain/%u/data/hotdom/" HD_INQUIRE_NODE, domid);
    rc = hd_piece_call(
        (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
        question->data, question->used, exchange, &a, answer, err);
    (void)hd_xs_update(xs, a.ask, "", NULL);
    return rc;
}
