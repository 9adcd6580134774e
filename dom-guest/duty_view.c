/* SPDX-License-Identifier: MIT */
/* Composes the view and keeps it in sight; mounts nothing in a guest that is to
 * end. */
#include "duty_view.h"

#include <string.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/log.h"

/* So many reports try again to show what could not be shown. */
#define LOOKS 6
/* Mounts come in bursts, as those of fstab(5) do. */
#define BURST_MS 500

int hd_duty_view_open(struct hd_duty *d, struct hd_err *err)
{
    d->view = hd_view_new(err);
    return d->view ? 0 : -1;
}

void hd_duty_view_apply(struct hd_duty *d, bool again)
{
    char text[HD_LAYERS_TEXT] = "";
    struct hd_view_outcome out;
    struct hd_err err;

    if (!d->view)
        return;
    if (hd_xsdev_read(d->x, HD_DUTY_VIEW_NODE, text, sizeof(text), &err) < 0) {
        hd_duty_trouble(d, HD_DUTY_VIEW, &err);
        return;
    }
    if (!again && !strcmp(text, d->tables))
        return;
    *d->why[HD_DUTY_VIEW] = *d->why[HD_DUTY_HIDDEN] = '\0';
    strcpy(d->tables, text);
    hd_view_compose(d->view, text, &out);
    d->unseen = out.why.code && !out.made;
    if (out.why.code)
        hd_duty_trouble(d, HD_DUTY_VIEW, &out.why);
    if (out.wanted)
        hd_log(HD_LOG_INFO, "%zu of %zu paths of the tables are there",
               out.made, out.wanted);
}

void hd_duty_view_retry(struct hd_duty *d)
{
    if (d->unseen && d->beat.number && d->looks < LOOKS) {
        d->looks++;
        hd_duty_view_apply(d, true);
    }
}

void hd_duty_view_ring(struct hd_duty *d)
{
    if (d->view)
        d->look_ms = hd_io_within_ms(BURST_MS, d->look_ms);
}

void hd_duty_view_look(struct hd_duty *d)
{
    struct hd_view_outcome out;

    if (!d->view || hd_io_left_ms(d->look_ms))
        return;
    d->look_ms = UINT64_MAX;
    hd_view_look(d->view, hd_io_now_ms(), &out);
    if (out.why.code)
        hd_duty_trouble_once(d, HD_DUTY_HIDDEN, &out.why);
    else
        *d->why[HD_DUTY_HIDDEN] = '\0';
    if (out.made)
        hd_log(HD_LOG_INFO, "%zu of %zu hidden paths are shown again", out.made,
               out.wanted);
}

void hd_duty_view_leave(struct hd_duty *d)
{
    hd_view_free(hd_steal(&d->view));
    d->look_ms = UINT64_MAX;
}
