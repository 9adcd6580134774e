/* SPDX-License-Identifier: MIT */
/* Volume keys on their way to dm-crypt; never in a keyring that another process
 * could search. */
#include "keyring.h"

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int hd_keyring_add(const char *description, const struct hd_secret *key,
                   int32_t *ret, struct hd_err *err)
{
    /* keyrings(7): made by this call, gone with the thread, not inherited. */
    long id = syscall(SYS_add_key, "logon", description, key->data, key->len,
                      KEY_SPEC_THREAD_KEYRING);

    if (id < 0)
        return hd_fail_errno(err, HD_E_FAILED,
                             "the kernel does not take the key %s",
                             description);
    *ret = (int32_t)id;
    return 0;
}

void hd_keyring_drop(int32_t key)
{
    (void)syscall(SYS_keyctl, KEYCTL_INVALIDATE, key);
    (void)syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_THREAD_KEYRING);
}
