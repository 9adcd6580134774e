/* SPDX-License-Identifier: MIT */
/* The error value that every fallible call hands back; it never prints. */
#ifndef HD_BASE_ERR_H
#define HD_BASE_ERR_H

#include <errno.h>
#include <stdarg.h>

/*
 * Convention (STYLE E1, E2): a fallible function returns 0 or -1 (or a pointer
 * or NULL) and takes `struct hd_err *err` last.  On failure its outputs are
 * untouched.  `err` may be NULL when the caller does not care why.
 *
 *   return hd_fail(err, HD_E_NO_NETWORK, "no bridge %s", name);
 *   return hd_wrap(err, "attach nic %d", i);
 *
 * The message is one lower-case clause without a full stop.
 */

/*
 * The one list (STYLE E4): the enum, the stable reason code on the wire, the
 * exit status of the command line (DESIGN section 8) and what to do about it,
 * as hotdom.8 prints it.
 */
#define HD_CODES(X)                                                            \
    X(FAILED, "failed", 1, "an operation failed; the message says which")      \
    X(USAGE, "usage", 2, "see --help")                                         \
    X(IO, "io-error", 1, "the device or file could not be read or written")    \
    X(TIMEOUT, "timeout", 1, "a step took longer than its deadline")           \
    X(BUSY, "busy", 1, "something else uses it; wait for that or end it")      \
    X(EXISTS, "exists", 1, "the target holds something; --force overwrites")   \
    X(GONE, "device-gone", 1, "the device was unplugged; plug it in again")    \
    X(NOT_A_STORE, "not-a-store", 3, "the medium holds no hotdom store")       \
    X(BAD_HEADER, "bad-header", 3, "the store is damaged; pack it again")      \
    X(BAD_SIGNATURE, "bad-signature", 3,                                       \
      "the manifest was changed; do not "                                      \
      "use this store")                                                        \
    X(UNTRUSTED_SIGNER, "untrusted-signer", 3,                                 \
      "run the `hotdom trust add` "                                            \
      "line of the message, if you "                                           \
      "know this signer")                                                      \
    X(BAD_MANIFEST, "bad-manifest", 3,                                         \
      "correct the manifest at the line and "                                  \
      "column named, and pack again")                                          \
    X(BAD_MEMBER, "bad-member", 3,                                             \
      "a file of the header does not match the "                               \
      "manifest; pack it again")                                               \
    X(BAD_VOLUME, "bad-volume", 3,                                             \
      "a volume is not what was signed; clone or "                             \
      "pack the store again")                                                  \
    X(ROLLBACK, "rollback", 3,                                                 \
      "an older copy of a store seen here; `hotdom "                           \
      "trust reset STORE` accepts it")                                         \
    X(BAD_KERNEL, "bad-kernel", 3, "the kernel is no x86 ELF with a PV entry") \
    X(DUPLICATE_STORE, "duplicate-store", 3,                                   \
      "a store with this id is "                                               \
      "attached; eject that one first")                                        \
    X(DENIED, "denied", 3, "the host's policy forbids it")                     \
    X(LIMIT, "limit", 3, "the host's policy allows no more of these")          \
    X(NO_MEMORY, "no-memory", 3,                                               \
      "the host has too little free memory; stop "                             \
      "a guest or lower memory.min")                                           \
    X(NO_NETWORK, "no-network", 3,                                             \
      "no bridge for a required role; name one "                               \
      "in the policy")                                                         \
    X(NO_DEVICE, "no-device", 3,                                               \
      "the host has nothing for a required wish; see "                         \
      "`hotdom explain`")                                                      \
    X(DEPENDENCY, "dependency", 3,                                             \
      "a guest that it is `after` does not run; see that one's reason")        \
    X(QUARANTINED, "quarantined", 1,                                           \
      "a domain cannot be destroyed; find who holds its memory, or reboot")    \
    X(FLOODS, "floods-xenstore", 1,                                            \
      "a guest asks xenstore without end; find out why, or end it")            \
    X(WRONG_PASSWORD, "wrong-password", 4, "try again")                        \
    X(THROTTLED, "throttled", 4, "too many wrong passwords; wait as told")     \
    X(NO_STORE, "no-such-store", 5, "see `hotdom list`")                       \
    X(NO_USER, "no-such-user", 5, "see `hotdom user list STORE`")              \
    X(NO_GUEST, "no-such-guest", 5, "see `hotdom list`")                       \
    X(NO_XEN, "no-xen", 6, "boot the Xen hypervisor, and be in dom0")          \
    X(NO_DAEMON, "no-daemon", 6, "systemctl start hotdomd")

enum hd_code {
    HD_OK = 0,
#define HD_X(name, reason, status, remedy) HD_E_##name,
    HD_CODES(HD_X)
#undef HD_X
        HD_CODE_COUNT
};

/* A value, on the caller's stack; it owns nothing and may be copied. */
struct hd_err {
    int code;      /* enum hd_code */
    int sys;       /* errno at the failure, or 0 */
    char msg[500]; /* NUL-terminated */
};

/* Fill in `err` and return -1. */
int hd_fail(struct hd_err *err, enum hd_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and strerror(errno) behind the message; errno is kept
 * in err->sys. */
int hd_fail_errno(struct hd_err *err, enum hd_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "context: " in front of the message that is there and return -1. */
int hd_wrap(struct hd_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The stable reason code, as in events and --json; "ok" for HD_OK. */
const char *hd_err_reason(int code);
/* The exit status of DESIGN section 8; 0 for HD_OK. */
int hd_err_status(int code);
/* What a person can do about it. */
const char *hd_err_remedy(int code);
/* The code of a reason; HD_E_FAILED for an unknown one. */
int hd_err_code(const char *reason);

#endif
