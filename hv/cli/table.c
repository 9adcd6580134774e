/* SPDX-License-Identifier: MIT */
/* Columns of text as `xl list` prints them; safe for a terminal. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "../store/text.h"

struct hd_columns {
    size_t n_columns;
    size_t width[HD_TABLE_COLUMNS]; /* of the widest cell, in bytes */
    bool right[HD_TABLE_COLUMNS];
    char *cells; /* a string each, row by row; the heads are the first */
    size_t used, room;
};

void hd_table_escape(const char *text, char *ret, size_t size)
{
    size_t used = 0, left = strlen(text), len;
    uint32_t c;

    for (; left; text += len, left -= len) {
        bool plain = *text >= ' ' && *text <= '~';

        len = plain ? 1 : hd_text_next(text, left, &c);
        if (plain || (len && hd_text_printable(c))) {
            if (used + len >= size)
                break;
            memcpy(ret + used, text, len);
            used += len;
            continue;
        }
        len = 1;
        if (used + 4 >= size)
            break;
        snprintf(ret + used, size - used, "\\x%02x", (unsigned char)*text);
        used += 4;
    }
    ret[used] = '\0';
}

struct hd_columns *hd_table_new(const char *const *heads)
{
    struct hd_columns *table = calloc(1, sizeof(*table));
    const char *names[HD_TABLE_COLUMNS];

    if (!table)
        return NULL;
    for (size_t i = 0; i < HD_TABLE_COLUMNS && heads[i]; i++) {
        table->right[i] = *heads[i] == '>';
        names[i] = heads[i] + table->right[i];
        table->n_columns++;
    }
    if (hd_table_add(table, names)) {
        free(table);
        return NULL;
    }
    return table;
}

void hd_table_free(struct hd_columns *table)
{
    if (!table)
        return;
    free(table->cells);
    free(table);
}

/* For a row of the longest cells. */
static int make_room(struct hd_columns *table)
{
    size_t most = table->n_columns * HD_TABLE_CELL;
    char *grown;

    if (table->room - table->used >= most)
        return 0;
    grown = realloc(table->cells, 2 * table->room + most);
    if (!grown)
        return -1;
    table->cells = grown;
    table->room = 2 * table->room + most;
    return 0;
}

int hd_table_add(struct hd_columns *table, const char *const *cells)
{
    if (make_room(table))
        return -1;
    for (size_t i = 0; i < table->n_columns; i++) {
        char *cell = table->cells + table->used;
        size_t len;

        hd_table_escape(cells[i], cell, HD_TABLE_CELL);
        len = strlen(cell);
        table->used += len + 1;
        if (len > table->width[i])
            table->width[i] = len;
    }
    return 0;
}

/* A cell as wide as its column, and what stands behind it. */
static size_t put(char *at, const char *cell, size_t width, bool right,
                  bool is_last)
{
    size_t len = strlen(cell), before = right ? width - len : 0;
    size_t used = right ? width : len, whole = is_last ? used : width + 2;

    memset(at, ' ', before);
    memcpy(at + before, cell, len);
    memset(at + used, ' ', whole - used);
    return whole;
}

void hd_table_print(const struct hd_columns *table, FILE *out)
{
    char line[HD_TABLE_COLUMNS * (HD_TABLE_CELL + 1)];
    size_t last = table->n_columns - 1, i = 0, used = 0;

    for (const char *cell = table->cells; cell < table->cells + table->used;
         cell += strlen(cell) + 1) {
        used +=
            put(line + used, cell, table->width[i], table->right[i], i == last);
        if (i++ < last)
            continue;
        line[used++] = '\n';
        fwrite(line, 1, used, out);
        i = used = 0;
    }
}

char *hd_table_number(uint64_t n, char ret[HD_TABLE_NUMBER])
{
    char digits[HD_TABLE_NUMBER], *at = digits + sizeof(digits);

    do
        *--at = (char)('0' + n % 10);
    while (n /= 10);
    return mempcpy(ret, at, (size_t)(digits + sizeof(digits) - at));
}

/* "1h03m" */
static void two_units(uint64_t n, char unit, uint64_t part, char part_unit,
                      char ret[HD_TABLE_DURATION])
{
    char *at = hd_table_number(n, ret);

    *at++ = unit;
    *at++ = (char)('0' + part / 10);
    *at++ = (char)('0' + part % 10);
    *at++ = part_unit;
    *at = '\0';
}

void hd_table_duration(double seconds, char ret[HD_TABLE_DURATION])
{
    uint64_t s = seconds > 0 ? (uint64_t)seconds : 0;

    if (s < 60)
        strcpy(hd_table_number(s, ret), "s");
    else if (s < 3600)
        two_units(s / 60, 'm', s % 60, 's', ret);
    else if (s < 86400)
        two_units(s / 3600, 'h', s / 60 % 60, 'm', ret);
    else
        two_units(s / 86400, 'd', s / 3600 % 24, 'h', ret);
}
