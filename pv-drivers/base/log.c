/* SPDX-License-Identifier: MIT */
/* Log lines on stderr with systemd's priority prefix; never a secret. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *program = "hotdom";
static enum hd_log_level limit = HD_LOG_INFO;

void hd_log_init(const char *name, enum hd_log_level level)
{
    program = name;
    limit = level;
}

void hd_log(enum hd_log_level level, const char *fmt, ...)
{
    char line[1024];
    va_list ap;

    if (level > limit)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    for (char *p = line; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "%s: %s\n", program, line);
    else
        fprintf(stderr, "<%d>%s: %s\n", level, program, line);
}
