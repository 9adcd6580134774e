/* SPDX-License-Identifier: MIT */
/* What is asked of a guest's registry, and its answer, as bytes: dom0 asks the
 * guest's agent so, and a program in the guest itself.  Pure. */
#ifndef HD_BASE_REGCALL_H
#define HD_BASE_REGCALL_H

#include <stdbool.h>
#include <stdint.h>

#include "entry.h"

#define HD_REGCALL_OPS(X)                                                      \
    X(LIST, "ls") /* names right below `key`; a folder ends with "/" */        \
    X(GET, "get") /* the entry `key` */                                        \
    X(SET, "set") /* all entries at once; one without a value goes,            \
                     with all below it */                                      \
    X(REPLACE, "replace") /* the same, when all at and below `key` is gone */  \
    X(EXPORT, "export")   /* entries at and below `key`, behind `from` */      \
    X(CHANGES, "changes") /* those that changed behind number `since` */

enum hd_regcall_op {
#define HD_X(name, text) HD_REGCALL_##name,
    HD_REGCALL_OPS(HD_X)
#undef HD_X
};

#define HD_REGCALL_ASK_MAX    (128u << 10) /* bytes of a request */
#define HD_REGCALL_ANSWER_MAX (152u << 10) /* of an answer; as JSON 1 MiB */
/* An answer that has so many ends, and says from where it goes on. */
#define HD_REGCALL_ENOUGH (64u << 10)

/* Of its word; false: there is none. */
bool hd_regcall_op_find(const char *name, enum hd_regcall_op *ret);

struct hd_regcall {
    enum hd_regcall_op op;
    char key[HD_KEY_SIZE];  /* or empty: all that there is */
    char from[HD_KEY_SIZE]; /* EXPORT; or empty */
    uint64_t since;         /* CHANGES; 0: none, but what the last number is */
    const char *entries;    /* borrowed */
    size_t len;
};

/* "set guest/a - 0", a newline, and the entries behind what `out` holds. */
int hd_regcall_format(const struct hd_regcall *call, struct hd_entries *out,
                      struct hd_err *err);
/* Entries are not looked at, and borrowed of `text`. */
int hd_regcall_parse(const char *text, size_t len, struct hd_regcall *ret,
                     struct hd_err *err);

struct hd_reganswer {
    struct hd_err why;      /* code 0: it was done */
    uint64_t sequence;      /* of the last change that there was */
    uint64_t lost;          /* CHANGES: so many more are not known any more */
    char from[HD_KEY_SIZE]; /* EXPORT: there is more behind this; or empty */
    const char *entries;    /* borrowed */
    size_t len;
};

/* "ok 17 0 -", or "limit MESSAGE", a newline, and the entries. */
int hd_reganswer_format(const struct hd_reganswer *answer,
                        struct hd_entries *out, struct hd_err *err);
/* Of bytes that may be anything: the message is printable ASCII then, and each
 * entry has been looked at. */
int hd_reganswer_parse(const char *text, size_t len, struct hd_reganswer *ret,
                       struct hd_err *err);

#endif
