/* SPDX-License-Identifier: MIT */
/* Answers what is asked of the whole registry: guest/ of the guest's volume,
 * host/ and store/ of what the host says. */
#ifndef HD_GUEST_RESPOND_H
#define HD_GUEST_RESPOND_H

#include "../pv-drivers/base/regcall.h"
#include "xsdev.h"

/* A request's time, the volume's included: to get the lock (HD_E_BUSY), and in
 * all, to read and to write.  What is being committed at the end is finished,
 * and is HD_E_TIMEOUT all the same: it may have been set. */
#define HD_RESPOND_LOCK_MS  5000
#define HD_RESPOND_MS       8000
#define HD_RESPOND_WRITE_MS 60000

/* Answers `request`, a hd_regcall's bytes, in `answer`, whose `max` is at least
 * HD_REGCALL_ANSWER_MAX.  `x` may be NULL: the host says nothing.  A file that
 * is damaged is moved aside and said in the log, and asked again, empty, as
 * nothing else can be done; it never ends this process. */
void hd_respond(const char *dir, struct hd_xsdev *x, const char *request,
                size_t len, struct hd_entries *answer);
/* The same of a request that is no bytes yet, and an answer that is none any
 * more, but borrows of `answer`; fails with why it was not done. */
int hd_respond_call(const char *dir, struct hd_xsdev *x,
                    const struct hd_regcall *call, struct hd_entries *answer,
                    struct hd_reganswer *ret, struct hd_err *err);

/* hd_registry_rescue, and says in the log where the damaged file is; why it
 * fails is the caller's to say. */
int hd_respond_rescue(const char *dir, struct hd_err *err);

#endif
