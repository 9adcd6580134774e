/* SPDX-License-Identifier: MIT */
/* Has the user's settings written and the system's name read; touches no file
 * but by the agent's hand. */
#include "duty_own.h"

#include <string.h>

#include "../pv-drivers/base/io.h"
#include "prefs.h"

struct own {
    struct hd_err why; /* the settings could not be written */
    char os[sizeof(((struct hd_beat *)NULL)->os)];
};
_Static_assert(sizeof(struct own) <= HD_HAND_ANSWER, "it is an answer");

static int do_own(void *ctx, const void *prefs, size_t len, void *answer,
                  struct hd_err *err)
{
    struct own *own = answer;

    (void)ctx, (void)len, (void)err; /* it is in the answer */
    (void)hd_prefs_apply(prefs, "", &own->why);
    hd_beat_read_os(own->os);
    return 0;
}

bool hd_duty_own_begin(struct hd_duty *d, struct hd_err *ret_read)
{
    struct hd_prefs prefs = {.locale = ""};
    struct hd_err err;

    *ret_read = (struct hd_err){0};
    (void)hd_prefs_load(d->x, &prefs, ret_read);
    if (!hd_hand_tell(&d->hand, do_own, &prefs, sizeof(prefs), &err))
        return true;
    hd_duty_settle(d, HD_DUTY_PREFS, ret_read->code ? ret_read : &err);
    return false;
}

void hd_duty_own_end(struct hd_duty *d, const struct hd_err *read)
{
    struct own own = {0};

    if (!hd_hand_hear(&d->hand, &own, sizeof(own),
                      hd_io_now_ms() + HD_HAND_WRITE_MS, &own.why))
        strcpy(d->beat.os, own.os);
    hd_duty_settle(d, HD_DUTY_PREFS, read->code ? read : &own.why);
}

void hd_duty_own_apply(struct hd_duty *d)
{
    struct hd_err read;

    if (hd_duty_own_begin(d, &read))
        hd_duty_own_end(d, &read);
}
