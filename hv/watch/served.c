/* SPDX-License-Identifier: MIT */
/* Looks whether the processes that serve guests something of the host's live;
 * starts and ends none. */
#include "served.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../daemon/life.h"
#include "../run/files.h"
#include "../run/serial.h"

#define BELIEVED 2 /* looks in a row */

void hd_served_take(struct hd_store *store, struct hd_guest_life *guest,
                    const char *lost)
{
    char text[256];

    if (!lost) {
        guest->unserved = 0;
        return;
    }
    if (guest->unserved >= BELIEVED || ++guest->unserved < BELIEVED)
        return;
    snprintf(text, sizeof(text),
             "the process that serves %s has died; `hotdom reboot %s.%s` gives "
             "the guest another",
             lost, store->label, guest->name);
    hd_log(HD_LOG_WARNING, "%s.%s: %s", store->label, guest->name, text);
    hd_life_note(store, guest, "server-died", text);
}

/* A serial adapter that was pulled has nobody, as it should. */
static const char *lost_by(const struct hd_step *step)
{
    char path[HD_SERVER_SIZE];

    if (step->kind == HD_STEP_SERVE_CONSOLE)
        return hd_serial_check_free(&step->u.console, NULL)
                   ? NULL
                   : "its serial adapter";
    hd_files_path(step->u.files.name, path);
    return hd_server_runs(path) ? NULL : "its host view";
}

static const char *lost(const struct hd_store *store,
                        const struct hd_guest_life *guest)
{
    const struct hd_plan *plan = store->plan;
    const char *what = NULL;

    for (uint32_t i = 0; !what && i < plan->n_steps; i++) {
        const struct hd_step *step = &plan->steps[i];

        if ((step->kind == HD_STEP_SERVE_FILES ||
             step->kind == HD_STEP_SERVE_CONSOLE) &&
            !strcmp(step->guest, guest->name))
            what = lost_by(step);
    }
    return what;
}

void hd_served_look(struct hd_stores *stores)
{
    for (struct hd_store *s = stores->first; s; s = s->next) {
        if (!s->plan || !s->present || s->state != HD_STATE_RUNNING ||
            s->task || s->retrying)
            continue;
        for (size_t i = 0; i < s->n_guests; i++)
            if (hd_store_guest_lives(&s->guests[i]))
                hd_served_take(s, &s->guests[i], lost(s, &s->guests[i]));
    }
}
