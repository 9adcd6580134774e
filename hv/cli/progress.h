/* SPDX-License-Identifier: MIT */
/* How far a long job is, for a person: a bar on a terminal, lines in a log. */
#ifndef HD_CLI_PROGRESS_H
#define HD_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct hd_progress {
    FILE *out;
    bool quiet, bar;
    char phase[64];
    uint64_t begun_ms, drawn_ms; /* CLOCK_MONOTONIC */
};

/* `out` stays the caller's.  A bar when it is a terminal, else one line for
 * each phase; nothing when `quiet`. */
void hd_progress_init(struct hd_progress *p, FILE *out, bool quiet);
/* `done` of `total` bytes of `phase`; draws at most ten times a second. */
void hd_progress_show(struct hd_progress *p, const char *phase, uint64_t done,
                      uint64_t total);
/* Takes an unfinished bar away. */
void hd_progress_fini(struct hd_progress *p);

/* "512 B", "1.5 MiB", "2.0 GiB". */
#define HD_PROGRESS_SIZE 24
const char *hd_progress_size(uint64_t bytes, char text[HD_PROGRESS_SIZE]);

#endif
