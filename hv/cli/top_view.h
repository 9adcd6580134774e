/* SPDX-License-Identifier: MIT */
/* Rates as lines of text, for a screen of any size. */
#ifndef HD_CLI_TOP_VIEW_H
#define HD_CLI_TOP_VIEW_H

#include "rates.h"

#define HD_TOP_COLUMNS 80 /* no line is longer, in bytes */

struct hd_top_line {
    char text[HD_TOP_COLUMNS + 1];
    bool strong; /* a head, or a store */
};

/* At most `height` lines, each at most HD_TOP_COLUMNS; what has no room is
 * counted in the last one.  0 rows are no limit.  Gives the number of lines in
 * `*ret`, which the caller frees; NULL when there is no memory. */
size_t hd_top_lines(const struct hd_rates *rates, enum hd_rates_order order,
                    size_t height, struct hd_top_line **ret);

#endif
