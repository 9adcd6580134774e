/* SPDX-License-Identifier: MIT */
/* Rates as lines of text; knows no terminal. */
#include "top_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../daemon/store.h"
#include "table.h"

/* "0", "812", "1.5K", "23M": five characters at most. */
static void amount(double bytes, char ret[8])
{
    static const char units[] = "KMGTP";
    size_t i = 0;

    if (bytes < 1000) {
        snprintf(ret, 8, "%.0f", bytes);
        return;
    }
    for (bytes /= 1024; bytes >= 1000 && i + 2 < sizeof(units); i++)
        bytes /= 1024;
    snprintf(ret, 8, bytes < 10 ? "%.1f%c" : "%.0f%c", bytes, units[i]);
}

static size_t in_state(const struct hd_rates *rates, bool guests,
                       enum hd_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < rates->n; i++)
        n += (*rates->rows[i].guest != '\0') == guests &&
             !strcmp(rates->rows[i].state, hd_state_name(state));
    return n;
}

static size_t all(const struct hd_rates *rates, bool guests)
{
    size_t n = 0;

    for (size_t i = 0; i < rates->n; i++)
        n += (*rates->rows[i].guest != '\0') == guests;
    return n;
}

static void title(const struct hd_rates *rates, struct hd_top_line *line)
{
    char left[32] = "";

    if (rates->has_host)
        snprintf(left, sizeof(left), ", %llu MiB left",
                 (unsigned long long)rates->memory_left >> 20);
    snprintf(line->text, sizeof(line->text),
             "%zu stores, %zu guests: %zu running, %zu paused%s",
             all(rates, false), all(rates, true),
             in_state(rates, true, HD_STATE_RUNNING),
             in_state(rates, true, HD_STATE_PAUSED), left);
}

/* The column that sorts has a star. */
static void heads(enum hd_rates_order order, struct hd_top_line *line)
{
    static const char *const names[] = {
        [HD_RATES_BY_CPU] = "CPU%",    [HD_RATES_BY_MEMORY] = "MEM(MiB)",
        [HD_RATES_BY_DISK] = "READ/s", [HD_RATES_BY_NET] = "IN/s",
        [HD_RATES_BY_NAME] = "NAME",
    };
    char text[HD_RATES_BY_NAME + 1][16];

    for (size_t i = 0; i < HD_ARRAY_LEN(names); i++)
        snprintf(text[i], sizeof(text[i]), "%s%s", names[i],
                 i == order ? "*" : "");
    line->strong = true;
    snprintf(line->text, sizeof(line->text),
             "%-24.24s %-8s %6.6s %9.9s %7.7s %7s %6.6s %6s",
             text[HD_RATES_BY_NAME], "STATE", text[HD_RATES_BY_CPU],
             text[HD_RATES_BY_MEMORY], text[HD_RATES_BY_DISK], "WRITE/s",
             text[HD_RATES_BY_NET], "OUT/s");
}

static void row(const struct hd_rate *r, struct hd_top_line *line)
{
    char name[HD_TABLE_CELL], amounts[4][8], text[HD_TOP_COLUMNS + 320];
    const double rates[] = {r->disk_read, r->disk_written, r->net_received,
                            r->net_sent};
    int indent = *r->guest ? 2 : 0;

    line->strong = !*r->guest;
    hd_table_escape(*r->guest ? r->guest : r->store, name, sizeof(name));
    for (size_t i = 0; i < HD_ARRAY_LEN(rates); i++)
        amount(rates[i], amounts[i]);
    snprintf(text, sizeof(text), "%*s%-*.*s %-8.8s %6.1f %9llu %7s %7s %6s %6s",
             indent, "", 24 - indent, 24 - indent, name, r->state, r->cpu * 100,
             (unsigned long long)r->memory >> 20, amounts[0], amounts[1],
             amounts[2], amounts[3]);
    snprintf(line->text, sizeof(line->text), "%.*s", HD_TOP_COLUMNS, text);
}

size_t hd_top_lines(const struct hd_rates *rates, enum hd_rates_order order,
                    size_t height, struct hd_top_line **ret)
{
    size_t need = 2 + rates->n;
    size_t n = height && height < need ? height : need;
    struct hd_top_line *lines = calloc(need + 1, sizeof(*lines));

    *ret = lines;
    if (!lines)
        return 0;
    title(rates, &lines[0]);
    heads(order, &lines[1]);
    for (size_t i = 2; i < n; i++)
        row(&rates->rows[i - 2], &lines[i]);
    if (n < need && n > 2)
        snprintf(lines[n - 1].text, sizeof(lines[n - 1].text),
                 "... %zu more have no room here", need - n + 1);
    return n;
}
