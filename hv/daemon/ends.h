/* SPDX-License-Identifier: MIT */
/* How the guests of a store end: in which order, and within what time each. */
#ifndef HD_DAEMON_ENDS_H
#define HD_DAEMON_ENDS_H

#include "../run/job.h"

/* For an EJECT, of all guests of a manifest that was checked, or of `guest`
 * alone; NULL: all. */
void hd_ends_fill(const struct hd_manifest *m, const char *guest,
                  struct hd_job_request *request);
/* How long all graces of a request are, one rank behind the other. */
uint64_t hd_ends_grace_ms(const struct hd_job_request *request);

#endif
