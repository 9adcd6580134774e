/* SPDX-License-Identifier: MIT */
/* What the agent tells the host: one line, that counts up. */
#ifndef HD_GUEST_BEAT_H
#define HD_GUEST_BEAT_H

#include <stddef.h>
#include <stdint.h>

#include "../pv-drivers/base/err.h"

/* hv/daemon/agent.h is the other end; the guest owns this folder alone. */
#define HD_BEAT_NODE "data/hotdom/agent/report"
#define HD_BEAT_SIZE 512 /* bytes of the line, with the NUL */
#define HD_BEAT_MS   20000

#define HD_BEAT_ADDRESSES 8

struct hd_beat {
    uint64_t number;    /* of this line: one more than the last one's */
    const char *state;  /* "ready", "trouble", "leaving" */
    const char *why;    /* of trouble; or empty */
    char os[64];        /* PRETTY_NAME of os-release */
    size_t n_addresses; /* those that others can reach */
    char addresses[HD_BEAT_ADDRESSES][46];
};

/* "beat=7;state=ready;version=0.1;os=Debian GNU/Linux 12
 * (bookworm);addresses=10.77.0.12 fd00::1;why=": printable ASCII, and no ";" in
 * a value. */
void hd_beat_format(const struct hd_beat *beat, char ret[HD_BEAT_SIZE]);

/* PRETTY_NAME of such a file's text, without its quotes; "Linux" when it has
 * none. */
void hd_beat_os(const char *text, char ret[64]);

/* The same of the system's own file, which may be the host's: see hand.h. */
void hd_beat_read_os(char ret[64]);

/* The addresses that the system has now. */
void hd_beat_gather(struct hd_beat *beat);

#endif
