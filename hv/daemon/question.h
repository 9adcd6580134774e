/* SPDX-License-Identifier: MIT */
/* The text of systemd's ask-password protocol, and one answer to it; see
 * https://systemd.io/PASSWORD_AGENTS/.  Knows no store. */
#ifndef HD_DAEMON_QUESTION_H
#define HD_DAEMON_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/mem.h"

#define HD_QUESTION_SIZE 1024

struct hd_question {
    const char *socket;    /* where agents answer */
    const char *id;        /* of the store and its user */
    const char *store;     /* as people call it */
    const char *user;      /* whose password */
    bool again;            /* the last one was wrong */
    uint64_t not_after_us; /* of CLOCK_MONOTONIC */
};

/* The file that agents read; control characters of names become '?'. */
void hd_question_format(const struct hd_question *q,
                        char ret[HD_QUESTION_SIZE]);

enum hd_answer_kind {
    HD_ANSWERED_NOTHING, /* no answer of an agent's, or not root's */
    HD_ANSWERED_NO,      /* the person does not want to */
    HD_ANSWERED_PASSWORD,
};

/* Takes one datagram from `fd`, which has SO_PASSCRED, without blocking.  With
 * HD_ANSWERED_PASSWORD the caller frees `*ret`. */
enum hd_answer_kind hd_question_answer(int fd, struct hd_secret **ret);

#endif
