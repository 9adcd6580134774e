/* SPDX-License-Identifier: MIT */
/* How the guests of a store end; pure. */
#include "ends.h"

#include <string.h>

#include "../store/after.h"

/* Those that are after others end before them. */
void hd_ends_fill(const struct hd_manifest *m, const char *guest,
                  struct hd_job_request *request)
{
    uint32_t ranks[HD_MAX_GUESTS];

    hd_after_ranks(m, ranks);
    request->n_ends = 0;
    for (uint32_t i = 0; i < m->n_guests; i++) {
        struct hd_job_end *end = &request->ends[request->n_ends];

        if (guest && strcmp(guest, m->guests[i].name))
            continue;
        strcpy(end->guest, m->guests[i].name);
        end->rank = ranks[i];
        end->grace_ms = m->guests[i].stop.grace;
        request->n_ends++;
    }
}

uint64_t hd_ends_grace_ms(const struct hd_job_request *request)
{
    uint64_t longest[HD_MAX_GUESTS] = {0}, sum = request->grace_ms;

    for (uint32_t i = 0; i < request->n_ends; i++) {
        const struct hd_job_end *end = &request->ends[i];

        if (end->grace_ms > longest[end->rank])
            longest[end->rank] = end->grace_ms;
    }
    for (uint32_t r = 0; r < HD_MAX_GUESTS; r++)
        sum += longest[r];
    return sum;
}
