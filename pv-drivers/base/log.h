/* SPDX-License-Identifier: MIT */
/* Log lines on stderr with systemd's priority prefix; never a secret. */
#ifndef HD_BASE_LOG_H
#define HD_BASE_LOG_H

/* STYLE L1: error = an operation was lost; warning = odd but handled;
 * info = start, stop, reload; debug = free.  The numbers are sd-daemon(3)'s. */
enum hd_log_level {
    HD_LOG_ERROR = 3,
    HD_LOG_WARNING = 4,
    HD_LOG_INFO = 6,
    HD_LOG_DEBUG = 7,
};

/* Lines above `level` are dropped; `name` stands in front of each. */
void hd_log_init(const char *name, enum hd_log_level level);

/* One line; control characters are replaced, so that a hostile name cannot
 * forge another line.  Only programs log; libraries return an error (E3). */
void hd_log(enum hd_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
