/* SPDX-License-Identifier: MIT */
/* How often what happened since the daemon started; never forgets or resets. */
#include "tally.h"

#include <string.h>

static void count(struct hd_tally *tally, enum hd_tally_what what, bool guest,
                  const char *label)
{
    struct hd_tally_count *c = tally->counts;
    size_t i = 0;

    while (i < tally->n && (c[i].what != what || c[i].guest != guest ||
                            strcmp(c[i].label, label)))
        i++;
    if (i == HD_TALLY_KINDS)
        i--;
    if (i == tally->n) {
        tally->n++;
        c[i].what = what;
        c[i].guest = guest;
        snprintf(c[i].label, sizeof(c[i].label), "%s", label);
    }
    c[i].n++;
}

void hd_tally_event(void *ctx, const struct hd_event *e)
{
    struct hd_tally *tally = ctx;
    bool guest = *e->guest;

    if (e->from == e->to || !*e->store)
        return;
    if (e->to == HD_STATE_REFUSED || e->to == HD_STATE_FAILED ||
        e->to == HD_STATE_QUARANTINED)
        count(tally, HD_TALLY_FAILURES, guest, e->reason);
    if (guest && e->to == HD_STATE_RUNNING && e->from == HD_STATE_BUILDING)
        count(tally, HD_TALLY_STARTS, true, "");
}

void hd_tally_yank(struct hd_tally *tally, enum hd_state was)
{
    count(tally, HD_TALLY_YANKS, false, hd_state_name(was));
}
