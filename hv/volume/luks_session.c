/* SPDX-License-Identifier: MIT */
/* Keeps libcryptsetup quiet and away from lock files and devices. */
#include "luks_session.h"

#include <stdio.h>
#include <string.h>

void hd_luks_session_fini(struct hd_luks_session *s)
{
    crypt_free(s->cd);
}

/* Without a session it is what libcryptsetup says about itself. */
static void keep(int level, const char *msg, void *ctx)
{
    struct hd_luks_session *s = ctx;

    if (!s || level != CRYPT_LOG_ERROR)
        return;
    snprintf(s->said, sizeof(s->said), "%s", msg);
    s->said[strcspn(s->said, "\n")] = '\0';
}

int hd_luks_session_fail(const struct hd_luks_session *s, int rc,
                         const char *what, struct hd_err *err)
{
    if (rc == -ENOMEM)
        return hd_fail(err, HD_E_NO_MEMORY, "%s: not enough memory", what);
    if (rc == -ENOSPC)
        return hd_fail(err, HD_E_LIMIT, "%s: the LUKS2 header is full", what);
    return hd_fail(err, HD_E_FAILED, "%s: %s", what,
                   *s->said ? s->said : strerror(-rc));
}

int hd_luks_session_init(int header, struct hd_luks_session *s,
                         struct hd_err *err)
{
    char path[32];
    int rc;

    crypt_set_log_callback(NULL, keep, NULL);
    /* The header is in memory that nobody else has. */
    (void)crypt_metadata_locking(NULL, 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", header);
    rc = crypt_init(&s->cd, path);
    if (rc)
        return hd_luks_session_fail(s, rc, "cannot use the LUKS2 header", err);
    crypt_set_log_callback(s->cd, keep, s);
    return 0;
}

int hd_luks_session_load(int header, struct hd_luks_session *s,
                         struct hd_err *err)
{
    int rc;

    if (hd_luks_session_init(header, s, err))
        return -1;
    rc = crypt_load(s->cd, CRYPT_LUKS2, NULL);
    if (rc)
        return hd_luks_session_fail(s, rc, "cannot load the LUKS2 header", err);
    return 0;
}
