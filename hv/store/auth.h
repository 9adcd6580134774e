/* SPDX-License-Identifier: MIT */
/* A user's password against the scrypt verifier of the manifest. */
#ifndef HD_STORE_AUTH_H
#define HD_STORE_AUTH_H

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "manifest.h"

/* The bounds that hd_manifest_check enforces.  With r=8 scrypt takes N KiB:
 * 2^17 are 128 MiB, about 0.3 s on a laptop. */
#define HD_SCRYPT_N_MIN (1u << 15)
#define HD_SCRYPT_N_MAX (1u << 20)
#define HD_SCRYPT_R     8
#define HD_SCRYPT_P     1
#define HD_PASSWORD_MAX 512 /* bytes */

/* Both block for the time of the KDF and take 128 * N * r bytes.  A new
 * verifier takes half of `memory_kib`, as far as the bounds allow: scrypt
 * passes over it twice. */
int hd_auth_make(const struct hd_secret *password, uint32_t memory_kib,
                 struct hd_auth *ret, struct hd_err *err);
/* HD_E_WRONG_PASSWORD when it does not fit. */
int hd_auth_check(const struct hd_auth *auth, const struct hd_secret *password,
                  struct hd_err *err);

#endif
