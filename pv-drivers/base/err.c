/* SPDX-License-Identifier: MIT */
/* Makes and wraps error values; never prints, never allocates. */
#include "err.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *reason;
    int status;
    const char *remedy;
} codes[HD_CODE_COUNT] = {[HD_OK] = {"ok", 0, ""},
#define HD_X(name, reason, status, remedy)                                     \
    [HD_E_##name] = {reason, status, remedy},
                          HD_CODES(HD_X)
#undef HD_X
};

static int known(int code)
{
    return code >= 0 && code < HD_CODE_COUNT ? code : HD_E_FAILED;
}

static void set(struct hd_err *err, enum hd_code code, int sys, const char *fmt,
                va_list ap) __attribute__((format(printf, 4, 0)));

static void set(struct hd_err *err, enum hd_code code, int sys, const char *fmt,
                va_list ap)
{
    err->code = code;
    err->sys = sys;
    vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
}

int hd_fail(struct hd_err *err, enum hd_code code, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return -1;
    va_start(ap, fmt);
    set(err, code, 0, fmt, ap);
    va_end(ap);
    return -1;
}

int hd_fail_errno(struct hd_err *err, enum hd_code code, const char *fmt, ...)
{
    int sys = errno;
    size_t used;
    va_list ap;

    if (!err)
        return -1;
    va_start(ap, fmt);
    set(err, code, sys, fmt, ap);
    va_end(ap);
    used = strlen(err->msg);
    snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", strerror(sys));
    return -1;
}

int hd_wrap(struct hd_err *err, const char *fmt, ...)
{
    char old[sizeof(err->msg)];
    size_t used;
    va_list ap;

    if (!err)
        return -1;
    memcpy(old, err->msg, sizeof(old));
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    used = strlen(err->msg);
    snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", old);
    return -1;
}

const char *hd_err_reason(int code)
{
    return codes[known(code)].reason;
}

int hd_err_status(int code)
{
    return codes[known(code)].status;
}

const char *hd_err_remedy(int code)
{
    return codes[known(code)].remedy;
}

int hd_err_code(const char *reason)
{
    for (int i = 0; i < HD_CODE_COUNT; i++)
        if (!strcmp(codes[i].reason, reason))
            return i;
    return HD_E_FAILED;
}
