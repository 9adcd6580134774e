/* SPDX-License-Identifier: MIT */
/* A text of the host's for a guest that is longer than a xenstore node may be:
 * a head in its own node, and sheets in nodes of their own.  Pure. */
#ifndef HD_BASE_SHEETS_H
#define HD_BASE_SHEETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * For a text in DIR/table:
 *   DIR/table        the text itself, as long as HD_SHEETS_PLAIN takes it, or
 *                    the head: "=NUMBER COUNT BYTES " and a sentence
 *   DIR/tables       the number of the last text that had sheets
 *   DIR/tables/N/K   sheet K, from 0 on, of text number N
 *
 * Who writes makes the sheets of a number that was not used yet, then writes
 * the head, then removes the sheets of the one before.  So whoever has read a
 * head, all of its sheets and the same head again has one text: a sheet that
 * is not there, or another head, means that there is another text by now.
 *
 * Older agents know no head: they refuse it as a bad line of the tables, and
 * report its sentence to the host.  Older hosts write no head.
 */
#define HD_SHEETS_TABLE "table"
#define HD_SHEETS_NODE  "tables"
#define HD_SHEETS_PLAIN                                                        \
    2048                    /* bytes with the NUL: oxenstored takes no more    \
                             */
#define HD_SHEET_SIZE  1985 /* bytes of a sheet with the NUL */
#define HD_SHEETS_MAX  128
#define HD_SHEETS_HEAD 160 /* bytes of a head with the NUL */

struct hd_sheets {
    uint32_t number; /* of the text, from 1 on */
    uint32_t n;      /* sheets; 0: it needs none */
    uint32_t len;    /* bytes of the text */
};

/* Of a text of at most HD_SHEETS_MAX sheets. */
struct hd_sheets hd_sheets_of(const char *text, uint32_t number);
void hd_sheets_head(const struct hd_sheets *s, char ret[HD_SHEETS_HEAD]);
/* 1: `node` is a head; 0: it is the text itself; -1: it is neither. */
int hd_sheets_parse(const char *node, struct hd_sheets *ret,
                    struct hd_err *err);
/* Sheet `k` of `text`; ends with a NUL. */
void hd_sheets_cut(const struct hd_sheets *s, const char *text, uint32_t k,
                   char ret[HD_SHEET_SIZE]);
/* Bytes of sheet `k`. */
size_t hd_sheets_len(const struct hd_sheets *s, uint32_t k);

#endif
