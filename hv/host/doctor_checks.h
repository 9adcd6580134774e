/* SPDX-License-Identifier: MIT */
/* The checks of doctor.c that read files, and how a check says what it found.
 */
#ifndef HD_HOST_DOCTOR_CHECKS_H
#define HD_HOST_DOCTOR_CHECKS_H

#include "doctor.h"

/* Fills in what it found; a fix of its own goes before that of the table. */
typedef void hd_check_fn(const struct hd_doctor_host *h, struct hd_finding *f);

hd_check_fn hd_check_modules, hd_check_bridges, hd_check_udev, hd_check_users,
    hd_check_boot, hd_check_trust, hd_check_policy, hd_check_run,
    hd_check_display;

void hd_finding_say(struct hd_finding *f, enum hd_verdict verdict,
                    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void hd_finding_fix(struct hd_finding *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
