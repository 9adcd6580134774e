/* SPDX-License-Identifier: MIT */
/* Composes the view and keeps it in sight; mounts nothing in a guest that is to
 * end. */
#include "duty_view.h"

#include <stdlib.h>
#include <string.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/log.h"
#include "layers.h"
#include "table.h"

/* The first so many reports try again to show what could not be shown, and then
 * one in so many: each waits for a host view that is not there. */
#define LOOKS 6
/* Mounts come in bursts, as those of fstab(5) do. */
#define BURST_MS 500
/* For the hand to forget what it keeps. */
#define LEAVE_MS 1000
/* It looks at one file of the host's for each entry, and mounts something. */
#define ENTRY_MS 10

/* ---- in the hand */

_Static_assert(sizeof(struct hd_view_outcome) <= HD_HAND_ANSWER,
               "an outcome is an answer");
_Static_assert(HD_LAYERS_TEXT <= HD_HAND_ASK, "tables are told whole");

static int compose(void *view, const void *text, size_t len, void *answer,
                   struct hd_err *err)
{
    (void)len, (void)err; /* it is in the answer */
    hd_view_compose(view, text, answer);
    return 0;
}

static int look(void *view, const void *now_ms, size_t len, void *answer,
                struct hd_err *err)
{
    (void)len, (void)err;
    hd_view_look(view, *(const uint64_t *)now_ms, answer);
    return 0;
}

static int forget(void *view, const void *ask, size_t len, void *answer,
                  struct hd_err *err)
{
    (void)ask, (void)len, (void)answer, (void)err;
    hd_view_free(view);
    return 0;
}

static uint64_t count_entries(const char *text)
{
    uint64_t n = 0;

    for (; text && *text; text++)
        n += *text == '\n';
    return n;
}

static uint64_t deadline(const struct hd_duty *d)
{
    return hd_io_now_ms() + HD_HAND_MS + ENTRY_MS * count_entries(d->tables);
}

/* What is not answered is not made. */
static void hear(struct hd_duty *d, struct hd_view_outcome *ret)
{
    *ret = (struct hd_view_outcome){0};
    (void)hd_hand_hear(&d->hand, ret, sizeof(*ret), deadline(d), &ret->why);
}

/* ---- the agent */

int hd_duty_view_open(struct hd_duty *d, struct hd_err *err)
{
    d->view = d->hand.ctx = hd_view_new(err);
    return d->view ? 0 : -1;
}

/* A hand that somebody has ended has taken with it what it knew of the view. */
static bool knows_view(struct hd_duty *d)
{
    (void)hd_hand_is_back(&d->hand);
    return d->hand.fd >= 0 && d->by == d->hand.starts;
}

/* What has come of the tables. */
static void take(struct hd_duty *d, const struct hd_view_outcome *out)
{
    d->by = d->hand.starts;
    d->unseen = out->why.code && (!out->made || out->made < out->wanted);
    hd_duty_settle(d, HD_DUTY_VIEW, &out->why);
    hd_duty_settle(d, HD_DUTY_HIDDEN, NULL);
    if (out->wanted && (!d->unseen || !d->looks))
        hd_log(HD_LOG_INFO, "%zu of %zu paths of the tables are there",
               out->made, out->wanted);
    if (!d->unseen)
        d->looks = 0;
}

/* False: there is nothing to hear of it. */
static bool begin(struct hd_duty *d, bool again)
{
    hd_autofree char *text = NULL;
    struct hd_err err;

    if (!d->view)
        return false;
    if (hd_table_read(d->x, &text, &err)) {
        d->unseen = true;
        hd_duty_settle(d, HD_DUTY_VIEW, &err);
        return false;
    }
    if (!again && knows_view(d) && d->tables && !strcmp(text, d->tables))
        return false;
    free(d->tables);
    d->tables = hd_steal(&text);
    if (!hd_hand_tell(&d->hand, compose, d->tables, strlen(d->tables) + 1,
                      &err))
        return true;
    take(d, &(struct hd_view_outcome){.why = err});
    return false;
}

bool hd_duty_view_begin(struct hd_duty *d)
{
    return begin(d, true);
}

void hd_duty_view_end(struct hd_duty *d)
{
    struct hd_view_outcome out;

    hear(d, &out);
    take(d, &out);
}

void hd_duty_view_apply(struct hd_duty *d, bool again)
{
    if (begin(d, again))
        hd_duty_view_end(d);
}

static bool is_turn(struct hd_duty *d)
{
    unsigned n = d->looks++;

    return n < LOOKS || n % LOOKS == 0;
}

/* While the hand is late nothing is tried: when it is back it is. */
void hd_duty_view_retry(struct hd_duty *d)
{
    bool knows = knows_view(d);

    if (*d->why[HD_DUTY_HIDDEN])
        hd_duty_view_ring(d);
    if (d->hand.late ||
        (knows && (!d->unseen || !d->beat.number || !is_turn(d))))
        return;
    hd_duty_view_apply(d, true);
}

void hd_duty_view_ring(struct hd_duty *d)
{
    if (d->view)
        d->look_ms = hd_io_within_ms(BURST_MS, d->look_ms);
}

void hd_duty_view_look(struct hd_duty *d)
{
    uint64_t now_ms = hd_io_now_ms();
    struct hd_view_outcome out;

    if (!d->view || hd_io_left_ms(d->look_ms))
        return;
    d->look_ms = UINT64_MAX;
    out = (struct hd_view_outcome){0};
    if (!hd_hand_tell(&d->hand, look, &now_ms, sizeof(now_ms), &out.why))
        hear(d, &out);
    hd_duty_settle(d, HD_DUTY_HIDDEN, &out.why);
    if (out.made)
        hd_log(HD_LOG_INFO, "%zu of %zu hidden paths are shown again", out.made,
               out.wanted);
}

void hd_duty_view_fini(struct hd_duty *d)
{
    hd_view_free(hd_steal(&d->view));
    free(hd_steal(&d->tables));
    hd_hand_fini(&d->hand);
    d->hand.ctx = NULL;
    d->look_ms = UINT64_MAX;
}

/* What is kept to be mounted again is to keep no file system in use. */
void hd_duty_view_leave(struct hd_duty *d)
{
    if (d->view && d->hand.fd >= 0)
        (void)hd_hand_do(&d->hand, forget, "", 0, NULL, 0,
                         hd_io_now_ms() + LEAVE_MS, NULL);
    hd_duty_view_fini(d);
}
