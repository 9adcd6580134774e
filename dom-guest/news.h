/* SPDX-License-Identifier: MIT */
/* Notices that the registry has changed, whoever changed it. */
#ifndef HD_GUEST_NEWS_H
#define HD_GUEST_NEWS_H

#include <stdbool.h>

#include "../pv-drivers/base/err.h"

/* Makes the folder, where it is not there, and hears of it from now on: a
 * descriptor that is readable when there is news, or -1.  LMDB ends each
 * transaction with a pwrite(2) to the file, of which inotify tells, so nobody
 * has to ask, nor the writer to tell. */
int hd_news_open(const char *dir, struct hd_err *err);
/* What is at `dir` now is another folder than that it hears of, or none: a file
 * system was mounted there, say.  It is to be closed then, and opened anew. */
bool hd_news_is_elsewhere(int fd, const char *dir);
/* Takes what there is; does not block. */
void hd_news_drain(int fd);

#endif
