/* SPDX-License-Identifier: MIT */
/* The whole terminal as a screen, by ncurses; leaves it as it was, however the
 * program is ended. */
#include "screen.h"

#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

/* A signal just before the wait ends it no later than this. */
#define LOOK_MS 500

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static struct sigaction before[HD_ARRAY_LEN(ends)];
static volatile sig_atomic_t ended;
static SCREEN *screen;

static void on_end(int sig)
{
    (void)sig;
    ended = 1;
}

int hd_screen_open(struct hd_err *err)
{
    struct sigaction action = {.sa_handler = on_end};

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return hd_fail(err, HD_E_USAGE,
                       "this is no terminal; use --batch or --batch --json");
    setlocale(LC_CTYPE, "");
    /* Not initscr, which ends the program for a terminal it does not know. */
    screen = newterm(NULL, stdout, stdin);
    if (!screen)
        return hd_fail(err, HD_E_USAGE,
                       "the terminal \"%.32s\" is not known here; set TERM, or "
                       "use --batch",
                       getenv("TERM") ? getenv("TERM") : "");
    ended = 0;
    for (size_t i = 0; i < HD_ARRAY_LEN(ends); i++)
        sigaction(ends[i], &action, &before[i]);
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    return 0;
}

void hd_screen_close(void)
{
    if (!screen)
        return;
    endwin();
    delscreen(screen);
    screen = NULL;
    for (size_t i = 0; i < HD_ARRAY_LEN(ends); i++)
        sigaction(ends[i], &before[i], NULL);
}

size_t hd_screen_height(void)
{
    return LINES > 0 ? (size_t)LINES : 24;
}

void hd_screen_draw(const struct hd_top_line *lines, size_t n)
{
    erase();
    for (size_t i = 0; i < n; i++) {
        attrset(lines[i].strong ? A_BOLD : A_NORMAL);
        mvaddnstr((int)i, 0, lines[i].text, COLS);
    }
    refresh();
}

int hd_screen_key(uint64_t deadline_ms)
{
    int key;

    timeout(hd_io_left_ms(hd_io_within_ms(LOOK_MS, deadline_ms)));
    key = ended ? ERR : getch();
    if (ended)
        return 'q';
    return key == ERR || key == KEY_RESIZE ? 0 : key;
}
