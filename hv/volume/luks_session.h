/* SPDX-License-Identifier: MIT */
/* One use of libcryptsetup on a header in memory; for hv/volume alone. */
#ifndef HD_VOLUME_LUKS_SESSION_H
#define HD_VOLUME_LUKS_SESSION_H

#include <libcryptsetup.h>

#include "../../pv-drivers/base/err.h"

/* On the stack, `hd_autosession s = {0}`; stays where it is: libcryptsetup
 * knows its address. */
struct hd_luks_session {
    struct crypt_device *cd;
    char said[200]; /* its last message */
};

/* `header` is borrowed, and may be sealed when it is only read. */
int hd_luks_session_init(int header, struct hd_luks_session *s,
                         struct hd_err *err);
/* Also loads the header that is there. */
int hd_luks_session_load(int header, struct hd_luks_session *s,
                         struct hd_err *err);
void hd_luks_session_fini(struct hd_luks_session *s);

#define hd_autosession                                                         \
    __attribute__((cleanup(hd_luks_session_fini))) struct hd_luks_session

/* -1 and "what: what libcryptsetup said"; `rc` is its negative errno. */
int hd_luks_session_fail(const struct hd_luks_session *s, int rc,
                         const char *what, struct hd_err *err);

#endif
