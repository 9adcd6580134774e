/* SPDX-License-Identifier: MIT */
/* Passwords from a person or a descriptor; never from argv or environment. */
#ifndef HD_CLI_PASSWORD_H
#define HD_CLI_PASSWORD_H

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"

/* Before the first: no core dump, and freed memory is overwritten, for json-c
 * makes copies (STYLE O4). */
void hd_password_protect(void);

/* The number behind --password-fd: an open descriptor, 0 allowed. */
int hd_password_fd(const char *arg, int *ret_fd, struct hd_err *err);

/*
 * One password of 1 to HD_PASSWORD_MAX bytes, up to the end of the line or of
 * the file; the bytes behind it stay unread, so that one descriptor can hold
 * several.  With `fd` -1 it is asked for on /dev/tty with `prompt` in front
 * and echo off; then this blocks for as long as the person thinks.  Errors:
 * HD_E_USAGE.  The caller frees `*ret`.
 */
int hd_password_read(int fd, const char *prompt, struct hd_secret **ret,
                     struct hd_err *err);
/* The same for a new one: it must be UTF-8, and a person must type it twice. */
int hd_password_new(int fd, const char *prompt, struct hd_secret **ret,
                    struct hd_err *err);

#endif
