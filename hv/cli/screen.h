/* SPDX-License-Identifier: MIT */
/* The whole terminal as a screen, by ncurses; nobody else includes it. */
#ifndef HD_CLI_SCREEN_H
#define HD_CLI_SCREEN_H

#include "top_view.h"

/* Takes stdin and stdout, which must be a terminal (HD_E_USAGE).  From here to
 * hd_screen_close SIGINT, SIGTERM, SIGHUP and SIGQUIT are keys 'q'. */
int hd_screen_open(struct hd_err *err);
/* The terminal is as it was; nothing when it is not open. */
void hd_screen_close(void);
size_t hd_screen_height(void);
void hd_screen_draw(const struct hd_top_line *lines, size_t n);
/* Waits for a key until `deadline_ms`; 0: none, or the size has changed. */
int hd_screen_key(uint64_t deadline_ms);

#endif
