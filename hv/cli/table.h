/* SPDX-License-Identifier: MIT */
/* Columns of text as `xl list` prints them; safe for a terminal. */
#ifndef HD_CLI_TABLE_H
#define HD_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HD_TABLE_COLUMNS 8
#define HD_TABLE_CELL    96 /* bytes with the NUL; longer text is cut */

struct hd_columns; /* rows are kept until the widths are known */

/* `heads` NULL-terminated, at most HD_TABLE_COLUMNS; one that begins with ">"
 * stands at the right.  NULL when there is no memory. */
struct hd_columns *hd_table_new(const char *const *heads);
void hd_table_free(struct hd_columns *table);
/* One cell a column; -1 when there is no memory. */
int hd_table_add(struct hd_columns *table, const char *const *cells);
void hd_table_print(const struct hd_columns *table, FILE *out);

/* Writes `text` with control characters as "\x1b"; UTF-8 stays. */
void hd_table_escape(const char *text, char *ret, size_t size);
/* As "%llu", without a NUL; gives the end.  A list has hundreds of numbers, and
 * stdio takes 400 instructions for each. */
#define HD_TABLE_NUMBER 24
char *hd_table_number(uint64_t n, char ret[HD_TABLE_NUMBER]);
/* "7s", "1m02s", "3h04m", "2d05h". */
#define HD_TABLE_DURATION (HD_TABLE_NUMBER + 4)
void hd_table_duration(double seconds, char ret[HD_TABLE_DURATION]);

#endif
