/* SPDX-License-Identifier: MIT */
/* How the registry's file holds keys, values and changes; for dom-guest's
 * registry_*.c alone. */
#ifndef HD_GUEST_REGISTRY_FILE_H
#define HD_GUEST_REGISTRY_FILE_H

#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../pv-drivers/base/entry.h"

/* In LMDB's main table, beside its tables "keys" and "log". */
#define HD_REGISTRY_HEAD    "hotdom"
#define HD_REGISTRY_VERSION 1u

struct hd_registry_head {
    uint32_t version, unused;
    uint64_t sequence; /* of the last change */
    uint64_t first;    /* before any */
};

/* Stands for "/", below all other characters, so that all below a key follow
 * it. */
#define HD_REGISTRY_SLASH '\001'

/* A sum over key and value, the value's letter, the value. */
#define HD_REGISTRY_RECORD (4 + 1 + HD_VALUE_MAX)

/* Bytes of it. */
size_t hd_registry_store_key(const char *key, char ret[HD_KEY_SIZE]);
bool hd_registry_load_key(const char *stored, size_t len,
                          char ret[HD_KEY_SIZE]);

size_t hd_registry_write(const char *stored, size_t len,
                         const struct hd_value *value,
                         char ret[HD_REGISTRY_RECORD]);
/* False: it is not what was written.  The value is borrowed of `record`. */
bool hd_registry_read(const char *stored, size_t len, const char *record,
                      size_t n, struct hd_value *ret);

/* Big-endian, so that LMDB's order is theirs. */
void hd_registry_store_number(uint64_t n, uint8_t ret[8]);
uint64_t hd_registry_load_number(const uint8_t bytes[8]);

/* What LMDB or the system answered; never 0. */
int hd_registry_fail(struct hd_err *err, int rc, const char *what);
/* Its record of `key` is not what was written. */
int hd_registry_damaged(struct hd_err *err, const char *key);
/* What was renamed in it is on the medium. */
int hd_registry_sync(const char *dir, struct hd_err *err);
int hd_registry_env(const char *path, bool writes, MDB_env **ret,
                    struct hd_err *err);
/* Of the main table; fails for that of another version. */
int hd_registry_read_head(MDB_txn *txn, MDB_dbi top,
                          struct hd_registry_head *ret, struct hd_err *err);

#endif
