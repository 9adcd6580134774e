/* SPDX-License-Identifier: MIT */
/* Columns of text as `xl list` prints them; safe for a terminal. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "../store/text.h"

struct row {
    char cell[HD_TABLE_COLUMNS][HD_TABLE_CELL];
};

struct hd_columns {
    size_t n_columns, n, room;
    size_t width[HD_TABLE_COLUMNS]; /* of the widest cell, in bytes */
    bool right[HD_TABLE_COLUMNS];
    struct row *rows; /* the heads are the first */
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
    free(table->rows);
    free(table);
}

static int make_room(struct hd_columns *table)
{
    size_t room = table->room ? 2 * table->room : 16;
    struct row *grown;

    if (table->n < table->room)
        return 0;
    grown = realloc(table->rows, room * sizeof(*table->rows));
    if (!grown)
        return -1;
    table->rows = grown;
    table->room = room;
    return 0;
}

int hd_table_add(struct hd_columns *table, const char *const *cells)
{
    struct row *row;

    if (make_room(table))
        return -1;
    row = &table->rows[table->n++];
    for (size_t i = 0; i < table->n_columns; i++) {
        size_t len;

        hd_table_escape(cells[i], row->cell[i], HD_TABLE_CELL);
        len = strlen(row->cell[i]);
        if (len > table->width[i])
            table->width[i] = len;
    }
    return 0;
}

static void pad(size_t n, FILE *out)
{
    while (n--)
        putc(' ', out);
}

void hd_table_print(const struct hd_columns *table, FILE *out)
{
    size_t last = table->n_columns - 1;

    for (size_t r = 0; r < table->n; r++)
        for (size_t i = 0; i < table->n_columns; i++) {
            const char *text = table->rows[r].cell[i];
            size_t left = table->width[i] - strlen(text);

            if (table->right[i])
                pad(left, out);
            fputs(text, out);
            if (!table->right[i] && i < last)
                pad(left, out);
            fputs(i < last ? "  " : "\n", out);
        }
}

void hd_table_duration(double seconds, char *ret, size_t size)
{
    unsigned long long s = seconds > 0 ? (unsigned long long)seconds : 0;

    if (s < 60)
        snprintf(ret, size, "%llus", s);
    else if (s < 3600)
        snprintf(ret, size, "%llum%02llus", s / 60, s % 60);
    else if (s < 86400)
        snprintf(ret, size, "%lluh%02llum", s / 3600, s / 60 % 60);
    else
        snprintf(ret, size, "%llud%02lluh", s / 86400, s / 3600 % 24);
}
