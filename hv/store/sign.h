/* SPDX-License-Identifier: MIT */
/* Ed25519 signers: keys, their text forms, signing, verifying. */
#ifndef HD_STORE_SIGN_H
#define HD_STORE_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

#define HD_SIG_BYTES    64
#define HD_SIGNER_BYTES 32
/* "ed25519:" and 43 characters of base64url without padding, and the NUL.  The
 * text is the whole key, so it is fingerprint and key in one. */
#define HD_SIGNER_TEXT 52
/* A PEM public key of Ed25519 has exactly this many bytes (RFC 8410). */
#define HD_SIGNER_PEM 113

struct hd_signer {
    uint8_t key[HD_SIGNER_BYTES];
};

void hd_signer_format(const struct hd_signer *signer,
                      char text[HD_SIGNER_TEXT]);
/* Takes exactly what hd_signer_format gives. */
int hd_signer_parse(const char *text, struct hd_signer *ret,
                    struct hd_err *err);
/* Takes exactly the 113 bytes of `openssl pkey -pubout`. */
int hd_signer_parse_pem(const char *pem, size_t len, struct hd_signer *ret,
                        struct hd_err *err);
void hd_signer_format_pem(const struct hd_signer *signer,
                          char pem[HD_SIGNER_PEM + 1]);

/* A new key pair: `path`.key (mode 0600, PKCS#8 PEM) and `path`.pub.  Refuses
 * to overwrite either (HD_E_EXISTS). */
int hd_sign_keygen(const char *path, struct hd_signer *ret, struct hd_err *err);

/* Signs with the private key in the file `key_path` and gives its signer. */
int hd_sign(const char *key_path, const void *data, size_t len,
            uint8_t sig[HD_SIG_BYTES], struct hd_signer *ret,
            struct hd_err *err);

/* HD_E_BAD_SIGNATURE unless `sig` is the signer's over exactly these bytes. */
int hd_sign_verify(const struct hd_signer *signer, const void *data, size_t len,
                   const uint8_t sig[HD_SIG_BYTES], struct hd_err *err);

#endif
